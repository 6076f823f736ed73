"""A leaf that a project declares again, for another default, stays the same variable."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import VariableTable, variable


class MailboxSettings(Section):
    """A section with a leaf whose variable is not named after it."""

    prefix: ClassVar[str] = "MAILBOX_"

    size: int = variable(10, name="QUOTA", feeds="MAILBOX", description="Messages that fit.", example="20")
    token: str = variable("", name="MAILBOX_PASS", is_secret=True, description="Opens it.")


class OwnMailboxSettings(MailboxSettings):
    """Other defaults."""

    size: int = 99
    token: str = "known"


class OwnSettings(CoreSettings):
    """A project's class."""

    installed_apps: list[str] = ["shop"]
    mailbox: OwnMailboxSettings = OwnMailboxSettings()


TABLE = VariableTable(OwnSettings, "shop")


def test_name_and_description_stay() -> None:
    """The variable keeps its name, its description and its example."""
    row = TABLE["QUOTA"]
    assert (row.path, row.description, row.example) == (("mailbox", "size"), "Messages that fit.", "20")
    assert row.field.default == 99
    assert row.owner == "OwnMailboxSettings"


def test_a_secret_stays_a_secret() -> None:
    """Giving a default does not uncover a value."""
    assert TABLE["MAILBOX_PASS"].is_secret


def test_a_leaf_that_takes_part_in_a_setting_is_not_exported_by_itself() -> None:
    """The list of a project's apps is still completed, not exported as it stands."""
    row = TABLE["INSTALLED_APPS"]
    assert (row.setting, row.feeds) == (None, ("INSTALLED_APPS",))


@pytest.mark.parametrize(
    ("variable", "owner"),
    [
        ("JWT_KEY_ID", "JWTSettings"),
        ("SESSION_COOKIE_SECURE", "SecuritySettings"),
        ("SERVICE_SIGNING_KEY", "ServiceSettings"),
    ],
)
def test_a_section_in_several_modules_is_one(variable: str, owner: str) -> None:
    """Where one of our sections has its fields from bases of ours, the origin is the section, which users know."""
    assert TABLE[variable].owner == owner
