"""Where the old settings read the environment: by hand, with django-environ, decouple or django-configurations."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.cli.init.source import Statement

MISSING = object()
"""Stands for the default of a read that has none."""

_BUILTINS = {"int": int, "float": float, "str": str, "list": list, "True": True, "False": False, "None": None}
_METHODS = ("lower", "upper", "strip", "split", "casefold")
_CASTS = ("", "bool", "float", "int", "list", "str", "unicode")
_URLS = ("cache", "cache_url", "db", "db_url", "email", "email_url", "config", "parse")
_URL_NAMES = {"cache": "CACHE_URL", "db": "DATABASE_URL", "email": "EMAIL_URL", "config": "DATABASE_URL"}
_VALUES = {
    "Value": "str",
    "SecretValue": "str",
    "EmailValue": "str",
    "URLValue": "str",
    "BooleanValue": "bool",
    "IntegerValue": "int",
    "PositiveIntegerValue": "int",
    "FloatValue": "float",
    "ListValue": "list",
    "DatabaseURLValue": "db",
    "CacheURLValue": "cache",
    "EmailURLValue": "email",
}


class Read(NamedTuple):
    """One read of the environment.

    Attributes:
        node: The expression that reads.
        name: The variable.
        default: What it is when the variable is not set: an expression, a value, or ``MISSING``.
        cast: What the text is made into: ``int``, ``db`` for the URL of a database, empty for text as it is.
    """

    node: ast.expr
    name: str
    default: object
    cast: str


class Reads:
    """Finds reads in the statements of one module.

    Args:
        statements: All statements.
    """

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        """Learn what this module calls its readers."""
        self._envs: set[str] = set()
        self._configs: set[str] = set()
        self._scheme: dict[str, object] = {}
        for statement in statements:
            node = statement.node
            if isinstance(node, ast.ImportFrom) and node.module == "decouple":
                self._configs |= {alias.asname or alias.name for alias in node.names}
            value = statement.value
            if statement.target and isinstance(value, ast.Call) and _last(value.func) in {"Env", "FileAwareEnv"}:
                self._envs.add(statement.target)
                self._scheme |= {
                    word.arg: word.value.elts[1]
                    for word in value.keywords
                    if word.arg and isinstance(word.value, ast.Tuple) and len(word.value.elts) > 1
                }

    def within(self, node: ast.AST, target: str = "") -> list[Read]:
        """Every read in a piece of syntax.

        Args:
            node: The piece.
            target: The setting that it is assigned to, after which django-configurations names its variables.
        """
        return list(self._walk(node, target))

    def _walk(self, node: ast.AST, target: str) -> Iterator[Read]:
        found = self._read(node, target) if isinstance(node, ast.expr) else None
        if found is not None:
            yield found
            return
        for child in ast.iter_child_nodes(node):
            yield from self._walk(child, target)

    def _read(self, node: ast.expr, target: str) -> Read | None:  # noqa: PLR0911  # one line for each way to read
        if isinstance(node, ast.Subscript) and _last(node.value) == "environ" and (name := _text(node.slice)):
            return Read(node, name, MISSING, "")
        if not isinstance(node, ast.Call):
            return None
        last, owner = _last(node.func), _owner(node.func)
        words = {word.arg: word.value for word in node.keywords}
        name = _text(node.args[0]) if node.args else _text(words.get("env") or words.get("var"))
        if last == "getenv" or (last == "get" and owner == "environ"):
            default = node.args[1] if len(node.args) > 1 else words.get("default", ast.Constant(None))
            return Read(node, name, default, "") if name else None
        if last in self._envs or owner in self._envs:
            cast = "" if last in self._envs else last
            return self._from_env(node, name, words, cast.removesuffix("_url"))
        if last in self._configs and name:
            return Read(node, name, words.get("default", MISSING), _last(words["cast"]) if "cast" in words else "")
        if owner == "dj_database_url" and last == "config":
            return Read(node, name or "DATABASE_URL", words.get("default", MISSING), "db")
        if owner == "values" and last in _VALUES:
            return _from_values(node, words, _VALUES[last], target)
        return None

    def _from_env(self, node: ast.Call, name: str, words: dict[str | None, ast.expr], cast: str) -> Read | None:
        if cast not in (*_CASTS, "cache", "db", "dict", "email", "json") or not (name or cast in _URL_NAMES):
            return None
        name = name or _URL_NAMES[cast]
        second = node.args[1] if len(node.args) > 1 else words.get("default", self._scheme.get(name, MISSING))
        return Read(node, name, second, cast)


def value_without(expression: ast.expr, read: Read) -> object:
    """What an expression is when its one read finds nothing; ``MISSING`` when there is no default.

    Args:
        expression: The whole right-hand side.
        read: The read in it.

    Raises:
        ValueError: It does more than a settings class would do by itself.
    """
    if read.default is MISSING:
        _judge(expression, read)
        return MISSING
    default = read.default if isinstance(read.default, ast.expr) else ast.Constant(None)
    _judge(default, read)
    _judge(expression, read)
    whole: ast.AST = _Replace(read.node, default).visit(expression)
    tree = ast.Expression(whole)  # type: ignore[arg-type]  # an expression in place of one
    try:
        code = compile(ast.fix_missing_locations(tree), "<default>", "eval")
        value = eval(code, {"__builtins__": _BUILTINS})  # noqa: S307  # nothing but the operations judged above
    except Exception as error:
        raise ValueError("the default cannot be computed") from error
    return _cast(value, read.cast)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(_copy(node))


def _copy(node: ast.AST) -> ast.AST:
    return type(node)(**{name: value[:] if isinstance(value, list) else value for name, value in ast.iter_fields(node)})


def _judge(node: ast.AST, read: Read) -> None:
    """Allow what our own decoding of texts does as well: numbers, truth, lists with commas."""
    if node is read.node:
        return
    match node:
        case ast.Call(func=ast.Name(id="int" | "float" | "str" | "list")):
            pass
        case ast.Call(func=ast.Attribute(attr="split"), args=[ast.Constant(value=",")]):
            pass
        case ast.Call(func=ast.Attribute(attr=method), args=[]) if method in _METHODS and method != "split":
            pass
        case ast.Compare(ops=[ast.Eq() | ast.In()]) | ast.BoolOp(op=ast.Or()) | ast.ListComp() | ast.comprehension():
            pass
        case ast.Constant() | ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.Name() | ast.Attribute():
            pass
        case ast.expr_context() | ast.cmpop() | ast.boolop() | ast.unaryop() | ast.UnaryOp():
            pass
        case _:
            raise ValueError("more than a settings class does by itself")
    for child in ast.iter_child_nodes(node):
        _judge(child, read)


def _cast(value: object, cast: str) -> object:
    if not isinstance(value, str):
        return value
    if cast in {"int", "float"}:
        return int(value) if cast == "int" else float(value)
    if cast == "bool":
        return value.strip().lower() in {"true", "1", "yes", "on", "y", "ok"}
    return [item for item in value.split(",") if item] if cast in {"list", "Csv"} else value


def _from_values(node: ast.Call, words: dict[str | None, ast.expr], cast: str, target: str) -> Read:
    name = _text(words.get("environ_name")) or _URL_NAMES.get(cast, target)
    prefix = words.get("environ_prefix")
    before = "DJANGO_" if prefix is None and cast not in _URL_NAMES else f"{_text(prefix)}_" if _text(prefix) else ""
    default = node.args[0] if node.args else words.get("default", MISSING)
    return Read(node, f"{before}{name}", default, cast)


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _last(node: ast.AST) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Call):
        return _last(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _owner(node: ast.AST) -> str:
    """The part before the last."""
    return _last(node.value) if isinstance(node, ast.Attribute) else ""
