"""Settings of the project's own as typed fields."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dj_core_utils.cli.init.literals import quoted
from dj_core_utils.cli.init.plan import Leaf
from dj_core_utils.cli.init.reads import MISSING, value_without
from dj_core_utils.cli.init.secrecy import secrets_in
from dj_core_utils.cli.init.terms import Term, term
from dj_core_utils.secret_forms import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dj_core_utils.cli.init.literals import Literals
    from dj_core_utils.cli.init.plan import Plan
    from dj_core_utils.cli.init.planner import Planner
    from dj_core_utils.cli.init.reads import Read
    from dj_core_utils.cli.init.source import Statement

_WIDTH = 110
_TYPES = ("bool", "int", "float", "str", "timedelta")


def own_leaf(planner: Planner, name: str, statement: Statement | None, plan: Plan, literals: Literals) -> Leaf | None:
    """The field of a setting that the framework does not know; None when it is better kept as it is.

    Args:
        planner: What is known.
        name: The setting.
        statement: The one assignment that gives it its value.
        plan: The plan, which gets imports and lines of ``.env``.
        literals: Writes values.
    """
    if statement is None or statement.value is None or name in planner.table:  # a variable with another meaning
        return None
    value = planner.before.values[name]
    reads = planner.reads.within(statement.value, name)
    if len(reads) > 1 or (not reads and statement.needs - {"_", "timedelta"}):
        return None
    default: Term | None = value
    try:
        found = value_without(statement.value, reads[0]) if reads else ast.literal_eval(statement.value)
        default = None if found is MISSING else term(found)
    except ValueError:
        if reads or planner.is_changed_later(name):
            return None
    annotation = _annotation(value, default)
    is_text = annotation.startswith("str")
    if not annotation or (not is_text and any(any(secrets_in(name, one)) for one in (value, default) if one)):
        return None
    return _leaf(planner, name, statement, plan, literals, annotation=annotation, default=default, reads=reads)


def _leaf(
    planner: Planner,
    name: str,
    statement: Statement,
    plan: Plan,
    literals: Literals,
    *,
    annotation: str,
    default: Term | None,
    reads: list[Read],
) -> Leaf | None:
    is_secret = annotation.startswith("str") and _is_secret(name, reads, (planner.before.values[name], default))
    if is_secret:
        plan.imports.add("from pydantic import SecretStr")
        annotation = annotation.replace("str", "SecretStr", 1)
        text = str(planner.before.values[name].content or "")
        if default is not None and default.content:  # a secret in the code: it moves to where secrets are
            first = plan.secrets.setdefault(text, name)
            if first != name:  # once, so that there is one place to replace it
                plan.twins[name] = first
                return None
            planner.set_dotenv(plan, reads[0].name if reads else name, text, is_everywhere=True)
            default = None
    written = literals.write(default, column=len(name) + 20) if default is not None else ""
    if written is None or "BASE_DIR" in written:
        return None
    if is_secret and default is not None and default.kind == "str":
        written = f"SecretStr({written})"
    variable = reads[0].name if reads and reads[0].name != name else ""
    return Leaf(name.lower(), annotation, _default(plan, name, variable, statement.comment, written))


def _is_secret(name: str, reads: list[Read], values: Iterable[Term | None]) -> bool:
    names = [name, *(read.name for read in reads)]
    return any(map(is_secret_name, names)) or any(any(secrets_in("", one)) for one in values if one is not None)


def _default(plan: Plan, name: str, variable: str, comment: str, written: str) -> str:
    if variable:
        plan.imports.add("from dj_core_utils.settings.variables import variable")
        words = [
            f"name={quoted(variable)}",
            f"setting={quoted(name)}",
            f"description={quoted(comment or _words(name))}",
        ]
        return _call("variable", [written or "...", *words], len(name) + 30)
    if comment:
        plan.imports.add("from pydantic import Field")
        start = [f"default={written}"] if written else []
        return _call("Field", [*start, f"description={quoted(comment)}"], len(name) + 20)
    return written


def _call(function: str, arguments: list[str], column: int) -> str:
    line = f"{function}({', '.join(arguments)})"
    return (
        line
        if column + len(line) <= _WIDTH
        else "\n".join([f"{function}(", *(f"    {one}," for one in arguments), ")"])
    )


def _words(name: str) -> str:
    return f"{name.replace('_', ' ').capitalize()}."


def _annotation(value: Term, default: Term | None) -> str:
    """The type of a field that holds both; empty when there is no simple one."""
    kinds = {one.kind for one in (value, default) if one is not None and one.kind != "none"}
    is_optional = any(one is not None and one.kind == "none" for one in (value, default))
    if len(kinds) > 1 or (not kinds and not is_optional):
        return ""
    kind = kinds.pop() if kinds else "str"
    known = value if value.kind == kind else default
    found = kind if kind in _TYPES else _container(known) if known is not None else ""
    return f"{found} | None" if found and is_optional else found


def _container(value: Term) -> str:
    items = {part.kind for part in value.parts}
    if value.kind == "list" and len(items) <= 1 and items <= {*_TYPES}:
        return f"list[{next(iter(items), 'str')}]"
    if value.kind == "dict":
        pairs = [part.parts for part in value.parts]
        kinds = {item.kind for _, item in pairs}
        if pairs and {key.kind for key, _ in pairs} == {"str"} and len(kinds) == 1 and kinds <= {*_TYPES}:
            return f"dict[str, {kinds.pop()}]"
    return ""
