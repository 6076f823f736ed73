"""Code that fails when it is asked, a project's or ours: told by type and place, for its text may quote a value."""

from __future__ import annotations

import os
import traceback

from dj_core_utils.settings.errors import Problem

_STANDARD_LIBRARY = os.path.dirname(os.__file__)  # noqa: PTH120  # compared with the names of files, which are text


def failure(error: BaseException, subject: str, *, variable: str, place: str = "", caller: str = "") -> Problem:
    """A problem for a rule, validator, source, default or ``render`` that raised.

    Args:
        error: What it raised; neither kept nor quoted.
        subject: What failed, as the message calls it: ``the rule shop.page_size``.
        variable: What the report names first: the variable or class that the code belongs to.
        place: Where that code begins, for an error that was raised before it did.
        caller: A file of ours that the code goes through, and which is not the place.
    """
    return Problem(
        id="code.failed",
        variable=variable,
        origin=place_of(error, place, caller),
        message=f"{subject} failed: {type(error).__name__}.",
        hint="repair it at the place named; its own words are not shown, because they may hold a value",
    )


def internal_problem(error: BaseException) -> Problem:
    """What nobody foresaw."""
    return Problem(
        id="internal",
        variable="dj_core_utils",
        origin=place_of(error),
        message=f"the configuration could not be read: {type(error).__name__}.",
        hint="something at the place named is defective; please report it if that is dj_core_utils",
    )


def place_of(error: BaseException, otherwise: str = "", caller: str = "") -> str:
    """File and line of the code that failed, as far in as neither the standard library nor Pydantic begins.

    Args:
        error: What it raised.
        otherwise: The answer when only such code has run.
        caller: One more file that does not count.
    """
    frames = traceback.extract_tb(error.__traceback__)
    telling = (frame for frame in reversed(frames) if frame.filename != caller and not _is_called(frame.filename))
    frame = next(telling, None)
    return otherwise if frame is None and otherwise else _place(frame or frames[-1])


def _place(frame: traceback.FrameSummary) -> str:
    return f"{frame.filename}:{frame.lineno}"


def _is_called(filename: str) -> bool:
    """Whether a file was called by the code in question, and says nothing about it."""
    is_standard = filename.startswith(_STANDARD_LIBRARY) and "site-packages" not in filename
    return is_standard or "pydantic" in filename
