"""Settings as they were always written, without a type: each line is reported with what to write, and no value."""

from __future__ import annotations

import importlib
import sys
from enum import IntEnum
from functools import cached_property
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pydantic
import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.errors import ConfigurationError
from dj_core_utils.settings.jwt import JWTSettings
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject
    from tests.settings.conftest import LoadFrom

CANARY = "c4n4ry53cr3t"
CLASS = f"""
    from dj_core_utils.settings import CoreSettings, Section, export_settings


    class Shipping(Section):
        days = 3


    class ProjectSettings(CoreSettings):
        root_urlconf = "urls"
        DEBUG = True
        PAGE_SIZE = 50
        SECRET_KEY = "{CANARY}"
        shipping: Shipping = Shipping()
        waivers = {{"cache.local": "one process"}}

        def total(self):
            PAGE_SIZE = 5
            return PAGE_SIZE
"""
SETTINGS = f"{CLASS}\n\n    export_settings(globals())\n"

looks_late = pytest.mark.skipif(
    pydantic.version.version_short() in {"2.12", "2.13"}, reason="Pydantic refuses the class before we can see it"
)


def untyped(base: type, **body: object) -> type[Any]:
    """A class whose body has no types but those it inherits."""
    return type("Own", (base,), {"__module__": __name__, **body})


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Import a module that a test writes."""
    monkeypatch.syspath_prepend(tmp_path)

    def import_it(text: str) -> object:
        (tmp_path / "own_settings.py").write_text(dedent(text).lstrip(), encoding="utf-8")
        monkeypatch.delitem(sys.modules, "own_settings", raising=False)
        importlib.invalidate_caches()
        return importlib.import_module("own_settings")

    return import_it


@looks_late
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEBUG", True, "write  debug: bool = True"),
        ("time_zone", "Europe/Madrid", "write  time_zone: str = ..."),
        ("allowed_hosts", ["x"], "write  allowed_hosts: list[str] = ..."),
        ("jwt", JWTSettings(issuer=CANARY), "write  jwt: JWTSettings = ..."),
        (
            "INSTALLED_APPS",
            ["shop"],
            "write  installed_apps: list[str] = ...\nThe project's own apps; Django's and the framework's are added.",
        ),
        ("SECURE_HSTS_SECONDS", 60, "write  security: SecuritySettings = SecuritySettings(hsts_seconds=60)"),
        (
            "SECRET_KEY",
            CANARY,
            (
                "SECRET_KEY is made from DJANGO_SECRET_KEY: set those; "
                "what they cannot say, assign to SECRET_KEY below export_settings()"
            ),
        ),
    ],
)
def test_what_is_ours_has_its_field(load_from: LoadFrom, name: str, value: object, expected: str) -> None:
    """The hint has the line to write, and what the name is called here."""
    (problem,) = load_from(untyped(CoreSettings, **{name: value})).errors
    assert (problem.id, problem.variable, problem.origin) == ("class.annotation", name, "Own")
    assert problem.hint == expected


@looks_late
@pytest.mark.parametrize(
    ("name", "value", "kind", "shown"),
    [
        ("PAGE_SIZE", 50, "int", "50"),
        ("rate", 1.5, "float", "1.5"),
        ("PARTNER_TOKEN", 12345, "int", "..."),
        ("PARTNER_KEY", 12345, "int", "..."),
        ("MOTTO", CANARY, "str", "..."),
        ("SIZES", [1, 2], "list[int]", "..."),
        ("MIXED", (1, "a"), "tuple[str, ...]", "..."),
        ("PARTNERS", {"a": CANARY}, "dict[str, object]", "..."),
        ("NOTHING", None, "str | None", "..."),
        ("page_size", variable(50, description="Rows."), "int", "..."),
    ],
)
def test_what_is_the_projects_own_may_be_a_field_or_a_constant(
    load_from: LoadFrom, name: str, value: object, kind: str, shown: str
) -> None:
    """The hint has both lines, with the type to begin with, and only a value that can be no secret."""
    (problem,) = load_from(untyped(CoreSettings, **{name: value})).errors
    assert problem.hint == f"write  {name}: {kind} = {shown}\nor, for a constant,  {name}: ClassVar[{kind}] = {shown}"


@looks_late
@pytest.mark.parametrize("command", [("manage.py", "check"), ("-m", "dj_core_utils", "config", "show")])
def test_the_report_of_a_start(run_python: RunPython, project: WriteProject, command: tuple[str, ...]) -> None:
    """All lines are in one report, of sections too, each with its file and line."""
    done = run_python(command, env={"DJANGO_PROFILE": "development"}, cwd=project({"settings.py": SETTINGS}))
    report = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "Traceback" not in report
    for line in (
        "root_urlconf settings.py:9 no type is given, so this is no field. write root_urlconf: str = ...",
        "DEBUG settings.py:10",
        "PAGE_SIZE settings.py:11",
        "SECRET_KEY settings.py:12",
        "days settings.py:5",
    ):
        assert line in report
    assert CANARY not in report
    assert "waivers" not in report


@looks_late
def test_a_class_in_another_folder_is_named_with_its_whole_path(
    load_from: LoadFrom, imported: Callable[[str], Any], tmp_path: Path
) -> None:
    """So that it can be opened."""
    found = load_from(imported(CLASS).ProjectSettings).errors
    assert found[0].origin == f"{tmp_path / 'own_settings.py'}:9"


@looks_late
def test_every_kind_of_assignment_is_found(load_from: LoadFrom, imported: Callable[[str], Any]) -> None:
    """Several names in one line have its number; what is no assignment has the class in its place."""
    text = """
        from dj_core_utils.settings import CoreSettings
        class Own(CoreSettings):
            LEFT, RIGHT = 1, 2
            for STEP in (1, 2):
                pass
    """
    problems = load_from(imported(text).Own).errors
    found = {problem.variable: problem.origin.rpartition("own_settings.py")[2] for problem in problems}
    assert found == {"LEFT": ":3", "RIGHT": ":3", "STEP": "Own"}


@looks_late
def test_a_text_that_cannot_be_read_by_itself_costs_only_the_line(
    load_from: LoadFrom, imported: Callable[[str], Any]
) -> None:
    """The class is named in its place."""
    text = """
        from dj_core_utils.settings import CoreSettings
        def made():
            class Local(CoreSettings):
                DEBUG = True
                TEXT: str = '''
        at the left edge'''
            return Local
    """
    (problem,) = load_from(imported(text).made()).errors
    assert (problem.variable, problem.origin) == ("DEBUG", "Local")


@looks_late
def test_a_line_without_a_type_is_no_attribute_either() -> None:
    """A loop that copies the attributes of the class, as it was done before, finds none that no rule has seen."""
    own = untyped(CoreSettings, DEBUG=True, SECRET_KEY=CANARY)
    assert [name for name in dir(own) if name.isupper()] == []
    with pytest.raises(AttributeError, match="write  debug: bool"):
        _ = own.DEBUG


@looks_late
def test_methods_and_what_pydantic_is_told_to_ignore_are_no_settings(load_from: LoadFrom) -> None:
    """Only what Pydantic refuses is reported."""

    class Odd:
        pass

    own = untyped(
        CoreSettings,
        model_config={"ignored_types": (Odd,)},
        odd=Odd(),
        total=lambda self: self,
        shown=property(lambda self: self),
        made=classmethod(lambda cls: cls),
        later=cached_property(lambda self: self),
        Inner=type("Inner", (), {"__module__": __name__, "__qualname__": "Own.Inner"}),
        __qualname__="Own",
        _private=5,
    )
    assert load_from(own).errors == ()


def test_a_constant_of_the_base_stays_one_however_it_is_annotated(load_from: LoadFrom) -> None:
    """``waivers: dict[str, str]`` without ``ClassVar`` makes no variable, so nobody waives from outside."""
    rows: Any = type("Rows", (Section,), {"__module__": __name__, "__annotations__": {"prefix": str}, "prefix": "R_"})
    own: Any = type(
        "Own",
        (CoreSettings,),
        {
            "__module__": __name__,
            "__annotations__": {
                "waivers": dict[str, str],
                "allowed_variables": "list[str]",
                "rows": rows,
                "page_size": int,
            },
            "waivers": {"security.ssl_redirect": "the balancer does it"},
            "allowed_variables": ["PAGE_SIZES"],
            "page_size": 5,
            "rows": rows(),
        },
    )
    environ = {"WAIVERS": '{"security.nosniff": "x"}', "PAGE_SIZES": "1"}
    loaded = load_from(own, environ, profiles=["monolith"])
    assert {"waivers", "allowed_variables"}.isdisjoint(own.model_fields)
    assert "prefix" not in rows.model_fields
    assert "page_size" in own.model_fields
    assert [problem.id for problem in loaded.waived] == ["security.ssl_redirect"]
    assert "PAGE_SIZES" not in [problem.variable for problem in loaded.problems]


@looks_late
def test_a_base_class_is_reported_with_the_class_that_has_it(load_from: LoadFrom) -> None:
    """Also when the class that is exported is without fault."""
    base = untyped(CoreSettings, PAGE_SIZE=50)
    own = type("Other", (base,), {"__module__": __name__})
    assert [(problem.variable, problem.origin) for problem in load_from(own).errors] == [("PAGE_SIZE", "Own")]


def test_a_class_in_a_function_knows_the_names_of_the_function(load_from: LoadFrom) -> None:
    """Pydantic looks for them in the frame that makes the class, and nothing of ours may stand between."""

    class Rows(IntEnum):
        FEW = 3

    class Shipping(Section):
        days: Rows = Rows.FEW

    class Own(CoreSettings):
        shipping: Shipping = Shipping()
        page_size: Rows | None = None
        sizes: list[Rows] = []

    loaded = load_from(Own)
    assert loaded.errors == ()
    assert Own.model_fields["page_size"].annotation == Rows | None
    assert Own.model_fields["sizes"].annotation == list[Rows]
    assert Own.model_fields["shipping"].annotation is Shipping
    assert Shipping.model_fields["days"].annotation is Rows


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("INSTALLED_APPS", "write  installed_apps: list[str] = ..."),
        ("SECURE_HSTS_SECONDS", "write  security: SecuritySettings = SecuritySettings(hsts_seconds=...)"),
        ("DATABASES", "DATABASES is made from DATABASE_URL, DB_ENGINE, DB_NAME, ...: set those"),
    ],
)
def test_a_setting_is_no_attribute_of_the_class(name: str, expected: str) -> None:
    """``CoreSettings.INSTALLED_APPS + [...]`` is answered with what to write instead."""
    with pytest.raises(AttributeError) as caught:
        getattr(CoreSettings, name)
    assert isinstance(caught.value, ConfigurationError)
    (problem,) = caught.value.problems
    assert problem.message == f"CoreSettings has no {name}: settings are made when it is exported."
    assert problem.origin.startswith("tests/settings/test_class_body.py:")
    assert problem.hint.startswith(expected)
    assert str(caught.value).endswith(
        "\n\n" + "Bring the whole module over, and see that nothing changes:  python -m dj_core_utils init"
    )


@pytest.mark.parametrize("name", ["SOMETHING", "something"])
def test_any_other_attribute_is_missing_as_everywhere(name: str) -> None:
    """The error of Python, and ``hasattr`` answers."""
    assert not hasattr(CoreSettings, name)
    with pytest.raises(AttributeError, match=f"^{name}$"):
        getattr(CoreSettings, name)


@pytest.mark.parametrize("command", [("manage.py", "check"), ("-m", "dj_core_utils", "config", "check")])
def test_adding_to_a_setting_of_the_class_is_answered(
    run_python: RunPython, project: WriteProject, command: tuple[str, ...]
) -> None:
    """The way that settings classes were extended before; the report says the new one, with the line, in one screen."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings
        class ProjectSettings(CoreSettings):
            INSTALLED_APPS = CoreSettings.INSTALLED_APPS + ["shop"]
        export_settings(globals())
    """
    done = run_python(command, env={"DJANGO_PROFILE": "development"}, cwd=project({"settings.py": settings}))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) < 25
    said = " ".join((done.stdout + done.stderr).split())
    assert "settings.py:3" in said
    assert (
        "write installed_apps: list[str] = ... The project's own apps; Django's and the framework's are added" in said
    )
