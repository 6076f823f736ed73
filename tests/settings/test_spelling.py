"""Which known name is suggested for a misspelt one."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dj_core_utils.settings.spelling import NearMisses, distance, is_one_edit, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILES = ("build", "development", "microservice", "monolith", "production", "test")
FIELDS = ("algorithm", "signing_key", "access_token_lifetime", "refresh_token_lifetime", "issuer", "url")
RULES = ("cors.credentials", "database.pool_age", "secret_key.placeholder", "secret_key.shared")
VARIABLES = (
    "CORS_ALLOWED_ORIGINS",
    "DB_NAME",
    "DB_PASSWORD",
    "DEBUG",
    "LOG_FORMAT",
    "SECURE_HSTS_SECONDS",
    "USERS_SECRET_KEY",
)

NAMES = (
    "ALLOWED_HOSTS",
    "CORS_ALLOWED_ORIGINS",
    "CORS_ALLOWED_ORIGIN_REGEXES",
    "DATABASE_URL",
    "DB_HOST",
    "DEBUG",
    "DJANGO_ENV_FILE",
    "DJANGO_SECRET_KEY",
    "HOST",
    "JWT_ACCESS_TOKEN_LIFETIME",
    "LOG_LEVEL",
    "SECURE_HSTS_SECONDS",
)
MISSES = NearMisses(NAMES)

letters = st.sampled_from(string.ascii_uppercase + string.digits + "_")
short_texts = st.text("AB_", max_size=6)


@st.composite
def edits(draw: st.DrawFn, names: tuple[str, ...] = NAMES) -> tuple[str, str]:
    """A known name of eight letters and more, and what one slip of the finger makes of it."""
    name = draw(st.sampled_from([name for name in names if len(name.replace("_", "")) >= 8]))
    position = draw(st.integers(0, len(name) - 1))
    before, letter, after = name[:position], name[position], name[position + 1 :]
    slips: dict[str, Callable[[], str]] = {
        "drop": lambda: before + after,
        "double": lambda: before + letter + letter + after,
        "insert": lambda: before + draw(letters) + letter + after,
        "replace": lambda: before + draw(letters) + after,
        "swap": lambda: before + after[:1] + letter + after[1:],
    }
    typed = slips[draw(st.sampled_from(sorted(slips)))]()
    assume(typed not in names)
    return name, typed


@pytest.mark.parametrize(
    ("typed", "known", "expected"),
    [
        ("prodution", PROFILES, "production"),
        ("productoin", PROFILES, "production"),
        ("Production", PROFILES, "production"),
        ("PRODUCTION", PROFILES, "production"),
        ("developement", PROFILES, "development"),
        ("devlopmnet", PROFILES, "development"),
        ("prod", PROFILES, "production"),
        ("dev", PROFILES, "development"),
        ("micro", PROFILES, "microservice"),
        ("micro-service", PROFILES, "microservice"),
        ("testing", PROFILES, "test"),
        ("tset", PROFILES, "test"),
        ("signing-key", FIELDS, "signing_key"),
        ("signingkey", FIELDS, "signing_key"),
        ("access_lifetime", FIELDS, "access_token_lifetime"),
        ("alg", FIELDS, "algorithm"),
        ("ulr", FIELDS, "url"),
        ("cors.credential", RULES, "cors.credentials"),
        ("pool_age", RULES, "database.pool_age"),
        ("database.pool", RULES, "database.pool_age"),
        ("CORS_ORIGINS", VARIABLES, "CORS_ALLOWED_ORIGINS"),
        ("CORS_ALOWED_ORIGIN", VARIABLES, "CORS_ALLOWED_ORIGINS"),
        ("DB_PASSWD", VARIABLES, "DB_PASSWORD"),
        ("DB_PASS", VARIABLES, "DB_PASSWORD"),
        ("HSTS_SECONDS", VARIABLES, "SECURE_HSTS_SECONDS"),
        ("LOG", VARIABLES, "LOG_FORMAT"),
        ("debug", VARIABLES, "DEBUG"),
    ],
)
def test_suggests_what_was_meant(typed: str, known: tuple[str, ...], expected: str) -> None:
    """A slip, an abbreviation, another case or a left-out word leads to the name that was meant."""
    assert nearest(typed, known) == expected


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("staging", PROFILES),
        ("local", PROFILES),
        ("p", PROFILES),
        ("", PROFILES),
        ("x", ("y",)),
        ("lifetime", FIELDS),
        ("secret_key", RULES),
        ("USER", VARIABLES),
        ("NODE_NAME", VARIABLES),
        ("REDIS_PASSWORD", VARIABLES),
        ("DB_ENGINE", VARIABLES),
        ("DEBUG_TOOLBAR", VARIABLES),
        ("POSTGRES_PASSWORD", VARIABLES),
        ("production", ()),
    ],
)
def test_suggests_nothing_rather_than_a_guess(typed: str, known: tuple[str, ...]) -> None:
    """Something else, something ambiguous and something too short get no suggestion."""
    assert nearest(typed, known) is None


def test_prefers_the_fewest_edits_then_the_first_letter_then_the_order() -> None:
    """Of several near names the nearest one is suggested, and always the same one."""
    assert nearest("cache", ("caches_x", "cached", "cache")) == "cache"
    assert nearest("rest", ("best", "rust")) == "rust"
    assert nearest("core", ("cors", "cord")) == "cors"


@given(st.text(), st.lists(st.text(), max_size=5))
def test_only_known_names_are_suggested(typed: str, known: list[str]) -> None:
    """Whatever is typed, the answer is one of the known names or none."""
    assert nearest(typed, known) in {None, *known}


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [("", "", 0), ("ab", "ab", 0), ("ab", "ba", 1), ("ab", "abc", 1), ("abc", "bac", 1), ("kitten", "sitting", 3)],
)
def test_distance_counts_edits(first: str, second: str, edits: int) -> None:
    """Each inserted, dropped, replaced or swapped letter is one edit."""
    assert distance(first, second, 9) == distance(second, first, 9) == edits


@given(short_texts, short_texts, st.integers(0, 6))
def test_distance_gives_up_at_its_limit_only(first: str, second: str, limit: int) -> None:
    """A limit saves work and changes no distance below it."""
    assert distance(first, second, limit) == min(distance(first, second, 12), limit + 1)


@given(short_texts, short_texts)
@example("", "A")
@example("AB", "BA")
def test_one_edit_is_a_distance_of_one(first: str, second: str) -> None:
    """The quick comparison agrees with the thorough one."""
    assert is_one_edit(first, second) == (distance(first, second, 2) == 1)


@given(edits())
def test_one_slip_in_a_long_name_is_found(pair: tuple[str, str]) -> None:
    """Whatever single edit hits a name of eight letters and more, a name one edit away is suggested."""
    _, typed = pair
    found = MISSES.lookup(typed)
    assert found in NAMES
    assert distance(found.replace("_", ""), typed.replace("_", ""), 2) <= 1


@given(st.text())
@example("")
@example("_")
@example("___FILE")
@example("_FILE")
@example("straße_url")
@example("\udcff\x00")
@example("D" * 100_000)
def test_any_text_can_be_looked_up(typed: str) -> None:
    """No name is too strange to be looked up."""
    found = MISSES.lookup(typed)
    assert found is None or found.removesuffix("_FILE") in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_known_name_is_no_miss(name: str) -> None:
    """Neither a known name nor the name of its file is near another one."""
    assert MISSES.lookup(name) is None
    assert MISSES.lookup(f"{name}_FILE") is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("debug", "DEBUG"),
        ("Database_Url", "DATABASE_URL"),
        ("DATABASEURL", "DATABASE_URL"),
        ("DATABASE__URL", "DATABASE_URL"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("DATABSE_URL_FILE", "DATABASE_URL_FILE"),
        ("DATABASE_URL_FIL", "DATABASE_URL_FILE"),
        ("DATABASE_URL_FIEL", "DATABASE_URL_FILE"),
        ("database_url_file", "DATABASE_URL_FILE"),
        ("DJANGO_ENVFILE", "DJANGO_ENV_FILE"),
        ("DJANGO_ENV_FLE", "DJANGO_ENV_FILE"),
        ("CORS_ALLOWED_ORIGIN", "CORS_ALLOWED_ORIGINS"),
        ("DBHOST", "DB_HOST"),
        ("DEBU", "DEBUG"),
    ],
)
def test_look_up_ignores_case_underscores_and_the_file_ending(typed: str, expected: str) -> None:
    """Case and underscores do not count, and what was typed with ``_FILE`` is suggested with ``_FILE``."""
    assert MISSES.lookup(typed) == expected


@pytest.mark.parametrize("typed", ["HOTS", "HOSTS", "host", "DATABSE_ULR", "DB_FILE", "PATH_FILE", "MYSQL_FIL"])
def test_look_up_leaves_short_and_distant_names_alone(typed: str) -> None:
    """Two edits are too many, and known names under five letters have no near misses."""
    assert MISSES.lookup(typed) is None


def test_an_exact_name_but_for_underscores_comes_before_a_near_one() -> None:
    """A name that differs by underscores alone is suggested before one that differs by a letter, in any order."""
    for names in (("TIME_ZONE", "TIME_ZONES"), ("TIME_ZONES", "TIME_ZONE")):
        assert NearMisses(names).lookup("TIMEZONES") == "TIME_ZONES"
        assert NearMisses(names).lookup("TIMEZONE") == "TIME_ZONE"


def test_equally_near_names_are_chosen_alike_everywhere() -> None:
    """Of two known names at the same distance the first in the alphabet is suggested, however they are listed."""
    assert NearMisses(("PAGE_SIZES", "PAGE_SIZED")).lookup("PAGE_SIZE") == "PAGE_SIZED"
    assert NearMisses(("PAGE_SIZED", "PAGE_SIZES")).lookup("PAGE_SIZE") == "PAGE_SIZED"
    assert NearMisses(("PAGE_SIZE", "PAGES_IZE")).lookup("PAGESIZE") == "PAGES_IZE"
