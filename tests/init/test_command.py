"""``init`` itself: what it writes, what it refuses, and that it never leaves a project broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.init import starting
from dj_core_utils.cli.init.new_project import package_name
from dj_core_utils.cli.init.report import narrowed, shown
from dj_core_utils.cli.init.terms import term
from dj_core_utils.cli.init.writing import NewFile, Written, free_name
from tests.init import layouts
from tests.init.conftest import look, run_init, write_layout

if TYPE_CHECKING:
    from tests.conftest import RunPython
    from tests.init.conftest import WriteLayout

KEY = "w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
SMALL = {
    "manage.py": layouts.MANAGE.format(module="shop.settings"),
    "shop/__init__.py": "",
    "shop/urls.py": layouts.URLS,
    "shop/settings.py": f"""
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "{KEY}"
DEBUG = True
ROOT_URLCONF = "shop.urls"
""",
}


PLACE = """
import sys


class Place:
    def __init__(self):
        self.line = sys._getframe(1).f_lineno

    def __repr__(self):
        return f"line {self.line}"


PLACE = Place()
"""


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _with(settings: str) -> dict[str, str]:
    return {**SMALL, "shop/settings.py": f"{SMALL['shop/settings.py']}{settings}"}


def test_a_dry_run_writes_nothing(layout: WriteLayout, run_python: RunPython) -> None:
    """It tells what it would write, compares, and shows the new module without the secrets of ``.env``."""
    folder = layout(SMALL)
    before = _files(folder)
    done = run_python(["-m", "dj_core_utils", "init", "--dry-run"], cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _files(folder) == before
    assert "would   shop/settings.py" in done.stdout
    assert "+class ShopSettings(CoreSettings):" in done.stdout


def test_json_for_machines(layout: WriteLayout) -> None:
    """The outcome is one object."""
    folder = layout(SMALL)
    found = json.loads(run_init(folder, "--json").stdout)
    assert found["ok"]
    assert found["set_everywhere"] == ["DJANGO_SECRET_KEY"]
    assert str(folder / "shop" / "settings.py") in found["files"]
    again = run_init(folder, "--json")
    assert (again.returncode, json.loads(again.stdout)["ok"]) == (1, False)
    assert "already" in json.loads(again.stdout)["error"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(
            'TOKEN = __import__("os").environ["SHOP_TOKEN"]\n', "they need the variable SHOP_TOKEN", id="missing"
        ),
        pytest.param("raise ValueError(SECRET_KEY)\n", "ValueError. shop/settings.py:7", id="raises"),
        pytest.param("def broken(:\n", "SyntaxError", id="syntax"),
        pytest.param("import os\nos._exit(7)\n", "status 7", id="exits"),
        pytest.param("raise SystemExit('no')\n", "SystemExit. shop/settings.py:7", id="gives up"),
    ],
)
def test_settings_that_do_not_start_stay_as_they_are(settings: str, said: str, layout: WriteLayout) -> None:
    """The reason is said, and which variable is missing, but no value; nothing is written."""
    folder = layout(_with(settings))
    before = _files(folder)
    done = run_init(folder)
    assert done.returncode == 1
    assert said in done.stdout
    assert KEY not in done.stdout
    assert "Nothing was changed" in done.stdout
    assert _files(folder) == before


def test_a_package_that_manage_cannot_import(layout: WriteLayout) -> None:
    """The package that is not installed is named, not the guess of ``manage.py`` that Django is not."""
    manage = """
        import os

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
        try:
            from not_installed_anywhere.management import execute_from_command_line
        except ImportError as exc:
            raise ImportError("Couldn't import Django. Is it on your PYTHONPATH environment variable?") from exc
    """
    done = run_init(layout({**SMALL, "manage.py": manage}))
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'not_installed_anywhere'. manage.py:5" in done.stdout
    assert "PYTHONPATH" not in done.stdout


def test_a_difference_that_remains_stops_it(layout: WriteLayout) -> None:
    """A value that depends on its very place in the file cannot be kept; the project stays as it is."""
    folder = layout(_with(PLACE))
    before = _files(folder)
    done = run_init(folder)
    assert done.returncode == 1
    assert "differs PLACE  before  line 19 (shop.settings.Place)\n               after   line " in done.stdout
    assert "depends on the line" in done.stdout
    assert "at  shop/settings.py:19\n" in done.stdout
    assert "python -m dj_core_utils init --dry-run" in done.stdout
    assert "Nothing was changed" in done.stdout
    assert "PLACE = Place()" in run_init(folder, "--dry-run").stdout
    assert _files(folder) == before


def test_of_a_mapping_the_entries_that_differ_are_shown() -> None:
    """What is the same is left out, so that a long value does not hide what is not."""
    before = term({"same": 1, "deep": {"same": 2, "other": 3}, "gone": 4, "password": "a"})
    after = term({"same": 1, "deep": {"same": 2, "other": 5}, "new": 6, "password": "b"})
    assert [shown("OPTIONS", value) for value in narrowed(before, after)] == [
        "{deep: {other: 3}, gone: 4, password: ***}",
        "{deep: {other: 5}, password: ***, new: 6}",
    ]
    for pair in ((None, term({"a": 1})), (term(1), term(2)), (term({1: 1, "a": 1}), term({1: 2, "a": 1}))):
        assert narrowed(*pair) == pair


def test_what_changes_at_each_start_goes_on_doing_so(layout: WriteLayout) -> None:
    """A random value is kept as it is made, not as it happened to be."""
    folder = layout(
        _with('import uuid\nSTARTED = str(uuid.uuid4())\nCACHES = {"default": {"KEY": str(uuid.uuid4())}}\n')
    )
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert "is another one at each start, as before" in done.stdout
    assert look(folder, "STARTED", "CACHES") != look(folder, "STARTED", "CACHES")


def test_what_starts_only_on_trial_is_put_back(layout: WriteLayout) -> None:
    """When the written files give something else than the trial did, every file is as it was."""
    folder = layout(_with('OTHERS = sorted(path.name for path in Path(__file__).parent.glob("*_before.py"))\n'))
    before = _files(folder)
    done = run_init(folder)
    assert done.returncode == 1
    assert "were put back" in done.stdout
    assert _files(folder) == before


def test_a_project_that_breaks_once_written_is_put_back(layout: WriteLayout) -> None:
    """The same, when the written files do not start at all."""
    folder = layout(_with('assert not list(Path(__file__).parent.glob("*_before.py")), "not twice"\nA = object\n'))
    before = _files(folder)
    done = run_init(folder)
    assert done.returncode == 1
    assert "AssertionError. shop/settings.py:" in done.stdout
    assert _files(folder) == before


def test_what_is_there_is_kept(layout: WriteLayout) -> None:
    """A copy, a template, the lines of ``.env`` and ``.gitignore`` stay; a link keeps pointing to its file."""
    folder = layout(
        {
            **SMALL,
            ".git/HEAD": "",
            ".gitignore": "*.pyc",
            "shop/settings_before.py": "kept = 1\n",
            ".env.example": "A=1\n",
            "secrets/dotenv": "# mine\nOTHER=1\n",
        }
    )
    (folder / ".env").symlink_to("secrets/dotenv")
    assert run_init(folder).returncode == 0
    assert (folder / "shop" / "settings_before.py").read_text(encoding="utf-8") == "kept = 1\n"
    assert "ROOT_URLCONF" in (folder / "shop" / "settings_before_2.py").read_text(encoding="utf-8")
    assert (folder / ".env.example").read_text(encoding="utf-8") == "A=1\n"
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "*.pyc\n.env\n"
    assert (folder / ".env").is_symlink()
    assert (
        (folder / ".env").read_text(encoding="utf-8").startswith("# mine\nOTHER=1\n\n# This is a developer's machine")
    )


def test_a_broken_dotenv_is_repaired_first(layout: WriteLayout) -> None:
    """No line of it is lost or guessed."""
    folder = layout({**SMALL, ".env": "A='unfinished\n"})
    done = run_init(folder)
    assert done.returncode == 1
    assert "Repair .env first" in done.stdout


def test_a_folder_that_cannot_be_written(layout: WriteLayout) -> None:
    """It is said, and nothing half done stays behind."""
    folder = layout(SMALL)
    (folder / ".env.example").symlink_to("/proc/nowhere/.env.example")
    before = _files(folder)
    done = run_init(folder)
    assert done.returncode == 1
    assert "/proc/nowhere/.env.example cannot be written: " in done.stdout
    assert _files(folder) == before
    new = folder / "new"
    new.mkdir()
    (new / ".gitignore").symlink_to("/proc/nowhere/.gitignore")
    done = run_init(new.rename(folder.with_name("new")))
    assert (done.returncode, "/proc/nowhere/.gitignore cannot be written: " in done.stdout) == (1, True)
    assert not list(folder.with_name("new").glob("manage.py"))


def test_odd_files_are_read(layout: WriteLayout) -> None:
    """Windows' line ends, tabs, a byte order mark and letters of all kinds."""
    folder = layout(SMALL)
    path = folder / "shop" / "settings.py"
    text = f'{path.read_text(encoding="utf-8")}GREETING = "Grüße, Ω"\nif DEBUG:\n\tLEVEL = 1\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert look(folder, "GREETING", "LEVEL") == {"GREETING": "Grüße, Ω", "LEVEL": "1"}


def test_a_large_module(layout: WriteLayout) -> None:
    """A thousand settings of a project's own come over."""
    folder = layout(_with("\n".join(f"OWN_{number} = {number}" for number in range(1000))))
    done = run_init(folder)
    assert done.returncode == 0, done.stdout[-500:]
    assert look(folder, "OWN_7", "OWN_999") == {"OWN_7": "7", "OWN_999": "999"}


def test_killed_half_way_the_old_project_works(layout: WriteLayout) -> None:
    """Up to the last step the settings module is the old one."""
    folder = layout(SMALL)
    before = look(folder, "SECRET_KEY", "INSTALLED_APPS")
    code = """
import os, sys
from pathlib import Path
from dj_core_utils.__main__ import main
replaced = []
original = Path.replace
def replace(self, target):
    if Path(target).name == "settings.py":
        os._exit(9)
    return original(self, target)
Path.replace = replace
main(["init"])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, capture_output=True)
    assert done.returncode == 9
    assert (folder / ".env").exists()
    assert look(folder, "SECRET_KEY", "INSTALLED_APPS") == before


def test_a_settings_module_can_be_named(layout: WriteLayout) -> None:
    """A ``manage.py`` that names none needs ``--settings``."""
    folder = layout({**SMALL, "manage.py": "import sys\n"})
    done = run_init(folder)
    assert (done.returncode, "names no settings module" in done.stdout) == (1, True)
    done = run_init(folder, "--settings", "shop/settings.py")
    assert (done.returncode, "next    for example  shop.settings\n" in done.stdout) == (1, True)
    done = run_init(folder, "--settings", "shop.settings")
    assert done.returncode == 0
    assert done.stdout.endswith("next    python -m dj_core_utils config show --settings shop.settings\n")


def test_a_new_project_runs_at_once(tmp_path: Path, run_python: RunPython) -> None:
    """An empty folder becomes a project: ``migrate`` and a first page work with nothing set."""
    folder = tmp_path / "flower-shop"
    folder.mkdir()
    (folder / ".gitignore").write_text("*.log\n", encoding="utf-8")
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert "python manage.py migrate && python manage.py runserver" in done.stdout
    ignored = (folder / ".gitignore").read_text(encoding="utf-8").split()
    assert ignored == ["*.log", ".env", "db.sqlite3", "staticfiles/", "__pycache__/"]
    assert run_python(["manage.py", "migrate"], cwd=folder).returncode == 0
    page = run_python(
        "import django; django.setup()\nfrom django.test import Client\n"
        "print(Client().get('/', headers={'host': 'localhost'}).content.decode())",
        cwd=folder,
        env={"DJANGO_SETTINGS_MODULE": "flower_shop.settings"},
    )
    assert page.stdout == "flower_shop runs.\n", page.stderr
    checked = run_python(["manage.py", "check", "--fail-level", "WARNING"], cwd=folder)
    assert checked.returncode == 0, checked.stderr


def test_a_new_project_takes_nobodys_place(tmp_path: Path) -> None:
    """A file that is there already stops it; a dry run and JSON work here, too."""
    folder = tmp_path / "shop"
    folder.mkdir()
    assert json.loads(run_init(folder, "--dry-run", "--json").stdout)["ok"]
    assert "would   manage.py" in run_init(folder, "--dry-run").stdout
    assert _files(folder) == {}
    (folder / ".env").write_text("A=1\n", encoding="utf-8")
    done = run_init(folder)
    assert (done.returncode, ".env exists" in done.stdout) == (1, True)
    assert _files(folder) == {".env": b"A=1\n"}


def test_a_reader_that_is_not_known_keeps_what_it_needs(layout: WriteLayout) -> None:
    """A way to read the environment that has no field stays with its reader; a mapping is a field."""
    reads = """import environ

env = environ.Env()
env.read_env(BASE_DIR / ".env")
WEIGHTS = env.dict("WEIGHTS", default={})
PLACES = env.tuple("PLACES", default=("shop",))
"""
    folder = layout({**SMALL, "shop/settings.py": f"{SMALL['shop/settings.py']}{reads}", ".env": "WEIGHTS=name=2\n"})
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    text = (folder / "shop" / "settings.py").read_text(encoding="utf-8")
    assert "    weights: dict[str, str] = {}\n" in text
    assert text.index("\nenv = environ.Env()\n") < text.index('\nPLACES = env.tuple("PLACES", default=("shop",))\n')


def test_no_new_project_inside_of_one(layout: WriteLayout) -> None:
    """Called in the package of a project, or above it, the command names the folder; an empty folder is a new place."""
    folder = layout(SMALL)
    before = _files(folder.parent)
    for place, way in ((folder / "shop", ".."), (folder.parent, folder.name)):
        done = run_init(place)
        assert (done.returncode, f"cd {way}, and run init there" in done.stdout) == (1, True)
    assert _files(folder.parent) == before
    (folder / "empty").mkdir()
    assert run_init(folder / "empty", "--dry-run").returncode == 0


def test_a_new_project_keeps_a_template_and_what_is_ignored(tmp_path: Path) -> None:
    """What a repository begins with stays as it is."""
    folder = tmp_path / "shop"
    files = {".env.example": "A=1\n", ".gitignore": ".env\ndb.sqlite3\n/staticfiles\n__pycache__/\n"}
    write_layout(folder, files)
    assert run_init(folder).returncode == 0
    assert {name: (folder / name).read_text(encoding="utf-8") for name in files} == files


def test_settings_that_never_end_are_given_up(layout: WriteLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    """They get two minutes; here a moment."""
    monkeypatch.setattr(starting, "_SECONDS", 0.5)
    found = starting.start(layout(_with("import time\ntime.sleep(300)\n")), "shop.settings")
    assert isinstance(found, starting.NotStarted)
    assert "did not start within 0.5 seconds" in found.reason


@pytest.mark.parametrize(
    ("folder", "name"),
    [("shop", "shop"), ("My Shop", "my_shop"), ("site", "site_project"), ("42", "project"), ("class", "class_project")],
)
def test_the_package_is_named_after_the_folder(folder: str, name: str) -> None:
    """Names that would hide a module of Python, or are none, get an ending."""
    assert package_name(Path(folder)) == name


def test_an_undone_write_leaves_the_files_of_before(tmp_path: Path) -> None:
    """Content and mode come back, new files go."""
    old = tmp_path / "old"
    old.write_text("1", encoding="utf-8")
    old.chmod(0o640)
    written = Written([NewFile(tmp_path / "new" / "file", "2"), NewFile(old, "3", is_secret=True)])
    written.write()
    assert (old.read_text(encoding="utf-8"), old.stat().st_mode & 0o777) == ("3", 0o600)
    written.undo()
    assert (old.read_text(encoding="utf-8"), old.stat().st_mode & 0o777) == ("1", 0o640)
    assert not (tmp_path / "new" / "file").exists()
    assert free_name(old).name == "old_before"


def test_a_full_disk_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is removed."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        Written([NewFile(tmp_path / "file", "1")]).write()
    assert list(tmp_path.iterdir()) == []


def test_a_project_that_has_everything_in_its_dotenv(layout: WriteLayout) -> None:
    """Where ``.env`` holds all that is needed already, it stays as it is, to the byte."""
    settings = """
        import os
        from pathlib import Path

        import dj_database_url
        from dotenv import load_dotenv

        BASE_DIR = Path(__file__).resolve().parent.parent
        load_dotenv(BASE_DIR / ".env")
        SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
        DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
        ROOT_URLCONF = "shop.urls"
    """
    folder = layout({**SMALL, "shop/settings.py": settings})
    (folder / ".env").write_text(f"DJANGO_SECRET_KEY={KEY}\nDATABASE_URL=sqlite:////tmp/db.sqlite3\n", encoding="utf-8")
    assert run_init(folder).returncode == 0
    complete = (folder / ".env").read_bytes()
    (folder / "shop" / "settings_before.py").replace(folder / "shop" / "settings.py")
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert "wrote   .env " not in done.stdout
    assert (folder / ".env").read_bytes() == complete
