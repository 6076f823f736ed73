"""Values as the Python that an expert would write for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dj_core_utils.cli.init.terms import Term

_WIDTH = 100
_STEP = "    "
_BRACKETS = {"list": ("[", "]"), "tuple": ("(", ")"), "set": ("{", "}"), "dict": ("{", "}")}
_UNITS = (("weeks", 604_800), ("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


class Literals:
    """Writes values, and remembers what has to be imported for them.

    Args:
        folder: The project's folder; paths in it are written relative to ``BASE_DIR``.

    Attributes:
        imports: Lines that the values need.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is needed yet."""
        self.folder = folder
        self.imports: set[str] = set()

    def write(self, value: Term, *, column: int = 0, depth: int = 0) -> str | None:
        """The literal of a value; None when it has none.

        Args:
            value: The value.
            column: How many characters stand before it on its line.
            depth: How far the lines of an open bracket are indented.
        """
        scalar = self._scalar(value)
        if scalar is not None or value.kind not in _BRACKETS:
            return scalar
        if value.kind == "set" and not value.parts:
            return "set()"
        items = [self._item(part, depth + 1) for part in value.parts]
        known = [item for item in items if item is not None]
        if len(known) < len(items):
            return None
        return _bracketed(value.kind, known, column, depth)

    def _item(self, part: Term, depth: int) -> str | None:
        if part.kind != "entry":
            return self.write(part, column=len(_STEP) * depth, depth=depth)
        key, value = part.parts
        name = self.write(key)
        text = self.write(value, column=len(_STEP) * depth + len(name or "") + 2, depth=depth)
        return None if name is None or text is None else f"{name}: {text}"

    def _scalar(self, value: Term) -> str | None:  # noqa: PLR0911  # one line for each type
        match value.kind:
            case "none" | "bool" | "int" | "float":
                return repr(value.content)
            case "str":
                return self._text(str(value.content))
            case "path":
                return self._path(Path(str(value.content)))
            case "decimal":
                self.imports.add("from decimal import Decimal")
                return f'Decimal("{value.content}")'
            case "timedelta":
                self.imports.add("from datetime import timedelta")
                return _duration(value.parts)
            case "lazy" if len(value.parts) == 1:
                self.imports.add("from django.utils.translation import gettext_lazy as _")
                return f"_({self._text(str(value.parts[0].content))})"
            case "bytes":
                return str(value.content)
        return None

    def _text(self, text: str) -> str:
        path = Path(text)
        if path.is_absolute() and path.is_relative_to(self.folder):
            return f"str({self._path(path)})"
        return quoted(text)

    def _path(self, path: Path) -> str:
        if path == self.folder:
            return "BASE_DIR"
        if path.is_relative_to(self.folder):
            return f"BASE_DIR / {quoted(path.relative_to(self.folder).as_posix())}"
        self.imports.add("from pathlib import Path")
        return f"Path({quoted(str(path))})"


def quoted(text: str) -> str:
    """A text in double quotes, as formatters like it."""
    plain = json.dumps(text, ensure_ascii=False)
    return plain if text.isprintable() and '"' not in text else repr(text)


def _duration(parts: tuple[Term, ...]) -> str:
    """A duration in the greatest unit that it is a whole number of."""
    numbers = tuple(int(str(part.content)) for part in parts)
    seconds = numbers[0] * 86_400 + numbers[1]
    size_of = {name: length for name, length in _UNITS if seconds % length == 0}
    name, length = next(iter(size_of.items()))
    more = f", microseconds={numbers[2]}" if numbers[2] else ""
    return f"timedelta({name}={seconds // length}{more})"


def _bracketed(kind: str, items: list[str], column: int, depth: int) -> str:
    opening, closing = _BRACKETS[kind]
    single = "," if kind == "tuple" and len(items) == 1 else ""
    line = f"{opening}{', '.join(items)}{single}{closing}"
    if column + len(line) <= _WIDTH and "\n" not in line:
        return line
    inner = _STEP * (depth + 1)
    return "\n".join([opening, *(f"{inner}{item}," for item in items), f"{_STEP * depth}{closing}"])
