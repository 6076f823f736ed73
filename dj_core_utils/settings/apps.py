"""Which parts of Django run: apps, middleware, templates, passwords and languages."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import django
from pydantic import AfterValidator

from dj_core_utils.settings import middleware_order as order
from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.passwords import PasswordSettings
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.security import CSP_SINCE
from dj_core_utils.settings.templates import TemplateSettings
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.rendering import RenderContext

_STATIC_SERVERS = {"whitenoise": order.WHITENOISE, "servestatic": order.SERVESTATIC}
_NEEDED_BY_ADMIN = ("sessions", "messages", "static_files", "templates")

# Settings that Django has dropped or is about to: read by nobody, or with a warning. With what took their place.
_REMOVED = {
    "DEFAULT_FILE_STORAGE": "STORAGES",
    "STATICFILES_STORAGE": "STATIC_STORAGE or STORAGES",
    "USE_L10N": "nothing: formats are always localised",
    "USE_DEPRECATED_PYTZ": "nothing: time zones come from zoneinfo",
    "CSRF_COOKIE_MASKED": "nothing: the cookie is never masked",
    "FORMS_URLFIELD_ASSUME_HTTPS": "nothing: https is assumed",
    "USE_BLANK_CHOICE_DASH": "nothing",
}


def _url_path(text: str) -> str:
    if text.startswith("/") or not text.endswith("/"):
        refuse(
            "apps.admin_path", "a path of a URL pattern has no slash first and one at its end.", "for example  admin/"
        )
    return text


class AppsSettings(PasswordSettings, TemplateSettings):
    """What goes into INSTALLED_APPS, MIDDLEWARE, TEMPLATES and the settings of accounts and languages."""

    enable_admin: bool = variable(
        True,
        name="ENABLE_ADMIN",
        feeds="INSTALLED_APPS",
        description="Whether Django's admin is installed; it needs sessions, messages, static files and templates.",
    )
    enable_sessions: bool = variable(
        True,
        name="ENABLE_SESSIONS",
        feeds=("INSTALLED_APPS", "MIDDLEWARE"),
        description="Whether requests have a session and, through it, a logged-in user.",
    )
    enable_messages: bool = variable(
        True,
        name="ENABLE_MESSAGES",
        feeds=("INSTALLED_APPS", "MIDDLEWARE", "TEMPLATES"),
        description="Whether pages can show one-time messages.",
    )
    enable_static_files: bool = variable(
        True,
        name="ENABLE_STATIC_FILES",
        feeds=("INSTALLED_APPS", "MIDDLEWARE", "STORAGES"),
        description="Whether there are static files to collect and serve.",
    )
    enable_rest_framework: bool = variable(
        True,
        name="ENABLE_REST_FRAMEWORK",
        feeds="INSTALLED_APPS",
        description="Whether Django REST Framework and its tokens are installed.",
    )
    admin_path: Annotated[str, AfterValidator(_url_path)] = variable(
        "admin/",
        setting="ADMIN_PATH",
        description="Where the project's URL patterns put the admin: path(settings.ADMIN_PATH, admin.site.urls).",
        example="back-office/",
    )
    languages: list[str] = variable(
        [],
        name="LANGUAGES",
        feeds=("LANGUAGES", "MIDDLEWARE"),
        description="Codes of the languages that requests may choose from; empty for Django's list and no choice.",
        example="en,es",
    )
    locale_paths: list[Path] = variable(
        [],
        name="LOCALE_PATHS",
        feeds="LOCALE_PATHS",
        description="Folders of translations beside those of the apps; relative to the project's folder.",
        example="locale",
    )
    test_runner: str = variable(
        "django.test.runner.DiscoverRunner", setting="TEST_RUNNER", description="What manage.py test runs with."
    )

    def render(self, context: "RenderContext") -> dict[str, object]:
        """Apps, middleware, templates, password validators and languages.

        Args:
            context: The whole settings, the profiles and Django's version.
        """
        middleware = self.middleware_list(context.settings, context.django_version)
        rendered = {
            **super().render(context),
            "INSTALLED_APPS": self.app_list(context.settings),
            "MIDDLEWARE": [order.BUILD, *middleware] if context.profiles.is_build else middleware,
            "LOCALE_PATHS": [str(context.project_dir / folder) for folder in self.locale_paths],
        }
        if self.languages:
            rendered["LANGUAGES"] = [(code, _language_name(code)) for code in self.languages]
        return rendered

    def app_list(self, settings: "CoreSettings") -> list[str]:
        """The project's apps, so that they can override templates and commands, then the enabled ones.

        Args:
            settings: The whole settings.
        """
        ours = {
            "django.contrib.admin": self.enable_admin,
            "django.contrib.auth": True,
            "django.contrib.contenttypes": True,
            "django.contrib.sessions": self.enable_sessions,
            "django.contrib.messages": self.enable_messages,
            "django.contrib.staticfiles": self.enable_static_files,
            "rest_framework": self.enable_rest_framework,
            "rest_framework_simplejwt": self.enable_rest_framework,
            **dict.fromkeys(settings.jwt.apps, self.enable_rest_framework),
            "corsheaders": True,
            "dj_core_utils": True,
        }
        own = list(dict.fromkeys(settings.installed_apps))
        return own + [app for app, is_on in ours.items() if is_on and not any(_is_app(entry, app) for entry in own)]

    def middleware_list(self, settings: "CoreSettings", django_version: tuple[int, int]) -> list[str]:
        """The project's complete list as it stands, or ours in the right order with the project's entries.

        An entry of the project that has a place in the order gets it; the others follow at the end.

        Args:
            settings: The whole settings.
            django_version: Major and minor version of Django.
        """
        if order.is_complete(settings.middleware):
            return settings.middleware
        static_server = _STATIC_SERVERS.get(settings.static.static_server, "") if self.enable_static_files else ""
        ours = {
            order.CONTEXT: True,
            order.HEALTH: bool(settings.security.health_path),
            order.SECURITY: True,
            order.CSP: django_version >= CSP_SINCE,
            static_server: bool(static_server),
            order.CORS: True,
            order.SESSION: self.enable_sessions,
            order.LOCALE: settings.use_i18n and len(self.languages) > 1,
            order.COMMON: True,
            order.CSRF: True,
            order.AUTHENTICATION: self.enable_sessions,
            order.MESSAGE: self.enable_messages,
            order.FRAME: True,
        }
        return order.arrange([*(name for name, is_on in ours.items() if is_on), *settings.middleware])

    @rule("apps.admin_needs")
    def admin_has_what_it_needs(self, context: RuleContext) -> Iterator[Problem]:
        """The admin does not start, or fails at the first page, without these parts."""
        for part in _NEEDED_BY_ADMIN:
            if self.enable_admin and not getattr(self, f"enable_{part}"):
                yield context.problem(
                    f"ENABLE_{part.upper()}",
                    f"the admin needs {part.replace('_', ' ')}.",
                    hint=f"set ENABLE_{part.upper()}=true, or ENABLE_ADMIN=false",
                )

    @rule("apps.middleware_order")
    def middleware_works(self, context: RuleContext) -> Iterator[Problem]:
        """An order that breaks requests; Django looks at none."""
        for strength, message, hint in self._violations(context):
            if strength == "must":
                yield context.problem("MIDDLEWARE", message, hint=hint)

    @rule("apps.middleware_order_advised")
    def middleware_is_well_ordered(self, context: RuleContext) -> Iterator[Problem]:
        """An order that works and loses something."""
        for strength, message, hint in self._violations(context):
            if strength == "should":
                yield context.warning("MIDDLEWARE", message, hint=hint)

    @rule("apps.security_middleware", checks=("security.W001",))
    def security_middleware_is_there(self, context: RuleContext) -> Iterator[Problem]:
        """Nothing of SECURE_* has an effect without it."""
        yield from self._missing(context, order.SECURITY, "no setting of SECURE_* has an effect")

    @rule("apps.frame_middleware", checks=("security.W002",))
    def frame_middleware_is_there(self, context: RuleContext) -> Iterator[Problem]:
        """X_FRAME_OPTIONS has no effect without it."""
        yield from self._missing(context, order.FRAME, "any site may show our pages in a frame")

    @rule("apps.csrf_middleware", checks=("security.W003",))
    def csrf_middleware_is_there(self, context: RuleContext) -> Iterator[Problem]:
        """Other sites can post in the name of a logged-in user without it."""
        yield from self._missing(context, order.CSRF, "other sites can post in the name of a logged-in user")

    @rule("apps.common_middleware")
    def common_middleware_is_there(self, context: RuleContext) -> Iterator[Problem]:
        """ALLOWED_HOSTS is not enforced without it."""
        yield from self._missing(context, order.COMMON, "ALLOWED_HOSTS is not enforced")

    @rule("apps.session_app")
    def sessions_have_their_table(self, context: RuleContext) -> Iterator[Problem]:
        """A session in the database cannot be written without the app that has its table."""
        engine = context.settings.security.session_engine
        needs_table = engine in ("django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db")
        has_app = any(_is_app(entry, "django.contrib.sessions") for entry in self.app_list(context.settings))
        if needs_table and not has_app and order.SESSION in self._middleware(context):
            yield context.problem(
                "ENABLE_SESSIONS",
                "SessionMiddleware keeps sessions in a table of django.contrib.sessions, which is not installed.",
                hint="set ENABLE_SESSIONS=true, or SESSION_ENGINE to one without a table",
            )

    @rule("apps.removed_setting")
    def settings_are_still_read(self, context: RuleContext) -> Iterator[Problem]:
        """A setting that Django has dropped is ignored without a word."""
        for name, successor in _REMOVED.items():
            if name in context.table:
                yield context.warning(
                    name, "Django does not read this setting any more, or soon will not.", hint=f"use {successor}"
                )

    def _violations(self, context: RuleContext) -> Iterator[tuple[order.Strength, str, str]]:
        conditions = {
            "CSRF_USE_SESSIONS": context.settings.security.csrf_use_sessions,
            "PREPEND_WWW": bool(_declared(context, "PREPEND_WWW")),
            "MESSAGE_STORAGE": "cookie" not in str(_declared(context, "MESSAGE_STORAGE")),
        }
        yield from order.violations(self._middleware(context), conditions)

    def _missing(self, context: RuleContext, middleware: str, breaks: str) -> Iterator[Problem]:
        if middleware not in self._middleware(context):
            yield context.policy(
                "MIDDLEWARE", f"{middleware.rpartition('.')[2]} is missing: {breaks}.", hint=f"add {middleware}"
            )

    def _middleware(self, context: RuleContext) -> list[str]:
        return self.middleware_list(context.settings, django.VERSION[:2])


def _declared(context: RuleContext, name: str) -> object:
    """The value of a field that the project declares for one of Django's settings, None without one."""
    known = context.table.get(name)
    return getattr(context.settings, known.path[0]) if known is not None and len(known.path) == 1 else None


def _is_app(entry: str, app: str) -> bool:
    """Whether an entry of INSTALLED_APPS is an app, by its module or by a configuration in it."""
    return entry == app or entry.startswith(f"{app}.apps.")


def _language_name(code: str) -> str:
    from django.conf import global_settings  # noqa: PLC0415  # Django has loaded it by the time anything is rendered

    return dict(global_settings.LANGUAGES).get(code, code)
