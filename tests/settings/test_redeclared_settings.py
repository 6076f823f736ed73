"""A setting that the framework makes already, declared once more as a field, is told and not ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dj_core_utils.settings.base import CoreSettings

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom


def class_with(name: str, annotation: object, default: object) -> type[CoreSettings]:
    """A settings class with one field, as a project would declare it."""
    return type("Own", (CoreSettings,), {"__annotations__": {name: annotation}, name: default, "__module__": __name__})


@pytest.mark.parametrize(
    ("name", "default", "makers"),
    [
        ("databases", {}, "DATABASE_URL, DB_ENGINE, DB_NAME, ..."),
        ("secret_key", "x", "DJANGO_SECRET_KEY, APP_SECRET_KEY"),
        ("caches", {}, "CACHE_URL, CACHE_URLS, CACHE_KEY_PREFIX, ..."),
        ("email_host", "mail", "EMAIL_URL"),
        ("templates", [], "SECURE_CSP, SECURE_CSP_REPORT_ONLY, ENABLE_TEMPLATES, ..."),
        ("secure_proxy_ssl_header", (), "TRUSTED_PROXY_HEADER, TRUSTED_PROXY_VALUE"),
    ],
)
def test_a_field_that_would_be_ignored_is_refused(load_from: LoadFrom, name: str, default: object, makers: str) -> None:
    """Somebody who brings ``DATABASES`` over as it was finds out what it is made from here."""
    (problem,) = load_from(class_with(name, Any, default)).errors
    assert (problem.id, problem.variable, problem.origin) == ("class.field", name.upper(), "Own")
    assert problem.message == f"{name.upper()} is made from {makers}, so the field {name} would be ignored."
    assert problem.hint.endswith(f"assign to {name.upper()} below export_settings()")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("session_cookie_age", "security: SecuritySettings = SecuritySettings(session_cookie_age=...)"),
        ("database_url", "database: DatabaseSettings = DatabaseSettings(url=...)"),
        ("static_url", "static: StaticSettings = StaticSettings(static_url=...)"),
    ],
)
def test_a_field_of_a_section_is_told_where_it_is(load_from: LoadFrom, name: str, hint: str) -> None:
    """A default of the project's own goes into the section; the hint is the line to write."""
    (problem,) = load_from(class_with(name, Any, None)).errors
    assert problem.id == "class.field"
    assert problem.hint == f"for another default write  {hint}"
