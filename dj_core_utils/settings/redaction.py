"""The last line of defence of a report: whatever a message says, no secret of this load stands in it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from pydantic import SecretBytes, SecretStr

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.secret_url import MASK, SecretURL, mask_url
from dj_core_utils.settings.variables import leaf_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dj_core_utils.settings.origins import Trace
    from dj_core_utils.settings.variables import Variable

_SHORTEST = 6  # a shorter secret stands in innocent words by chance


def redact(problems: Iterable[Problem], traces: Iterable[Trace]) -> Iterator[Problem]:
    """Problems without any secret that a source offered, used or not.

    Our own messages hold none; a validator or rule of a project may have put one in.

    Args:
        problems: The problems.
        traces: The histories, whose secret variables give the texts to look for.
    """
    problems = list(problems)
    if not problems:
        return
    secrets = {
        text
        for trace in traces
        if trace.variable.is_secret
        for candidate in trace.candidates
        for text in _texts(candidate.value)
        if len(text) >= _SHORTEST and not _is_harmless_url(text, trace.variable)
    }
    longest_first = sorted(secrets, key=len, reverse=True)
    for problem in problems:
        message, hint = problem.message, problem.hint
        for secret in longest_first:
            message, hint = message.replace(secret, MASK), hint.replace(secret, MASK)
        is_clean = (message, hint) == (problem.message, problem.hint)
        yield problem if is_clean else problem._replace(message=message, hint=hint)


def internal_problem(error: Exception) -> Problem:
    """An error that nobody foresaw, by its type and place alone: its text may quote a value."""
    frames = traceback.extract_tb(error.__traceback__)
    # Pydantic's own frames say nothing: what it was asked to do stands in the frame before.
    frame = next((frame for frame in reversed(frames) if "pydantic" not in frame.filename), frames[-1])
    return Problem(
        id="internal",
        variable="dj_core_utils",
        origin=f"{frame.filename}:{frame.lineno}",
        message=f"the configuration could not be read: {type(error).__name__}.",
        hint="a rule, validator or source at the place named is defective, or dj_core_utils is; please report it",
    )


def _is_harmless_url(text: str, variable: Variable) -> bool:
    """Whether a URL holds no secret, so that a message may show the whole of it."""
    return SecretURL in leaf_types(variable.annotation) and mask_url(text) == text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, SecretURL):
        yield from value.passwords()
    if isinstance(value, (SecretStr, SecretURL)):
        value = value.get_secret_value()
    elif isinstance(value, SecretBytes):
        value = value.get_secret_value().decode(errors="replace")
    if isinstance(value, str):
        yield value
        yield value.strip()
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
