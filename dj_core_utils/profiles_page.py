"""What the page that compares profiles shows: two sets side by side, and what a start under the second would report."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from dj_core_utils.settings.comparison import compare, load_under
from dj_core_utils.settings.profiles import project_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.settings.comparison import Comparison
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded

_OF_PROFILES = "profile."
_LONGEST_LIST = 300  # as long as the inputs take
# What only the second set has, and what only the first one has.
_LABELS = {
    "requires": (_("Also requires"), _("No longer requires")),
    "policies": (_("Becomes"), _("Is no longer")),
    "waived": (_("Also waives"), _("No longer waives")),
}


class ProfilesPage:
    """The page.

    Args:
        inspection: What this process runs on.
        parameters: The query string: ``before`` and ``after``, each a list of profiles as ``DJANGO_PROFILE`` has it.
    """

    def __init__(self, inspection: Inspection, parameters: Mapping[str, str]) -> None:
        self._present = inspection.loaded if inspection.loaded and inspection.loaded.settings else None
        present = ",".join(self._present.profiles.requested) if self._present else ""
        self.before = parameters.get("before", "").strip()[:_LONGEST_LIST] or present
        self.after = parameters.get("after", "").strip()[:_LONGEST_LIST]

    @property
    def is_possible(self) -> bool:
        """Whether there is a configuration to look at under other profiles."""
        return self._present is not None

    @cached_property
    def known(self) -> list[tuple[str, str]]:
        """Every profile that can be named, with what it is for."""
        if self._present is None:
            return []
        library = project_library(self._present.project_dir)
        described = ((name, library.activate([name], name).layers) for name in library.names)
        return [(name, layers[-1].description if layers else "") for name, layers in described]

    @cached_property
    def faults(self) -> list[Problem]:
        """What keeps the two from being compared: profiles that do not exist, or that exclude each other."""
        errors = [problem for side in self._sides for problem in side.errors]
        # They were named on the page, not where a start looks for them.
        faults = [one._replace(variable="", origin="") for one in errors if one.id.startswith(_OF_PROFILES)]
        return list(dict.fromkeys(faults))

    @cached_property
    def found(self) -> Comparison | None:
        """The comparison; None before two sets are named, and when they cannot be compared."""
        return compare(*self._sides) if self._sides and not self.faults else None

    @property
    def differences(self) -> list[tuple[object, Sequence[str]]]:
        """What only one of the sets requires, declares or waives: a label, and the names."""
        return list(_differences(self.found)) if self.found else []

    @property
    def number(self) -> int:
        """How many values differ."""
        return sum(not change.is_equal for change in self.found.changes) if self.found else 0

    @property
    def held(self) -> list[str]:
        """Variables that a real source holds where the profiles by themselves would differ."""
        return [change.after.variable for change in self.found.changes if change.is_held] if self.found else []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a start under the second set would report, with the environment of this process."""
        return self._sides[1].errors if self.found else ()

    @cached_property
    def _sides(self) -> list[Loaded]:
        if self._present is None or not self.after:
            return []
        return [load_under(self._present, names) for names in (self.before, self.after)]


def _differences(found: Comparison) -> Iterator[tuple[object, Sequence[str]]]:
    pairs = {"requires": found.requires, "policies": found.policies, "waived": found.waived}
    for kind, (before, after) in pairs.items():
        for label, side, other in zip(_LABELS[kind], (after, before), (before, after), strict=True):
            if names := [name for name in side if name not in other]:
                yield label, names
