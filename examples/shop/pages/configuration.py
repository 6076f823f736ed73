"""The configuration of this process, arranged for a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from django.conf import settings
from django.http import HttpRequest

from dj_core_utils.settings.describe import Row, describe
from dj_core_utils.settings.export import last_export


@dataclass(frozen=True)
class Section:
    """The variables of one section: those that somebody chose, and those at their default."""

    name: str
    chosen: list[Row]
    defaults: list[Row]


@dataclass(frozen=True)
class Configuration:
    """All sections, and what is said above them."""

    profiles: tuple[str, ...]
    sections: list[Section]
    warnings: list[str]

    @property
    def chosen(self) -> int:
        """How many variables somebody chose."""
        return sum(len(section.chosen) for section in self.sections)

    @property
    def variables(self) -> int:
        """How many variables there are."""
        return self.chosen + sum(len(section.defaults) for section in self.sections)


def may_see(request: HttpRequest) -> bool:
    """Secrets are masked, but even so the configuration of a server is nobody else's business."""
    return settings.DEBUG or (request.user.is_active and request.user.is_staff)


def configuration() -> Configuration | None:
    """What was exported; None under settings that are not the framework's, as in a test with its own."""
    export = last_export()
    if export is None:
        return None
    loaded = export.loaded
    rows = sorted(describe(loaded), key=attrgetter("section"))
    return Configuration(loaded.profiles.names, list(_sections(rows)), [str(problem) for problem in loaded.problems])


def _sections(rows: list[Row]) -> Iterator[Section]:
    for name, group in groupby(rows, key=attrgetter("section")):
        members = list(group)
        yield Section(name, [row for row in members if row.is_set], [row for row in members if not row.is_set])
