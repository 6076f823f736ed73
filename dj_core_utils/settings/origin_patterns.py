r"""Regular expressions that say which origins may read this service's answers.

django-cors-headers uses ``re.match``, which holds a pattern to the beginning of the origin only, and a dot matches any
character. So ``https://shop.example.com`` as a pattern also lets in ``https://shop.example.com.evil.test`` and
``https://shopxexample.com``. Patterns are read here token by token, and then tried on origins that nobody meant.
"""

from __future__ import annotations

import re
import warnings
from itertools import takewhile
from threading import Lock

from dj_core_utils.settings.errors import invalid

# A token: an escaped character, a set, or one character.
_PIECE = r"(?s)\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|."
_SCHEME = r"(?:\^|\\A)(?:[a-z][a-z0-9+-]*(?:s\?)?|\((?:\?:)?(?:https\|http|http\|https)\)):(?:\\?/){2}"
_ENDS = ("$", r"\Z", r"\z")
_LITERAL = r"[A-Za-z0-9_-]|\\[^A-Za-z0-9]"
# The filters of warnings belong to the process: two threads that change them side by side leave them changed.
_FILTERS = Lock()
_STRANGERS = ("https://evil.invalid", "http://evil.invalid", "https://evil.invalid:8443")
_LABELS_OF_A_SITE = 2


def check_pattern(text: str) -> str:
    """One pattern that can be compiled.

    Args:
        text: What was configured.

    Returns:
        The same text.

    Raises:
        PydanticCustomError: ``cors.pattern``; left in the settings, it would be an error 500 on each request from
            another origin.
    """
    try:
        with _FILTERS, warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # what will mean something else in a later Python
            re.compile(text)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        place = f" at character {error.pos + 1}" if isinstance(error, re.error) and error.pos is not None else ""
        problem = invalid(
            "cors.pattern",
            f"this is not a regular expression: {_reason(error)}{place}.",
            "several patterns, or one with a comma, are written as a JSON list",
        )
    else:
        return text
    raise problem


def pattern_fault(pattern: str) -> str:
    """How a pattern lets in more than was meant.

    Args:
        pattern: One that compiles.

    Returns:
        A sentence; empty when nothing was found.
    """
    tokens = re.findall(_PIECE, pattern)
    if not re.match(_SCHEME, pattern):
        return "it does not begin with ^https://, so it says nothing about the scheme."
    if _has_outer_alternative(tokens):
        return "its | stands outside a group, so ^ and $ hold only for the ends; write one item for each."
    if tokens[-1] not in _ENDS:
        return "it has no $ at its end, so whatever follows is let in, too, such as .evil.test."
    if "." in tokens:
        return r"its dot matches any character; write \. for a dot, or [a-z0-9-]+ for a part of the name."
    stranger = next((origin for origin in _look_alikes(tokens) if re.match(pattern, origin)), "")
    return f"it lets in {stranger}." if stranger else ""


def _has_outer_alternative(tokens: list[str]) -> bool:
    depth = 0
    for piece in tokens:
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and depth == 0:
            return True
    return False


def _look_alikes(tokens: list[str]) -> list[str]:
    """Origins of strangers: unrelated ones, and those that only end like the site that is meant."""
    literal = list(takewhile(lambda piece: re.fullmatch(_LITERAL, piece), reversed(tokens[:-1])))
    ending = "".join(piece[-1] for piece in reversed(literal))
    # Subdomains of one site have one owner; only a look-alike of the site itself is a stranger's.
    is_site = ending.count(".") == _LABELS_OF_A_SITE - 1 and not ending.startswith(".") and "/" not in ending
    return [*_STRANGERS, *(f"{scheme}://evil{ending}" for scheme in ("https", "http") if is_site)]


def _reason(error: Exception) -> str:
    if isinstance(error, re.error):
        return error.msg
    return str(error).lower() if isinstance(error, FutureWarning) else "it is too large"
