"""Secrets that come from files: which one is taken, and what is said when one cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import SecretBytes, SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.origins import ENVIRONMENT, Candidate
from dj_core_utils.settings.redacted_problems import redact
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dj_core_utils.settings.errors import Problem
    from tests.settings.conftest import LoadFrom

CANARY = "canary-in-a-coal-mine"


class BillingSettings(Section):
    """A section with secrets of every shape."""

    prefix: ClassVar[str] = "BILLING_"

    region: str = "north"
    token: SecretStr | None = None
    salt: SecretBytes = SecretBytes(b"")
    older_tokens: list[SecretStr] = []
    partners: dict[str, SecretStr] = {}


class ShopSettings(CoreSettings):
    """Settings of a project."""

    billing: BillingSettings = BillingSettings()


def test_an_empty_file_lets_lower_layers_show_through(load_from: LoadFrom) -> None:
    """A file without content, named or in the secrets directory, counts as not set."""
    files = {"empty": "\n", "secrets/BILLING_TOKEN": "\n"}
    loaded = load_from(
        ShopSettings,
        {"BILLING_TOKEN_FILE": "empty", "DJANGO_SECRETS_DIR": "secrets"},
        dotenv="BILLING_TOKEN=from-dotenv\n",
        files=files,
    )
    assert str(loaded.traces["BILLING_TOKEN"].origin) == ".env:1"


def test_a_secret_and_its_file_in_one_dotenv_are_an_error(load_from: LoadFrom) -> None:
    """Nobody could say which of the two is meant."""
    loaded = load_from(
        ShopSettings, dotenv=f"BILLING_TOKEN={CANARY}\nBILLING_TOKEN_FILE=token\n", files={"token": "another"}
    )
    (problem,) = loaded.errors
    assert (problem.id, problem.variable, problem.origin) == ("variable.both", "BILLING_TOKEN", ".env:1")
    assert CANARY not in str(problem)


def test_a_secret_and_its_file_in_the_environment_are_an_error(load_from: LoadFrom) -> None:
    """The problem says so once, names both, and shows neither value."""
    environ = {"BILLING_TOKEN": CANARY, "BILLING_TOKEN_FILE": "token"}
    (problem,) = load_from(ShopSettings, environ, files={"token": CANARY}).errors
    assert (problem.id, problem.variable, problem.origin) == ("variable.both", "BILLING_TOKEN", "environment")
    assert "BILLING_TOKEN_FILE" in problem.message
    assert CANARY not in str(problem)


def test_an_unusable_file_of_the_secrets_directory_is_told(load_from: LoadFrom, tmp_path: Path) -> None:
    """The problem names the variable and the file, and the other files are still read."""
    files = {"secrets/BILLING_TOKEN": f"{CANARY}\0", "secrets/BILLING_REGION": "south"}
    loaded = load_from(ShopSettings, {"DJANGO_SECRETS_DIR": "secrets"}, files=files)
    (problem,) = loaded.errors
    assert (problem.id, problem.variable) == ("secret_file.encoding", "BILLING_TOKEN")
    assert problem.origin == str(tmp_path / "secrets" / "BILLING_TOKEN")
    assert loaded.traces["BILLING_REGION"].used.value == "south"


def test_a_secrets_directory_that_is_not_there_is_an_error(load_from: LoadFrom) -> None:
    """A name that leads nowhere is not read as "no secrets"."""
    (problem,) = load_from(ShopSettings, {"DJANGO_SECRETS_DIR": "nowhere"}).errors
    assert (problem.id, problem.variable, problem.origin) == (
        "secret_file.directory",
        "DJANGO_SECRETS_DIR",
        "environment",
    )


def test_secrets_of_every_shape_are_taken_out_of_messages(load_from: LoadFrom) -> None:
    """A rule of the project that quotes a secret does not get it into the report, wherever the secret stood."""

    class Own(ShopSettings):
        billing: BillingSettings = BillingSettings(
            salt=SecretBytes(f"{CANARY}-1".encode()),
            older_tokens=[SecretStr(f"{CANARY}-2")],
            partners={"bank": SecretStr(f"{CANARY}-3")},
        )

        @rule("own.talkative")
        def talkative(self, context: RuleContext) -> Iterator[Problem]:
            salt = self.billing.salt.get_secret_value().decode()
            older = self.billing.older_tokens[0].get_secret_value()
            bank = self.billing.partners["bank"].get_secret_value()
            yield context.problem("BILLING_TOKEN", f"{salt} and {older}", hint=bank)

    (problem,) = load_from(Own).errors
    assert (problem.message, problem.hint) == ("*** and ***", "***")


def test_without_problems_there_is_nothing_to_redact(load_from: LoadFrom) -> None:
    """A start without problems never gathers the secrets."""
    assert list(redact([], load_from(ShopSettings).traces.values())) == []


def test_a_candidate_never_shows_its_value() -> None:
    """Its ``repr`` says which name and where from."""
    assert repr(Candidate(ENVIRONMENT, CANARY, "BILLING_TOKEN")) == "Candidate(BILLING_TOKEN from environment)"
