"""The text of the old settings: statements with their comments, and the names that each one gives and needs."""

from __future__ import annotations

import ast
import re
import textwrap
import tokenize
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SETTING = re.compile(r"[A-Z][A-Z0-9_]*")
# What startproject writes above its lines, and what therefore says nothing of this project.
_BOILERPLATE = re.compile(
    r"# (?:Build paths inside the project|Quick-start development settings|See https://docs\.djangoproject"
    r"|https://docs\.djangoproject|SECURITY WARNING|Application definition$|Database$|Password validation$"
    r"|Internationalization$|Static files \(|Default primary key field type$)"
)
_HEADING = re.compile(r"#+\s*[-=*~#]{2,}")
_CODING = re.compile(r"#.*coding[:=]")
_MUTABLE = (ast.Subscript, ast.Attribute, ast.Starred)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of the module.

    Attributes:
        node: Its syntax.
        text: Its lines, with the comment behind it.
        above: The comments above it.
        gives: Names that it binds or changes.
        needs: Names that it reads.
        is_movable: Whether it means the same outside the class that it stood in.
    """

    node: ast.stmt
    text: str
    above: tuple[str, ...]
    gives: frozenset[str]
    needs: frozenset[str]
    is_movable: bool = True

    @property
    def target(self) -> str:
        """The one name that a plain assignment gives its value; empty for anything else."""
        node = self.node
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""

    @property
    def value(self) -> ast.expr | None:
        """What a plain assignment assigns."""
        return self.node.value if isinstance(self.node, (ast.Assign, ast.AnnAssign)) else None

    @property
    def is_import(self) -> bool:
        """Whether it only imports."""
        return isinstance(self.node, (ast.Import, ast.ImportFrom))

    @property
    def settings(self) -> frozenset[str]:
        """The settings that it gives."""
        return frozenset() if self.is_import else frozenset(name for name in self.gives if _SETTING.fullmatch(name))

    @property
    def comment(self) -> str:
        """What the project says of it, as one text."""
        _, found, behind = self.text.rpartition("  # ") if "\n" not in self.text else ("", "", "")
        lines = [line.lstrip("# ").strip() for line in self.remarks if not _HEADING.match(line)]
        return " ".join([*lines, behind.strip() if found else ""]).strip()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The comments above it that are the project's own."""
        return tuple(line for line in self.above if not _BOILERPLATE.match(line) and not _CODING.match(line))


@dataclass(frozen=True)
class Source:
    """A settings module with the modules of the project that it star-imports.

    Attributes:
        docstring: What the module says of itself.
        statements: In the order in which they run.
        files: Files that they stand in.
        class_name: The class whose attributes are the settings, if there is one.
    """

    docstring: str
    statements: tuple[Statement, ...]
    files: tuple[Path, ...]
    class_name: str = ""

    def givers(self, name: str) -> list[Statement]:
        """The statements that bind or change a name."""
        return self._givers.get(name, [])

    @cached_property
    def _givers(self) -> dict[str, list[Statement]]:
        found: dict[str, list[Statement]] = {}
        for statement in self.statements:
            for name in statement.gives:
                found.setdefault(name, []).append(statement)
        return found


def read_source(file: Path, folder: Path, configuration: str = "") -> Source:
    """Read a settings module.

    Args:
        file: Its file.
        folder: The project's folder, from which absolute imports start.
        configuration: The class that django-configurations would use, if it does.
    """
    files: list[Path] = []
    statements = list(_statements(file, folder, files, package=_package(file, folder)))
    tree = ast.parse(_text(file))
    exported = "" if configuration else _exported(statements)
    flat = tuple(_flattened(statements, configuration or exported))
    return Source(ast.get_docstring(tree) or "", flat, tuple(files), exported)


def _text(file: Path) -> str:
    with tokenize.open(file) as stream:
        return stream.read()


def _package(file: Path, folder: Path) -> str:
    return ".".join(file.parent.relative_to(folder).parts) if file.is_relative_to(folder) else ""


def _statements(file: Path, folder: Path, files: list[Path], *, package: str) -> Iterator[Statement]:
    files.append(file)
    text = _text(file)
    is_first = len(files) == 1
    for statement in _split(text, ast.parse(text).body):
        node = statement.node
        star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        found = _file_of(node, file, folder) if isinstance(node, ast.ImportFrom) else None
        if found in files:
            continue  # its names are here already
        if star and found is not None:
            yield from _statements(found, folder, files, package=_package(found, folder))
        elif isinstance(node, ast.ImportFrom) and node.level and not is_first:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            moved = ast.ImportFrom(module=".".join([*above, *filter(None, [node.module])]), names=node.names, level=0)
            yield replace(statement, text=ast.unparse(moved))
        else:
            yield _with_starred(statement, file, folder)


def _with_starred(statement: Statement, file: Path, folder: Path) -> Statement:
    """A statement that may import everything of another module gives what that module gives now."""
    inner = (
        part for part in ast.walk(statement.node) if isinstance(part, ast.ImportFrom) and part.names[0].name == "*"
    )
    found = [path for part in inner if (path := _file_of(part, file, folder)) is not None and path != file]
    names = [name for path in found for one in _split(_text(path), ast.parse(_text(path)).body) for name in one.gives]
    return replace(statement, gives=statement.gives | frozenset(names)) if names else statement


def _file_of(node: ast.ImportFrom, file: Path, folder: Path) -> Path | None:
    start = file.parents[node.level - 1] if node.level else folder
    path = start.joinpath(*(node.module or "").split("."))
    choices = (path.with_suffix(".py"), path / "__init__.py") if node.module else (start / "__init__.py",)
    return next((choice for choice in choices if choice.is_file()), None)


def _split(text: str, body: list[ast.stmt]) -> Iterator[Statement]:
    lines = text.splitlines()
    end = 0
    for number, node in enumerate(body):
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        above = [line.strip() for line in lines[end : first - 1] if line.strip().startswith("#")]
        last = node.end_lineno or node.lineno
        shares_line = first <= end or (number + 1 < len(body) and body[number + 1].lineno == last)
        own = ast.get_source_segment(text, node) if shares_line else "\n".join(lines[first - 1 : last])
        end = last
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            gives, needs = _names(node)
            yield Statement(node=node, text=_dedented(own or ""), above=tuple(above), gives=gives, needs=needs)


def _dedented(text: str) -> str:
    return textwrap.dedent(text) if text.startswith((" ", "\t")) else text


def _names(node: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    gives: set[str] = set()
    needs: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            (needs if isinstance(part.ctx, ast.Load) else gives).add(part.id)
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            gives.add(part.name)
        elif isinstance(part, ast.alias):
            gives.add(part.asname or part.name.partition(".")[0])
        elif isinstance(part, ast.AugAssign):
            needs.add(_root(part.target))
        elif isinstance(part, _MUTABLE) and not isinstance(part.ctx, ast.Load):
            gives.add(_root(part))
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            gives.add(_root(part.value.func) if isinstance(part.value.func, ast.Attribute) else "")
    inner = {
        part.id
        for scope in ast.walk(node)
        if isinstance(scope, ast.FunctionDef)
        for part in ast.walk(scope)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    return frozenset(gives - inner - {""}), frozenset(needs)


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Starred, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _loop(statements: list[Statement]) -> Statement | None:
    """The loop that copies the attributes of a class into the module."""
    loops = (one for one in statements if isinstance(one.node, ast.For) and "globals()" in one.text)
    return next(loops, None)


def _exported(statements: list[Statement]) -> str:
    loop = _loop(statements)
    classes = (one.node.name for one in statements if isinstance(one.node, ast.ClassDef))
    return next((name for name in classes if loop is not None and name in loop.needs), "")


def _flattened(statements: list[Statement], exported: str) -> Iterator[Statement]:
    """Attributes of the class whose attributes are the settings, in the place of the class."""
    classes = {one.node.name: one for one in statements if isinstance(one.node, ast.ClassDef)}
    if exported not in classes:
        yield from statements
        return
    foreign = {name for one in statements if one.is_import and "configurations" in one.text for name in one.gives}
    ties = foreign | classes.keys() | {"CoreSettings"}
    for one in statements:
        is_class = isinstance(one.node, ast.ClassDef)
        if is_class and exported in one.gives:
            for name in _bases(exported, classes):
                yield from _attributes(classes[name].text, ties)
        elif not (is_class or one is _loop(statements) or (one.is_import and one.gives <= ties)):
            yield one


def _attributes(text: str, ties: set[str]) -> Iterator[Statement]:
    node = ast.parse(text).body[0]
    for one in _split(text, getattr(node, "body", [])):
        yield replace(one, is_movable=not (one.needs & ties or isinstance(one.node, ast.FunctionDef) or one.is_import))


def _bases(name: str, classes: dict[str, Statement]) -> Iterator[str]:
    for base in getattr(classes[name].node, "bases", []):
        if isinstance(base, ast.Name) and base.id in classes:
            yield from _bases(base.id, classes)
    yield name
