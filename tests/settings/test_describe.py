"""One row for each variable: value, origin, and what lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest
from pydantic import Field, SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.describe import describe
from dj_core_utils.settings.origins import Layer
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from dj_core_utils.settings.describe import Row
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

KEY = "canary-" + "k" * 50
LOST_KEY = "canary-" + "l" * 50


class MailboxSettings(Section):
    """A section of a project."""

    prefix: ClassVar[str] = "MAILBOX_"

    tokens: list[SecretStr] = []
    grace: timedelta = timedelta(minutes=5)


class OwnSettings(CoreSettings):
    """A project's class."""

    page_size: int = Field(default=50, ge=1)
    broker: str = ""
    mailbox: MailboxSettings = MailboxSettings()


def row(loaded: Loaded, variable: str, *, reveal: bool = False) -> Row:
    """The row of one variable."""
    return next(row for row in describe(loaded, reveal=reveal) if row.variable == variable)


def test_a_row_for_each_variable(load_from: LoadFrom) -> None:
    """Every variable has a row, in the order of the name table."""
    loaded = load_from(OwnSettings)
    assert loaded.table is not None
    assert [row.variable for row in describe(loaded)] == list(loaded.table)


def test_a_value_comes_with_its_origin_and_what_lost(load_from: LoadFrom) -> None:
    """The origin in use and those that lost are named, with what they say; class defaults are not among the lost."""
    loaded = load_from(OwnSettings, {"ALLOWED_HOSTS": "shop.example"}, dotenv="ALLOWED_HOSTS=a.example,b.example\n")
    found = row(loaded, "ALLOWED_HOSTS")
    assert (found.text, found.origin, found.layer) == ("shop.example", "environment", Layer.ENVIRONMENT)
    assert found.shadowed[0] == (".env:1", "a.example,b.example")
    assert [origin for origin, _ in found.shadowed] == [".env:1", "profile development"]


def test_json_has_the_promised_keys(load_from: LoadFrom) -> None:
    """A row for machines has six keys, and JSON can hold it."""
    loaded = load_from(OwnSettings, {"ALLOWED_HOSTS": "shop.example"})
    assert json.loads(json.dumps(row(loaded, "ALLOWED_HOSTS").as_json())) == {
        "variable": "ALLOWED_HOSTS",
        "settings": ["ALLOWED_HOSTS"],
        "value": ["shop.example"],
        "origin": "environment",
        "secret": False,
        "shadowed": ["profile development"],
    }


def test_what_a_project_chose_is_set(load_from: LoadFrom) -> None:
    """Sources, profiles and the project's classes choose; the defaults of this package are nobody's choice."""
    loaded = load_from(OwnSettings, {"TIME_ZONE": "Europe/Madrid"})
    names = ("TIME_ZONE", "DEBUG", "PAGE_SIZE", "MAILBOX_GRACE", "USE_TZ", "JWT_LEEWAY")
    assert [row(loaded, name).is_set for name in names] == [True, True, True, True, False, False]


def test_sections(load_from: LoadFrom) -> None:
    """A row knows its section; the fields of the class itself are the core."""
    loaded = load_from(OwnSettings)
    names = ("PAGE_SIZE", "MAILBOX_GRACE", "JWT_LEEWAY")
    assert [row(loaded, name).section for name in names] == ["core", "mailbox", "jwt"]


@pytest.mark.parametrize("variable", ["DJANGO_SECRET_KEY", "MAILBOX_TOKENS"])
def test_secrets_are_masked(load_from: LoadFrom, variable: str) -> None:
    """Neither the value in use nor one that lost is shown, in text or in JSON, unless it is asked for."""
    loaded = load_from(OwnSettings, {variable: KEY}, dotenv=f"{variable}={LOST_KEY}\n")
    found = row(loaded, variable)
    shown = f"{found!r} {json.dumps(found.as_json())}"
    assert "canary" not in shown
    assert found.is_secret
    assert found.text.startswith("***")
    revealed = row(loaded, variable, reveal=True)
    assert revealed.text == KEY
    assert revealed.shadowed[0] == (".env:1", LOST_KEY)


def test_urls_lose_their_password_alone(load_from: LoadFrom) -> None:
    """Of a URL only the password is hidden, also of one that lost and of one that nobody declared as secret."""
    url = "postgres://shop:canary-pw@{}/shop"
    loaded = load_from(
        OwnSettings,
        {"DATABASE_URL": url.format("one"), "BROKER": "amqp://u:canary-pw@broker"},
        dotenv=f"DATABASE_URL={url.format('two')}\n",
    )
    found = row(loaded, "DATABASE_URL")
    assert found.text == "postgres://shop:***@one/shop"
    assert found.shadowed[0] == (".env:1", "postgres://shop:***@two/shop")
    assert row(loaded, "BROKER").text == "amqp://u:***@broker"


@pytest.mark.parametrize(
    ("variable", "given", "shown"),
    [
        ("PAGE_SIZE", "many", "many"),
        ("DATABASE_URL", "postgres://shop:canary-pw@db:54x2/shop", "postgres://shop:***@db:54x2/shop"),
        ("MAILBOX_TOKENS", '["canary-pw', "***"),
    ],
)
def test_what_is_wrong_is_shown_as_it_was_given(load_from: LoadFrom, variable: str, given: str, shown: str) -> None:
    """A value that cannot be used stands in its row, marked, and masked as far as it is secret."""
    loaded = load_from(OwnSettings, {variable: given})
    found = row(loaded, variable)
    assert (found.text, found.value, found.is_usable) == (shown, shown, False)


class BrokenSettings(CoreSettings):
    """A class that cannot even be built."""

    def model_post_init(self, context: object) -> None:
        """Fail."""
        message = f"{KEY} {context}"
        raise RuntimeError(message)


def test_a_load_that_broke_has_no_rows(load_from: LoadFrom) -> None:
    """Where the load itself failed there is nothing to show, and nothing fails on top."""
    loaded = load_from(BrokenSettings)
    assert loaded.settings is None
    assert describe(loaded) == []
