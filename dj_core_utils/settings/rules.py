"""Rules: what must be set, what does not fit together, and what a profile's policy refuses.

A rule is a method of a section or of a settings class, marked with ``@rule``. It runs after everything has been read
and typed, sees only what is valid, and yields problems. Reading a leaf that failed skips the rule: it is not reported
as passed, and it does not run on a default that nobody chose.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType, MappingProxyType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from pydantic import BaseModel

from dj_core_utils.settings.defects import failure
from dj_core_utils.settings.errors import NOT_SET, Problem, Severity
from dj_core_utils.settings.origins import Layer, Trace
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.profiles import ActiveProfiles
    from dj_core_utils.settings.variables import Variable, VariableTable

_MARK = "__dj_core_utils_rule__"

F = TypeVar("F", bound=Callable[..., Iterable[Problem]])


class Rule(NamedTuple):
    """What a marked method is known by.

    Attributes:
        id: Stable words, the id of the problems it yields: ``cors.credentials``.
        checks: Ids of Django's own checks that ask the same; waiving the rule silences them.
    """

    id: str
    checks: tuple[str, ...] = ()


def rule(rule_id: str, *, checks: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Mark a method ``(self, context) -> Iterator[Problem]`` of a section or settings class as a rule.

    Args:
        rule_id: The id of the problems it yields, ``section.what``.
        checks: Django check ids to silence when a profile waives the rule.

    Returns:
        A decorator that hands the method back as it was.
    """

    def mark(method: F) -> F:
        setattr(method, _MARK, Rule(rule_id, checks))
        return method

    return mark


class RuleContext:
    """What a rule may ask about the load that it judges.

    Args:
        settings: The typed settings, guarded: a leaf that failed cannot be read.
        table: The name table.
        traces: The history of each variable.
        profiles: What is active.
        project_dir: The folder that relative paths are relative to.
        names: Every name that the environment, ``.env`` and the secrets directory set, ours or not, with its origin.
    """

    def __init__(
        self,
        settings: "CoreSettings",
        *,
        table: "VariableTable",
        traces: Mapping[str, Trace],
        profiles: "ActiveProfiles",
        project_dir: Path,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Keep the parts; rules are run one after the other, each with its own ``current``."""
        self.settings = settings
        self.table = table
        self.profiles = profiles
        self.project_dir = project_dir
        self.names = names
        self.current = Rule("")
        self._traces = traces

    @property
    def is_hardened(self) -> bool:
        """Whether the strict rule set applies (``production``)."""
        return self.profiles.is_hardened

    @property
    def is_local(self) -> bool:
        """Whether this process serves one developer or one test run only (``development``, ``test``)."""
        return self.profiles.is_local

    def origin(self, name: str) -> str:
        """Where the value of a variable comes from, as the report shows it; ``not set`` for a class's empty default."""
        trace = self._traces.get(self.table.expand(name))
        if trace is None or (trace.origin.layer is Layer.CLASS and not trace.used.value):
            return NOT_SET
        return str(trace.origin)

    def is_set(self, name: str) -> bool:
        """Whether a real source (environment, file, ``.env``, an extra source) sets the variable."""
        trace = self._traces.get(self.table.expand(name))
        return trace is not None and trace.origin.is_real

    def is_given(self, name: str) -> bool:
        """Whether anything but a class default sets the variable."""
        trace = self._traces.get(self.table.expand(name))
        return trace is not None and trace.origin.layer is not Layer.CLASS

    def readable_secrets(self) -> Iterator[tuple["Variable", object]]:
        """Every secret variable whose leaf is valid, with the leaf's value; for rules that judge all secrets alike."""
        for row in self.table.secrets:
            try:
                value: object = self.settings
                for name in row.path:
                    value = getattr(value, name)
            except _Skip:
                continue
            yield row, value

    def problem(self, name: str, message: str, *, hint: str = "", severity: Severity = "error") -> Problem:
        """A problem of the rule that is running.

        Args:
            name: The variable it is about; ``{SERVICE}`` is filled in.
            message: What is wrong. Never a secret.
            hint: What to do.
            severity: Whether it stops the start.
        """
        name = self.table.expand(name)
        return Problem(
            id=self.current.id,
            variable=name,
            origin=self.origin(name),
            message=message,
            hint=hint,
            severity=severity,
        )

    def warning(self, name: str, message: str, *, hint: str = "") -> Problem:
        """A problem that does not stop the start."""
        return self.problem(name, message, hint=hint, severity="warning")

    def strict(self, name: str, message: str, *, hint: str = "") -> Problem:
        """A problem that stops a hardened start, and is a warning elsewhere; nobody can waive it."""
        return self.problem(name, message, hint=hint, severity="error" if self.is_hardened else "warning")

    def policy(self, name: str, message: str, *, hint: str = "") -> Problem:
        """The same, where a project may know better: it can be waived with a reason."""
        return self.strict(name, message, hint=hint)._replace(is_policy=True)


class _Skip(BaseException):
    """A signal, not an error: a rule read a leaf without a valid value. No ``except Exception`` of a rule stops it."""


class _Guard:
    """Stands for a settings object in front of rules: reading a failed leaf ends the rule."""

    __slots__ = ("__failed", "__model", "__path")

    def __init__(self, model: BaseModel, failed: Collection[tuple[str, ...]], path: tuple[str, ...] = ()) -> None:
        self.__model = model
        self.__failed = failed
        self.__path = path

    @property  # type: ignore[misc]  # object's own can be written; nobody writes this one
    def __class__(self) -> type:
        """The class of what it stands for, so that ``super()`` and ``isinstance`` work in a rule."""
        return type(self.__model)

    def __getattr__(self, name: str) -> object:
        model = self.__model
        if name in type(model).__pydantic_fields__:
            path = (*self.__path, name)
            if path in self.__failed:
                raise _Skip
            value = getattr(model, name)
            return _Guard(value, self.__failed, path) if isinstance(value, Section) else value
        found = _class_attribute(type(model), name)
        # Properties and methods must see the guard, or they would read a failed leaf's default behind its back.
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)
        if isinstance(found, cached_property):
            return found.func(self)
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        return getattr(model, name)


def guarded(settings: "CoreSettings", failed: Collection[tuple[str, ...]]) -> "CoreSettings":
    """The settings as rules may see them: with the failed leaves out of reach, if there are any."""
    return cast("CoreSettings", _Guard(settings, failed)) if failed else settings


@cache
def rules_of(model: type[BaseModel]) -> dict[str, Rule]:
    """The rules of one class by method name, inherited and overridden like any method."""
    methods: dict[str, FunctionType] = {}
    for base in reversed(model.__mro__):
        # Functions alone: asking other attributes of a Pydantic class for a mark builds its schema.
        methods.update({name: found for name, found in base.__dict__.items() if isinstance(found, FunctionType)})
    return {name: mark for name, method in methods.items() if (mark := getattr(method, _MARK, None)) is not None}


def run_rules(context: RuleContext, parts: Mapping[tuple[str, ...], type[BaseModel]]) -> Iterator[Problem]:
    """Run the rules of the settings class and of each section.

    Args:
        context: What the rules may ask; its settings are guarded.
        parts: The classes to run, by their path in the settings.

    Yields:
        Every problem that a rule could decide on; rules that met a failed leaf yield nothing.
    """
    for path, model in parts.items():
        for method_name, found in rules_of(model).items():
            context.current = found
            yield from _run(path, method_name, context)


def _run(path: tuple[str, ...], method_name: str, context: RuleContext) -> Iterator[Problem]:
    rule_id = context.current.id
    method: Any = None
    try:
        target: object = context.settings
        for name in path:
            target = getattr(target, name)
        method = getattr(target, method_name)
        for found in method(context) or ():
            if not _is_problem(found):
                yield _no_problem(rule_id, found, _place(method))
                return
            yield found
    except _Skip:
        return
    except Exception as error:  # noqa: BLE001  # a defect of one rule hides no problem that another one finds
        yield failure(error, f"the rule {rule_id}", variable=rule_id, place=_place(method), caller=__file__)


def _place(method: MethodType | None) -> str:
    """Where a rule is written."""
    return f"{method.__code__.co_filename}:{method.__code__.co_firstlineno}" if method is not None else ""


def _is_problem(found: object) -> bool:
    return (
        isinstance(found, Problem)
        and all(isinstance(text, str) for text in (found.id, found.variable, found.origin, found.message, found.hint))
        and found.severity in ("error", "warning")
    )


def _no_problem(rule_id: str, found: object, place: str) -> Problem:
    what = "a problem with a wrong part" if isinstance(found, Problem) else f"{type(found).__name__}, not a problem"
    return Problem(
        id="code.failed",
        variable=rule_id,
        origin=place,
        message=f"the rule {rule_id} yields {what}.",
        hint='a rule says  yield context.problem("PAGE_SIZE", "what is wrong", hint="what to do")',
    )


def _class_attribute(model: type, name: str) -> object:
    return next((base.__dict__[name] for base in model.__mro__ if name in base.__dict__), None)
