"""What a rule looks at and how it reports, read from its source: for ``config explain`` and the reference."""

from __future__ import annotations

import ast
import inspect
import linecache
from functools import cache, cached_property, lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.rules import rules_of
from dj_core_utils.settings.variables import section_class, variable_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pydantic import BaseModel

    from dj_core_utils.settings.rules import Rule
    from dj_core_utils.settings.variables import VariableTable

STRICT, POLICY = "strict", "policy"

# What is called on the context, and the word for it.
_STRENGTHS = {"problem": "error", "strict": STRICT, "policy": POLICY, "warning": "warning"}
_CONTEXT = "context"
_OWN = "dj_core_utils"

_Path = tuple[str, ...]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class RuleReading(NamedTuple):
    """One rule of a settings class.

    Attributes:
        id: Its id.
        checks: Ids of Django's checks that ask the same.
        section: Dotted path of the section that declares it; empty for the settings class itself.
        about: The first line of its docstring.
        strength: ``error``, ``strict``, ``policy``, ``warning``, or how these depend.
        variables: Names of the variables that it reads or reports.
    """

    id: str
    checks: tuple[str, ...]
    section: str
    about: str
    strength: str
    variables: frozenset[str]

    def is_hardened(self, waived: Collection[str]) -> bool:
        """Whether it refuses under a hardened profile what it warns of elsewhere.

        Args:
            waived: Ids of rules that are waived, which only a policy can be.
        """
        return STRICT in self.strength or (POLICY in self.strength and self.id not in waived)


@lru_cache(maxsize=8)
def read_rules(settings_class: type[BaseModel], service_name: str) -> tuple[RuleReading, ...]:
    """Every rule of a settings class and its sections, by section and id.

    Args:
        settings_class: The class.
        service_name: What ``{SERVICE}`` in the name of a variable stands for.
    """
    table = variable_table(settings_class, service_name)
    models = dict(_models(settings_class, ()))
    found = []
    for path, model in models.items():
        rules = {name: (rule, inspect.getattr_static(model, name)) for name, rule in rules_of(model).items()}
        for rule, method in sorted(rules.values(), key=lambda pair: pair[0].id):
            walk = _Walk(models, table)
            walk.enter(method, {"self": path})
            found.append(_reading(rule, method, path, walk))
    return tuple(found)


def _models(model: type[BaseModel], path: _Path) -> Iterator[tuple[_Path, type[BaseModel]]]:
    yield path, model
    for name, field in model.model_fields.items():
        if (section := section_class(field.annotation)) is not None:
            yield from _models(section, (*path, name))


def _reading(rule: Rule, method: FunctionType, path: _Path, walk: _Walk) -> RuleReading:
    about = (inspect.getdoc(method) or "").partition("\n")[0].replace("``", "`")
    return RuleReading(rule.id, rule.checks, ".".join(path), about, _strength(walk.uses), frozenset(walk.variables))


def _strength(uses: set[str]) -> str:
    """The same rule may warn of one thing and refuse another."""
    if "severity" in uses:
        return "error, a warning locally"
    return " or ".join(word for name, word in _STRENGTHS.items() if name in uses)


class _Walk:
    """Follows a rule through the functions that it calls.

    Attributes:
        uses: What is used of the rule's context, and ``severity`` where that is chosen.
        variables: Variables that are read or named.
    """

    def __init__(self, models: Mapping[_Path, type[BaseModel]], table: VariableTable) -> None:
        self.uses: set[str] = set()
        self.variables: set[str] = set()
        self.models = models
        self.table = table
        self._seen: set[tuple[FunctionType, frozenset[tuple[str, _Path]]]] = set()

    def enter(self, function: FunctionType, known: Mapping[str, _Path]) -> None:
        """Read one function.

        Args:
            function: The function.
            known: Parameters that are the settings object or a section of it, by name with its path.
        """
        call = (function, frozenset(known.items()))
        node = _node(function)
        if node is None or call in self._seen:
            return
        self._seen.add(call)
        _Reader(self, function, node, dict(known)).read()


class _Reader:
    """Reads the body of one function."""

    def __init__(self, walk: _Walk, function: FunctionType, node: _Function, known: dict[str, _Path]) -> None:
        self.walk = walk
        self.function = function
        self.node = node
        self.known = known

    def read(self) -> None:
        """Take in what every expression says."""
        for part in ast.walk(self.node):
            if isinstance(part, ast.Assign) and (path := self._path(part.value)) is not None:
                self.known |= {target.id: path for target in part.targets if isinstance(target, ast.Name)}
        for part in ast.walk(self.node):
            if isinstance(part, ast.keyword) and part.arg == "severity":
                self.walk.uses.add("severity")
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                self._name(part.value)
            elif isinstance(part, ast.Attribute):
                self._attribute(part)
            elif isinstance(part, ast.Call):
                self._call(part)

    def _name(self, text: str) -> None:
        name = self.walk.table.expand(text)
        if name in self.walk.table:
            self.walk.variables.add(name)

    def _attribute(self, part: ast.Attribute) -> None:
        if isinstance(part.value, ast.Name) and part.value.id == _CONTEXT:
            self.walk.uses.add(part.attr)
            if part.attr == "readable_secrets":
                self.walk.variables.update(row.name for row in self.walk.table.secrets)
        above = self._path(part.value)
        if above is None:
            return
        if (row := self.walk.table.at((*above, part.attr))) is not None:
            self.walk.variables.add(row.name)
        elif (method := self._method(above, part.attr)) is not None:
            self.walk.enter(method, {"self": above})

    def _method(self, path: _Path, name: str) -> FunctionType | None:
        """A method of the section at a path, or the function behind a property of it."""
        found = inspect.getattr_static(self.walk.models[path], name, None)
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, cached_property):
            found = found.func
        return found if isinstance(found, FunctionType) and self._is_near(found) else None

    def _call(self, part: ast.Call) -> None:
        called = part.func
        if isinstance(called, ast.Name):
            function = self.function.__globals__.get(called.id)
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            function = inspect.getattr_static(self.function.__globals__.get(called.value.id), called.attr, None)
        else:
            return
        if isinstance(function, FunctionType) and self._is_near(function):
            names = function.__code__.co_varnames
            given = {
                name: path
                for name, item in zip(names, part.args, strict=False)
                if (path := self._path(item)) is not None
            }
            self.walk.enter(function, given)

    def _is_near(self, function: FunctionType) -> bool:
        """Whether it belongs to this package or to the project of the rule, and is worth following."""
        return function.__module__.partition(".")[0] in {_OWN, self.function.__module__.partition(".")[0]}

    def _path(self, part: ast.expr) -> _Path | None:
        """Where in the settings an expression leads; None when it is no section of theirs."""
        if isinstance(part, ast.Name):
            return self.known.get(part.id)
        if not isinstance(part, ast.Attribute):
            return None
        if isinstance(part.value, ast.Name) and (part.value.id, part.attr) == (_CONTEXT, "settings"):
            return ()
        above = self._path(part.value)
        here = None if above is None else (*above, part.attr)
        return here if here in self.walk.models else None


def _node(function: FunctionType) -> _Function | None:
    """The definition of a function; None where its source cannot be had."""
    code = function.__code__
    return _definitions(code.co_filename).get(code.co_firstlineno)


@cache
def _definitions(filename: str) -> dict[int, _Function]:
    """The functions of a file by their first line, decorators included."""
    tree = ast.parse("".join(linecache.getlines(filename)))
    found = (node for node in ast.walk(tree) if isinstance(node, _Function))
    return {min(part.lineno for part in (node, *node.decorator_list)): node for node in found}
