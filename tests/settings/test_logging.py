"""The logging configuration: one stream, one form, and every server's loggers in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from dj_core_utils.settings.base import CoreSettings

if TYPE_CHECKING:
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.conftest import RunPython
    from tests.settings.conftest import LoadFrom

CONFIGURE = """
import json, logging, sys

early = logging.getLogger("early")
for name in ("gunicorn.access", "uvicorn.access", "uvicorn"):  # as the servers leave them
    logging.getLogger(name).propagate = False
    logging.getLogger(name).addHandler(logging.StreamHandler(sys.stderr))

import django
from django.conf import settings

settings.configure(LOGGING=json.loads(sys.stdin.read()))
django.setup()
"""


def found(loaded: Loaded, problem_id: str) -> list[Problem]:
    """The problems with one id."""
    return [problem for problem in loaded.problems if problem.id == problem_id]


def logging_of(load_from: LoadFrom, environ: dict[str, str] | None = None) -> dict[str, Any]:
    """The rendered ``LOGGING``."""
    loaded = load_from(CoreSettings, environ)
    assert loaded.errors == ()
    return dict(cast("dict[str, Any]", loaded.rendered["LOGGING"]))


def logged(run_python: RunPython, config: object, code: str) -> tuple[list[str], str]:
    """What comes out on both streams when a process is configured so, and then runs some lines."""
    done = run_python(CONFIGURE + code, stdin=json.dumps(config))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize(
    "logger", ["shop", "django", "django.request", "django.server", "gunicorn.access", "uvicorn", "uvicorn.access"]
)
def test_every_logger_says_everything_once_and_in_our_form(
    load_from: LoadFrom, run_python: RunPython, logger: str
) -> None:
    """Also those that Django and the servers gave handlers of their own."""
    config = logging_of(load_from, {"LOG_FORMAT": "json", "SERVICE_NAME": "shop"})
    lines, errors = logged(run_python, config, f"logging.getLogger({logger!r}).warning('hello %s', 'world')")
    (line,) = lines
    record = json.loads(line)
    assert (record["logger"], record["level"], record["message"]) == (logger, "WARNING", "hello world")
    assert record["service"] == "shop"
    assert errors == ""


def test_loggers_that_exist_are_kept(load_from: LoadFrom, run_python: RunPython) -> None:
    """A module that made its logger before Django was set up is heard."""
    lines, _ = logged(run_python, logging_of(load_from), "early.error('still here')")
    assert [line.endswith("early: still here") for line in lines] == [True]


@pytest.mark.parametrize(
    ("environ", "record", "is_written"),
    [
        ({}, ("shop", "INFO"), True),
        ({}, ("shop", "DEBUG"), False),
        ({"LOG_LEVEL": "warning"}, ("shop", "INFO"), False),
        ({"LOG_LEVEL": "DEBUG"}, ("shop", "DEBUG"), True),
        ({"LOG_LEVEL": "DEBUG"}, ("django.db.backends", "DEBUG"), False),
        ({"LOG_LEVELS": "django.db.backends=debug"}, ("django.db.backends", "DEBUG"), True),
        ({"LOG_LEVEL": "ERROR"}, ("django.request", "WARNING"), False),
        ({"LOG_LEVELS": "shop=ERROR"}, ("shop.orders", "WARNING"), False),
        ({"LOG_LEVELS": "django=DEBUG"}, ("django.request", "DEBUG"), True),
    ],
)
def test_levels_say_what_is_written(
    load_from: LoadFrom, run_python: RunPython, environ: dict[str, str], record: tuple[str, str], is_written: object
) -> None:
    """One level for everything, others by logger; Django's own flood at DEBUG has to be asked for by name."""
    logger, level = record
    code = f"logging.getLogger({logger!r}).log(logging.{level}, 'x')"
    lines, _ = logged(run_python, logging_of(load_from, environ), code)
    assert bool(lines) is is_written


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"LOG_LEVEL": "VERBOSE"}, "LOG_LEVEL"),
        ({"LOG_LEVELS": "shop=loud"}, "LOG_LEVELS"),
        ({"LOG_LEVEL": "5"}, "LOG_LEVEL"),
    ],
)
def test_a_level_that_does_not_exist_is_a_problem(load_from: LoadFrom, environ: dict[str, str], variable: str) -> None:
    """Python would answer with a bare ValueError while Django starts."""
    (problem,) = load_from(CoreSettings, environ).errors
    assert (problem.id, problem.variable) == ("logging.level", variable)
    assert "is not a level" in problem.message
    assert "one of  DEBUG, INFO" in problem.hint


def test_admins_get_mail_about_errors(load_from: LoadFrom) -> None:
    """As Django does it, when there is anybody to tell."""
    with_admins = logging_of(load_from, {"ADMINS": "ops@example.com"})
    without = logging_of(load_from)
    assert with_admins["loggers"]["django"]["handlers"] == ["mail_admins"]
    assert with_admins["handlers"]["mail_admins"]["level"] == "ERROR"
    assert without["loggers"]["django"]["handlers"] == []
    assert "mail_admins" not in without["handlers"]


@pytest.mark.parametrize(("profile", "form"), [("production", "json"), ("development", "console"), ("test", "console")])
def test_profiles_choose_the_form(load_from: LoadFrom, profile: str, form: str) -> None:
    """Machines read production, people the rest."""
    settings = load_from(profiles=("monolith", profile)).settings
    assert settings is not None
    assert settings.logging.log_format == form


class Own(CoreSettings):
    """A project that is used to ``LOGGING``; the environment gives it here."""


SOUND = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"f": {}},
    "filters": {"n": {}},
    "handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f", "filters": ["n"], "level": "INFO"}},
    "loggers": {"shop": {"handlers": ["h"], "level": "NOTSET"}},
    "root": {"handlers": ["h"], "level": "DEBUG"},
}


def test_a_whole_configuration_takes_the_place_of_ours(load_from: LoadFrom) -> None:
    """It is handed on as it is."""
    loaded = load_from(Own, {"LOGGING": json.dumps(SOUND)})
    assert [problem for problem in loaded.problems if problem.id.startswith("logging.")] == []
    assert loaded.rendered["LOGGING"] == SOUND


@pytest.mark.parametrize(
    ("change", "problem_id", "severity", "words"),
    [
        ({"version": 2}, "logging.form", "error", "does not begin with version 1"),
        ({"root": {"level": "LOUD"}}, "logging.form", "error", 'root: "LOUD" is not a level.'),
        ({"loggers": {"shop": {"level": "loud"}}}, "logging.form", "error", 'loggers.shop: "loud" is not a level.'),
        ({"loggers": {"shop": {"handlers": ["x"]}}}, "logging.form", "error", 'no "x" among the handlers'),
        ({"handlers": {"h": {"formatter": "x"}}}, "logging.form", "error", 'no "x" among the formatters'),
        ({"handlers": {"h": {"filters": ["x"]}}}, "logging.form", "error", 'no "x" among the filters'),
        ({"loggers": {"shop": "h", "users": {"level": "loud"}}}, "logging.form", "error", 'loggers.users: "loud"'),
        ({"handlers": ["h"]}, "logging.form", "error", 'no "h" among the handlers'),
        ({"disable_existing_loggers": True}, "logging.silenced", "warning", "silences the loggers of servers"),
        ({"loggers": {"shop": {"filters": ["n"]}}}, "logging.filter", "warning", "does not see the records"),
        ({"root": {"filters": ["n"]}}, "logging.filter", "warning", "root: a filter of a logger"),
    ],
)
def test_a_configuration_that_fails_or_loses_records_is_told(
    load_from: LoadFrom, change: dict[str, object], problem_id: str, severity: str, words: str
) -> None:
    """Before Python does, or in place of silence."""
    problems = found(load_from(Own, {"LOGGING": json.dumps({**SOUND, **change})}), problem_id)
    assert words in problems[0].message
    assert {problem.severity for problem in problems} == {severity}


def test_silencing_is_pythons_default(load_from: LoadFrom) -> None:
    """A configuration that does not mention it silences, too."""
    config = {name: value for name, value in SOUND.items() if name != "disable_existing_loggers"}
    assert len(found(load_from(Own, {"LOGGING": json.dumps(config)}), "logging.silenced")) == 1
