# Names and types of the settings of shop.settings. Written by: python -m dj_core_utils config stubs
# ruff: noqa: ANN401, E501, I001, ICN001, RUF100
# fmt: off

import datetime
from typing import Any, Literal

ADMINS: list[Any]
ADMIN_PATH: str
ALLOWED_HOSTS: list[str]
API_CLIENT: dict[str, Any]
ASGI_APPLICATION: str | None
AUDIT: dict[str, Any]
AUTHENTICATION_BACKENDS: list[str]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]]
AUTH_USER_MODEL: str
CACHES: dict[str, dict[str, Any]]
CORS_ALLOWED_ORIGINS: list[str]
CORS_ALLOWED_ORIGIN_REGEXES: list[str]
CORS_ALLOW_ALL_ORIGINS: bool
CORS_ALLOW_CREDENTIALS: bool
CORS_ALLOW_HEADERS: list[str]
CORS_ALLOW_METHODS: list[str]
CORS_ALLOW_PRIVATE_NETWORK: bool
CORS_EXPOSE_HEADERS: list[str]
CORS_PREFLIGHT_MAX_AGE: int
CORS_URLS_REGEX: str
CSRF_COOKIE_AGE: int
CSRF_COOKIE_DOMAIN: str | None
CSRF_COOKIE_HTTPONLY: bool
CSRF_COOKIE_NAME: str
CSRF_COOKIE_PATH: str
CSRF_COOKIE_SAMESITE: Literal["Lax", "Strict", "None", False]
CSRF_COOKIE_SECURE: bool
CSRF_TRUSTED_ORIGINS: list[str]
CSRF_USE_SESSIONS: bool
DATABASES: dict[str, dict[str, Any]]
DATA_UPLOAD_MAX_MEMORY_SIZE: int
DATA_UPLOAD_MAX_NUMBER_FIELDS: int
DATA_UPLOAD_MAX_NUMBER_FILES: int
DEBUG: bool
DEFAULT_AUTO_FIELD: str
DEFAULT_EXCEPTION_REPORTER_FILTER: str
EMAIL_BACKEND: str
EMAIL_SUBJECT_PREFIX: str
EMAIL_TIMEOUT: int | None
EVENT_BUS: dict[str, Any]
FASTAPI: dict[str, Any]
FILE_UPLOAD_MAX_MEMORY_SIZE: int
HEALTH_PATH: str
INSTALLED_APPS: list[str]
IS_MICROSERVICE: bool
JWT_KEYS: dict[str, Any]
LANGUAGES: list[tuple[str, str]]
LANGUAGE_CODE: str
LOCALE_PATHS: list[Any]
LOGGING: dict[str, Any]
MANAGERS: list[Any]
MEDIA_ROOT: Any
MEDIA_URL: str
MIDDLEWARE: list[str]
PAGE_SIZE: int
PAYMENT_API_KEY: str | None
PAYMENT_CURRENCY: Literal["EUR", "GBP", "USD"]
PAYMENT_SANDBOX: bool
RELOAD_SECRETS: datetime.timedelta | None
REST_FRAMEWORK: dict[str, Any]
ROOT_URLCONF: str
SECRET_KEY: str
SECRET_KEY_FALLBACKS: list[str]
SECURE_CONTENT_TYPE_NOSNIFF: bool
SECURE_CROSS_ORIGIN_OPENER_POLICY: Literal["same-origin", "same-origin-allow-popups", "unsafe-none"] | None
SECURE_HSTS_INCLUDE_SUBDOMAINS: bool
SECURE_HSTS_PRELOAD: bool
SECURE_HSTS_SECONDS: int
SECURE_PROXY_SSL_HEADER: tuple[str, str] | None
SECURE_REDIRECT_EXEMPT: list[str]
SECURE_REFERRER_POLICY: list[Literal["no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url"]]
SECURE_SSL_HOST: str | None
SECURE_SSL_REDIRECT: bool
SERVICES: list[str]
SERVICE_API_KEY: str | None
SERVICE_CONTACT: str
SERVICE_KEYS: dict[str, Any]
SERVICE_NAME: str
SERVICE_SCOPES: dict[str, Any]
SERVICE_SHARED_KEY: bool
SERVICE_TOKENS: dict[str, Any]
SERVICE_URLS: dict[str, str]
SERVICE_URL_TEMPLATE: str
SESSION_COOKIE_AGE: int
SESSION_COOKIE_DOMAIN: str | None
SESSION_COOKIE_HTTPONLY: bool
SESSION_COOKIE_NAME: str
SESSION_COOKIE_PATH: str
SESSION_COOKIE_SAMESITE: Literal["Lax", "Strict", "None", False]
SESSION_COOKIE_SECURE: bool
SESSION_ENGINE: str
SESSION_EXPIRE_AT_BROWSER_CLOSE: bool
SESSION_SAVE_EVERY_REQUEST: bool
SHOW_LOGIN: bool
SIGNED_COOKIE_LEGACY_SALT_FALLBACK: bool
SILENCED_SYSTEM_CHECKS: list[str]
SIMPLE_JWT: dict[str, Any]
STATICFILES_DIRS: list[Any]
STATIC_ROOT: Any
STATIC_URL: str
STORAGES: dict[str, dict[str, Any]]
TEMPLATES: list[dict[str, Any]]
TEST_RUNNER: str
TIME_ZONE: str
TRUSTED_PROXY_HOPS: int
USE_I18N: bool
USE_TZ: bool
USE_X_FORWARDED_HOST: bool
USE_X_FORWARDED_PORT: bool
WSGI_APPLICATION: str | None
X_FRAME_OPTIONS: Literal["DENY", "SAMEORIGIN"]
