"""From what the old settings are to what the new ones say: typed where possible, as it was where not."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import django

from dj_core_utils.cli.init import databases, mail, typed
from dj_core_utils.cli.init.literals import Literals
from dj_core_utils.cli.init.own_fields import own_leaf
from dj_core_utils.cli.init.plan import Plan, Secret
from dj_core_utils.cli.init.reads import Reads
from dj_core_utils.cli.init.secrecy import holds_secret
from dj_core_utils.cli.init.terms import Term, term
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.middleware_order import repaired
from dj_core_utils.settings.variables import VariableTable, section_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dj_core_utils.cli.init.source import Source, Statement
    from dj_core_utils.cli.init.starting import Started
    from dj_core_utils.settings.variables import Variable

TYPED, KEPT, ASSIGNED = range(3)
"""How a setting is said: by the class, by the statements of before, by an assignment of its value."""

_DOTENV_READERS = re.compile(r"(?:\w+\.)*(?:load_dotenv|read_env|read_dotenv)\(")
_NEUTRAL = frozenset({"config", "settings", "conf", "core", "project", "app", "src", "backend", "django"})
_NAME = re.compile(r"[^a-z0-9]+")


class Planner:
    """Makes plans, each with what the last attempt has shown.

    Args:
        before: The old settings.
        source: Their text.
        folder: The project's folder.
        environ: The process environment.
        dotenv: What ``.env`` has already.
        volatile: Settings that are other ones at each start, and therefore stay as they are.
    """

    def __init__(
        self,
        before: Started,
        source: Source,
        folder: Path,
        *,
        environ: Mapping[str, str],
        dotenv: Mapping[str, str],
        volatile: Sequence[str] = (),
    ) -> None:
        """Nothing has been tried yet."""
        self.original = before
        self.before = _in_order(before)
        self.source = source
        self.folder = folder
        self.given = {**dotenv, **environ}
        self.in_dotenv = dotenv
        self.service = _service_name(before, folder)
        self.table = VariableTable(CoreSettings, self.service)
        self.reads = Reads(source.statements)
        self.volatile = volatile
        self.levels: dict[str, int] = dict.fromkeys(volatile, KEPT)
        self.exported: frozenset[str] = frozenset()
        self.keeps_options = False
        self._made = frozenset(name for row in self.table.values() for name in row.feeds)

    def demote(self, name: str) -> bool:
        """Say a setting in the next plainer way.

        Args:
            name: The setting.

        Returns:
            Whether there was one left.
        """
        if name == "DATABASES" and self.levels.get(name) is None and self._has_options():
            self.levels[name], self.keeps_options = TYPED, True
            return True
        level = self.levels.get(name, -1) + 1
        if level == KEPT and not self._can_keep(name):
            level = ASSIGNED
        if level == ASSIGNED and self._can_keep(name) and not self._literal(name, Literals(self.folder)):
            return False  # as it was is as near as it gets
        self.levels[name] = level
        return level <= ASSIGNED

    def demote_variable(self, variable: str) -> bool:
        """Say the settings that a variable takes part in in a plainer way.

        Args:
            variable: A variable, or a setting.
        """
        row = self.table.get(variable)
        feeds = row.feeds if row is not None else (variable,)
        names = [name for name in feeds if name in self.before.values and self.levels.get(name, TYPED) == TYPED]
        return True in [self.demote(name) for name in names]

    def demote_leaf(self, owner: str, leaf: str) -> bool:
        """Say the settings that a leaf takes part in in a plainer way.

        Args:
            owner: Name of the section's class.
            leaf: Name of the field.
        """
        rows = [row for row in self.table.values() if row.path[-1] == leaf and owner in {row.owner, _class_of(row)}]
        return True in [self.demote_variable(row.name) for row in rows]

    def plan(self) -> Plan:
        """A plan from what is known by now."""
        docstring = "" if "django-admin startproject" in self.source.docstring else self.source.docstring
        plan = Plan(self.service, docstring, self.source.class_name, volatile=self.volatile)
        plan.header = next((one.remarks for one in self.source.statements), ())
        literals = Literals(self.folder)
        typed.base_leaves(self, plan)
        for name in self._settings():
            if self.levels.get(name, TYPED) == TYPED:
                self._say(name, plan, literals)
        for name, level in self.levels.items():
            text = self._literal(name, literals) if level == ASSIGNED else None
            if text is not None:
                plan.values[name] = text
                plan.fixed += [name] if self.source.givers(name) else []
        self._keep(plan)
        if self.keeps_options and self.levels["DATABASES"] == TYPED:
            options = self.before.values["DATABASES"].entries["default"].entries.get("OPTIONS", Term("dict", ()))
            plan.values['DATABASES["default"]["OPTIONS"]'] = literals.write(options) or "{}"
        if self.levels.get("DATABASES", TYPED) != TYPED:
            databases.stand_in_database(plan)
        by_hand = {name for name, level in self.levels.items() if level != TYPED}
        by_hand |= {name for one in plan.tail for name in one.gives}
        plan.has_mail_by_hand = django.VERSION[:2] >= mail.MAILERS_SINCE and bool(by_hand & mail.NAMES)
        plan.imports |= literals.imports
        return plan

    def first_value(self, name: str) -> Statement | None:
        """The last plain assignment of a setting, which is where its value begins."""
        return next((one for one in reversed(self.source.givers(name)) if one.target == name), None)

    def is_changed_later(self, name: str) -> bool:
        """Whether statements change a setting behind its assignment."""
        givers = self.source.givers(name)
        return bool(givers) and givers[-1] is not self.first_value(name)

    def retire(self, plan: Plan, variable: Variable | str, name: str) -> None:
        """Keep a name readable that deployments set for a variable.

        Args:
            plan: The plan.
            variable: Today's variable.
            name: The name that the old settings read.
        """
        today = variable if isinstance(variable, str) else variable.name
        if name != today and name not in self.table:
            plan.retired[name] = today

    def set_dotenv(self, plan: Plan, name: str, text: str, remark: str = "", *, is_everywhere: bool = False) -> None:
        """Put a line into ``.env``, unless the variable has a value already.

        Args:
            plan: The plan.
            name: The variable.
            text: Its value.
            remark: What to say above it.
            is_everywhere: Whether deployments have to set it, too.
        """
        retired = [old for old, new in plan.retired.items() if new == name]
        if not any(self.given.get(one) for one in (name, *retired)):
            plan.dotenv[name] = Secret(name, text, remark, is_everywhere)

    def _has_options(self) -> bool:
        """Whether a database comes from a URL of the environment, to which the framework adds options of its own."""
        statement = self.first_value("DATABASES")
        is_read = statement is not None and statement.value is not None and self.reads.within(statement.value)
        return bool(is_read) and self.before.values["DATABASES"].entries.keys() == {"default"}

    def _settings(self) -> list[str]:
        """Settings that the plan has to say something about, in the order of the old module."""
        written = [name for one in self.source.statements for name in sorted(one.settings)]
        return [name for name in dict.fromkeys([*written, *self.levels]) if name in self.before.values]

    def _say(self, name: str, plan: Plan, literals: Literals) -> None:
        statement = self.first_value(name)
        reads = self.reads.within(statement.value, name) if statement is not None and statement.value else []
        handler = typed.HANDLERS.get(name)
        row = self._row(name)
        is_known = handler is not None or row is not None
        if not is_known and name not in self._made and name != "BASE_DIR":
            leaf = own_leaf(self, name, statement, plan, literals)
            if leaf is not None:
                plan.leaves[leaf.name] = leaf
            elif name in plan.twins:
                return
            elif name in self.before.declared:
                self.levels[name] = KEPT if self._can_keep(name) else ASSIGNED
            return
        if row is not None and len(reads) == 1:
            self.retire(plan, row, reads[0].name)
        is_needed = name in self.levels or self._is_hidden(name, statement)
        if handler is not None:
            is_said = handler(self, name, plan, literals, is_needed=is_needed)
        else:
            is_said = row is not None and typed.leaf(self, row, name, plan, literals, is_needed=is_needed)
        if not is_said and is_needed:
            self.levels[name] = KEPT if self._can_keep(name) else ASSIGNED

    def _is_hidden(self, name: str, statement: Statement | None) -> bool:
        """Whether what the module says first is changed here and now, and may stand elsewhere."""
        if statement is None or statement.value is None or not self.is_changed_later(name):
            return False
        try:
            return term(ast.literal_eval(statement.value)) != self.before.values[name]
        except ValueError:
            return True

    def _literal(self, name: str, literals: Literals) -> str | None:
        """The value as Python; None when it has no such form, or must not stand in code."""
        value = self.before.values.get(name)
        return literals.write(value) if value is not None and not holds_secret(name, value) else None

    def _row(self, name: str) -> Variable | None:
        row = self.table.get(name)
        return row if row is not None and name in row.feeds else None

    def _can_keep(self, name: str) -> bool:
        givers = self.source.givers(name)
        return bool(givers) and all(one.is_movable for one in givers)

    def _keep(self, plan: Plan) -> None:
        """Choose the statements that stay, with all that they need."""
        statements = self.source.statements
        used = {name for one in statements for name in one.needs}
        kept = {number for number, one in enumerate(statements) if self._stays(one, used)}
        head = self._head(statements)
        waiting = [*kept, *head]
        while waiting:
            number = waiting.pop()
            for name in statements[number].needs - (self._at_hand(plan) if number not in head else frozenset()):
                for other, one in enumerate(statements):
                    is_touch = number in head and other > number
                    if name in one.gives and other not in kept and one.is_movable and not is_touch:
                        kept.add(other)
                        waiting.append(other)
                        head |= {other} if number in head else set()
        readers = {number for number in kept if self._is_own_dotenv(statements[number])}
        asked = {name for number in kept - readers for name in statements[number].needs}  # also in ways not known here
        is_asked = any(statements[number].gives & asked for number in readers)
        if not is_asked and not any(self.reads.within(statements[number].node) for number in kept):
            kept -= readers
            kept = {
                n
                for n in kept
                if not statements[n].is_import
                or any(statements[n].gives & statements[other].needs for other in (*kept, *head) if other != n)
            }
        plan.head = [statements[number] for number in sorted(head)]
        plan.tail = [statements[number] for number in sorted(kept - head)]
        plan.allowed |= {
            read.name
            for number in kept
            for read in self.reads.within(statements[number].node)
            if read.name not in self.table and read.name not in plan.retired
        }

    def _at_hand(self, plan: Plan) -> frozenset[str]:
        """Names that the module has after the export."""
        own = {leaf.name.upper() for leaf in plan.leaves.values()}
        imported = {name for one in self.source.statements if one.is_import for name in one.gives}
        kept = {name for name, level in self.levels.items() if level == KEPT}
        return (self.exported - kept - imported) | own

    def _head(self, statements: tuple[Statement, ...]) -> set[int]:
        """``BASE_DIR``, which says where the project is and therefore stands before the export."""
        base = self.before.values.get("BASE_DIR")
        is_project = base is not None and Path(str(base.content)) == self.folder
        found = {number for number, one in enumerate(statements) if one.target == "BASE_DIR"}
        return found if is_project and self.levels.get("BASE_DIR", TYPED) != ASSIGNED else set()

    def _stays(self, statement: Statement, used: set[str]) -> bool:
        if not statement.is_movable:
            return False
        if statement.settings:
            known = {*self.before.values, *self.volatile}
            levels = {self.levels.get(name, TYPED) for name in statement.settings & known}
            is_plain = bool(statement.target)
            is_last = all(self.first_value(name) in (statement, None) for name in statement.settings)
            return (KEPT in levels and is_last) if is_plain else levels != {ASSIGNED}
        if statement.is_import:
            is_star = isinstance(statement.node, ast.ImportFrom) and statement.node.names[0].name == "*"
            return is_star or any(self.levels.get(name) == KEPT for name in statement.gives)
        # What nobody here uses may be imported elsewhere, or does something by itself.
        return not statement.gives & used or not isinstance(
            statement.node, (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)
        )

    @staticmethod
    def _is_own_dotenv(statement: Statement) -> bool:
        """Whether a statement does no more than read the ``.env`` that is read anyway."""
        if isinstance(statement.node, ast.Expr):
            return _DOTENV_READERS.match(statement.text) is not None
        return statement.target.islower() and "Env(" in statement.text


def _in_order(before: Started) -> Started:
    """The old settings with a ``MIDDLEWARE`` that Django's checks let pass."""
    middleware = before.values.get("MIDDLEWARE", Term("list", ()))
    entries = [str(part.content) for part in middleware.parts]
    if repaired(entries) == entries:
        return before
    return before._replace(values={**before.values, "MIDDLEWARE": term(repaired(entries))})


def _class_of(row: Variable) -> str:
    found = section_class(CoreSettings.model_fields[row.path[0]].annotation)
    return found.__name__ if found is not None else ""


def _service_name(before: Started, folder: Path) -> str:
    declared = before.values.get("SERVICE_NAME")
    first = before.module.partition(".")[0]
    name = str(declared.content) if declared is not None else folder.name if first in _NEUTRAL else first
    plain = _NAME.sub("-", name.lower()).strip("-")
    return plain if plain[:1].isalpha() else f"app-{plain}".rstrip("-")
