"""``CoreSettings``: the class that a service's settings class inherits from."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dj_core_utils.settings.api import APISettings
from dj_core_utils.settings.apps import AppsSettings
from dj_core_utils.settings.audit import AuditSettings
from dj_core_utils.settings.cache import CacheSettings
from dj_core_utils.settings.cors import CORSSettings
from dj_core_utils.settings.database import DatabaseSettings
from dj_core_utils.settings.email import EmailSettings
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.events import EventsSettings
from dj_core_utils.settings.fastapi import FastAPISettings
from dj_core_utils.settings.jwt import JWTSettings
from dj_core_utils.settings.logging import LoggingSettings
from dj_core_utils.settings.quoting import quoted
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_keys import SecretKeySettings
from dj_core_utils.settings.section import HidingRepr, UntypedLines
from dj_core_utils.settings.security import SecuritySettings
from dj_core_utils.settings.service import ServiceSettings
from dj_core_utils.settings.service_name import SERVICE_NAME, SERVICE_NAME_FORM
from dj_core_utils.settings.spelling import nearest
from dj_core_utils.settings.static import StaticSettings
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass  # a name for type checkers alone

    from dj_core_utils.settings.rendering import RenderContext
else:
    ModelMetaclass = type(BaseSettings)

# Of small letters alone: a pattern for both cases takes four times as long to compile, at each start.
_LANGUAGE = r"[a-z]{1,8}(?:-[a-z0-9]{1,8})*(?:@[a-z0-9]{1,20})?"
_MODEL = r"[^\W\d]\w*\.[^\W\d]\w*"


class _SettingsClass(ModelMetaclass):
    """Answers ``CoreSettings.INSTALLED_APPS``.

    There is no ``__new__`` here: Pydantic looks for forward references in the frame that calls its own.
    """

    if not TYPE_CHECKING:  # pragma: no branch  # a type checker would take any name for known

        def __getattr__(self, name: str) -> object:
            """Called for what is not there."""
            if name.isupper():
                from dj_core_utils.settings.class_body import instead_of_attribute  # noqa: PLC0415  # it imports this
                from dj_core_utils.settings.uncaught import install_hook  # noqa: PLC0415  # a good start needs none

                if error := instead_of_attribute(self, name):
                    install_hook()
                    raise error
            return super().__getattr__(name)


class CoreSettings(HidingRepr, UntypedLines, BaseSettings, metaclass=_SettingsClass):
    """Settings of a Django service, typed and frozen.

    Inherit from it, declare what is yours, and call ``export_settings(globals())`` at the end of ``settings.py``. A
    field ``page_size: int`` is read from ``PAGE_SIZE`` and exported under that name. A section is changed by giving
    an instance as default: ``jwt: JWTSettings = JWTSettings(access_token_lifetime=timedelta(minutes=10))``.

    Attributes:
        waivers: Rules of a strict profile that this project opts out of: the rule's id, and the reason.
        allowed_variables: Names in ``.env`` and the environment that look like ours and are not; ``*`` is a wildcard.
        retired_names: Names that deployments of this project set from earlier days, and the variable that each one
            gives its value to, unless that is set itself: ``{"SECRET_KEY": "DJANGO_SECRET_KEY"}``.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True, validate_default=False
    )

    waivers: ClassVar[Mapping[str, str]] = {}
    allowed_variables: ClassVar[tuple[str, ...]] = ()
    retired_names: ClassVar[Mapping[str, str]] = {}

    service_name: str = variable(
        "app",
        setting="SERVICE_NAME",
        description="Name of this service: part of its variables, its logs, its cache keys and its tokens.",
        example="users",
    )
    is_microservice: bool = variable(
        False,
        setting="IS_MICROSERVICE",
        description="Whether this process is one service among several; set by the profile microservice.",
    )
    debug: bool = variable(
        False,
        setting="DEBUG",
        description="Show error pages with details. Never outside development.",
        example="false",
        other_names=("DJANGO_DEBUG",),
    )
    allowed_hosts: list[str] = variable(
        [],
        setting="ALLOWED_HOSTS",
        description="Host names this service answers to. Comma-separated or a JSON list.",
        example="shop.example.com,www.shop.example.com",
        other_names=("DJANGO_ALLOWED_HOSTS",),
    )
    root_urlconf: str = variable(
        "", setting="ROOT_URLCONF", description="Module with the URL patterns.", example="users.urls"
    )
    wsgi_application: str | None = variable(
        None, setting="WSGI_APPLICATION", description="Dotted path of the WSGI application that runserver uses."
    )
    asgi_application: str | None = variable(
        None, setting="ASGI_APPLICATION", description="Dotted path of the ASGI application."
    )
    installed_apps: list[str] = variable(
        [], feeds="INSTALLED_APPS", description="The project's own apps; Django's and the framework's are added."
    )
    middleware: list[str] = variable(
        [],
        feeds="MIDDLEWARE",
        description="The project's own middleware, after the framework's; a complete list is kept and checked.",
    )
    auth_user_model: str = variable("auth.User", setting="AUTH_USER_MODEL", description="The user model.")
    default_auto_field: str = variable(
        "django.db.models.BigAutoField",
        setting="DEFAULT_AUTO_FIELD",
        description="Primary key of models that declare none; always rendered, because Django's default changed.",
    )
    time_zone: str = variable(
        "UTC", setting="TIME_ZONE", description="Time zone of the project.", example="Europe/Madrid"
    )
    language_code: str = variable(
        "en-us", setting="LANGUAGE_CODE", description="Language of the project.", example="es"
    )
    use_tz: bool = variable(True, setting="USE_TZ", description="Store datetimes with their time zone.")
    use_i18n: bool = variable(True, setting="USE_I18N", description="Translate.")

    database: DatabaseSettings = Field(default_factory=DatabaseSettings.model_construct)
    secret_keys: SecretKeySettings = Field(default_factory=SecretKeySettings.model_construct)
    jwt: JWTSettings = Field(default_factory=JWTSettings.model_construct)
    cors: CORSSettings = Field(default_factory=CORSSettings.model_construct)
    service: ServiceSettings = Field(default_factory=ServiceSettings.model_construct)
    security: SecuritySettings = Field(default_factory=SecuritySettings.model_construct)
    cache: CacheSettings = Field(default_factory=CacheSettings.model_construct)
    email: EmailSettings = Field(default_factory=EmailSettings.model_construct)
    logging: LoggingSettings = Field(default_factory=LoggingSettings.model_construct)
    apps: AppsSettings = Field(default_factory=AppsSettings.model_construct)
    static: StaticSettings = Field(default_factory=StaticSettings.model_construct)
    events: EventsSettings = Field(default_factory=EventsSettings.model_construct)
    fastapi: FastAPISettings = Field(default_factory=FastAPISettings.model_construct)
    api: APISettings = Field(default_factory=APISettings.model_construct)
    audit: AuditSettings = Field(default_factory=AuditSettings.model_construct)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # Pydantic's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One source in place of Pydantic's own: the merged layers of this framework."""
        from dj_core_utils.settings.layered_source import LayeredSource  # noqa: PLC0415  # it imports the loader, which imports this

        return init_settings, LayeredSource(settings_cls)

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """Settings of the project that are computed; override it to add some, or to add to those of a section.

        A project that wants one more key in ``REST_FRAMEWORK`` returns ``{**super().render(context),
        "REST_FRAMEWORK": {**context.rendered["REST_FRAMEWORK"], "EXCEPTION_HANDLER": "shop.errors.handler"}}``.

        Args:
            context: What is known: the settings, the project folder, the profiles, Django's version.

        Returns:
            Plain data by the name of the setting; it wins over what the sections render.
        """
        return {"SILENCED_SYSTEM_CHECKS": sorted(set(context.silenced))}

    # Rules and not validators: a project declares these fields anew, and a validator would be gone with the old ones.

    @rule("core.service_name")
    def service_name_can_be_used(self, context: RuleContext) -> Iterator[Problem]:
        """The name becomes part of variables, cache keys and tokens."""
        if not re.fullmatch(SERVICE_NAME, self.service_name):
            yield context.problem(
                "SERVICE_NAME", f"{quoted(self.service_name)}: {SERVICE_NAME_FORM}", hint="such as users"
            )

    @rule("core.time_zone")
    def time_zone_is_known(self, context: RuleContext) -> Iterator[Problem]:
        """Django answers with a bare ValueError while it reads its settings."""
        if self.time_zone != "UTC" and not _is_time_zone(self.time_zone):
            yield context.problem(
                "TIME_ZONE", f"there is no time zone {quoted(self.time_zone)}.", hint=_time_zone_hint(self.time_zone)
            )

    @rule("core.language")
    def languages_have_a_code(self, context: RuleContext) -> Iterator[Problem]:
        """Django answers with a bare OSError at the first text that it translates."""
        for name, code in (
            ("LANGUAGE_CODE", self.language_code),
            *(("LANGUAGES", code) for code in self.apps.languages),
        ):
            if not re.fullmatch(_LANGUAGE, code.lower()):
                meant = code.strip().lower().replace("_", "-")
                hint = f"expected  {meant}" if re.fullmatch(_LANGUAGE, meant) else "for example  en-us"
                yield context.problem(name, f"{quoted(code)} is not the code of a language.", hint=hint)

    @rule("core.user_model")
    def user_model_has_its_app(self, context: RuleContext) -> Iterator[Problem]:
        """Django says so when it loads the first app that needs users, in a traceback."""
        if not re.fullmatch(_MODEL, self.auth_user_model):
            yield context.problem(
                "AUTH_USER_MODEL",
                f"{quoted(self.auth_user_model)} does not name a model with its app.",
                hint="for example  users.User",
            )


def _is_time_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # a project in UTC does not need it

    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not there, a folder, not the name of a file
        return False
    return True


def _time_zone_hint(name: str) -> str:
    from zoneinfo import available_timezones  # noqa: PLC0415  # only a wrong name needs it

    suggestion = nearest(name, sorted(available_timezones()))
    return f"did you mean {suggestion}?" if suggestion else "for example  Europe/Madrid"
