# Names and types of the settings of shop.settings. Written by: python -m dj_core_utils config stubs
# ruff: noqa: ANN401, E501, I001, ICN001, RUF100
# fmt: off

import datetime
from typing import Any, Literal, Self

class LazySettings:
    SETTINGS_MODULE: str
    ABSOLUTE_URL_OVERRIDES: dict[str, Any]
    ADMINS: list[Any]
    ADMIN_PATH: str
    ALLOWED_HOSTS: list[str]
    API_CLIENT: dict[str, Any]
    APPEND_SLASH: bool
    ASGI_APPLICATION: str | None
    AUDIT: dict[str, Any]
    AUTHENTICATION_BACKENDS: list[str]
    AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]]
    AUTH_USER_MODEL: str
    CACHES: dict[str, dict[str, Any]]
    CACHE_MIDDLEWARE_ALIAS: str
    CACHE_MIDDLEWARE_KEY_PREFIX: str
    CACHE_MIDDLEWARE_SECONDS: int
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
    CSRF_FAILURE_VIEW: str
    CSRF_HEADER_NAME: str
    CSRF_TRUSTED_ORIGINS: list[str]
    CSRF_USE_SESSIONS: bool
    DATABASES: dict[str, dict[str, Any]]
    DATABASE_ROUTERS: list[Any]
    DATA_UPLOAD_MAX_MEMORY_SIZE: int
    DATA_UPLOAD_MAX_NUMBER_FIELDS: int
    DATA_UPLOAD_MAX_NUMBER_FILES: int
    DATETIME_FORMAT: str
    DATETIME_INPUT_FORMATS: list[str]
    DATE_FORMAT: str
    DATE_INPUT_FORMATS: list[str]
    DEBUG: bool
    DEBUG_PROPAGATE_EXCEPTIONS: bool
    DECIMAL_SEPARATOR: str
    DEFAULT_AUTO_FIELD: str
    DEFAULT_CHARSET: str
    DEFAULT_EXCEPTION_REPORTER: str
    DEFAULT_EXCEPTION_REPORTER_FILTER: str
    DEFAULT_FROM_EMAIL: str
    DEFAULT_INDEX_TABLESPACE: str
    DEFAULT_TABLESPACE: str
    DISALLOWED_USER_AGENTS: list[Any]
    EMAIL_BACKEND: str
    EMAIL_HOST: str
    EMAIL_HOST_PASSWORD: str
    EMAIL_HOST_USER: str
    EMAIL_PORT: int
    EMAIL_SSL_CERTFILE: str | None
    EMAIL_SSL_KEYFILE: str | None
    EMAIL_SUBJECT_PREFIX: str
    EMAIL_TIMEOUT: int | None
    EMAIL_USE_LOCALTIME: bool
    EMAIL_USE_SSL: bool
    EMAIL_USE_TLS: bool
    EVENT_BUS: dict[str, Any]
    FASTAPI: dict[str, Any]
    FILE_UPLOAD_DIRECTORY_PERMISSIONS: int | None
    FILE_UPLOAD_HANDLERS: list[str]
    FILE_UPLOAD_MAX_MEMORY_SIZE: int
    FILE_UPLOAD_PERMISSIONS: int | None
    FILE_UPLOAD_TEMP_DIR: str | None
    FIRST_DAY_OF_WEEK: int
    FIXTURE_DIRS: list[str]
    FORCE_SCRIPT_NAME: str | None
    FORMAT_MODULE_PATH: str | list[str] | None
    FORMS_URLFIELD_ASSUME_HTTPS: bool
    FORM_RENDERER: str
    HEALTH_PATH: str
    IGNORABLE_404_URLS: list[Any]
    INSTALLED_APPS: list[str]
    INTERNAL_IPS: Any
    IS_MICROSERVICE: bool
    JWT_KEYS: dict[str, Any]
    LANGUAGES: list[tuple[str, str]]
    LANGUAGES_BIDI: list[str]
    LANGUAGE_CODE: str
    LANGUAGE_COOKIE_AGE: int | None
    LANGUAGE_COOKIE_DOMAIN: str | None
    LANGUAGE_COOKIE_HTTPONLY: bool
    LANGUAGE_COOKIE_NAME: str
    LANGUAGE_COOKIE_PATH: str
    LANGUAGE_COOKIE_SAMESITE: str | bool | None
    LANGUAGE_COOKIE_SECURE: bool
    LOCALE_PATHS: list[Any]
    LOGGING: dict[str, Any]
    LOGGING_CONFIG: str
    LOGIN_REDIRECT_URL: str
    LOGIN_URL: str
    LOGOUT_REDIRECT_URL: str | None
    MANAGERS: list[Any]
    MEDIA_ROOT: Any
    MEDIA_URL: str
    MESSAGE_STORAGE: str
    MIDDLEWARE: list[str]
    MIGRATION_MODULES: dict[str, str | None]
    MONTH_DAY_FORMAT: str
    NUMBER_GROUPING: int
    PAGE_SIZE: int
    PASSWORD_HASHERS: list[str]
    PASSWORD_RESET_TIMEOUT: int
    PAYMENT_API_KEY: str | None
    PAYMENT_CURRENCY: Literal["EUR", "GBP", "USD"]
    PAYMENT_SANDBOX: bool
    PREPEND_WWW: bool
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
    SERVER_EMAIL: str
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
    SESSION_CACHE_ALIAS: str
    SESSION_COOKIE_AGE: int
    SESSION_COOKIE_DOMAIN: str | None
    SESSION_COOKIE_HTTPONLY: bool
    SESSION_COOKIE_NAME: str
    SESSION_COOKIE_PATH: str
    SESSION_COOKIE_SAMESITE: Literal["Lax", "Strict", "None", False]
    SESSION_COOKIE_SECURE: bool
    SESSION_ENGINE: str
    SESSION_EXPIRE_AT_BROWSER_CLOSE: bool
    SESSION_FILE_PATH: str | None
    SESSION_SAVE_EVERY_REQUEST: bool
    SESSION_SERIALIZER: str
    SHORT_DATETIME_FORMAT: str
    SHORT_DATE_FORMAT: str
    SHOW_LOGIN: bool
    SIGNED_COOKIE_LEGACY_SALT_FALLBACK: bool
    SIGNING_BACKEND: str
    SILENCED_SYSTEM_CHECKS: list[str]
    SIMPLE_JWT: dict[str, Any]
    STATICFILES_DIRS: list[Any]
    STATICFILES_FINDERS: list[str]
    STATIC_ROOT: Any
    STATIC_URL: str
    STORAGES: dict[str, dict[str, Any]]
    TEMPLATES: list[dict[str, Any]]
    TEST_NON_SERIALIZED_APPS: list[str]
    TEST_RUNNER: str
    THOUSAND_SEPARATOR: str
    TIME_FORMAT: str
    TIME_INPUT_FORMATS: list[str]
    TIME_ZONE: str
    TRUSTED_PROXY_HOPS: int
    TYPE_CHECKING: bool
    USE_I18N: bool
    USE_THOUSAND_SEPARATOR: bool
    USE_TZ: bool
    USE_X_FORWARDED_HOST: bool
    USE_X_FORWARDED_PORT: bool
    WSGI_APPLICATION: str | None
    X_FRAME_OPTIONS: Literal["DENY", "SAMEORIGIN"]
    YEAR_MONTH_FORMAT: str
    @property
    def configured(self) -> bool: ...
    def configure(self, default_settings: Any = ..., **options: Any) -> None: ...
    def is_overridden(self, setting: str) -> bool: ...

class Settings:
    SETTINGS_MODULE: str
    def __init__(self, settings_module: str) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
    def is_overridden(self, setting: str) -> bool: ...

class UserSettingsHolder:
    SETTINGS_MODULE: None
    def __init__(self, default_settings: Any) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
    def is_overridden(self, setting: str) -> bool: ...

class SettingsReference(str):
    def __new__(cls, value: Any, setting_name: str) -> Self: ...

ENVIRONMENT_VARIABLE: str
DEFAULT_STORAGE_ALIAS: str
STATICFILES_STORAGE_ALIAS: str
settings: LazySettings
