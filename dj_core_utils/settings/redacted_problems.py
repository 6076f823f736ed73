"""The last line of defence of a report: whatever a message says, no secret of this load stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_origin

from pydantic import SecretBytes, SecretStr
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.decoding import decode
from dj_core_utils.settings.quoting import is_readable, printable
from dj_core_utils.settings.secret_strength import is_default_password
from dj_core_utils.settings.secret_url import MASK, SecretURL, mask_url
from dj_core_utils.settings.variables import leaf_types, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.origins import Trace
    from dj_core_utils.settings.variables import Variable

_SHORTEST = 6  # a shorter secret stands in innocent words by chance
_LONGEST_TEXT = 1000
_LONGEST_NAME = 100


def redact(problems: Iterable[Problem], traces: Iterable[Trace]) -> Iterator[Problem]:
    """Problems without any secret that a source offered, used or not, and with nothing that would spoil the report.

    Our own messages hold no secret; a validator or rule of a project may have put one in. And a name, a value or a
    path may hold what steers a terminal, or fill pages.

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
        for text in _texts(candidate.value, trace.variable.annotation)
        if len(text) >= _SHORTEST and not (is_default_password(text) or _is_harmless_url(text, trace.variable))
    }
    longest_first = sorted(secrets, key=lambda text: (-len(text), text))
    for problem in problems:
        message, hint = problem.message, problem.hint
        for secret in longest_first:
            message, hint = message.replace(secret, MASK), hint.replace(secret, MASK)
        yield problem._replace(
            message=_fitting("\n".join(map(printable, message.split("\n"))), _LONGEST_TEXT),
            hint=_fitting("\n".join(map(printable, hint.split("\n"))), _LONGEST_TEXT),
            variable=_fitting(printable(problem.variable), _LONGEST_NAME),
            origin=_fitting(printable(problem.origin), _LONGEST_TEXT),
        )


def _fitting(text: str, longest: int) -> str:
    """A text with its middle left out where it is too long: what is wrong stands at its end."""
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-longest // 2 :]}"


def _is_harmless_url(text: str, variable: Variable) -> bool:
    """Whether a URL holds no secret, so that a message may show the whole of it."""
    return SecretURL in leaf_types(variable.annotation) and mask_url(text) == text


def _texts(value: object, annotation: object) -> Iterator[str]:
    """Every text in a value, and its parts: the password of a URL, the items of a list, a name that is none."""
    if isinstance(value, SecretURL):
        yield from value.passwords()
    if isinstance(value, (SecretStr, SecretURL)):
        value = value.get_secret_value()
    elif isinstance(value, SecretBytes):
        value = value.get_secret_value().decode(errors="replace")
    if isinstance(value, str):
        yield value
        yield value.strip()
        yield from SecretURL(value).passwords() if "://" in value else ()
        value = _read(value, annotation)
    if isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _texts(item, str)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from () if is_readable(str(name)) else (str(name),)
            yield from _texts(item, str)


def _read(text: str, annotation: object) -> object:
    """What a text stands for, when that is a list or a mapping; its single items are secret, too."""
    kind = get_origin(unwrap(annotation)[0])
    if kind is None:
        return None
    try:
        return decode(text, annotation)
    except PydanticCustomError:
        return None
