"""``init`` in projects as people have them: each one starts before and after, and gives the same settings."""

from __future__ import annotations

import ast
import json
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from dj_core_utils.cli.init import command
from dj_core_utils.cli.init.comparison import Comparison, Difference
from tests.init import layouts
from tests.init.conftest import Done, look, run_init, write_layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import RunPython
    from tests.init.conftest import WriteLayout

NAMES = (
    "AUTH_PASSWORD_VALIDATORS",
    "BASE_DIR",
    "CACHES",
    "DEBUG",
    "DEFAULT_AUTO_FIELD",
    "EMAIL_BACKEND",
    "EMAIL_HOST",
    "EMAIL_SUBJECT_PREFIX",
    "LANGUAGES",
    "LANGUAGE_CODE",
    "LOGGING",
    "MEDIA_ROOT",
    "MEDIA_URL",
    "MIDDLEWARE",
    "ROOT_URLCONF",
    "SECRET_KEY",
    "SECURE_REDIRECT_EXEMPT",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_AGE",
    "SESSION_COOKIE_NAME",
    "STATIC_ROOT",
    "STATIC_URL",
    "TIME_ZONE",
    "USE_TZ",
)
# Django takes the value of before and after for the same.
SAME_TO_DJANGO = {"CACHES"}
KEY = "w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
SECRETS = {"SECRET_KEY": KEY, "POSTGRES_PASSWORD": "pw"}


class Layout(NamedTuple):
    """A project as people have it.

    Attributes:
        files: Text by path.
        settings: Its settings module.
        names: Settings of its own to look at.
        env: Variables that are set.
    """

    files: dict[str, str]
    settings: str
    names: tuple[str, ...] = ()
    env: dict[str, str] = {}  # nobody changes it


LAYOUTS = {
    "startproject 6.0": Layout(layouts.STARTPROJECT_60, "shop/settings.py"),
    "package": Layout(layouts.PACKAGE, "config/settings/local.py", ("INTERNAL_IPS",), SECRETS),
    "django-environ": Layout(layouts.ENVIRON, "blog/settings.py", ("PAGE_SIZE", "FEATURES", "STRIPE_API_KEY")),
    "django-configurations": Layout(
        layouts.CONFIGURATIONS, "mysite/settings.py", ("SEARCH_HITS", "SITE_TITLE", "GREETING")
    ),
    "messy": Layout(
        layouts.MESSY,
        "market/settings.py",
        (
            "CELERY_BROKER_URL",
            "CELERY_TASK_ALWAYS_EAGER",
            "CELERY_BEAT_SCHEDULE",
            "REST_FRAMEWORK",
            "SUPPORT_ADDRESS",
            "FORBIDDEN_WORDS",
            "BOOK_NUMBER",
            "VERSION_OF_RELEASE",
            "MAX_UPLOADS",
            "MIN_UPLOADS",
            "TESTING",
            "CSRF_TRUSTED_ORIGINS",
        ),
    ),
}


class Moved(NamedTuple):
    """A project that was brought over.

    Attributes:
        folder: Where it is; tests that change it take a copy.
        before: What its settings were.
        done: What the command said.
    """

    folder: Path
    before: dict[str, str]
    done: Done


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Moved]:
    """Bring a layout over, once for all tests of this module."""
    known: dict[str, Moved] = {}

    def move(name: str) -> Moved:
        if name not in known:
            layout = LAYOUTS[name]
            folder = write_layout(tmp_path_factory.mktemp("init") / "clinic", layout.files)
            before = look(folder, *_names(layout), env=layout.env)
            known[name] = Moved(folder, before, run_init(folder, env=layout.env))
        return known[name]

    return move


def _names(layout: Layout) -> tuple[str, ...]:
    return tuple(name for name in (*NAMES, *layout.names) if name not in SAME_TO_DJANGO)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_project_comes_over_and_nothing_changes(
    name: str, moved: Callable[[str], Moved], run_python: RunPython
) -> None:
    """Settings, seen by a process that knows nothing of the command, are what they were; the project works."""
    files, settings, _, env = layout = LAYOUTS[name]
    folder, before, done = moved(name)
    assert done.returncode == 0, done.stdout
    assert look(folder, *_names(layout), env=env) == before
    path = folder / settings
    assert path.with_name(f"{path.stem}_before.py").read_text(encoding="utf-8") == files[settings].lstrip("\n")
    assert "CoreSettings" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert "DJANGO_SECRET_KEY" in (folder / ".env.example").read_text(encoding="utf-8")
    checked = run_python(["manage.py", "config", "check"], cwd=folder, env=env)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert KEY not in done.stdout


def test_what_djangos_own_startproject_writes(layout: WriteLayout, run_python: RunPython) -> None:
    """The output of the Django that is installed comes over, with its own values where ours would differ."""
    folder = layout({"README": ""})
    run_python(["-m", "django", "startproject", "shop", "."], cwd=folder)
    before = look(folder, *NAMES)
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    after = look(folder, *NAMES)
    assert {name for name in NAMES if before[name] != after[name]} <= SAME_TO_DJANGO
    text = (folder / "shop" / "settings.py").read_text(encoding="utf-8")
    assert "SECRET_KEY" not in text
    assert "DEBUG" not in text
    assert "must    DJANGO_SECRET_KEY" in done.stdout
    assert run_python(["manage.py", "migrate"], cwd=folder).returncode == 0


def test_attributes_of_a_class_become_fields(layout: WriteLayout, run_python: RunPython) -> None:
    """Additions to what ``CoreSettings`` had as attributes become fields and sections of the class of that name."""
    folder = layout(layouts.CLASS_ATTRIBUTES)
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    text = (folder / "my_project" / "settings.py").read_text(encoding="utf-8")
    assert "class MyAppSettings(CoreSettings):" in text
    assert 'DatabaseSettings(db_schema=["users", "public"], name="users_db")' in text
    assert "JWTSettings(access_token_lifetime=timedelta(hours=2))" in text
    assert "globals()[" not in text
    shown = run_python(
        """
        from django.conf import settings
        print(settings.SERVICE_NAME, settings.DATABASES["default"]["NAME"])
        print(settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"], settings.CORS_ALLOWED_ORIGINS)
        """,
        cwd=folder,
        env={"DJANGO_SETTINGS_MODULE": "my_project.settings"},
    )
    assert shown.stdout == "users my_project_db\n2:00:00 ['http://localhost:3000', 'http://127.0.0.1:3000']\n"


def test_middleware_in_an_order_that_is_refused(layout: WriteLayout) -> None:
    """It is put right, and the report says what was wrong."""
    settings = layouts.CLASS_ATTRIBUTES["my_project/settings.py"]
    cors = "        'corsheaders.middleware.CorsMiddleware',\n"
    last = "        'django.middleware.clickjacking.XFrameOptionsMiddleware',\n"
    settings = settings.replace(cors, "").replace(last, last + cors)
    folder = layout({**layouts.CLASS_ATTRIBUTES, "my_project/settings.py": settings})
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert (
        "noted   MIDDLEWARE              put in order; so far CorsMiddleware stands after CommonMiddleware: "
        in done.stdout
    )
    found = look(folder, "MIDDLEWARE")["MIDDLEWARE"]
    assert "'corsheaders.middleware.CorsMiddleware', 'django.middleware.common.CommonMiddleware'" in found
    text = (folder / "my_project" / "settings.py").read_text(encoding="utf-8")
    assert "JWTSettings(access_token_lifetime=timedelta(hours=2))" in text


def test_an_order_that_is_made_by_statements_stays_and_is_told(layout: WriteLayout) -> None:
    """What is kept as it was is refused by ``manage.py check`` as before, so the report says what to do."""
    settings = """
        SECRET_KEY = "w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
        DEBUG = True
        ROOT_URLCONF = "shop.urls"
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
        if DEBUG:
            MIDDLEWARE.append("corsheaders.middleware.CorsMiddleware")
    """
    manage = layouts.MANAGE.format(module="shop.settings")
    folder = layout({"manage.py": manage, "shop/__init__.py": "", "shop/settings.py": settings})
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert "as before, CorsMiddleware stands after CommonMiddleware" in done.stdout
    assert "move CorsMiddleware before CommonMiddleware" in done.stdout
    assert "MIDDLEWARE.append(" in (folder / "shop" / "settings.py").read_text(encoding="utf-8")


def test_a_run_that_was_cut_off_is_finished_by_the_next(moved: Callable[[str], Moved], layout: WriteLayout) -> None:
    """Killed between ``manage.py`` and ``settings.py``, which belong together: the same command completes the work."""
    plain = layouts.CONFIGURATIONS["manage.py"].replace("configurations.management", "django.core.management")
    folder = layout({**layouts.CONFIGURATIONS, "manage.py": plain})
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    names = ("SEARCH_HITS", "SITE_TITLE", "GREETING", "DEBUG", "EMAIL_BACKEND", "TIME_ZONE", "MIDDLEWARE")
    before = moved("django-configurations").before
    assert look(folder, *names) == {name: before[name] for name in names}


def test_killed_after_any_file_the_project_starts(
    moved: Callable[[str], Moved], layout: WriteLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With django-configurations, where two files belong together; also while everything is put back."""
    folder = layout(layouts.CONFIGURATIONS)
    states: dict[bytes, Path] = {}
    original = Path.replace

    def replace(self: Path, target: Path) -> Path:
        done = original(self, target)
        content = b"".join((folder / name).read_bytes() for name in ("manage.py", "mysite/settings.py"))
        if content not in states:
            states[content] = Path(shutil.copytree(folder, tmp_path / "states" / str(len(states))))
        return done

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(command, "compare", lambda *_: Comparison(0, (Difference("A", None, None, ""),), ()))
    assert "were put back" in run_init(folder).stdout
    monkeypatch.undo()
    expected = {name: moved("django-configurations").before[name] for name in ("SEARCH_HITS", "GREETING", "TIME_ZONE")}
    assert len(states) == 4, "old, both ways with the old settings, both ways with the new ones, plain"
    for state in states.values():
        assert look(state, *expected) == expected
    texts = {state: content.decode() for content, state in states.items()}
    both = next(
        state for state, text in texts.items() if "at work" in text and "import CoreSettings, export_settings" in text
    )
    assert "would   manage.py" in run_init(both, "--dry-run").stdout
    assert str(both / "manage.py") in json.loads(run_init(both, "--dry-run", "--json").stdout)["files"]
    done = run_init(both)
    assert "cut off" in done.stdout
    assert "wrote   manage.py" in done.stdout
    assert "configurations" not in (both / "manage.py").read_text(encoding="utf-8")
    assert look(both, *expected) == expected


def test_names_that_production_sets_today_are_still_read(moved: Callable[[str], Moved]) -> None:
    """Where the old settings read ``SECRET_KEY`` or ``REDIS_URL``, the new ones do, too."""
    folder = moved("django-environ").folder
    production = {
        "SECRET_KEY": f"{KEY}-of-production",
        "TZ_NAME": "Europe/Paris",
        "BLOG_FEATURES": "search,tags",
        "DJANGO_ALLOWED_HOSTS": "blog.example.com",
        "PAGE_SIZE": "7",
    }
    found = look(folder, "SECRET_KEY", "TIME_ZONE", "FEATURES", "ALLOWED_HOSTS", "PAGE_SIZE", env=production)
    assert found == {
        "SECRET_KEY": f"{KEY}-of-production",
        "TIME_ZONE": "Europe/Paris",
        "FEATURES": "['search', 'tags']",
        "ALLOWED_HOSTS": "['blog.example.com']",
        "PAGE_SIZE": "7",
    }


def test_what_is_said_first_survives_what_changes_it_here(moved: Callable[[str], Moved], tmp_path: Path) -> None:
    """A local settings file and an ``if DEBUG`` hide values that other machines have; they are kept for those."""
    folder = shutil.copytree(moved("messy").folder, tmp_path / "clinic")
    (folder / "market" / "local_settings.py").unlink()
    names = ("SUPPORT_ADDRESS", "EMAIL_HOST", "MIDDLEWARE")
    found = look(folder, *names, env={"DEBUG": "false", "ALLOWED_HOSTS": "localhost"})
    assert found["SUPPORT_ADDRESS"] == "support@example.com"
    assert found["EMAIL_HOST"] == "smtp.example.com"
    assert "gzip" not in found["MIDDLEWARE"]


def test_the_result_reads_as_if_written_by_hand(moved: Callable[[str], Moved]) -> None:
    """The class of a fresh project fits on a screen, in the order of the framework, with nothing unused."""
    text = (moved("startproject 6.0").folder / "shop" / "settings.py").read_text(encoding="utf-8")
    assert text.splitlines()[0] == '"""Settings of shop."""'
    body = ast.parse(text)
    names = [
        alias.asname or alias.name
        for node in body.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
    assert [name for name in names if text.count(name) < 2] == []
    assert max(map(len, text.splitlines())) <= 120
    assert len(text.splitlines()) < 50
