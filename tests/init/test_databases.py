"""Databases of Django's form as URLs, and as parts that keep the names of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from dj_core_utils.cli.init.database_url import database_url
from dj_core_utils.cli.init.module_text import module_text
from dj_core_utils.cli.init.terms import term
from dj_core_utils.settings.database import DatabaseSettings
from dj_core_utils.settings.secret_url import SecretURL
from tests.init.conftest import planner_of

FOLDER = Path("/srv/shop")
PG = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"


def _url(**entries: object) -> str | None:
    return database_url(term({"default": entries}), FOLDER)


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ({"ENGINE": PG, "NAME": "shop", "USER": "me", "PASSWORD": "p@ss/w:d", "HOST": "db", "PORT": 5432},
         "postgres://me:p%40ss%2Fw%3Ad@db:5432/shop"),
        ({"ENGINE": PG, "NAME": "shop"}, "postgres:///shop"),
        ({"ENGINE": PG, "NAME": "shop", "CONN_MAX_AGE": 60, "ATOMIC_REQUESTS": True, "OPTIONS": {"sslmode": "require"}},
         "postgres:///shop?conn_max_age=60&atomic_requests=true&sslmode=require"),
        ({"ENGINE": "django.db.backends.mysql", "NAME": "shop", "USER": "me", "HOST": "db"}, "mysql://me@db/shop"),
        ({"ENGINE": SQLITE, "NAME": "/srv/shop/data/a b.db"},
         "sqlite:///data/a%20b.db?transaction_mode=DEFERRED&timeout=5&init_command="),
        ({"ENGINE": SQLITE, "NAME": "/var/lib/shop.db"},
         "sqlite:////var/lib/shop.db?transaction_mode=DEFERRED&timeout=5&init_command="),
        ({"ENGINE": SQLITE, "NAME": ":memory:", "OPTIONS": {"timeout": 9}, "TEST": {"NAME": None}},
         "sqlite://:memory:?transaction_mode=DEFERRED&timeout=9&init_command="),
    ],
)  # fmt: skip
def test_a_database_as_url(entries: dict[str, object], url: str) -> None:
    """The URL says all of it, and the framework reads it back."""
    assert _url(**entries) == url
    default = DatabaseSettings(url=SecretURL(url)).default
    assert str(entries["ENGINE"]) == default.engine
    assert Path(str(entries["NAME"])).name == Path(str(default.name)).name


@pytest.mark.parametrize(
    "entries",
    [
        {"ENGINE": "django.contrib.gis.db.backends.postgis", "NAME": "shop"},
        {"NAME": "shop"},
        {"ENGINE": PG, "NAME": "shop", "TIME_ZONE": "UTC"},
        {"ENGINE": PG, "NAME": "shop", "OPTIONS": {"pool": {"min_size": 2}}},
        {"ENGINE": PG, "NAME": "shop", "TEST": {"NAME": "other"}},
    ],
)
def test_what_a_url_cannot_say(entries: dict[str, object]) -> None:
    """Such a database stays as it is."""
    assert _url(**entries) is None


def test_several_databases_stay_as_they_are() -> None:
    """One URL is one database."""
    one = {"ENGINE": SQLITE, "NAME": "a"}
    assert database_url(term({"default": one, "other": one}), FOLDER) is None
    assert database_url(term({}), FOLDER) is None


@pytest.mark.parametrize(
    ("databases", "said"),
    [
        ('{"default": {"ENGINE": PG, "NAME": os.getenv("A", "a"), "OPTIONS": {"sslmode": "allow"}}}', "DATABASES = "),
        ('{"default": {"ENGINE": SQLITE, "NAME": os.getenv("A", "shop.db"), "MINE": 1}}', "DATABASES = "),
        ('{"default": {"ENGINE": PG, "NAME": os.getenv("A", "a") + os.getenv("B", "b")}}', "DATABASES = "),
        ('{"default": {"ENGINE": PG, "NAME": "a", "PASSWORD": os.getenv("PW", "pw")}}', 'DatabaseSettings(name="a")'),
        ('{"default": {"ENGINE": PG, "NAME": "shop", "HOST": "db", "PASSWORD": "pw"}}', ""),
        ('{"default": {"ENGINE": os.getenv("E", SQLITE), "NAME": BASE_DIR / "shop.db"}}', "DATABASES = "),
        ('dict(default=dict(ENGINE=os.getenv("E", "django.db.backends.dummy")))', "DATABASES = "),
        ('{one: {"ENGINE": SQLITE, "NAME": os.getenv("N", one)} for one in ("default", "b")}', "DATABASES = "),
    ],
    ids=[
        "options",
        "unknown key",
        "two variables in one part",
        "password with a default",
        "literal",
        "part that is computed",
        "call",
        "several",
    ],
)
def test_every_form_comes_over(databases: str, said: str, tmp_path: Path) -> None:
    """By variables where that is possible, as it was where it is not; a password never stands in the module."""
    text = databases.replace("SQLITE", f'"{SQLITE}"').replace("PG", f'"{PG}"')
    planner = planner_of(tmp_path, f"DATABASES = {text}\n")
    assert planner.demote("DATABASES")
    plan = planner.plan()
    module = module_text(plan)
    assert said in module
    assert said or "DATABASE_URL" in plan.dotenv
    assert '"pw"' not in module
