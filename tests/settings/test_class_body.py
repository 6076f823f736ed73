"""Lines of a class body that Pydantic refuses are reported like any other problem, and show no value."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest
from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.class_body import SettingsClass
from dj_core_utils.settings.errors import ConfigurationError
from dj_core_utils.settings.jwt import JWTSettings
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject
    from tests.settings.conftest import LoadFrom

M = TypeVar("M", bound=BaseModel)

CANARY = "c4n4ry53cr3t"
SETTINGS = f"""
    from dj_core_utils.settings import CoreSettings, export_settings


    class ProjectSettings(CoreSettings):
        root_urlconf = "urls"
        DEBUG = True
        PAGE_SIZE = 50
        SECRET_KEY = "{CANARY}"
        waivers = {{"cache.local": "one process"}}


    export_settings(globals())
"""


def refused(base: type, body: dict[str, Any]) -> ConfigurationError:
    """The error of a class statement."""
    annotations = body.pop("__annotations__", {})
    with pytest.raises(ConfigurationError) as caught:
        SettingsClass("Own", (base,), {"__module__": "own", "__annotations__": annotations, **body})
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == sys.modules[SettingsClass.__module__].__file__:
            assert CANARY not in repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return error


@pytest.mark.parametrize(
    ("base", "body", "expected"),
    [
        (CoreSettings, {"DEBUG": True}, {"DEBUG": "write  debug: bool = ..."}),
        (CoreSettings, {"allowed_hosts": ["x"]}, {"allowed_hosts": "write  allowed_hosts: list[str] = ..."}),
        (
            CoreSettings,
            {"PAGE_SIZE": 50},
            {"PAGE_SIZE": "write  PAGE_SIZE: int = ...\nor, for a constant,  PAGE_SIZE: ClassVar[int] = ..."},
        ),
        (JWTSettings, {"issuer": CANARY}, {"issuer": "write  issuer: str | None = ..."}),
        (Section, {"days": 3}, {"days": "write  days: int = ...\nor, for a constant,  days: ClassVar[int] = ..."}),
        (
            CoreSettings,
            {"__annotations__": {"rate": int}, "rate": 1, "debug": True, "TIME_ZONE": CANARY, "_own": 1},
            {"debug": "write  debug: bool = ...", "TIME_ZONE": "write  time_zone: str = ..."},
        ),
    ],
)
def test_what_has_no_type_is_told_how_to_get_one(base: type, body: dict[str, Any], expected: dict[str, str]) -> None:
    """Each name has its problem with the line to write, and no value is in it."""
    error = refused(base, body)
    assert {problem.variable: problem.hint for problem in error.problems} == expected
    assert {(problem.id, problem.origin) for problem in error.problems} == {("class.annotation", "Own")}
    assert CANARY not in str(error)


def test_other_refusals_are_pydantics_own() -> None:
    """An error that is not about a missing type stays what it is."""
    with pytest.raises(PydanticUserError):
        SettingsClass("Own", (CoreSettings,), {"__module__": "own", "__root__": 5})


@pytest.mark.parametrize("command", [("manage.py", "check"), ("-m", "dj_core_utils", "config", "show")])
def test_the_report_of_a_start(run_python: RunPython, project: WriteProject, command: tuple[str, ...]) -> None:
    """Whoever writes settings as always gets one report, with every line to change."""
    done = run_python(command, env={"DJANGO_PROFILE": "development"}, cwd=project({"settings.py": SETTINGS}))
    report = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "Traceback" not in report
    for line in ("root_urlconf: str = ...", "debug: bool = ...", "PAGE_SIZE: int = ..."):
        assert f"write {line}" in report
    assert CANARY not in report


def class_with(base: type[M], name: str, annotation: object, default: object) -> type[M]:
    """A class with one field, whose type may be a text that names nothing."""
    body = {"__annotations__": {name: annotation}, name: default, "__module__": __name__}
    return cast("type[M]", SettingsClass("Own", (base,), body))


@pytest.mark.parametrize("variable", ["FOLDER", "SHIPPING_FOLDER"])
def test_a_type_that_is_only_imported_for_type_checkers(load_from: LoadFrom, variable: str) -> None:
    """The report names the field or the section, the type, and where its import belongs."""
    own = class_with(CoreSettings, "folder", "Nowhere", None)
    if variable != "FOLDER":
        section = class_with(Section, "folder", "Nowhere", None)
        own = class_with(CoreSettings, "shipping", section, section.model_construct())
    (problem,) = load_from(own).errors
    assert (problem.id, problem.variable) == ("class.field", variable)
    assert problem.message == "the type Nowhere is not known where the class is made."
    assert problem.hint == "import it above the class, and not under  if TYPE_CHECKING"
