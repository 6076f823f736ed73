"""The text of the new settings module."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, cast

from dj_core_utils.cli.init.literals import quoted
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.variables import section_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.cli.init.plan import Plan
    from dj_core_utils.cli.init.source import Statement

_WIDTH = 110
_KEPT = "# Kept as it was."
_TWINS = "# The same secret for another job, as before; each would better have its own."
_AS_BEFORE = "# As before, where this framework advises otherwise: take a line out to get the advised value."


def module_text(plan: Plan) -> str:
    """Write the module of a plan.

    Args:
        plan: What it says.
    """
    head = "\n".join(_spaced(plan.head))
    tail = "\n".join(_spaced(plan.tail))
    values = "\n".join(f"{name} = {value}" for name, value in plan.values.items())
    parts = [head, "\n".join(_class(plan)), f"{tail}\n{values}"]
    imports = _imports(plan, "\n".join(parts))
    opening = ["\n".join(plan.header)] if plan.header else []
    opening += [f'"""{plan.docstring or f"Settings of {plan.service}."}"""', *imports, *([head] if head else [])]
    text = "\n\n\n".join(["\n\n".join(opening), parts[1], "export_settings(globals())"]) + "\n"
    if plan.has_mail_by_hand:
        text += "\ndel MAILERS  # mail is set up by EMAIL_*, and Django allows one of both\n"
    if tail:
        text += f"\n{_KEPT}\n{tail}\n"
    if plan.twins:
        twins = "\n".join(f"{name} = {first}" for name, first in plan.twins.items())
        text += f"\n{_TWINS}\n{twins}\n"
    if values:
        text += f"\n{_AS_BEFORE}\n{values}\n"
    return text


def _imports(plan: Plan, body: str) -> list[str]:
    """Import lines in groups, without those that nothing needs in the end."""
    lines = {line for line in plan.imports if re.search(rf"\b{line.split()[-1]}\b", body)}
    lines.add("from dj_core_utils.settings import CoreSettings, export_settings")
    for section in plan.sections:
        lines.add(f"from {_section(section).__module__} import {_section(section).__name__}")
    lines |= {one.text for one in (*plan.head, *plan.tail) if one.is_import and not _is_star(one)}
    groups: dict[bool, list[str]] = {True: [], False: []}
    for line in sorted(_merged(lines), key=_sort_key):
        groups[_module(line) in sys.stdlib_module_names].append(line)
    future = [line for line in groups[True] if line.startswith("from __future__")]
    rest = [line for line in groups[True] if line not in future]
    return ["\n".join(group) for group in (future, rest, groups[False]) if group]


def _section(name: str) -> type:
    return cast("type", section_class(CoreSettings.model_fields[name].annotation))


def _merged(lines: set[str]) -> Iterator[str]:
    """One line for each module that names are imported from."""
    names: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from ") and line.count("\n") == 0 and "(" not in line and "#" not in line:
            module, _, found = line.partition(" import ")
            names.setdefault(module, set()).update(name.strip() for name in found.split(","))
        else:
            yield line
    yield from (f"{module} import {', '.join(sorted(found))}" for module, found in names.items())


def _is_star(statement: Statement) -> bool:
    """Whether an import may give any name, and therefore keeps its place."""
    return isinstance(statement.node, ast.ImportFrom) and statement.node.names[0].name == "*"


def _sort_key(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line.split()[1]


def _module(line: str) -> str:
    return line.split()[1].partition(".")[0].rstrip(",")


def _class(plan: Plan) -> Iterator[str]:
    yield f"class {plan.class_name}(CoreSettings):"
    yield f'    """Settings of {plan.service}."""'
    yield ""
    if plan.allowed:
        names = ", ".join(quoted(name) for name in sorted(plan.allowed))
        yield from _wrapped(f"allowed_variables = ({names},)", "()")
    if plan.retired:
        names = ", ".join(f"{quoted(old)}: {quoted(new)}" for old, new in sorted(plan.retired.items()))
        yield from _wrapped(f"retired_names = {{{names}}}", "{}")
    if plan.allowed or plan.retired:
        yield ""
    for leaf in sorted(plan.leaves.values(), key=lambda leaf: _place(leaf.name)):
        yield from (f"    {line}" for line in leaf.remarks)
        default = f" = {leaf.default}" if leaf.default else ""
        yield from _indented(f"{leaf.name}: {leaf.annotation}{default}")
    if plan.sections:
        yield ""
    for name, leaves in sorted(plan.sections.items(), key=lambda item: _place(item[0])):
        kind = _section(name).__name__
        arguments = ", ".join(f"{leaf}={value}" for leaf, value in leaves.items())
        line = f"{name}: {kind} = {kind}({arguments})"
        if len(line) + 4 <= _WIDTH and "\n" not in line:
            yield f"    {line}"
        else:
            yield from _indented(f"{name}: {kind} = {kind}(")
            yield from (f"    {line}" for leaf, value in leaves.items() for line in _indented(f"{leaf}={value},"))
            yield "    )"


def _place(name: str) -> int:
    """Fields of ours come in our order, then those of the project in its own."""
    known = list(CoreSettings.model_fields)
    return known.index(name) if name in known else len(known)


def _wrapped(line: str, brackets: str) -> Iterator[str]:
    """One line, or one item a line."""
    if len(line) + 4 <= _WIDTH:
        yield f"    {line}"
        return
    head, _, rest = line.partition(brackets[0])
    yield f"    {head}{brackets[0]}"
    yield from (f"        {item}," for item in rest.rstrip(f"{brackets[1]},").split(", "))
    yield f"    {brackets[1]}"


def _indented(text: str) -> Iterator[str]:
    first, *more = text.split("\n")
    yield f"    {first}"
    yield from (f"    {line}" for line in more)


def _statement(statement: Statement) -> str:
    return "\n".join([*statement.remarks, statement.text])


def _spaced(statements: list[Statement]) -> Iterator[str]:
    """Statements with a blank line around those that take several lines."""
    was_long = was_block = False
    for number, statement in enumerate(one for one in statements if not one.is_import or _is_star(one)):
        text = _statement(statement)
        is_long = "\n" in text
        is_block = isinstance(statement.node, (ast.FunctionDef, ast.ClassDef))
        if number and (is_long or was_long):
            yield "\n" if is_block or was_block else ""
        yield text
        was_long, was_block = is_long, is_block
