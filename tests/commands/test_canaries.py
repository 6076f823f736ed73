"""No command shows a secret, whatever its source, format and width.

The commands are taken from their list, so that one that is added later is held to this without being named here.
"""

from __future__ import annotations

import argparse
import os
import re
from typing import TYPE_CHECKING

import pytest
from pydantic import Field, SecretStr

from dj_core_utils.cli.commands import COMMANDS
from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dj_core_utils.cli.commands import Command
    from tests.commands.conftest import Run

CANARY = "canary"
# The form that a well-known service gives to its keys; put together here, so that no scanner takes it for a real one.
KNOWN = "sk_live_" + f"{CANARY}_known"
WIDTHS = (0, 60, 80, 120, 200)
# How commands that need more than their name are called.
POSITIONALS: dict[str, list[tuple[str, ...]]] = {
    "explain": [("SECRET_KEY", "DATABASES", "vault", "core", "JWT_SIGNING_KEY", "SERVICE_API_KEY", "CACHES")],
    "diff": [("production",), ("planted", "production"), ("development", "planted")],
    "keygen": [("django",), ("service",), ("es256",)],
}
# What an option is given; others that want a value are left out, because none of them says what is shown.
VALUES = {"--section": "vault"}
# These are asked for a secret.
REVEALING = {"--reveal"}
ENVIRON = {
    "DJANGO_SECRET_KEY": f"{CANARY}-env-" + "k3J9-" * 12,
    "DATABASE_URL": f"postgres://shop:{CANARY}-url@127.0.0.1:1/shop?sslpassword={CANARY}-query",
    "CACHE_URL": f"redis://:{CANARY}-cache@127.0.0.1:1/0",
    "EMAIL_URL": f"smtp+tls://shop:{CANARY}%20mail@127.0.0.1:1",
    "JWT_SIGNING_KEY_FILE": "signing_key",
    "JWT_KEY_ID": "new",
    "DJANGO_SECRETS_DIR": "mounted",
    "SERVICE_KEYS": f"orders={CANARY}-orders-0123456789012345678901234567",
    "STRIPE_API_KEY": f"{CANARY}-plain-env",
    "TILL_KEY": f"{CANARY}-till-env",
    "NOTE": f"paid with {KNOWN}-env",
    "VAULT_ADDRESS": f"https://{CANARY}-token@vault.internal/v1",
}
BROKEN = {
    "DATABASE_URL": f"postgres://shop:{CANARY}-url@127.0.0.1:54x2/shop",
    "CACHE_URL": f"{CANARY}-no-url",
    "SERVICE_KEYS": f"{CANARY}-no-mapping",
    "VAULT_PIN": f"{CANARY}-no-number",
    "PAGE_SIZE": f"{KNOWN}-no-number",
    "VAULT_TOKEN": f"{CANARY}-longer-than-it-may-be" * 9,
    "STRIPE_API_KEY": f" '{CANARY}-quoted' ",
    "JWT_PREVIOUS_KEYS": f'{{"old": "{CANARY}-json"',
}
DOTENV = f"""\
STRIPE_API_KEY={CANARY}-plain-dotenv
VAULT_TOKEN={CANARY}-dotenv
VAULT_ACCOUNTS=main={CANARY}-account
DJANGO_SECRET_KEY_FALLBACKS={CANARY}-fallback-0123456789-0123456789-0123456789-0123456789
STRIPE_API_KEZ={CANARY}-misspelt
"""
PROFILE = f"""\
extends = ["development"]

[settings]
stripe_api_key = "{CANARY}-profile"

[settings.vault]
token = "{CANARY}-profile"
address = "https://:{CANARY}-profile@vault.internal"

[settings.jwt]
previous_keys = {{ old = "{CANARY}-profile-0123456789-0123456789" }}
"""


class VaultSettings(Section):
    """A section of the project with secrets of every kind."""

    token: SecretStr = Field(default=SecretStr(f"{CANARY}-section"), max_length=60, description="Opens the vault.")
    pin: SecretStr | int = 1
    address: SecretURL | None = Field(default=SecretURL(f"https://:{CANARY}-default@vault.internal"))
    accounts: dict[str, SecretStr] = Field(default={"main": SecretStr(f"{CANARY}-in-dict")})
    old_passwords: list[SecretStr] = [SecretStr(f"{CANARY}-in-list")]


class ShopSettings(CoreSettings):
    """The class of a project that writes secrets into its code."""

    service_name: str = "shop"
    root_urlconf: str = "shop.urls"
    stripe_api_key: str = f"{CANARY}-class"
    till_key: str = f"{CANARY}-till"
    till: str = f"{KNOWN}-default"
    tills: dict[str, str] = {"first": f"{KNOWN}-in-dict"}
    till_list: list[str] = [f"{KNOWN}-in-list"]
    note: str = ""
    page_size: int = 50
    vault: VaultSettings = VaultSettings(token=SecretStr(f"{CANARY}-class"))


@pytest.fixture(params=["usable", "broken"])
def inspection(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inspection:
    """A project with a secret in every source, and the same one with mistakes in them."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "planted.toml").write_text(PROFILE)
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / "SERVICE_API_KEY").write_text(f"{CANARY}-mounted-0123456789012345678901234567")
    (tmp_path / "signing_key").write_text(f"{CANARY}-file-0123456789-0123456789-0123456789")
    (tmp_path / ".env").write_text(DOTENV)
    monkeypatch.chdir(tmp_path)
    for name, text in {**ENVIRON, **(BROKEN if request.param == "broken" else {})}.items():
        monkeypatch.setenv(name, text)
    loaded = load(ShopSettings, environ=os.environ, project_dir=tmp_path, profiles=["planted"])
    assert bool(loaded.errors) == (request.param == "broken"), loaded.problems
    return Inspection(module="shop.settings", loaded=loaded, namespace=loaded.rendered)


def calls(command: Command) -> Iterator[tuple[str, ...]]:
    """Every way to call a command: alone, and with each of its options."""
    parser = argparse.ArgumentParser(add_help=False)
    command.add_arguments(parser)
    needs_more = any(not action.option_strings and action.nargs not in ("*", "?") for action in parser._actions)  # noqa: SLF001  # argparse does not tell in another way
    assert command.NAME in POSITIONALS or not needs_more, f"say in POSITIONALS how config {command.NAME} is called"
    options: list[tuple[str, ...]] = [()]
    for action in parser._actions:  # noqa: SLF001  # the same
        name = next(iter(action.option_strings), "")
        if name in VALUES:
            options.append((name, VALUES[name]))
        elif name and name not in REVEALING and action.nargs == 0:
            options.append((name,))
    for positionals in POSITIONALS.get(command.NAME, [()]):
        yield from ((command.NAME, *positionals, *option) for option in options)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.NAME)
def test_no_command_shows_a_secret(inspection: Inspection, run: Run, command: Command, tmp_path: Path) -> None:
    """Neither on the screen nor in a file that it writes, in one piece or broken into lines."""
    before = set(tmp_path.rglob("*"))
    for arguments in calls(command):
        for columns in WIDTHS:
            output = run(inspection, *arguments, columns=columns)
            shown = output.text + output.complaints
            assert CANARY not in re.sub(r"\s|\x1b\[[0-9;]*m", "", shown), (arguments, columns)
    written = [path for path in set(tmp_path.rglob("*")) - before if path.is_file()]
    assert not [path for path in written if CANARY in path.read_text(encoding="utf-8")]


def test_the_secrets_were_there(inspection: Inspection, run: Run) -> None:
    """What the commands hide is what ``--reveal`` shows, where a command has it: this test could fail."""
    text = run(inspection, "show", "--all", "--reveal").text
    of_kind = ("cache", "orders") if inspection.is_usable else ("no-url", "no-mapping", "no-number", "json")
    for planted in ("env-", "url", "mounted", "file", *of_kind):
        assert f"{CANARY}-{planted}" in text, planted
    for planted in (f"{CANARY}-till-env", f"{KNOWN}-default", f"{KNOWN}-in-dict", f"{KNOWN}-in-list", f"{KNOWN}-env"):
        assert planted in text, planted
    layers = run(inspection, "explain", "STRIPE_API_KEY", "VAULT_TOKEN", "--reveal").text
    for planted in ("plain-dotenv", "profile", "class", "section"):
        assert f"{CANARY}-{planted}" in layers, planted
