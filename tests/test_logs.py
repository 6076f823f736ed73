"""Formatters: what stands in a line, what never does, and that a record stays what it was."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.http import HttpRequest

from dj_core_utils import _context
from dj_core_utils.logs import ConsoleFormatter, JSONFormatter, RedactingAdminEmailHandler

if TYPE_CHECKING:
    from types import TracebackType

    from django.core.mail import EmailMultiAlternatives
    from django.test import Client
    from pytest_django import Settings

SECRET = "Zq8vT0pW4mX7rB2n"
CREATED = 1_767_225_600.123456


def record(
    message: object = "hello %s", *args: object, level: int = logging.INFO, **extras: object
) -> logging.LogRecord:
    """A record as a logger makes it."""
    made = logging.getLogger("shop.orders").makeRecord(
        "shop.orders", level, __file__, 1, message, args, None, extra=extras
    )
    made.created = CREATED
    return made


def raised(error: Exception, cause: Exception | None = None) -> tuple[type[Exception], Exception, TracebackType | None]:
    """What a logger notes about an error that was caught."""
    try:
        raise error from cause  # noqa: TRY301  # it is raised to be caught here
    except Exception as caught:  # noqa: BLE001  # whatever the test raises
        return type(caught), caught, caught.__traceback__


def fields(made: logging.LogRecord, formatter: JSONFormatter | None = None) -> dict[str, Any]:
    """A record as the machine that reads the line sees it."""
    line = (formatter or JSONFormatter("shop")).format(made)
    assert "\n" not in line
    return dict(json.loads(line))


def test_a_line_says_when_where_and_what() -> None:
    """In UTC, ISO 8601; extras follow under their names."""
    assert fields(
        record(
            "hello %s",
            "world",
            order=7,
            tags={
                "a",
            },
            ratio=0.5,
        )
    ) == {
        "timestamp": "2026-01-01T00:00:00.123Z",
        "level": "INFO",
        "service": "shop",
        "logger": "shop.orders",
        "message": "hello world",
        "order": 7,
        "tags": ["a"],
        "ratio": 0.5,
    }


def test_people_get_the_same_on_a_line() -> None:
    """With the correlation id, and extras at the end."""
    token = _context.correlation_id.set("req-1")
    try:
        line = ConsoleFormatter("shop").format(record("hello %s", "world", order=7))
    finally:
        _context.correlation_id.reset(token)
    assert line == "2026-01-01T00:00:00.123Z INFO     shop [req-1] shop.orders: hello world order=7"


def test_a_record_knows_the_service_that_it_works_for() -> None:
    """A call that stays in the process runs as another service."""
    token = _context.current_service.set("users")
    try:
        assert fields(record("x"))["service"] == "users"
    finally:
        _context.current_service.reset(token)


def test_a_refusal_after_the_middleware_has_its_id() -> None:
    """Django logs it when the context is gone; the request still knows. Its query is not written."""
    request = HttpRequest()
    request.path, request.method = "/orders/", "GET"
    request.META["QUERY_STRING"] = f"token={SECRET}"
    request.correlation_id = "req-1"  # type: ignore[attr-defined]  # the middleware's
    made = fields(record("Not Found: %s", "/orders/", request=request, status_code=404))
    assert made["correlation_id"] == "req-1"
    assert (made["method"], made["path"], made["status_code"]) == ("GET", "/orders/", 404)
    assert "request" not in made


def test_django_itself_logs_refusals_with_the_id(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """From a real request to a line."""
    settings.MIDDLEWARE = ["dj_core_utils.middleware.context.CurrentUserMiddleware"]
    client.get("/nowhere/", headers={"X-Request-ID": "req-1"})
    (made,) = (made for made in caplog.records if made.name == "django.request")
    assert fields(made)["correlation_id"] == "req-1"


@pytest.mark.parametrize("name", ["color_message", "server_time", "response", "taskName"])
def test_what_servers_add_for_themselves_is_left_out(name: str) -> None:
    """Colours and columns of others."""
    made = record("x")
    setattr(made, name, "\x1b[31mred")
    assert name not in fields(made)


def test_extras_cannot_pass_for_fields() -> None:
    """An extra with a field's name is left out rather than believed."""
    made = fields(record("x", level_="fine", service="other", correlation_id="forged"))
    assert (made["service"], made["level_"]) == ("shop", "fine")


@pytest.mark.parametrize("kind", [JSONFormatter, ConsoleFormatter])
def test_no_secret_is_written(kind: type[JSONFormatter | ConsoleFormatter]) -> None:
    """Not in the message, its arguments, extras, the traceback or the stack."""
    made = record(f"password={SECRET} %s", f"Bearer {SECRET}.x", api_key=SECRET, url=f"postgres://u:{SECRET}@db/x")
    made.exc_info = raised(ValueError(f"token={SECRET}"), RuntimeError(f"redis://:{SECRET}@cache"))
    made.stack_info = f"Stack (most recent call last):\n  secret={SECRET}"
    line = kind("shop").format(made)
    assert SECRET not in line
    assert "ValueError" in line
    assert "RuntimeError" in line
    assert "Stack (most" in line


def test_secrets_of_the_settings_are_known_by_their_value(settings: Settings) -> None:
    """Also where nothing gives them away; a setting overridden later counts from then on."""
    formatter = JSONFormatter()
    settings.SECRET_KEY = "first-secret-key"
    assert fields(record("saw first-secret-key"), formatter)["message"] == "saw ***"
    assert fields(record("again first-secret-key"), formatter)["message"] == "again ***"
    settings.PAYMENTS = {"test": {"PASSWORD": "second-secret"}}
    assert fields(record("first-secret-key, second-secret"), formatter)["message"] == "***, ***"


@pytest.mark.parametrize("include_html", [False, True])
def test_admins_get_no_secret_by_mail(
    settings: Settings, mailoutbox: list[EmailMultiAlternatives], *, include_html: bool
) -> None:
    """Not in the subject, the traceback or the page about the request."""
    settings.SECRET_KEY = "first-secret-key"
    settings.ADMINS = [("Ops", "ops@example.com")] if django.VERSION < (6, 0) else ["ops@example.com"]
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    made = record("failed with first-secret-key, password=%s", SECRET, level=logging.ERROR)
    made.exc_info = raised(ValueError(f"token={SECRET} first-secret-key"))
    RedactingAdminEmailHandler(include_html=include_html).emit(made)
    (mail,) = mailoutbox
    whole = mail.message().as_string()
    assert "failed with ***, password=***" in mail.subject
    assert "ValueError" in mail.body
    assert SECRET not in whole
    assert "first-secret-key" not in whole
    assert [kind for _, kind in mail.alternatives] == (["text/html"] if include_html else [])


def test_lines_before_the_settings_are_written(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the settings are loaded there are no known secrets, and the rest works."""
    from django.utils import functional  # noqa: PLC0415  # beside its use

    formatter = JSONFormatter()
    settings.SECRET_KEY = "first-secret-key"
    from django.conf import settings as lazy  # noqa: PLC0415  # the object itself, not the fixture

    monkeypatch.setitem(vars(lazy), "_wrapped", functional.empty)
    assert (
        fields(record("saw first-secret-key, password=x"), formatter)["message"] == "saw first-secret-key, password=***"
    )


def test_a_record_stays_what_it_was() -> None:
    """Other handlers of it see what was logged."""
    made = record("password=%s", SECRET, api_key=SECRET)
    made.exc_info = raised(ValueError(SECRET))
    before = dict(vars(made))
    JSONFormatter().format(made)
    ConsoleFormatter().format(made)
    assert vars(made) == before


def test_a_traceback_that_another_handler_made_is_redacted_too() -> None:
    """A record that crossed a queue has only the text."""
    made = record("x")
    made.exc_text = f"Traceback\nValueError: token={SECRET}"
    assert fields(made)["exception"] == "Traceback\nValueError: token=***"


@pytest.mark.parametrize(("message", "args"), [("%d items", ("many",)), ("%s and %s", ("one",)), ("%(a)s", ("x",))])
def test_arguments_that_do_not_fit_lose_no_line(message: str, args: tuple[object, ...]) -> None:
    """Python would print them on standard error, secrets and all."""
    assert fields(record(message, *args))["message"].startswith(f"{message} (its arguments cannot be put in: ")


def test_anything_can_be_logged() -> None:
    """Messages and extras need not be text or JSON."""
    made = fields(record(ValueError("odd"), number=float("nan"), data=b"\xff", kind=object, half="\ud800", none=None))
    assert made["message"] == "odd"
    assert (made["number"], made["data"], made["kind"], made["none"]) == ("nan", "\ufffd", "<class 'object'>", None)
    assert made["half"] == "\ud800"


def test_nobody_can_forge_a_line_for_people() -> None:
    """Further lines are indented, and what moves the cursor or changes colour is spelled out."""
    forged = "x\n2026-01-01T00:00:00.000Z INFO     shop shop.orders: all is well\r\nmore\x1b[2K\u202e\tend"
    first, *others = ConsoleFormatter("shop").format(record(forged)).split("\n")
    assert first.endswith("shop.orders: x")
    assert all(line.startswith("    ") for line in others)
    assert others[-1] == r"    more\x1b[2K\u202e" + "\tend"


def test_a_traceback_stands_under_its_line() -> None:
    """Readable, indented."""
    made = record("failed")
    made.exc_info = raised(ValueError("odd"))
    lines = ConsoleFormatter().format(made).split("\n")
    assert lines[0].endswith("shop.orders: failed")
    assert lines[1] == "    Traceback (most recent call last):"
    assert re.fullmatch(r"    ValueError: odd", lines[-1])
