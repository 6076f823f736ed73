"""Fields of a project that are secret by their name or form, and those that only seem so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load
from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.value_text import env_value
from dj_core_utils.settings.variables import variable, variable_table

if TYPE_CHECKING:
    from pathlib import Path

# Put together here, so that no scanner of repositories takes it for a real key.
KEY = "sk_live_" + "canary_0000"


class TillSettings(CoreSettings):
    """A project with keys of many kinds."""

    service_name: str = "till"
    root_urlconf: str = "till.urls"
    till_key: str = "canary-till"
    stripe: str = KEY
    stripe_public_key: str = "pk_live_public"
    group_name_key: str = variable("group", description="A column.", is_secret=False)
    from_deploy: str = variable("", name="DEPLOY_KEY", setting="FROM_DEPLOY", description="Of the deployment.")
    pin: str = variable("", description="Opens the till.", is_secret=True)
    note: str = "plain"


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("TILL_KEY", True),
        ("STRIPE", True),
        ("DEPLOY_KEY", True),
        ("PIN", True),
        ("STRIPE_PUBLIC_KEY", False),
        ("GROUP_NAME_KEY", False),
        ("NOTE", False),
    ],
)
def test_what_is_a_secret_without_its_type(name: str, *, is_secret: bool) -> None:
    """By the name, the form of the default, or as declared."""
    assert variable_table(TillSettings, "till")[name].is_secret is is_secret


def test_a_name_alone_can_be_taken_back(tmp_path: Path) -> None:
    """The rule against secrets in the code says how, and leaves alone what is said to be none."""
    environ = {"DJANGO_SECRET_KEY": "x", "DATABASE_URL": "postgres://shop:a@db/shop"}
    found = load(TillSettings, environ=environ, project_dir=tmp_path, profiles=["production"])
    in_code = {one.variable: one.hint for one in found.problems if one.id == "secret.in_code"}
    assert in_code.keys() == {"TILL_KEY", "STRIPE"}
    assert in_code["TILL_KEY"].endswith("if it is no secret, declare it with  variable(..., is_secret=False)")


def test_a_template_of_dotenv_holds_no_key() -> None:
    """Neither alone nor in a list."""
    assert env_value(KEY) == ""
    assert env_value(["a", KEY]) == '["a", "***"]'


def test_exported_texts_with_a_key_hide_themselves(tmp_path: Path) -> None:
    """Also those of a field that nobody takes for secret; the object hides them as well."""
    environ = {"NOTE": f"paid with {KEY}"}
    found = load(TillSettings, environ=environ, project_dir=tmp_path, profiles=["development"])
    assert isinstance(found.rendered["NOTE"], SecretText)
    assert isinstance(found.rendered["TILL_KEY"], SecretText)
    assert type(found.rendered["STRIPE_PUBLIC_KEY"]) is str
    assert "canary" not in repr(found.settings)
    assert "pk_live_public" in repr(found.settings)
