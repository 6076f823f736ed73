"""No secret gets out: canaries planted in every source and every kind of mistake, looked for in every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.settings.test_export import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject

CANARY = "cAnArY"

OWN = """
    from pydantic import SecretStr, field_validator
    from dj_core_utils.settings import CoreSettings, Section, export_settings, rule


    class VaultSettings(Section):
        token: SecretStr = SecretStr("")
        pin: SecretStr = SecretStr("")

        @field_validator("token")
        @classmethod
        def careless(cls, token):
            if "bad" in token.get_secret_value():
                raise ValueError(f"not a token: {token.get_secret_value()}")
            return token

        @rule("vault.pin")
        def careless_rule(self, context):
            if self.pin.get_secret_value():
                yield context.problem("VAULT_PIN", f"what a pin: {self.pin.get_secret_value()}")


    class UsersSettings(CoreSettings):
        service_name: str = "users"
        root_urlconf: str = "urls"
        vault: VaultSettings = VaultSettings()
        own_key: SecretStr = SecretStr("cAnArY-in-the-class-00")
        stripe_api_key: str = ""


    export_settings(globals())
"""

# One line for each kind of mistake, as the process environment would have it.
MISTAKES = {
    "a port that is no number": {"DATABASE_URL": "postgres://shop:cAnArY-01@db:54x2/shop"},
    "a raw slash in a password": {"DATABASE_URL": "postgres://shop:cAn/ArYcAnArY-02@db:5432/shop"},
    "a password without its at sign": {"DATABASE_URL": "postgres://shop:cAnArY-03"},
    "an unknown scheme": {"DATABASE_URL": "postgrse://shop:cAnArY-04@db/shop"},
    "a secret in the query": {"DATABASE_URL": "postgres://db/shop?password=cAnArY-05&sslmode=nonsense"},
    "no URL at all": {"DATABASE_URL": "cAnArY-06"},
    "url and parts": {"DATABASE_URL": "postgres://u:cAnArY-07@db/n", "DB_PASSWORD": "cAnArY-08", "DB_NAME": "n"},
    "a cache URL": {"CACHE_URL": "redis://:cAnArY-09@cache:63x9/0"},
    "an email URL": {"EMAIL_URL": "smtps://u:cAnArY-10@mail:4x5"},
    "a broker URL": {"EVENT_BUS_URL": "natz://u:cAnArY-11@nats:4222"},
    "a short signing key": {"JWT_SIGNING_KEY": "cAnArY-12"},
    "a key that is no key": {"JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY": "-----BEGIN cAnArY-13 KEY-----"},
    "a weak secret key": {"DJANGO_SECRET_KEY": "cAnArY-14"},
    "quotes around a secret": {"DJANGO_SECRET_KEY": '"cAnArY-15-with-quotes-that-somebody-typed-into-a-manifest"'},
    "one secret for two jobs": {
        "DJANGO_SECRET_KEY": "cAnArY-16-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
        "SERVICE_API_KEY": "cAnArY-16-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
        "DEBUG": "Flase",
    },
    "a NUL": {"DJANGO_SECRET_KEY_FILE": "nul.txt"},
    "a careless validator": {"VAULT_TOKEN": "bad cAnArY-17"},
    "a secret kept as plain text": {"STRIPE_API_KEY": "cAnArY-22", "DEBUG": "Flase"},
    "a careless rule": {"VAULT_PIN": "cAnArY-18"},
    "name and file": {"DJANGO_SECRET_KEY": "cAnArY-19", "DJANGO_SECRET_KEY_FILE": "secret.txt"},
    "a file that is no text": {"DJANGO_SECRET_KEY_FILE": "binary.bin"},
    "another mistake beside good secrets": {
        "DATABASE_URL": "postgres://shop:cAnArY-20@db:5432/shop",
        "DJANGO_SECRET_KEY": "cAnArY-21-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
        "DEBUG": "Flase",
    },
    "a bad line in .env": {"DJANGO_ENV_FILE": "bad.env"},
}
FILES = {
    "settings.py": OWN,
    "secret.txt": "cAnArY-30-from-a-file\n",
    "bad.env": "DEBUG=nonsense\ncAnArY-31 is not an assignment\nDJANGO_SECRET_KEY='cAnArY-32\n",
    "profiles/mine.toml": '[settings]\nown_key = "cAnArY-33-in-a-profile"\n',
    "nul.txt": "cAnArY-34\0\n",
}
# Everything that a reporter of errors could collect from the error, its causes and the frames of its traceback.
SNOOP = """
import json, sys, traceback, types
import django
def walk(value, depth, seen):
    if depth < 0 or id(value) in seen or isinstance(value, (types.ModuleType, type, types.FunctionType)):
        return
    seen.add(id(value))
    found.append(repr(value) + (value if isinstance(value, str) else ""))
    if isinstance(value, dict):
        for key, item in list(value.items()):
            walk(item, depth - 1, seen)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            walk(item, depth - 1, seen)
    elif hasattr(value, "__dict__"):
        walk(vars(value), depth - 1, seen)
    for slot in getattr(type(value), "__slots__", ()):
        walk(getattr(value, slot, None), depth - 1, seen)
found = []
try:
    import settings
except BaseException as error:
    chain = [error]
    while chain[-1].__context__ or chain[-1].__cause__:
        chain.append(chain[-1].__context__ or chain[-1].__cause__)
    for link in chain:
        found.append(type(link).__name__)
        found += traceback.TracebackException.from_exception(link, capture_locals=True).format()
        walk(link.args, 6, set()); walk(vars(link), 6, set())
        trace = link.__traceback__
        while trace:
            name = trace.tb_frame.f_globals.get("__name__", "")
            # The frames of the interpreter's own import machinery and of this script hold nothing of ours.
            if name == "settings" or name.startswith("dj_core_utils"):
                walk({k: v for k, v in trace.tb_frame.f_locals.items() if k != "__builtins__"}, 6, set())
            trace = trace.tb_next
print(json.dumps(found))
"""


def write(project: WriteProject) -> Path:
    """Write the project with its canaries."""
    folder = project(FILES)
    (folder / "binary.bin").write_bytes(b"cAnArY-35\xff\xfe\n")
    return folder


@pytest.mark.parametrize("kind", MISTAKES)
@pytest.mark.parametrize("profile", ["development,mine", "production", "microservice,production"])
def test_a_mistake_shows_no_secret(run_python: RunPython, project: WriteProject, kind: str, profile: str) -> None:
    """Neither the report, nor the error, its causes, or the locals of its frames hold what was planted."""
    folder = write(project)
    env = {"DJANGO_PROFILE": profile, "VAULT_TOKEN": "cAnArY-40", **MISTAKES[kind]}
    done = run_python(["-c", SNOOP], cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    if profile != "development,mine":
        assert "ConfigurationError" in done.stdout
    module_literal = done.stdout.replace("cAnArY-in-the-class-00", "")  # literals of settings.py are the project's own
    assert CANARY not in module_literal
    assert CANARY not in done.stderr


GOOD = {
    "DJANGO_PROFILE": "monolith,development",
    "DJANGO_SECRET_KEY": "cAnArY-50-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
    "JWT_SIGNING_KEY": "cAnArY-51-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
    "SERVICE_API_KEY": "cAnArY-52-abcdefghijklmnopqrstuvwxyz-0123456789",
    "DATABASE_URL": "postgres://shop:cAnArY-53@db:5432/shop",
    "CACHE_URL": "redis://:cAnArY-54@cache:6379/0",
    "EMAIL_URL": "smtp+tls://u:cAnArY-55@mail:587",
    "EVENT_BUS_URL": "nats://u:cAnArY-56@nats:4222",
    "VAULT_TOKEN": "cAnArY-57",
    "STRIPE_API_KEY": "cAnArY-59-in-plain-text",
    "DJANGO_SECRET_KEY_FALLBACKS": "cAnArY-58-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
}


def test_the_planted_secrets_do_reach_django(run_python: RunPython, project: WriteProject) -> None:
    """The canaries of the next tests are really in use: a test that finds nothing must have something to find."""
    folder = write(project)
    code = """
        import settings
        print(settings.SECRET_KEY == "cAnArY-50-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh")
        print(settings.DATABASES["default"]["PASSWORD"] == "cAnArY-53", settings.VAULT_TOKEN == "cAnArY-57")
    """
    done = run_python(code, cwd=folder, env=GOOD)
    assert done.stdout.split() == ["True", "True", "True"], done.stderr


GET = "import settings; from dj_core_utils.settings import get_settings; found = get_settings()"


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "diffsettings", "--all"],
        ["manage.py", "diffsettings", "--output", "unified"],
        ["manage.py", "config", "show", "--all"],
        ["manage.py", "config", "show", "--all", "--json"],
        ["manage.py", "config", "check", "--json"],
        ["manage.py", "config", "env"],
        ["-m", "dj_core_utils", "config", "show", "--all", "--settings", "settings"],
        ["-c", "import settings; print(repr(settings.UsersSettings), vars(settings))"],
        ["-c", f"{GET}; print(found, repr(found))"],
        ["-c", f"{GET}; from dj_core_utils.settings.export import last_export as e; print(e(), e().loaded)"],
    ],
    ids=lambda command: " ".join(command)[:60],
)
def test_no_output_shows_a_secret(run_python: RunPython, project: WriteProject, command: list[str]) -> None:
    """Commands, dumps and reprs of a working configuration mask every secret."""
    folder = write(project)
    done = run_python(command, cwd=folder, env=GOOD)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert CANARY not in done.stdout
    assert CANARY not in done.stderr


@pytest.mark.parametrize("dump", ["repr(found.model_dump())", "found.model_dump_json()"])
def test_dumps_hide_what_is_secret_by_its_type(run_python: RunPython, project: WriteProject, dump: str) -> None:
    """``SecretStr`` and ``SecretURL`` survive Pydantic's dumps masked; only plain text shows there."""
    done = run_python(["-c", f"{GET}; print({dump})"], cwd=write(project), env={**GOOD, "STRIPE_API_KEY": ""})
    assert done.returncode == 0, done.stderr
    assert "service_name" in done.stdout
    assert CANARY not in done.stdout


def test_the_debug_page_shows_no_secret(run_python: RunPython, project: WriteProject) -> None:
    """Django's page for an error with DEBUG on prints all settings and locals; ours mask themselves."""
    urls = """
        from django.conf import settings
        from django.urls import path
        def fail(request):
            database = settings.DATABASES
            key = settings.SECRET_KEY
            raise RuntimeError("on purpose")
        urlpatterns = [path("", fail)]
    """
    folder = project({**FILES, "urls.py": urls})
    code = """
        import os; os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
        import django; django.setup()
        from django.conf import settings
        from django.test import Client
        page = Client(raise_request_exception=False, SERVER_NAME="localhost").get("/")
        print(page.status_code, settings.DEBUG)
        print(page.content.decode())
    """
    done = run_python(code, cwd=folder, env=GOOD)
    assert "500 True" in done.stdout, done.stderr
    assert "SECRET_KEY" in done.stdout
    assert CANARY not in done.stdout
    assert CANARY not in done.stderr


def test_settings_of_the_class_body_stay_out_of_the_report(run_python: RunPython, project: WriteProject) -> None:
    """A report of a class without secrets of its own is free of paths into its values."""
    folder = project({"settings.py": SETTINGS})
    env = {"DJANGO_PROFILE": "development", "DATABASE_URL": "postgres://u:cAnArY-60@db:x/n"}
    done = run_python(["-c", "import settings"], cwd=folder, env=env)
    assert done.returncode == 1
    assert "postgres://u:***@db:x/n" in done.stderr
    assert CANARY not in done.stderr
