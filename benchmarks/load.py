"""Time of a load inside one process: the full class, and its growth from 100 to 2,000 variables.

    python benchmarks/load.py [--rounds 20]

``load`` is a second load in a warm process: ``.env`` of 100 lines read and parsed, every variable traced, typed and
judged, everything rendered. ``class`` is the creation of a settings class with that many fields of its own, plus its
first load: what a settings module costs beside the imports. Minima are printed; they are stable where medians are not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load
from dj_core_utils.settings.variables import VariableTable

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (100, 500, 1_000, 2_000)
LINES = 100


def make_class(size: int) -> type[CoreSettings]:
    """A settings class with a number of fields of its own, of the types that projects use."""
    kinds: list[tuple[object, object]] = [(int, 5), (str, "text"), (bool, False), (list[str], ["a"])]
    annotations, defaults = {}, {}
    for number in range(size):
        kind, default = kinds[number % len(kinds)]
        annotations[f"own_field_{number}"] = kind
        defaults[f"own_field_{number}"] = Field(default=default, description="A field.")
    return type("BenchSettings", (CoreSettings,), {"__module__": __name__, "__annotations__": annotations, **defaults})


def least(action: Callable[[], object], rounds: int) -> float:
    """The shortest of several runs, in milliseconds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def write_env(folder: Path, size: int) -> int:
    """A ``.env`` of 100 lines, most of them for fields of the class; how many."""
    own = [number for number in range(size) if number % 4 != 2][: LINES - 2]  # noqa: PLR2004  # no booleans, one text for all
    values = {f"OWN_FIELD_{number}": str(number) for number in own} or values_of_ours(folder)
    lines = ["DJANGO_PROFILE=development", *(f"{name}={text}" for name, text in values.items())]
    (folder / ".env").write_text("\n".join([*lines, *["# a comment"] * (LINES - len(lines))]) + "\n")
    return len(values)


def values_of_ours(folder: Path) -> dict[str, str]:
    """The framework's own variables, each with the value that it has anyway."""
    settings = load(CoreSettings, environ={"DJANGO_PROFILE": "development"}, project_dir=folder).settings
    values = {}
    for name, variable in VariableTable(CoreSettings, "app").items():
        value = reduce(getattr, variable.path, settings)
        if isinstance(value, bool | int):
            values[name] = str(value).lower()
        elif isinstance(value, str) and value and name != "DB_ENGINE":  # it asks for more
            values[name] = value
    return values


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    print(f"{'own fields':>10}{'variables':>11}{'set':>5}{'class ms':>10}{'load ms':>9}{'us per variable':>17}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in (0, *SIZES):
            are_set = write_env(folder, size)
            settings_class = make_class(size)
            loaded = load(settings_class, environ={}, project_dir=folder)
            if loaded.errors:
                raise SystemExit("\n".join(map(str, loaded.errors)))
            count = len(loaded.traces)
            warm = least(lambda chosen=settings_class: load(chosen, environ={}, project_dir=folder), options.rounds)
            create = least(lambda count=size: load(make_class(count), environ={}, project_dir=folder), 5)
            print(f"{size:10}{count:11}{are_set:5}{create:10.1f}{warm:9.2f}{warm * 1e3 / count:17.1f}")


if __name__ == "__main__":
    main()
