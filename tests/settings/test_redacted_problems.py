"""What becomes of problems before they are shown: no secret of the load, nothing that spoils a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.rules import RuleContext, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.errors import Problem
    from tests.settings.conftest import LoadFrom

CANARY = "c4n4ry53cr3t"


class TalkativeSettings(CoreSettings):
    """A project whose rule says what it should not."""

    api_keys: list[SecretStr] = []
    peers: dict[str, SecretStr] = {}

    @rule("own.talkative")
    def talks(self, context: RuleContext) -> Iterator[Problem]:
        """Quotes a secret."""
        yield context.warning("API_KEYS", f"somebody said {CANARY}.", hint=f"ask {CANARY}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgres://shop:{CANARY}@db.example/shop"),
        ("DATABASE_URL", f"postgres://shop:{CANARY}@db.example:54x2/shop"),
        ("API_KEYS", f"first-key-of-many, {CANARY}"),
        ("API_KEYS", f'["{CANARY}"]'),
        ("PEERS", f"users={CANARY}"),
        ("CACHE_URLS", f"sessions=redis://:{CANARY}@cache:6379/1"),
        ("DJANGO_SECRET_KEY_FALLBACKS", f"{CANARY},another-old-key"),
    ],
)
def test_a_rule_cannot_tell_a_part_of_a_secret(load_from: LoadFrom, name: str, value: str) -> None:
    """A password within a URL and an item of a list are hidden, too, whatever a rule of the project says."""
    problems = load_from(TalkativeSettings, {name: value}).problems
    (told,) = (problem for problem in problems if problem.id == "own.talkative")
    assert (told.message, told.hint) == ("somebody said ***.", "ask ***")
    assert CANARY not in repr(problems)


@pytest.mark.parametrize("ending", ["=", "=="])
def test_a_key_without_a_name_is_no_name(load_from: LoadFrom, ending: str) -> None:
    """A mapping takes what stands before the first ``=`` for a name, also when it is a key in base64."""
    key = "Zq8vT0pW4mX7rB2nL9sD5fG1hJ6cAyUeIoPqRtSwVxZ0"
    problems = load_from(environ={"JWT_PREVIOUS_KEYS": f"{key}{ending}"}).problems
    assert "jwt.previous_keys" in [problem.id for problem in problems]
    assert key not in repr(problems)
    named = load_from(environ={"JWT_PREVIOUS_KEYS": "2026-11=short"}).problems
    assert any('"2026-11": the key has' in problem.message for problem in named)


def test_a_password_that_everybody_knows_hides_no_words(load_from: LoadFrom) -> None:
    """With ``postgres:postgres`` on a laptop, a hint can still say how a database URL is written."""
    loaded = load_from(environ={"DATABASE_URL": "postgres://postgres:postgres@db/shop", "DEBUG": "postgres"})
    assert '"postgres" is not a boolean; use true or false.' in [problem.message for problem in loaded.errors]


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({"DEBUG\x1b": "1"}, r"DEBUG\x1b"),
        ({"DEBUG\n": "1"}, r"DEBUG\n"),
        ({"DEBUG\udcff": "1"}, r"DEBUG\udcff"),
    ],
)
def test_names_steer_no_terminal(load_from: LoadFrom, environ: dict[str, str], shown: str) -> None:
    """A name is shown on one line, and what is not printable in it is escaped."""
    assert shown in [problem.variable for problem in load_from(environ=environ).problems]


def test_what_is_too_long_loses_its_middle(load_from: LoadFrom) -> None:
    """A value that fills pages leaves room for what is wrong with it."""
    (problem,) = load_from(environ={"LOG_LEVEL": "x" * 100_000}).errors
    assert len(problem.message) < 1100
    assert problem.message.startswith('"xxx')
    assert problem.message.endswith("is not a level.")
