"""Loads beside and after one another: equal results, in any order of hashes, without growing."""

from __future__ import annotations

import gc
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Annotated

import pytest
from pydantic import Field

from dj_core_utils.settings import validation
from dj_core_utils.settings.base import CoreSettings

if TYPE_CHECKING:
    from dj_core_utils.settings.loading import Loaded
    from tests.conftest import RunPython, WriteProject
    from tests.settings.conftest import LoadFrom

pytestmark = pytest.mark.usefixtures("cold_starts")
THREADS = 8
GOOD = {
    "DATABASE_URL": "postgres://shop:Jd8sKw2LqPz@db.example/shop",
    "CORS_ALLOWED_ORIGIN_REGEXES": r"^https://[a-z]+\.shop\.example$",
    "PAGE_SIZE": "7",
}
BAD = {**GOOD, "DEBUG": "Flase", "ALOWED_HOSTS": "x", "PAGE_SIZE": "x", "CORS_ALLOWED_ORIGIN_REGEXES": "("}
SETTINGS = """
    from dj_core_utils.settings import CoreSettings, export_settings


    class ProjectSettings(CoreSettings):
        colours: set[str] = {"red", "green", "blue", "black", "white"}


    export_settings(globals())
"""


@pytest.mark.parametrize("environ", [GOOD, BAD])
def test_threads_that_load_at_once_get_the_same(load_from: LoadFrom, environ: dict[str, str]) -> None:
    """Nothing that is built at the first load is seen half done, and the process is left as it was."""

    class Own(CoreSettings):  # a new class, for which nothing is built yet
        page_size: int = 50

    barrier = Barrier(THREADS)
    filters = list(warnings.filters)

    def load_together(_: int) -> Loaded:
        barrier.wait()
        return load_from(Own, environ)

    with ThreadPoolExecutor(THREADS) as pool:
        first, *others = pool.map(load_together, range(THREADS))
    assert warnings.filters == filters
    assert bool(first.errors) == (environ is BAD)
    assert "internal" not in {problem.id for problem in first.problems}
    for other in others:
        assert other.problems == first.problems
        assert other.settings == first.settings
        assert other.rendered == first.rendered


@pytest.mark.parametrize("environ", [GOOD, BAD])
def test_many_loads_leave_nothing_behind(load_from: LoadFrom, environ: dict[str, str]) -> None:
    """A process that loads again and again does not grow."""
    for _ in range(10):
        load_from(environ=environ)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(40):
            load_from(environ=environ)
        gc.collect()
        growth, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert growth < 80_000  # a single load takes ten times that while it lasts


def test_a_process_that_changes_its_name_keeps_few_tables(load_from: LoadFrom) -> None:
    """Names of variables depend on the service; only the last few tables are kept."""
    for number in range(20):
        load_from(environ={"SERVICE_NAME": f"before-{number}"})
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(40):
            load_from(environ={"SERVICE_NAME": f"service-{number}"})
        gc.collect()
        growth, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert growth < 20_000_000


@pytest.mark.parametrize("most", [1, 2000])
def test_what_a_field_accepts_is_its_own(load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Schemas are kept from load to load, however many; fields of one name and classes of one text keep theirs."""
    monkeypatch.setattr(validation, "_MOST_ADAPTERS", most)

    class Few(CoreSettings):
        rows: Annotated[int, Field(ge=1, le=10)] = 5
        sizes: list[int | str] = []

    class Many(CoreSettings):
        rows: Annotated[int, Field(ge=1, le=100)] = 5
        sizes: list[str | int] = []

    for _ in range(2):
        few, many = (load_from(which, {"ROWS": "50", "SIZES": "1,a"}) for which in (Few, Many))
        assert [problem.variable for problem in few.errors] == ["ROWS"]
        assert many.errors == ()
        assert many.rendered["ROWS"] == 50
        assert load_from(Few, {"ROWS": "7"}).rendered["ROWS"] == 7


@pytest.mark.parametrize(
    ("arguments", "word"), [(("config", "show", "--all", "--json"), "COLOURS"), (("config", "check"), "developmnt")]
)
def test_no_result_depends_on_the_order_of_hashes(
    run_python: RunPython, project: WriteProject, arguments: tuple[str, ...], word: str
) -> None:
    """What is shown and what is reported comes in the same order in every process."""
    files = {"settings.py": SETTINGS, ".env": "LOG_LEVL=x\nJWT_ISUER=x\nDB_HOSTT=x\nSECURE_HSTS=x\n"}
    folder = project(files)
    env = {"DJANGO_PROFILE": "developmnt", "DEBUGG": "1", "JWT_A": "1", "JWT_B": "1", "COLOURS": "e,d,c,b,a"}
    runs = [
        run_python(["-m", "dj_core_utils", *arguments], cwd=folder, env={**env, "PYTHONHASHSEED": seed})
        for seed in ("1", "2", "3")
    ]
    assert len({run.stdout + run.stderr for run in runs}) == 1
    assert word in runs[0].stdout


def test_a_second_export_warns_once(run_python: RunPython, project: WriteProject) -> None:
    """However often the second module is loaded again."""
    files = {"first.py": SETTINGS, "second.py": SETTINGS.replace("ProjectSettings", "OtherSettings")}
    code = "import importlib, first, second; [importlib.reload(second) for _ in range(3)]"
    done = run_python(code, env={"DJANGO_PROFILE": "development"}, cwd=project(files))
    assert done.returncode == 0
    assert done.stderr.count("UserWarning") == 1
