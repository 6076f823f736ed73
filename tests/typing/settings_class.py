"""What users write, as their type checker and editor see it: checked by mypy and pyright, never run.

``assert_type`` fails the check when a type is another one, so each line is a claim.
"""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

from pydantic import Field

from dj_core_utils.settings import ConfigurationError, CoreSettings, Problem, export_settings, get_settings
from dj_core_utils.settings.jwt import JWTSettings


class UsersSettings(CoreSettings):
    """A settings class as the documentation shows it."""

    service_name: str = "users"
    installed_apps: list[str] = ["users"]
    page_size: int = Field(default=50, ge=1, le=500)
    jwt: JWTSettings = JWTSettings(access_token_lifetime=timedelta(minutes=10))


exported = export_settings(globals(), UsersSettings)
assert_type(exported, UsersSettings)
assert_type(exported.page_size, int)

users = get_settings(UsersSettings)
assert_type(users, UsersSettings)
assert_type(users.page_size, int)
assert_type(users.installed_apps, list[str])
assert_type(users.debug, bool)
assert_type(users.jwt, JWTSettings)
assert_type(users.jwt.access_token_lifetime, timedelta)
assert_type(UsersSettings().page_size, int)
assert_type(get_settings(), CoreSettings)


def problems_of(error: ConfigurationError) -> tuple[Problem, ...]:
    """The problems of a failed start are typed too."""
    return error.problems
