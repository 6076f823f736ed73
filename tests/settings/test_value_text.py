"""Values as text: what people, machines and .env files get to see."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretBytes, SecretStr

from dj_core_utils.settings.decoding import decode
from dj_core_utils.settings.dotenv import parse_dotenv
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.value_text import env_line, env_value, json_value, show_duration, show_value

CANARY = "canary-3f9c"


class Colour(Enum):
    """A choice."""

    RED = "red"


class Account(BaseModel):
    """A value with parts."""

    user: str = "shop"
    password: SecretStr = SecretStr(CANARY)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "(empty)"),
        ([], "(empty)"),
        ({}, "(empty)"),
        (SecretStr(""), "(empty)"),
        (True, "True"),
        (8000, "8000"),
        (0.5, "0.5"),
        (["localhost", "127.0.0.1"], "localhost, 127.0.0.1"),
        ({"b", "a"}, "a, b"),
        ({"orders": "https://orders"}, "orders=https://orders"),
        (timedelta(minutes=5), "5m"),
        (Colour.RED, "red"),
        (Path("static"), "static"),
        (b"bytes", "b'bytes'"),
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred\x07\t\udcff", "\\x1b[31mred\\x07\\t\\udcff"),
        (SecretStr("x" * 50), "*** (50 characters)"),
        (SecretBytes(b"x"), "*** (1 character)"),
        (SecretURL("postgres://shop:canary@db/shop"), "postgres://shop:***@db/shop"),
        ([SecretStr("abc"), SecretStr("de")], "*** (3 characters), *** (2 characters)"),
        (Account(), "user=shop, password=*** (11 characters)"),
        ("redis://:canary@cache/0", "redis://:***@cache/0"),
        ("a=amqp://u:canary@one,b=amqp://u:canary@two", "a=amqp://u:***@two"),
    ],
)
def test_values_for_people(value: object, text: str) -> None:
    """Every kind of value has one line, and nothing secret is in it."""
    assert show_value(value) == text


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        [CANARY],
        {"key": CANARY},
        {f"{CANARY}Zq8vT0pW4mX7rB2n": SecretStr("=")},
        Account(),
        SecretURL(f"a://b:{CANARY}@c"),
    ],
)
def test_a_secret_leaf_hides_every_text_in_it(value: object) -> None:
    """Plain text of a leaf that was declared secret is masked, wherever it stands; revealing is explicit."""
    assert CANARY not in show_value(value, is_secret=True)
    assert CANARY not in str(json_value(value, is_secret=True))
    assert CANARY in show_value(value, is_secret=True, reveal=True)
    assert CANARY in str(json_value(value, is_secret=True, reveal=True))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("text", "text"),
        ("", ""),
        (["a", 1], ["a", 1]),
        ({"a": {"b": [1]}}, {"a": {"b": [1]}}),
        (timedelta(minutes=5), 300),
        (timedelta(milliseconds=1500), 1.5),
        (Colour.RED, "red"),
        (Path("static"), "static"),
        (Account(), {"user": "shop", "password": "*** (11 characters)"}),
    ],
)
def test_values_for_machines(value: object, expected: object) -> None:
    """Machines get JSON's own types, and durations in seconds."""
    assert json_value(value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (SecretStr("x"), ""),
        ([], ""),
        ({}, ""),
        (False, "false"),
        (timedelta(hours=36), "1d12h"),
        (["a", "b"], "a,b"),
        (["a,b", "c"], '["a,b", "c"]'),
        ({"a": 1}, '{"a": 1}'),
        (Colour.RED, "red"),
        (0, "0"),
    ],
)
def test_defaults_for_env(value: object, text: str) -> None:
    """A default is written as one would type it into .env."""
    assert env_value(value) == text


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10_000)))
def test_durations_are_read_back(value: timedelta) -> None:
    """What is shown for a duration can be typed into .env."""
    assert decode(show_duration(value), timedelta) == value


def test_negative_durations_keep_their_sign() -> None:
    """A negative duration is shown as one."""
    assert show_duration(timedelta(seconds=-90)) == "-1m30s"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_env_lines_are_read_back(text: str) -> None:
    """Any text comes back from .env as it went in."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = parse_dotenv(f"{env_line('NAME', text)}\n".encode(), label=".env")
    if text.startswith("-----BEGIN "):  # half a key is refused, in quotes or not
        return
    assert found.problems == ()
    assert found.entries["NAME"].value == text


@pytest.mark.parametrize("text", ["a,b", r"^https://[a-z]+\.example\.com$", '{"default-src": ["\'self\'"]}'])
def test_quotes_only_where_they_are_needed(text: str) -> None:
    """What reads the same without quotes stays readable."""
    assert env_line("NAME", text) == f"NAME={text}"
