"""The configuration of this process, arranged for a page."""

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from django.conf import settings
from django.http import HttpRequest

from dj_core_utils.settings.describe import TOP_SECTION, Row, describe
from dj_core_utils.settings.export import last_export


@dataclass(frozen=True)
class Section:
    """The variables of one section: those that somebody set, and those at their default."""

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
        """How many variables somebody set."""
        return sum(len(section.chosen) for section in self.sections)

    @property
    def variables(self) -> int:
        """How many variables there are."""
        return self.chosen + sum(len(section.defaults) for section in self.sections)


def may_see(request: HttpRequest) -> bool:
    """Secrets are masked, but even so the configuration of a server is nobody else's business."""
    return settings.DEBUG or (request.user.is_active and request.user.is_staff)


def configuration() -> Configuration | None:
    """What this process runs on; None where nothing was exported, as in a test with settings of its own."""
    export = last_export()
    if export is None:
        return None
    # The service itself comes first.
    rows = sorted(describe(export.loaded), key=lambda row: (row.section != TOP_SECTION, row.section))
    sections = [_section(name, list(members)) for name, members in groupby(rows, key=attrgetter("section"))]
    warnings = [str(problem) for problem in export.loaded.problems]
    return Configuration(export.loaded.profiles.names, sections, warnings)


def _section(name: str, rows: list[Row]) -> Section:
    return Section(name, [row for row in rows if row.is_set], [row for row in rows if not row.is_set])
