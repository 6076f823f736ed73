"""What can be wrong with a configuration, and the one error that reports it.

Exception
└── django.core.exceptions.ImproperlyConfigured
    └── ConfigurationError          every problem of one start, in ``problems``
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from django.core.exceptions import ImproperlyConfigured
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]

NOT_SET = "not set"


class Problem(NamedTuple):
    """One thing that is wrong, said so that it can be repaired.

    Attributes:
        id: Stable words that name the kind of problem, such as ``database.url``; used to search, silence and waive.
        message: What was found and why it cannot be used. Never holds a secret.
        variable: The name as the user typed it, or that they would have to type.
        origin: Where the value came from: ``environment``, ``.env:3``, ``profile production``, ``not set``.
        hint: What to do about it; more than one line is allowed.
        severity: An ``error`` stops the start, a ``warning`` does not.
        is_policy: Whether it says "not in production" rather than "wrong": such a rule can be waived with a reason.
    """

    id: str
    message: str
    variable: str = ""
    origin: str = NOT_SET
    hint: str = ""
    severity: Severity = "error"
    is_policy: bool = False

    def __str__(self) -> str:
        """The problem on one line, for logs and for Django's checks."""
        place = "" if self.origin == NOT_SET else self.origin
        where = f"{self.variable} ({self.origin}): " if self.variable else place and f"{place}: "
        hint = f" {' '.join(self.hint.split())}" if self.hint else ""
        return f"{where}{self.message}{hint} [{self.id}]"


class ConfigurationError(ImproperlyConfigured):
    """A configuration cannot be used; ``str(error)`` is the whole report.

    Args:
        report: The text a person reads. It is ``args[0]``, because some callers (pytest-django) show only that.
        problems: The problems the report was written from, errors and warnings.
    """

    def __init__(self, report: str, problems: Iterable[Problem] = ()) -> None:
        """Keep the report as the only argument and the problems beside it."""
        super().__init__(report)
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[ConfigurationError], tuple[str, tuple[Problem, ...]]]:
        """Survive a trip between processes with its problems."""
        return type(self), (str(self.args[0]), self.problems)


def invalid(problem_id: str, message: str, hint: str = "") -> PydanticCustomError:
    """Make the error that a parser or a field validator raises for a value it cannot accept.

    Args:
        problem_id: The id of the problem, such as ``cors.origin``.
        message: What is wrong, without the value where the value may be secret.
        hint: What to do, shown on lines of its own.

    Returns:
        An error that Pydantic passes on unchanged (it is a ``ValueError``); the report shows its texts as they are.
    """
    text = f"{message}\n{hint}" if hint else message
    # Without a context Pydantic leaves braces in a message alone.
    return PydanticCustomError(problem_id, text)


def refuse(problem_id: str, message: str, hint: str = "") -> NoReturn:
    """Raise what ``invalid`` makes.

    Raises:
        PydanticCustomError: Always.
    """
    raise invalid(problem_id, message, hint)
