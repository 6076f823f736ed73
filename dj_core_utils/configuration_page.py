"""What the configuration page shows: problems first, then a card for each section, as far as a filter lets it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from dj_core_utils.settings.describe import describe
from dj_core_utils.settings.final_settings import reassigned
from dj_core_utils.settings.origins import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.settings.describe import Row
    from dj_core_utils.settings.errors import Problem

# The input takes no more; an address typed by hand may hold any number of words, each of which is looked for.
_LONGEST_TEXT = 200
_LAYERS = {
    Layer.ENVIRONMENT: _("Environment"),
    Layer.FILE: _("Secret files"),
    Layer.DOTENV: _(".env"),
    Layer.SOURCE: _("Sources of the project"),
    Layer.PROFILE: _("Profiles"),
    Layer.CLASS: _("Code"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which variables somebody wants to see.

    Attributes:
        text: Words that all have to be found, in any case, in the name of a variable, in its description, in its value
            as it is shown, in its origin or in a setting that it feeds.
        section: Name of a section; empty for all.
        origin: Kind of source, as the value of a ``Layer``; empty for all.
    """

    text: str = ""
    section: str = ""
    origin: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Filter:
        """The filter in a query string.

        Args:
            parameters: Values by name; what is not known is ignored.
        """
        return cls(
            text=parameters.get("q", "").strip()[:_LONGEST_TEXT],
            section=parameters.get("section", ""),
            origin=parameters.get("origin", ""),
        )

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.text or self.section or self.origin)

    def takes(self, row: Row) -> bool:
        """Whether a variable is to be shown.

        Args:
            row: The variable.
        """
        if self.section not in ("", row.section) or self.origin not in ("", row.layer.value):
            return False
        shadows = (part for shadow in row.shadowed for part in shadow)
        found = "\n".join((row.variable, row.description, row.text, row.origin, *row.settings, *shadows)).casefold()
        return all(word in found for word in self.text.casefold().split())


@dataclass(frozen=True, slots=True)
class Card:
    """The variables of one section.

    Attributes:
        section: Its name.
        chosen: Those that somebody set.
        defaults: The others.
    """

    section: str
    chosen: list[Row]
    defaults: list[Row]


class ConfigurationPage:
    """The page.

    Args:
        inspection: What this process runs on.
        chosen: Which variables to show.
    """

    def __init__(self, inspection: Inspection, chosen: Filter) -> None:
        self.module = inspection.module
        self.filter = chosen
        self.loaded = inspection.loaded
        self.rows = describe(inspection.loaded) if inspection.loaded else []
        self.changed = frozenset(reassigned(inspection.loaded, inspection.namespace) if inspection.loaded else ())
        problems = inspection.all_problems
        self.errors: list[Problem] = [problem for problem in problems if problem.severity == "error"]
        self.warnings: list[Problem] = [problem for problem in problems if problem.severity != "error"]

    @property
    def class_name(self) -> str:
        """Name of the settings class; empty when there is none."""
        return self.loaded.settings_class.__name__ if self.loaded else ""

    @cached_property
    def shown(self) -> list[Row]:
        """The variables that the filter lets through."""
        return [row for row in self.rows if self.filter.takes(row)]

    @cached_property
    def cards(self) -> list[Card]:
        """A card for each section that has something to show."""
        rows = sorted(self.shown, key=lambda row: self.sections.index(row.section))
        grouped = ((name, list(members)) for name, members in groupby(rows, key=attrgetter("section")))
        return [
            Card(name, [row for row in members if row.is_set], [row for row in members if not row.is_set])
            for name, members in grouped
        ]

    @cached_property
    def sections(self) -> list[str]:
        """Names of all sections, in their order."""
        return list(dict.fromkeys(row.section for row in self.rows))

    @property
    def origins(self) -> list[tuple[str, object]]:
        """Kinds of source that values come from: how the query string calls them, and how people do."""
        used = {row.layer for row in self.rows}
        return [(layer.value, label) for layer, label in _LAYERS.items() if layer in used]

    @property
    def number_set(self) -> int:
        """How many variables somebody set."""
        return sum(row.is_set for row in self.rows)
