"""Types of the settings that Django and this package define, where their defaults do not tell.

Django ships no types of its own. These are what its documentation of settings says each one takes.
"""

from __future__ import annotations

_TEXTS = "list[str]"
_MAYBE_TEXT = "str | None"
_MAPPINGS = "dict[str, dict[str, Any]]"

DJANGO_TYPES = {
    "ABSOLUTE_URL_OVERRIDES": "dict[str, Any]",
    "ADMINS": "list[Any]",
    "AUTH_PASSWORD_VALIDATORS": "list[dict[str, Any]]",
    "CACHES": _MAPPINGS,
    "CSRF_COOKIE_DOMAIN": _MAYBE_TEXT,
    "DATABASES": _MAPPINGS,
    "DATABASE_ROUTERS": "list[Any]",
    "DISALLOWED_USER_AGENTS": "list[Any]",
    "EMAIL_SSL_CERTFILE": _MAYBE_TEXT,
    "EMAIL_SSL_KEYFILE": _MAYBE_TEXT,
    "EMAIL_TIMEOUT": "int | None",
    "FILE_UPLOAD_DIRECTORY_PERMISSIONS": "int | None",
    "FILE_UPLOAD_PERMISSIONS": "int | None",
    "FILE_UPLOAD_TEMP_DIR": _MAYBE_TEXT,
    "FORCE_SCRIPT_NAME": _MAYBE_TEXT,
    "FORMAT_MODULE_PATH": "str | list[str] | None",
    "IGNORABLE_404_URLS": "list[Any]",
    "INTERNAL_IPS": "Any",  # a list, or anything else that has __contains__
    "LANGUAGES": "list[tuple[str, str]]",
    "LANGUAGE_COOKIE_AGE": "int | None",
    "LANGUAGE_COOKIE_DOMAIN": _MAYBE_TEXT,
    "LANGUAGE_COOKIE_SAMESITE": "str | bool | None",
    "LOCALE_PATHS": "list[Any]",
    "LOGGING": "dict[str, Any]",
    "LOGIN_REDIRECT_URL": "str",
    "LOGOUT_REDIRECT_URL": _MAYBE_TEXT,
    "MAILERS": _MAPPINGS,
    "MANAGERS": "list[Any]",
    "MEDIA_ROOT": "Any",  # text or a path
    "MIGRATION_MODULES": "dict[str, str | None]",
    "SECURE_CSP": "dict[str, Any]",
    "SECURE_CSP_REPORT_ONLY": "dict[str, Any]",
    "SECURE_PROXY_SSL_HEADER": "tuple[str, str] | None",
    "SECURE_REFERRER_POLICY": "Any",  # text, or a list of it
    "SECURE_SSL_HOST": _MAYBE_TEXT,
    "SESSION_COOKIE_DOMAIN": _MAYBE_TEXT,
    "SESSION_FILE_PATH": _MAYBE_TEXT,
    "STATICFILES_DIRS": "list[Any]",
    "STATIC_ROOT": "Any",
    "STATIC_URL": _MAYBE_TEXT,
    "STORAGES": _MAPPINGS,
    "TEMPLATES": "list[dict[str, Any]]",
    "WSGI_APPLICATION": _MAYBE_TEXT,
    **dict.fromkeys(("CSRF_COOKIE_SAMESITE", "SESSION_COOKIE_SAMESITE"), "str | bool"),
    **dict.fromkeys(
        (
            "ALLOWED_HOSTS",
            "AUTHENTICATION_BACKENDS",
            "CORS_ALLOWED_ORIGINS",
            "CSRF_TRUSTED_ORIGINS",
            "FIXTURE_DIRS",
            "INSTALLED_APPS",
            "LANGUAGES_BIDI",
            "MIDDLEWARE",
            "SECRET_KEY_FALLBACKS",
            "SECURE_REDIRECT_EXEMPT",
            "SERVICES",
            "SILENCED_SYSTEM_CHECKS",
            "TEST_NON_SERIALIZED_APPS",
        ),
        _TEXTS,
    ),
}


def type_of_value(name: str, value: object) -> str:
    """The type of a setting of which only a value is known.

    Args:
        name: The setting.
        value: What it is now; another value may stand there tomorrow, so no more is read from it than its kind.

    Returns:
        A type of the builtins or ``Any``.
    """
    if name in DJANGO_TYPES:
        return DJANGO_TYPES[name]
    if isinstance(value, (bool, int, float, bytes)):
        return type(value).__name__
    if isinstance(value, str):
        return "str"
    if isinstance(value, list):
        return _TEXTS if value and all(isinstance(item, str) for item in value) else "list[Any]"
    if isinstance(value, dict):
        return "dict[str, Any]" if all(isinstance(key, str) for key in value) else "dict[Any, Any]"
    return "Any"
