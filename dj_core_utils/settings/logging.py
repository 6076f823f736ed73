"""What is logged, in which form: one stream on standard output for everything that runs in the process."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FORMATTERS = {"console": "dj_core_utils.logs.ConsoleFormatter", "json": "dj_core_utils.logs.JSONFormatter"}
# Each of these has handlers of its own, or is kept from the root, before our configuration is read: named without
# handlers they say everything once and in our form. A name whose server is absent does no harm.
_TAKEN_OVER = ("django.server", "gunicorn.error", "gunicorn.access", "uvicorn", "uvicorn.error", "uvicorn.access")


def _level(text: str) -> str:
    level = text.strip().upper()
    if level not in _LEVELS:
        refuse("logging.level", f'"{text}" is not a level.', f"one of  {', '.join(_LEVELS)}")
    return level


LogLevel = Annotated[str, AfterValidator(_level)]


_REPORTER_FILTER = "dj_core_utils.debug.RedactingExceptionReporterFilter"


class LoggingSettings(Section):
    """What goes into LOGGING."""

    level: LogLevel = variable(
        "INFO",
        name="LOG_LEVEL",
        feeds="LOGGING",
        description="The least important records that are written: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
        example="INFO",
        other_names=("LOGLEVEL", "DJANGO_LOG_LEVEL"),
    )
    log_format: Literal["console", "json"] = variable(
        "console",
        name="LOG_FORMAT",
        feeds="LOGGING",
        description="How records are written: console for people, json for machines, one object a line.",
        example="json",
    )
    levels: dict[str, LogLevel] = variable(
        {},
        name="LOG_LEVELS",
        feeds="LOGGING",
        description="Levels of single loggers.",
        example="django.db.backends=DEBUG,users=WARNING",
    )
    dict_config: dict[str, object] = variable(
        {},
        name="LOGGING",
        feeds="LOGGING",
        description="A whole logging configuration in Python's form, in place of ours.",
    )

    def render(self, context: "RenderContext") -> dict[str, object]:
        """The logging configuration, and who decides what a debug page shows.

        Args:
            context: The name of the service, and who gets mail about errors.
        """
        rendered: dict[str, object] = {"DEFAULT_EXCEPTION_REPORTER_FILTER": _REPORTER_FILTER}
        if self.dict_config:
            return {**rendered, "LOGGING": self.dict_config}
        handlers: dict[str, object] = {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "ours"}
        }
        # At DEBUG Django logs every query, template variable and watched file, which has to be asked for by name.
        django: dict[str, object] = {"handlers": [], "level": self.level if self.level != "DEBUG" else "INFO"}
        if context.settings.email.admins:
            handlers["mail_admins"] = {"class": "dj_core_utils.logs.RedactingAdminEmailHandler", "level": "ERROR"}
            django["handlers"] = ["mail_admins"]
        loggers: dict[str, dict[str, object]] = {"django": django, **{name: {"handlers": []} for name in _TAKEN_OVER}}
        for name, level in self.levels.items():
            loggers[name] = {**loggers.get(name, {}), "level": level}
        return {
            **rendered,
            "LOGGING": {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"ours": {"()": _FORMATTERS[self.log_format], "service": context.settings.service_name}},
                "handlers": handlers,
                "root": {"handlers": ["stdout"], "level": self.level},
                "loggers": {name: {"propagate": True, **logger} for name, logger in loggers.items()},
            },
        }

    @rule("logging.form")
    def configuration_can_be_used(self, context: RuleContext) -> Iterator[Problem]:
        """Python answers a wrong level, or a name that nothing has, with a bare ValueError at start."""
        if not self.dict_config:
            return
        if self.dict_config.get("version") != 1:
            yield context.problem("LOGGING", "it does not begin with version 1.", hint='add "version": 1')
        for place, part in _parts(self.dict_config):
            level = part.get("level")
            if isinstance(level, str) and level not in (*_LEVELS, "NOTSET", "WARN", "FATAL"):
                yield context.problem(
                    "LOGGING", f'{place}: "{level}" is not a level.', hint=f"one of  {', '.join(_LEVELS)}"
                )
            for kind, name in _references(part):
                if name not in _section(self.dict_config, kind):
                    yield context.problem("LOGGING", f'{place}: there is no "{name}" among the {kind}.')

    @rule("logging.silenced")
    def loggers_are_kept(self, context: RuleContext) -> Iterator[Problem]:
        """``disable_existing_loggers`` is on unless it is turned off."""
        if self.dict_config and self.dict_config.get("disable_existing_loggers", True):
            yield context.warning(
                "LOGGING",
                "disable_existing_loggers silences the loggers of servers and of Django's requests.",
                hint='add "disable_existing_loggers": false',
            )

    @rule("logging.filter")
    def filters_see_everything(self, context: RuleContext) -> Iterator[Problem]:
        """A filter of a logger does not see what its children log."""
        for place, part in _parts(self.dict_config, kinds=("loggers", "root")):
            if part.get("filters"):
                yield context.warning(
                    "LOGGING",
                    f"{place}: a filter of a logger does not see the records of its children.",
                    hint="put it on the handlers",
                )


def _parts(
    config: dict[str, object], *, kinds: tuple[str, ...] = ("handlers", "loggers", "root")
) -> Iterator[tuple[str, dict[str, object]]]:
    """The parts of a configuration that have a level, with where they stand."""
    for kind in kinds:
        section = _section(config, kind)
        for name, part in [("", section)] if kind == "root" else section.items():
            if isinstance(part, dict):
                yield f"{kind}.{name}".rstrip("."), part


def _references(part: dict[str, object]) -> Iterator[tuple[str, object]]:
    for kind in ("handlers", "filters"):
        names = part.get(kind)
        yield from ((kind, name) for name in (names if isinstance(names, list | tuple) else ()))
    if isinstance(formatter := part.get("formatter"), str):
        yield "formatters", formatter


def _section(config: dict[str, object], kind: str) -> dict[str, object]:
    section = config.get(kind, {})
    return section if isinstance(section, dict) else {}
