"""Secrets in old settings: they move to ``.env``, or it is said that they stay; what is public stays where it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.init.module_text import module_text
from dj_core_utils.cli.init.secrecy import is_secret, secrets_in
from dj_core_utils.cli.init.terms import term
from tests.init import layouts
from tests.init.conftest import look, planner_of, run_init

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython
    from tests.init.conftest import WriteLayout

KEY = "w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
# The form of a well-known service; put together here, so that no scanner takes it for a real key.
STRIPE = "sk_live_" + "canary_first"
PROJECT = {
    "manage.py": layouts.MANAGE.format(module="shop.settings"),
    "shop/__init__.py": "",
    "shop/urls.py": layouts.URLS,
    "shop/settings.py": f"""
        import os

        SECRET_KEY = "{KEY}"
        DEBUG = True
        ROOT_URLCONF = "shop.urls"
        STRIPE_KEY = "{STRIPE}"
        STRIPE_PUBLIC_KEY = "pk_live_public"
        TILL = "sk_live_" "canary_second"
        TILL_KEY = "{STRIPE}"
        SORT_KEY = "name"
        CACHE_KEY_PREFIX = "shop"
        PAYMENT = {{"api_key": "canary-in-a-mapping", "url": "https://pay.example.com"}}
        API_KEYS = ["canary-one", "canary-two"]
        AWS_ACCESS_KEY_ID = "AKIA0000"
        AWS_SECRET_ACCESS_KEY = os.getenv("AWS_SECRET_ACCESS_KEY", "canary-default")
        DEPLOY = os.environ.get("DEPLOY_KEY")
        FERNET_KEY = SECRET_KEY
    """,
}
NAMES = ("STRIPE_KEY", "TILL", "TILL_KEY", "API_KEYS", "AWS_SECRET_ACCESS_KEY", "DEPLOY", "FERNET_KEY", "SORT_KEY")


def test_secrets_leave_the_code(layout: WriteLayout, run_python: RunPython) -> None:
    """Each one once, whatever it is called; a list or mapping stays, and that is said."""
    folder = layout(PROJECT)
    before = look(folder, *NAMES)
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert look(folder, *NAMES) == before
    text = (folder / "shop" / "settings.py").read_text(encoding="utf-8")
    assert "    stripe_key: SecretStr\n" in text
    assert "    till: SecretStr\n" in text
    assert "    aws_secret_access_key: SecretStr\n" in text
    assert 'deploy: SecretStr | None = variable(None, name="DEPLOY_KEY"' in text
    assert '    stripe_public_key: str = "pk_live_public"\n' in text
    assert '    sort_key: str = "name"\n' in text
    assert "TILL_KEY = STRIPE_KEY\n" in text
    assert 'CACHE_KEY_PREFIX = "shop"\n' in text
    assert not [line for line in text.splitlines() if "canary" in line and not line.startswith(("PAYMENT", "API_KEYS"))]
    assert "canary" not in done.stdout
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("LOOK")] == ["API_KEYS", "PAYMENT"]
    shown = run_python(["-m", "dj_core_utils", "config", "show", "--all"], cwd=folder).stdout
    assert "STRIPE_KEY" in shown
    assert "canary" not in shown


def test_machines_are_told_of_secrets_that_stay(layout: WriteLayout) -> None:
    """The object of ``--json`` names them, without a value."""
    found = run_init(layout(PROJECT), "--dry-run", "--json").stdout
    assert json.loads(found)["secrets_in_code"] == ["API_KEYS", "PAYMENT"]
    assert "canary" not in found


def test_the_same_secret_as_django(tmp_path: Path) -> None:
    """It stands in ``.env`` once, as Django's."""
    planner = planner_of(tmp_path, f'SECRET_KEY = "{KEY}"\nFERNET_KEY = "{KEY}"\n')
    plan = planner.plan()
    assert "FERNET_KEY" not in plan.dotenv
    assert "\nFERNET_KEY = SECRET_KEY\n" in module_text(plan)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("STRIPE_KEY", "a", ["a"]),
        ("NOTE", STRIPE, [STRIPE]),
        ("PAYMENT", {"key": "a", "public_key": "b", "deep": {"token": "c"}}, ["a", "c"]),
        ("API_KEYS", ["a", ""], ["a"]),
        ("NOTES", ["a", STRIPE], [STRIPE]),
        ("PUBLIC_KEY", "a", []),
        ("STRIPE_KEY", None, []),
    ],
)
def test_what_is_a_secret_beyond_doubt(name: str, value: object, found: list[str]) -> None:
    """By its name, also in a mapping, or by its form."""
    assert list(secrets_in(name, term(value))) == found


def test_the_model_of_users_is_shown() -> None:
    """A name that begins like a credential is none."""
    assert not is_secret("AUTH_USER_MODEL", term("shop.User"))
    assert is_secret("NOTE", term(STRIPE))
