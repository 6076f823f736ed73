"""The rows of ``config show``: aligned lines for a pipe, a table in colour for a terminal."""

from __future__ import annotations

import re
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.origins import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rich.table import Table
    from rich.text import Text

    from dj_core_utils.cli.screen import Screen
    from dj_core_utils.settings.describe import Row

_TITLES = ("variable", "value", "origin", "sets")
# A longer text moves the rest of its line to the right and leaves the other lines alone.
_WIDEST = (36, 44, 24)
_INDENT = _GAP = "  "
_ENOUGH, _LEAST, _WIDEST_SETS = 44, 20, 26
_ARROW = "->"
_STYLES = {Layer.PROFILE: "yellow", Layer.CLASS: "dim"}
_REAL_STYLE = "cyan"


def write_rows(screen: Screen, rows: Sequence[Row], changed: Collection[str]) -> None:
    """Write one line for each row, in columns, for programs that read lines.

    Args:
        screen: Where to write.
        rows: What to show.
        changed: Settings that the settings module assigns itself.
    """
    lines = [_TITLES, *((row.variable, row.text, row.origin, _sets(row)) for row in rows)]
    widths = [
        min(max(map(len, column)), widest) for column, widest in zip(zip(*lines, strict=True), _WIDEST, strict=False)
    ]
    asides = ["", *(_aside(row, changed) for row in rows)]
    for (*cells, sets), aside in zip(lines, asides, strict=True):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        screen.write(f"{_INDENT}{_GAP.join((*padded, sets))}".rstrip() + aside)


def draw_rows(screen: Screen, rows: Sequence[Row], changed: Collection[str], *, has_headings: bool) -> None:
    """Draw the rows for a person: in as many columns as fit.

    Args:
        screen: A terminal.
        rows: What to show.
        changed: Settings that the settings module assigns itself.
        has_headings: Whether to write the name of each section above its rows.
    """
    from rich.padding import Padding  # noqa: PLC0415  # only a terminal needs rich

    sheet = _Sheet.fitting(rows, screen.width - len(_INDENT))
    table = sheet.table()
    for number, (section, members) in enumerate(groupby(rows, attrgetter("section") if has_headings else bool)):
        if has_headings:
            table.add_row(f"{chr(10) if number else ''}{section}", style="bold underline")
        for row in members:
            sheet.add(table, row, changed)
    screen.draw(Padding(table, (0, 0, 0, len(_INDENT))))


class _Sheet(NamedTuple):
    """How wide each column is; one of no width has no place, and stands in the column of the values."""

    variables: int
    values: int
    origins: int
    sets: int

    @classmethod
    def fitting(cls, rows: Sequence[Row], width: int) -> _Sheet:
        """Give every column its place, as long as that leaves enough for the values."""
        cells = [_TITLES, *((row.variable, row.text, row.origin, _sets(row)) for row in rows)]
        variables, values, origins, sets = (max(map(len, column)) for column in zip(*cells, strict=True))
        variables, sets = min(variables, width // 2), min(sets, _WIDEST_SETS)
        notes = max((len(note) for row in rows for note, _ in _notes(row, ())), default=0)
        room = width - variables - len(_GAP)
        for further in (origins + sets + 2 * len(_GAP), origins + len(_GAP)):
            has_sets = further > origins + len(_GAP)
            if room - further >= min(values, _ENOUGH if has_sets else _LEAST):
                return cls(variables, min(max(values, notes), room - further), origins, sets if has_sets else 0)
        return cls(variables, room, 0, 0)

    def table(self) -> Table:
        """An empty table of these columns."""
        from rich.table import Table  # noqa: PLC0415  # only a terminal needs rich

        table = Table(box=None, padding=(0, len(_GAP), 0, 0), pad_edge=False, header_style="dim")
        table.show_header = self.origins > 0
        for title, width in zip(_TITLES, self, strict=True):
            if width:
                table.add_column(title, width=width, overflow="fold")
        return table

    def add(self, table: Table, row: Row, changed: Collection[str]) -> None:
        """Put a row into the table."""
        from rich.text import Text  # noqa: PLC0415  # only a terminal needs rich

        origin = Text(row.origin, style=_STYLES.get(row.layer, _REAL_STYLE))
        value = Text(_breakable(row.text, self.values), style="" if row.is_usable else "red")
        sets = Text(_sets(row), style="dim")
        if not self.origins:
            value = self._beside(value, origin)
        if not self.sets and sets.plain:
            value = self._beside(value, Text.assemble((f"{_ARROW} ", "dim"), sets))
        for note, style in _notes(row, changed):
            value.append(f"\n{note}", style=style)
        cells = (Text(row.variable, style="bold"), value, origin, sets)
        table.add_row(*(cell for cell, width in zip(cells, self, strict=True) if width))

    def _beside(self, value: Text, more: Text) -> Text:
        """Both on one line where that is wide enough."""
        last = value.plain.rpartition("\n")[2]
        return value.append(_GAP if len(last) + len(_GAP) + len(more) <= self.values else "\n").append(more)


def _breakable(text: str, width: int) -> str:
    """Text whose words that are wider than their column go on in a new line behind a mark, such as a dot or a slash."""
    return re.sub(rf"\S{{{width + 1},}}", lambda word: "\n".join(_pieces(word[0], width)), text)


def _pieces(word: str, width: int) -> Iterator[str]:
    while len(word) > width:
        cut = max(word.rfind(mark, 0, width) for mark in "./,?&") + 1 or width
        yield word[:cut]
        word = word[cut:]
    yield word


def _sets(row: Row) -> str:
    """The settings that a variable takes part in, unless it is one itself."""
    return "" if row.settings == (row.variable,) else ", ".join(row.settings)


def _notes(row: Row, changed: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from ((fault, "red") for fault in _faults(row, changed))
    yield from ((f"instead of {text} ({origin})", "dim") for origin, text in row.shadowed)


def _aside(row: Row, changed: Collection[str]) -> str:
    asides = [*_faults(row, changed), *(f"{origin}: {text}" for origin, text in row.shadowed)]
    return f"   ({'; '.join(asides)})" if asides else ""


def _faults(row: Row, changed: Collection[str]) -> Iterator[str]:
    if not row.is_usable:
        yield "not usable"
    yield from (f"the settings module assigns {name} itself" for name in row.settings if name in changed)
