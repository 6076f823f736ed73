"""The rows of ``config show``: aligned lines for a pipe, a table in colour for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.origins import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from dj_core_utils.cli.screen import Screen
    from dj_core_utils.settings.describe import Row

_TITLES = ("setting", "value", "variable", "origin")
# A longer text moves the rest of its line to the right and leaves the other lines alone.
_WIDEST = (32, 44, 36)
_INDENT = "  "
_GAPS = len(_INDENT) * len(_TITLES)
_NARROWEST_VALUE = 26
_STYLES = {Layer.PROFILE: "yellow", Layer.CLASS: "dim"}
_REAL_STYLE = "cyan"


def write_rows(screen: Screen, rows: Sequence[Row], changed: Collection[str]) -> None:
    """Write one line for each row, in columns, for programs that read lines.

    Args:
        screen: Where to write.
        rows: What to show.
        changed: Settings that the settings module assigns itself.
    """
    lines = [_TITLES, *(_cells(row) for row in rows)]
    widths = [
        min(max(map(len, column)), widest) for column, widest in zip(zip(*lines, strict=True), _WIDEST, strict=False)
    ]
    asides = ["", *(_aside(row, changed) for row in rows)]
    for (*cells, origin), aside in zip(lines, asides, strict=True):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        screen.write(f"{_INDENT}{'  '.join((*padded, origin))}{aside}")


def draw_rows(screen: Screen, rows: Sequence[Row], changed: Collection[str]) -> None:
    """Draw the rows for a person: in four columns, or in two where four do not fit.

    Args:
        screen: A terminal.
        rows: What to show.
        changed: Settings that the settings module assigns itself.
    """
    from rich.padding import Padding  # noqa: PLC0415  # only a terminal needs rich
    from rich.table import Table  # noqa: PLC0415  # the same
    from rich.text import Text  # noqa: PLC0415  # the same

    lines = [_TITLES, *(_cells(row) for row in rows)]
    settings, _, variables, origins = (max(map(len, column)) for column in zip(*lines, strict=True))
    is_wide = settings + variables + origins + _NARROWEST_VALUE + _GAPS <= screen.width
    table = Table(box=None, padding=(0, len(_INDENT), 0, 0), pad_edge=False, header_style="dim", show_header=is_wide)
    for title in _TITLES if is_wide else _TITLES[:2]:
        table.add_column(title, no_wrap=title != "value", overflow="fold")
    for row in rows:
        setting, _, variable, origin = _cells(row)
        where = Text(origin, style=_STYLES.get(row.layer, _REAL_STYLE))
        value = Text(row.text, style="" if row.is_usable else "red")
        notes = Text.assemble(*((f"\n{note}", style) for note, style in _notes(row, changed)))
        if is_wide:
            table.add_row(Text(setting, style="bold"), value + notes, Text(variable), where)
        else:
            name = "" if variable == setting else f"{variable} · "
            table.add_row(Text(setting, style="bold"), Text.assemble(value, "\n", name, where, notes))
    screen.draw(Padding(table, (0, 0, 0, len(_INDENT))))


def _cells(row: Row) -> tuple[str, str, str, str]:
    setting = f"{row.settings[0]} ..." if len(row.settings) > 1 else "".join(row.settings)
    return setting, row.text, row.variable, row.origin


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
