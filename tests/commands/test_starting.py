"""``config check``: whether Django would start, tried without a server and without a connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject

KEY = "canary-" + "k3J9-" * 12
SETTINGS = """
    from dj_core_utils.settings import CoreSettings, export_settings


    class ProjectSettings(CoreSettings):
        root_urlconf: str = "urls"
        installed_apps: list[str] = ["shop"]
        auth_user_model: str = "auth.User"


    export_settings(globals())
"""
CONFIG = """
    from django.apps import AppConfig


    class ShopConfig(AppConfig):
        name = "shop"
"""
FILES = {"settings.py": SETTINGS, "shop/__init__.py": "", "shop/apps.py": CONFIG, "shop/models.py": ""}
BROKEN = {
    "app": (
        {"settings.py": SETTINGS.replace('["shop"]', '["shop", "shpo", "shop.apps.ShopConfg"]')},
        [
            (
                "apps.unimportable",
                "INSTALLED_APPS",
                "shpo cannot be imported: ModuleNotFoundError: No module named 'shpo'.",
            ),
            ("apps.unimportable", "INSTALLED_APPS", "shop.apps.ShopConfg cannot be imported: ImportError: "),
        ],
    ),
    "models": (
        {"shop/models.py": "import not_installed_anywhere"},
        [("apps.start", "INSTALLED_APPS", "Django cannot start: ModuleNotFoundError: No module named 'not_installed")],
    ),
    "ready": (
        {"shop/apps.py": f"{CONFIG}\n        def ready(self):\n            raise ValueError('{KEY}')\n"},
        [("apps.start", "INSTALLED_APPS", "Django cannot start: ValueError.")],
    ),
    "user": (
        {"settings.py": SETTINGS.replace('"auth.User"', '"auth.Usr"')},
        [("apps.user_model", "AUTH_USER_MODEL", 'there is no model "auth.Usr".')],
    ),
    "user_app": (
        {"settings.py": SETTINGS.replace('"auth.User"', '"people.Person"')},
        [("apps.user_model", "AUTH_USER_MODEL", 'there is no model "people.Person".')],
    ),
    "urls": (
        {"urls.py": "from shop import views"},
        [
            (
                "apps.urlconf",
                "ROOT_URLCONF",
                "the addresses of urls cannot be read: ImportError: cannot import name 'views'",
            )
        ],
    ),
    "views": (
        {"urls.py": f"1 / 0  # {KEY}"},
        [("apps.urlconf", "ROOT_URLCONF", "the addresses of urls cannot be read: ZeroDivisionError.")],
    ),
    "no_app": (
        {"urls.py": "from django.apps import apps\napps.get_app_config('orders')"},
        [
            (
                "apps.urlconf",
                "ROOT_URLCONF",
                "the addresses of urls cannot be read: LookupError: No installed app with label 'orders'.",
            )
        ],
    ),
    "no_urls": (
        {"settings.py": SETTINGS.replace('"urls"', '"addresses"')},
        [("apps.urlconf", "ROOT_URLCONF", "the addresses of addresses cannot be read: ModuleNotFoundError: ")],
    ),
    "path": (
        {"settings.py": SETTINGS.replace('auth.User"', 'auth.User"\n        csrf_failure_view: str = "shop.nope"')},
        [("apps.unimportable", "CSRF_FAILURE_VIEW", "shop.nope cannot be imported: ")],
    ),
}
CHECK = ("-m", "dj_core_utils", "config", "check")
DEVELOPMENT = {"DJANGO_PROFILE": "development", "DJANGO_SECRET_KEY": KEY}


def test_a_project_that_starts(run_python: RunPython, project: WriteProject) -> None:
    """What can start has no problem, and nothing was made on the way."""
    folder = project(FILES)
    done = run_python([*CHECK, "--json"], env=DEVELOPMENT)
    assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stderr
    assert not (folder / "db.sqlite3").exists()


@pytest.mark.parametrize("kind", BROKEN)
def test_what_keeps_django_from_starting(run_python: RunPython, project: WriteProject, kind: str) -> None:
    """Each reason is a problem with its variable, its origin and a hint; no text of foreign code is quoted."""
    files, expected = BROKEN[kind]
    project({**FILES, **files})
    done = run_python([*CHECK, "--json"], env=DEVELOPMENT)
    assert done.returncode == 1, done.stderr
    problems = json.loads(done.stdout)
    assert [(problem["id"], problem["variable"]) for problem in problems] == [found[:2] for found in expected]
    for problem, (_, _, message) in zip(problems, expected, strict=True):
        assert problem["message"].startswith(message), problem["message"]
        assert problem["origin"] == "ProjectSettings"
        assert problem["hint"]
        assert problem["severity"] == "error"
    assert "canary" not in done.stdout + done.stderr


def test_where_it_fails(run_python: RunPython, project: WriteProject) -> None:
    """Where code of the project fails, its line is named; a misspelt model has a suggestion."""
    for kind, hint in (
        ("ready", "it fails at shop/apps.py:8"),
        ("models", "it fails at shop/models.py:1"),
        ("views", "it fails at urls.py:1"),
        ("user", "did you mean auth.User?"),
        ("user_app", "write it as app_label.Model, and list its app in INSTALLED_APPS"),
        ("app", "correct the name, or install the package that has it"),
    ):
        project({**FILES, **BROKEN[kind][0]})
        done = run_python([*CHECK, "--json"], env=DEVELOPMENT)
        assert json.loads(done.stdout)[0]["hint"] == hint
        project(FILES)


def test_addresses_of_the_admin_where_it_is_left_out(run_python: RunPython, project: WriteProject) -> None:
    """A service that keeps the addresses of ``startproject`` is told where they are, and what there is to choose."""
    urls = "from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path('a', admin.site.urls)]"
    project({**FILES, "urls.py": urls})
    done = run_python([*CHECK, "--json"], env={**DEVELOPMENT, "ENABLE_ADMIN": "false"})
    (found,) = json.loads(done.stdout)
    assert found["message"].endswith("cannot be read: LookupError: No installed app with label 'admin'.")
    assert found["hint"] == "it fails at urls.py:3\nset ENABLE_ADMIN=true, or take the admin out of the addresses"
    taken = f"{SETTINGS}    INSTALLED_APPS.remove('django.contrib.admin')\n"
    project({**FILES, "urls.py": urls, "settings.py": taken})
    (found,) = json.loads(run_python([*CHECK, "--json"], env=DEVELOPMENT).stdout)
    assert "\nput django.contrib.admin back into INSTALLED_APPS, or take " in found["hint"]


def test_from_manage(run_python: RunPython, project: WriteProject) -> None:
    """``manage.py`` has started Django already, and tries the rest."""
    folder = project({**FILES, "urls.py": "from shop import views"})
    done = run_python([folder / "manage.py", "config", "check"], env=DEVELOPMENT)
    assert done.returncode == 1
    assert "[apps.urlconf]" in done.stdout
    assert "Traceback" not in done.stderr
