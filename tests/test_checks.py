"""Django's system checks, and what the development server watches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import pytest

from dj_core_utils import checks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import RunPython, WriteProject

SETTINGS = """
    from dj_core_utils.settings import CoreSettings, export_settings

    {before}

    class ProjectSettings(CoreSettings):
        root_urlconf: str = "urls"


    export_settings(globals())
    {after}
"""
DEVELOPMENT = {"DJANGO_PROFILE": "development"}
PRODUCTION = {
    "DJANGO_PROFILE": "monolith,production",
    "ALLOWED_HOSTS": "shop.example.com",
    "DJANGO_SECRET_KEY": "6Kqvoegu33NGhgfZzJaK66r3yaAwzco8fmKhHpFFM7Wn5x09aOyMUussorG5S55L",
    "DATABASE_URL": "postgres://shop:p-9f2K-xQ7m@db.internal:5432/shop",
    "DATABASE_TLS": "verify-full",
    "DATABASE_TLS_CA": "system",
    "CACHE_URL": "rediss://:c-4Lw8-rT1z@cache.internal:6379/0",
    "EMAIL_URL": "smtp+tls://shop:e-7Hs3-vB6n@mail.internal:587",
    "DEFAULT_FROM_EMAIL": "shop@example.com",
    "TRUSTED_PROXY_HOPS": "0",
}
LONG_LIVED = {**DEVELOPMENT, "JWT_ACCESS_TOKEN_LIFETIME": "20m"}


class Check(Protocol):
    """How a test runs ``manage.py check``."""

    def __call__(self, text: str, *arguments: str, env: Mapping[str, str] = DEVELOPMENT) -> tuple[int, str]:
        """Run it in a project with a settings module.

        Args:
            text: The settings module.
            *arguments: Options of the command.
            env: Variables.

        Returns:
            The exit status, and everything that was printed.
        """


def settings(*, before: str = "", after: str = "") -> str:
    """A settings module with a line before and one after the export."""
    return SETTINGS.format(before=before, after=after)


@pytest.fixture
def check(run_python: RunPython, project: WriteProject) -> Check:
    """Run ``manage.py check`` in a project with these settings."""

    def run_check(text: str, *arguments: str, env: Mapping[str, str] = DEVELOPMENT) -> tuple[int, str]:
        folder = project({"settings.py": text})
        done = run_python([folder / "manage.py", "check", *arguments], env=env)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    return run_check


def test_a_sound_project_is_silent(check: Check) -> None:
    """Nothing is said where nothing is wrong, also of settings that a project may change."""
    after = "TIME_ZONE = 'Europe/Madrid'; MIDDLEWARE = [*MIDDLEWARE]; INSTALLED_APPS += ['django.contrib.humanize']"
    status, text = check(settings(after=after), "--fail-level", "INFO")
    assert (status, "no issues" in text) == (0, True), text


def test_warnings_of_the_load_are_checks(check: Check) -> None:
    """A warning of the load has a stable number, and the id of its rule in the message; it can be silenced."""
    status, text = check(settings(), env=LONG_LIVED)
    assert status == 0
    assert re.search(r"\(dj_core_utils\.W001\) JWT_ACCESS_TOKEN_LIFETIME \(environment\): .* \[jwt\.lifetime\]", text)
    silenced = settings(after="SILENCED_SYSTEM_CHECKS = ['dj_core_utils.W001']")
    _, text = check(silenced, env=LONG_LIVED)
    assert "jwt.lifetime" not in text


@pytest.mark.parametrize(
    ("lines", "when"),
    [({"after": "DEBUG = False"}, "after the export"), ({"before": "DEBUG = False"}, "before the export")],
)
def test_a_setting_that_is_assigned_beside_the_class(check: Check, lines: dict[str, str], when: str) -> None:
    """An assignment that undoes a guarantee is a warning, wherever it stands, with what to do instead."""
    status, text = check(settings(**lines))
    assert status == 0
    assert re.search(rf"\(dj_core_utils\.W002\) DEBUG \(settings\): .*{when}.*\[setting\.reassigned\]\n\tHINT: ", text)


def test_a_list_that_is_changed_in_place(check: Check) -> None:
    """A method called on an exported list is seen as well as an assignment."""
    _, text = check(settings(after="MIDDLEWARE.remove('django.middleware.csrf.CsrfViewMiddleware')"))
    assert "left without django.middleware.csrf.CsrfViewMiddleware" in text


def test_it_is_an_error_under_a_hardened_profile(check: Check) -> None:
    """Where rules are strict, undoing one stops the check."""
    status, text = check(settings(after="DEBUG = True"), env=PRODUCTION)
    assert status == 1
    assert "(dj_core_utils.E002) DEBUG (settings): changed from False to True" in text
    assert check(settings(), "--fail-level", "WARNING", "--deploy", env=PRODUCTION)[0] == 0


def test_a_misspelt_setting(check: Check) -> None:
    """A setting that nothing reads is a warning with what was meant."""
    status, text = check(settings(after="SECURE_SSL_REDIRCT = True"))
    assert status == 0
    assert "(dj_core_utils.W003) SECURE_SSL_REDIRCT (settings): nothing reads this setting." in text
    assert "Did you mean SECURE_SSL_REDIRECT?" in text


def test_a_path_that_cannot_be_imported(check: Check) -> None:
    """What would fail at the first request fails the check."""
    status, text = check(settings(after="MIDDLEWARE = [*MIDDLEWARE, 'nowhere.Middleware']"))
    assert status == 1
    assert "(dj_core_utils.E004) MIDDLEWARE (settings): nowhere.Middleware cannot be imported" in text


def test_a_silence_that_is_none(check: Check) -> None:
    """Silencing a check of ours that does not exist is a warning; those of others are their own business."""
    names = ["dj_core_utils.W01", "dj_core_utils.jwt.lifetime", "dj_core_utils.E004", "security.W999", "shop.W001"]
    status, text = check(settings(after=f"SILENCED_SYSTEM_CHECKS = {names}"))
    assert status == 0
    told = re.findall(r"\(dj_core_utils\.W007\) SILENCED_SYSTEM_CHECKS \(settings\): there is no check (\S+)\. ", text)
    assert told == ["dj_core_utils.W01", "dj_core_utils.jwt.lifetime"]
    listed = set(re.findall(r"``([EW]\d{3})``", checks.__doc__ or ""))
    assert {f"dj_core_utils.{number}" for number in listed} == set(
        re.findall(r"dj_core_utils\.[EW]\d{3}\b(?=[,;])", text)
    )


def test_middleware_that_is_added_in_a_place_where_it_breaks_something(check: Check) -> None:
    """The rules saw the class; the check sees what the module made of it, and repeats nothing."""
    status, text = check(settings(after="MIDDLEWARE.insert(0, 'whitenoise.middleware.WhiteNoiseMiddleware')"))
    assert status == 1
    assert "(dj_core_utils.E005) MIDDLEWARE (settings): SecurityMiddleware stands after WhiteNoiseMiddleware" in text
    assert "(dj_core_utils.W005) MIDDLEWARE (settings): CurrentUserMiddleware stands after WhiteNoise" in text
    listed = "django.middleware.security.SecurityMiddleware,dj_core_utils.middleware.context.CurrentUserMiddleware"
    _, told_once = check(settings(), env={**DEVELOPMENT, "MIDDLEWARE": listed})
    assert told_once.count("CurrentUserMiddleware stands after SecurityMiddleware") == 1


def test_a_test_run_is_no_change(run_python: RunPython, project: WriteProject) -> None:
    """Django's test runner switches DEBUG and mail; that is not the settings module's doing."""
    case = "from django.test import SimpleTestCase\n\n\nclass T(SimpleTestCase):\n    def test(self): pass\n"
    folder = project({"tests.py": case})
    done = run_python([folder / "manage.py", "test"], env=DEVELOPMENT)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_a_project_without_our_settings(run_python: RunPython, project: WriteProject) -> None:
    """The app can be installed in a project with plain Django settings, and has nothing to say there."""
    plain = "SECRET_KEY = 'x' * 50\nINSTALLED_APPS = ['dj_core_utils']\nROOT_URLCONF = 'urls'\nUSE_TZ = True\n"
    folder = project({"settings.py": plain})
    done = run_python([folder / "manage.py", "check"])
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr
    project({"settings.py": f"{plain}AUTHENTICATION_BACKENDS = ['django.contrib.auth.backends.ModelBackend']\n"})
    done = run_python([folder / "manage.py", "check"])
    assert (done.returncode, "[apps.unimportable]" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    configured = """
        from django.conf import settings

        settings.configure(INSTALLED_APPS=["dj_core_utils"], USE_TZ=True)
        import django
        from django.core.checks import run_checks
        from django.utils.autoreload import StatReloader, autoreload_started

        django.setup()
        reloader = StatReloader()
        autoreload_started.send(sender=reloader)
        assert run_checks(tags=["dj_core_utils"]) == []
        print(dict(reloader.directory_globs))
    """
    done = run_python(configured)
    assert (done.returncode, done.stdout.strip()) == (0, "{}"), done.stderr


@pytest.mark.parametrize(("env_file", "watched"), [("", ".env"), ("other.env", "other.env")])
def test_the_development_server_watches_the_sources(
    run_python: RunPython, project: WriteProject, env_file: str, watched: str
) -> None:
    """An edit of .env or of a profile starts runserver again."""
    folder = project({"profiles/own.toml": "", "other.env": ""})
    code = """
        import django

        django.setup()
        from django.utils.autoreload import StatReloader, autoreload_started

        reloader = StatReloader()
        autoreload_started.send(sender=reloader)
        print(sorted(f"{folder}/{glob}" for folder, globs in reloader.directory_globs.items() for glob in globs))
    """
    env = {**DEVELOPMENT, "DJANGO_SETTINGS_MODULE": "settings", "DJANGO_ENV_FILE": env_file}
    done = run_python(code, env=env)
    assert done.returncode == 0, done.stderr
    assert f"'{folder}/{watched}'" in done.stdout
    project({"settings.py": settings().replace("globals()", "globals(), env_file=None")})
    assert ".env" not in run_python(code, env=env).stdout
    assert f"'{folder}/profiles/*.toml'" in done.stdout
