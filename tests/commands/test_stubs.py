"""``config stubs``: the files it writes, and what it says of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django
import pytest

from dj_core_utils.cli.django_types import type_of_value
from dj_core_utils.settings.errors import Problem

if TYPE_CHECKING:
    from tests.commands.conftest import Inspect, Run
    from tests.conftest import RunPython, WriteProject

TYPES = "_settings_types.pyi"
OVERLAY = Path("typings", "django", "conf", "__init__.pyi")
STUBS = ["-m", "dj_core_utils", "config", "stubs"]
BUILD = {"DJANGO_PROFILE": "build"}
SHOP = {
    "manage.py": "",
    "shop/__init__.py": "",
    "shop/money.py": """
        from dataclasses import dataclass
        from enum import StrEnum


        class Currency(StrEnum):
            EUR = "EUR"
            USD = "USD"


        @dataclass
        class Scale:
            factor: int = 1
    """,
    "shop/settings.py": """
        from datetime import timedelta
        from pathlib import Path
        from typing import TYPE_CHECKING, Literal

        from pydantic import BaseModel, Field, SecretStr

        from dj_core_utils.settings import CoreSettings, RenderContext, Section, export_settings
        from shop.money import Currency, Scale

        if TYPE_CHECKING:
            from shop._settings_types import *  # noqa: F403


        class Limit(BaseModel):
            rate: int
            key: SecretStr | None = None


        class Payment(Section):
            currency: Currency = Currency.EUR
            pause: timedelta = timedelta(seconds=1)


        class UsersSettings(CoreSettings):
            root_urlconf: str = "urls"
            page_size: int = Field(default=50, ge=1)
            home: Path | None = None
            mode: Literal["slow", "fast"] = "slow"
            limits: list[Limit] = []
            scale: Scale | None = None
            payment: Payment = Payment()

            def render(self, context: RenderContext) -> dict[str, object]:
                return {**super().render(context), "BROWSABLE": self.debug}


        GREETING = "hello"
        export_settings(globals())
    """,
    "use.py": """
        import datetime
        import pathlib
        from typing import Any, Literal, assert_type

        from django.conf import settings

        from dj_core_utils.settings import get_settings
        from shop.money import Scale
        from shop.settings import UsersSettings

        assert_type(settings.PAGE_SIZE, int)
        assert_type(settings.HOME, pathlib.Path | None)
        assert_type(settings.MODE, Literal["slow", "fast"])
        assert_type(settings.LIMITS[0]["rate"], int)
        assert_type(settings.LIMITS[0]["key"], str | None)
        assert_type(settings.SCALE, Scale | None)
        assert_type(settings.PAYMENT_CURRENCY, Literal["EUR", "USD"])
        assert_type(settings.PAYMENT_PAUSE, datetime.timedelta)
        assert_type(settings.BROWSABLE, bool)
        assert_type(settings.GREETING, str)
        assert_type(settings.DEBUG, bool)
        assert_type(settings.SECRET_KEY, str)
        assert_type(settings.INSTALLED_APPS, list[str])
        assert_type(settings.DATABASES, dict[str, dict[str, Any]])
        assert_type(settings.SIMPLE_JWT, dict[str, Any])
        assert_type(settings.FORMAT_MODULE_PATH is None, bool)
        assert_type(settings.configured, bool)
        assert_type(get_settings(UsersSettings).page_size, int)
        assert_type(get_settings(UsersSettings).payment.pause, datetime.timedelta)
    """,
    "misspelt.py": """
        from django.conf import settings

        print(settings.PAGE_SIZ)
    """,
    "mypy.ini": """
        [mypy]
        plugins = pydantic.mypy, mypy_django_plugin.main

        [mypy.plugins.django-stubs]
        django_settings_module = shop.settings
    """,
    "pyrightconfig.json": '{"include": ["use.py", "misspelt.py"]}',
}


@pytest.fixture
def shop(project: WriteProject, run_python: RunPython) -> Path:
    """A project with stubs."""
    folder = project(SHOP)
    done = run_python([*STUBS, "--settings", "shop.settings"], env=BUILD)
    assert done.returncode == 0, done.stderr
    return folder


def run_tool(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment of the tests, under the profile of a machine without secrets."""
    tool = Path(sys.executable).with_name(name)
    environ = {"DJANGO_PROFILE": "build", "HOME": str(Path.home()), "PATH": str(tool.parent)}
    return subprocess.run([tool, *arguments], cwd=cwd, env=environ, capture_output=True, text=True, check=False)


def test_mypy_knows_each_setting(shop: Path) -> None:
    """With the Django plugin mypy has the type of each setting, refuses a misspelt name, and checks settings.py."""
    done = run_tool("mypy", "use.py", "shop/settings.py", cwd=shop)
    assert "Success" in done.stdout, done.stdout
    done = run_tool("mypy", "misspelt.py", cwd=shop)
    assert "has no attribute 'PAGE_SIZ'" in done.stdout


def test_pyright_knows_each_setting(shop: Path) -> None:
    """Pyright, and so an editor, has the type of each setting and refuses a misspelt name, with nothing configured."""
    done = run_tool("pyright", "--pythonpath", sys.executable, cwd=shop)
    errors = [line for line in done.stdout.splitlines() if " error: " in line]
    assert len(errors) == 1, done.stdout
    assert 'misspelt.py:3:16 - error: Cannot access attribute "PAGE_SIZ"' in errors[0]


@pytest.mark.parametrize("length", ["60", "88", "200"])
def test_linters_are_content(shop: Path, length: str) -> None:
    """What is written is clean under every rule, whatever the length of a line, and is left alone by the formatter."""
    files = [f"shop/{TYPES}", str(OVERLAY)]
    every = ("check", "--isolated", "--select=ALL", "--ignore=CPY001", f"--line-length={length}", "--no-cache")
    assert run_tool("ruff", *every, *files, cwd=shop).stdout.startswith("All checks passed")
    assert run_tool("ruff", "check", "--isolated", "--no-cache", *files, cwd=shop).returncode == 0
    assert run_tool("ruff", "format", "--check", "--isolated", "--no-cache", *files, cwd=shop).returncode == 0


def test_nothing_of_the_environment_counts(shop: Path, run_python: RunPython) -> None:
    """The files are the same on every machine: profiles, variables and .env change nothing in them."""
    (shop / ".env").write_text("DJANGO_PROFILE=development,microservice\nPAGE_SIZE=7\n", encoding="utf-8")
    environ = {"HOME": "/tmp", "CORS_ALLOWED_ORIGINS": "https://shop.example.com", "JWT_ALGORITHM": "HS256"}  # noqa: S108  # a value
    done = run_python([*STUBS, "--settings", "shop.settings", "--check"], env=environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_finds_what_is_out_of_date(shop: Path, run_python: RunPython) -> None:
    """With --check nothing is written, and a file that is old or missing ends with 1 and the command to run."""
    settings = shop / "shop" / "settings.py"
    settings.write_text(settings.read_text("utf-8").replace("page_size: int", "page_length: int"), encoding="utf-8")
    (shop / OVERLAY).unlink()
    done = run_python([*STUBS, "--settings", "shop.settings", "--check"], env=BUILD)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"shop/{TYPES} is out of date. Write it:  python -m dj_core_utils config stubs\n"
        f"{OVERLAY} is not there. Write it:  python -m dj_core_utils config stubs\n"
    )
    assert not (shop / OVERLAY).exists()


def test_advice_follows_the_settings_module(shop: Path, run_python: RunPython) -> None:
    """A settings module that does not import the types yet is told how, and one that does is left in peace."""
    done = run_python([*STUBS, "--settings", "shop.settings"], env=BUILD)
    assert done.stdout == f"current  shop/{TYPES}\ncurrent  {OVERLAY}\n"
    settings = shop / "shop" / "settings.py"
    settings.write_text(settings.read_text("utf-8").replace("from shop._settings_types", "from os"), encoding="utf-8")
    done = run_python([*STUBS, "--settings", "shop.settings"], env=BUILD)
    assert "from shop._settings_types import *" in done.stdout


def test_a_settings_module_without_a_package(project: WriteProject, run_python: RunPython) -> None:
    """Beside a settings.py at the top of a project the types are imported by their plain name."""
    project()
    done = run_python([*STUBS], env=BUILD)
    assert done.returncode == 0, done.stderr
    assert "               from _settings_types import *  # noqa: F403\n" in done.stdout


def test_manage_writes_the_same(project: WriteProject, run_python: RunPython) -> None:
    """``manage.py config stubs`` and ``python -m dj_core_utils config stubs`` are one command."""
    project()
    assert run_python([*STUBS], env=BUILD).returncode == 0
    done = run_python(["manage.py", "config", "stubs", "--check"], env=BUILD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_broken_configuration_says_what_to_do(inspect: Inspect, run: Run) -> None:
    """What cannot be loaded has no types; the profile for machines without secrets is named."""
    output = run(inspect({"PAGE_SIZE": "many"}), "stubs")
    assert output.status == 1
    assert "Not usable: 1 problem." in output.complaints
    assert "DJANGO_PROFILE=build python -m dj_core_utils config stubs" in output.complaints
    problem = Problem(id="settings.import", message="cannot be imported.")
    for options in ((), ("--check",)):
        output = run(inspect({}, problems=[problem]), "stubs", *options)
        assert (output.status, output.text) == (1, "")
        assert output.complaints.startswith("Not usable: 1 problem. See what to do:  python -m")


def test_for_machines(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """One object says what became of each file, what the settings module lacks, and what went wrong."""
    paths = [str(tmp_path / TYPES), str(tmp_path / OVERLAY)]
    for options, states, status in (
        (("--check",), ["missing", "missing"], 1),
        ((), ["written", "written"], 0),
        ((), ["current", "current"], 0),
        (("--check",), ["current", "current"], 0),
    ):
        output = run(inspect({}), "stubs", "--json", *options)
        told = json.loads(output.text)
        assert (output.status, output.complaints, told["error"]) == (status, "", "")
        assert told["files"] == [{"path": path, "state": state} for path, state in zip(paths, states, strict=True)]
        assert "from users._settings_types import *" in told["missing_lines"]
    (tmp_path / TYPES).write_text("", encoding="utf-8")
    (tmp_path / OVERLAY).unlink()
    (tmp_path / OVERLAY).mkdir()
    output = run(inspect({}), "stubs", "--json")
    told = json.loads(output.text)
    assert (output.status, output.complaints) == (1, "")
    assert told["files"] == [{"path": paths[0], "state": "written"}]
    assert told["error"].endswith("cannot be written: is a directory.")


def test_folder_of_stubs_can_be_another(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """A project that keeps its stubs elsewhere names the folder."""
    output = run(inspect({}), "stubs", "--out", str(tmp_path / "stubs"))
    assert output.status == 0
    assert "    PAGE_SIZE: int\n" in (tmp_path / "stubs/django/conf/__init__.pyi").read_text("utf-8")
    assert "\nPAGE_SIZE: int\n" in (tmp_path / TYPES).read_text("utf-8")


def test_a_folder_that_refuses(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """A file that cannot be written is named with the reason, nothing half-written is left, and the status is 1."""
    (tmp_path / "typings").write_text("not a folder", encoding="utf-8")
    output = run(inspect({}), "stubs")
    assert output.status == 1
    assert "__init__.pyi cannot be written: " in output.complaints
    (tmp_path / "typings").unlink()
    (tmp_path / OVERLAY).mkdir(parents=True)
    output = run(inspect({}), "stubs")
    assert output.status == 1
    assert "__init__.pyi cannot be written: is a directory." in output.complaints
    assert list((tmp_path / OVERLAY.parent).iterdir()) == [tmp_path / OVERLAY]


def test_required_fields_have_types_too(project: WriteProject, run_python: RunPython) -> None:
    """A field without default keeps an image build from starting, and has its type all the same."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings


        class ProjectSettings(CoreSettings):
            shop_number: int


        export_settings(globals())
    """
    folder = project({"settings.py": settings})
    done = run_python([*STUBS], env={**BUILD, "SHOP_NUMBER": "4"})
    assert done.returncode == 0, done.stderr
    text = (folder / TYPES).read_text("utf-8")
    assert "\nSHOP_NUMBER: int\n" in text
    assert "\nLOGGING: dict[str, Any]\n" in text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ADMINS", [], "list[Any]"),
        ("X", True, "bool"),
        ("X", 1, "int"),
        ("X", 1.5, "float"),
        ("X", "a", "str"),
        ("X", b"a", "bytes"),
        ("X", [], "list[Any]"),
        ("X", ["a"], "list[str]"),
        ("X", ["a", 1], "list[Any]"),
        ("X", {}, "dict[str, Any]"),
        ("X", {"a": 1}, "dict[str, Any]"),
        ("X", {1: 1}, "dict[Any, Any]"),
        ("X", None, "Any"),
    ],
)
def test_a_value_tells_its_kind_only(name: str, value: object, text: str) -> None:
    """Of a setting that is only known by a value no more is claimed than another value would keep."""
    assert type_of_value(name, value) == text


@pytest.mark.skipif(django.VERSION[:2] != (5, 2), reason="the stubs of the example are for one version of Django")
def test_the_example_is_current(run_python: RunPython) -> None:
    """The stubs of examples/shop are those that the command would write."""
    example = Path(__file__).parents[2] / "examples" / "shop"
    done = run_python([*STUBS, "--check"], cwd=example, env=BUILD)
    assert (done.returncode, done.stderr) == (0, "")
