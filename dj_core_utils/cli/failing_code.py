"""Code of a project that fails when it is imported: what happened and where, without a value."""

from __future__ import annotations

import traceback
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# Texts of these are made of names; those of other exceptions may quote a value.
_TELLING = (ImportError, SyntaxError, NameError, AttributeError, LookupError, ImproperlyConfigured)


def what_failed(error: BaseException) -> str:
    """A sentence: the kind of an error, and its text where that holds no value."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    detail = f": {text}" if isinstance(error, _TELLING) and text else ""
    told = f"{type(error).__name__}{detail}"
    return told if told.endswith((".", "?", "!")) else f"{told}."


def where_it_failed(error: BaseException) -> str:
    """File and line, as far in as the code of the project goes."""
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    else:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
        of_project = [frame for frame in frames if Path(frame.filename).is_relative_to(Path.cwd())]
        of_project = [frame for frame in of_project if "site-packages" not in frame.filename]
        last = (of_project or frames)[-1]
        file, line = last.filename, last.lineno
    path = Path(file)
    return f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{line}"
