"""What users write, as their type checker and editor see it: checked by mypy and pyright, never run.

``assert_type`` fails the check when a type is another one, so each line is a claim.
"""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

from pydantic import Field, SecretStr

from dj_core_utils.settings import ConfigurationError, CoreSettings, Problem, export_settings, get_settings
from dj_core_utils.settings.api import APISettings
from dj_core_utils.settings.apps import AppsSettings
from dj_core_utils.settings.audit import AuditSettings
from dj_core_utils.settings.cache import CacheSettings
from dj_core_utils.settings.cors import CORSSettings
from dj_core_utils.settings.database import DatabaseSettings
from dj_core_utils.settings.email import EmailSettings
from dj_core_utils.settings.events import EventsSettings
from dj_core_utils.settings.fastapi import FastAPISettings
from dj_core_utils.settings.jwt import JWTSettings
from dj_core_utils.settings.logging import LoggingSettings
from dj_core_utils.settings.secret_keys import SecretKeySettings
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.security import SecuritySettings
from dj_core_utils.settings.service import ServiceSettings
from dj_core_utils.settings.static import StaticSettings


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

# Every section completes, and so do the leaves in it.
assert_type(users.api, APISettings)
assert_type(users.apps, AppsSettings)
assert_type(users.audit, AuditSettings)
assert_type(users.cache, CacheSettings)
assert_type(users.cors, CORSSettings)
assert_type(users.database, DatabaseSettings)
assert_type(users.database.url, SecretURL | None)
assert_type(users.database.default.engine, str)
assert_type(users.email, EmailSettings)
assert_type(users.events, EventsSettings)
assert_type(users.fastapi, FastAPISettings)
assert_type(users.logging, LoggingSettings)
assert_type(users.secret_keys, SecretKeySettings)
assert_type(users.secret_keys.django, SecretStr | None)
assert_type(users.security, SecuritySettings)
assert_type(users.service, ServiceSettings)
assert_type(users.static, StaticSettings)


def problems_of(error: ConfigurationError) -> tuple[Problem, ...]:
    """The problems of a failed start are typed too."""
    return error.problems
