"""URLs that hide their secrets, whatever is in them."""

from __future__ import annotations

import copy
import json
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from dj_core_utils.settings.secret_url import MASK, SecretURL, mask_url

URL = "postgres://shop:s3cr%40t@db:5432/shop"
# The beginning and the end of a password that no other part of a URL has, so that any piece of it is noticed.
HEAD, TAIL = "Qhead7", "Wtail9"
PASSWORDS = st.text(max_size=40).map(lambda text: f"{HEAD}{text}{TAIL}")


class Holder(BaseModel):
    """A model with a URL."""

    url: SecretURL


def test_shows_itself_masked_everywhere() -> None:
    """No way of printing a URL prints its password, and everything but the password is there."""
    holder = Holder(url=URL)  # type: ignore[arg-type]  # text, as the environment has it
    masked = f"postgres://shop:{MASK}@db:5432/shop"
    assert str(holder.url) == format(holder.url) == mask_url(URL) == masked
    assert repr(holder.url) == f"SecretURL('{masked}')"
    assert holder.model_dump(mode="json") == {"url": masked}
    assert json.loads(holder.model_dump_json()) == {"url": masked}
    assert "s3cr" not in repr(holder)


def test_keeps_the_whole_url() -> None:
    """The URL is there for those who ask by name, and says how long it is."""
    url = SecretURL(URL)
    assert url.get_secret_value() == URL
    assert len(url) == len(URL)


def test_compares_by_the_whole_url() -> None:
    """Two URLs that look alike masked are different, and equal ones are one in a set."""
    other = SecretURL(URL.replace("s3cr", "other"))
    assert SecretURL(URL) == SecretURL(URL) != other
    assert SecretURL(URL) != URL
    assert len({SecretURL(URL), SecretURL(URL), other}) == 2


def test_survives_copies_and_pickles() -> None:
    """A copy holds the same URL; settings are copied and sent to other processes."""
    url = SecretURL(URL)
    assert copy.deepcopy(url) == pickle.loads(pickle.dumps(url)) == url  # noqa: S301  # our own bytes


def test_accepts_text_and_instances_only() -> None:
    """Pydantic makes a URL of text, keeps an instance, and refuses the rest without showing it."""
    url = SecretURL(URL)
    assert Holder(url=url).url is url
    assert Holder.model_validate_json(json.dumps({"url": URL})).url == url
    with pytest.raises(ValidationError):
        Holder(url=5)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("", ""),
        ("postgres://db/shop", "postgres://db/shop"),
        ("postgres://shop@db/shop", "postgres://shop@db/shop"),
        ("redis://:word@cache:6379/0", "redis://:***@cache:6379/0"),
        ("postgres://u:p@h1:1,h2:2/shop", "postgres://u:***@h1:1,h2:2/shop"),
        ("postgres://[::1]:5432/shop", "postgres://[::1]:5432/shop"),
        ("sqlite:///db.sqlite3", "sqlite:///db.sqlite3"),
        ("postgres://u:a@b:c/d?e#f@db/shop", "postgres://u:***@db/shop"),
        ("postgres://shop:54321word", "postgres://***"),
        ("postgres://shop:5432123456/x", "postgres://***"),
        ("postgres://db:54x2/shop", "postgres://***"),
        ("user:word@host/name", "***"),
        ("just-a-password", "***"),
        ("//u:word@host", "***"),
        ("https://token@host/x", "https://***@host/x"),
        ("redis://word@cache", "redis://***@cache"),
        ("https://host/x?api_key=word&page=2", "https://host/x?api_key=***&page=2"),
        ("redis://h/0?key_prefix=shop&password=", "redis://h/0?key_prefix=shop&password="),
        ("postgres://h/x?sslkey=/run/key&sslpassword=word", "postgres://h/x?sslkey=/run/key&sslpassword=***"),
        ("postgres://h/x?p%61ssword=word", "postgres://h/x?p%61ssword=***"),
        ("postgres://h/x?password=wo&rd", "postgres://h/x?password=***&***"),
        ("postgres://h/x?a=1&&b=2", "postgres://h/x?a=1&&b=2"),
        ("postgres://h/x?password=wo@rd", "postgres://***"),
        ("postgres://h/x?a=1&token=wo@rd", "postgres://***"),
        ("postgres://h/x@y", "postgres://***@y"),
        ("postgres://h/x#word", "postgres://h/x#***"),
        ("postgres://h/x#", "postgres://h/x#"),
    ],
)
def test_masks(url: str, masked: str) -> None:
    """What may be secret is hidden and the rest is shown, also in URLs that are no URLs."""
    assert mask_url(url) == masked
    assert mask_url(masked) == masked


@given(password=PASSWORDS, user=st.sampled_from(["", "shop"]), rest=st.sampled_from(["db/shop", "db:1/x?a=b", "[::1]"]))
def test_no_piece_of_a_password_is_shown(password: str, user: str, rest: str) -> None:
    """Neither the beginning nor the end of a password shows, however it is written."""
    for written in (password, quote(password, safe="")):
        masked = mask_url(f"postgres://{user}:{written}@{rest}")
        assert HEAD not in masked
        assert TAIL not in masked


@given(password=PASSWORDS, name=st.sampled_from(["password", "sslpassword", "token", "API_KEY", "secret"]))
def test_no_piece_of_a_secret_option_is_shown(password: str, name: str) -> None:
    """A password in the query is hidden like one before the host."""
    masked = mask_url(f"postgres://db/shop?{name}={quote(password, safe='')}&sslmode=require")
    assert HEAD not in masked
    assert TAIL not in masked
    assert masked.endswith("&sslmode=require")


@given(password=PASSWORDS)
def test_a_url_knows_its_passwords(password: str) -> None:
    """What stands in a URL and what it means are both known, so that both can be kept out of logs."""
    encoded = quote(password, safe="")
    assert SecretURL(f"postgres://shop:{encoded}@db/shop").passwords() == {encoded, password}
    assert SecretURL(f"postgres://db/shop?password={encoded}&a=b").passwords() == {encoded, password}
    assert SecretURL(f"https://{encoded}@db/shop").passwords() == {encoded, password}


@pytest.mark.parametrize("url", ["", "postgres://db/shop", "postgres://shop@db/shop?sslmode=require", "word"])
def test_a_url_without_passwords(url: str) -> None:
    """No password, none known."""
    assert SecretURL(url).passwords() == set()


@given(text=st.text())
def test_masking_never_fails(text: str) -> None:
    """Anything at all can be masked, and masking twice changes nothing more."""
    assert mask_url(mask_url(text)) == mask_url(text)


def test_a_database_in_memory_is_no_password() -> None:
    """``sqlite://:memory:`` has nothing to hide."""
    assert mask_url("sqlite://:memory:") == "sqlite://:memory:"
