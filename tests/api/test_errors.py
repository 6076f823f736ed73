"""Which error an answer is, over both transports and with both clients."""

from __future__ import annotations

import asyncio
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.test import override_settings

from dj_core_utils.api import exceptions
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.api.faults import retry_after
from dj_core_utils.api.problem_details import problem_details
from dj_core_utils.api.response import APIResponse

if TYPE_CHECKING:
    from tests.api.conftest import Caller

ONCE = {"attempts": 1}


KINDS = {
    400: exceptions.BadRequestError,
    401: exceptions.UnauthorizedError,
    403: exceptions.ForbiddenError,
    404: exceptions.NotFoundError,
    405: exceptions.APIClientError,
    408: exceptions.ServiceTimeoutError,
    409: exceptions.ConflictError,
    410: exceptions.NotFoundError,
    412: exceptions.ConflictError,
    418: exceptions.APIClientError,
    422: exceptions.BadRequestError,
    429: exceptions.RateLimitedError,
    500: exceptions.ServerFailureError,
    501: exceptions.ServerFailureError,
    502: exceptions.ServiceUnavailableError,
    503: exceptions.ServiceUnavailableError,
    504: exceptions.ServiceTimeoutError,
    508: exceptions.CallLoopError,
}


def test_status_decides_the_error(call: Caller) -> None:
    """Each status has its error, which says who was asked what, and what the other side says."""
    for status, kind in KINDS.items():
        with override_settings(API_CLIENT=ONCE), pytest.raises(exceptions.APIClientError) as caught:
            call("GET", f"status/{status}/?token=hidden")
        error = caught.value
        assert type(error) is kind
        assert (error.status_code, error.code, error.detail) == (status, f"code_{status}", f"this is {status}")
        assert (error.service, error.method, error.path) == ("orders", "GET", f"status/{status}/")
        assert error.attempts == 1
        assert str(error) == f"orders answered {status} to GET status/{status}/: this is {status}"
        assert error.response is not None
        assert error.response.json()["detail"] == f"this is {status}"
        assert error.request_id == error.response.headers["x-request-id"]


@pytest.mark.usefixtures("transport")
def test_errors_of_rest_framework() -> None:
    """Fields that do not validate, throttling with its seconds, and things that are not there."""
    client = APIClient("orders")
    with override_settings(API_CLIENT=ONCE), pytest.raises(exceptions.RateLimitedError, match="throttled") as throttled:
        client.get("slowed/")
    assert throttled.value.retry_after == 7
    with pytest.raises(exceptions.NotFoundError) as absent:
        client.get("absent/")
    assert str(absent.value) == "orders answered 404 to GET absent/"


@pytest.mark.django_db
def test_fields_of_a_serializer() -> None:
    """What a serializer refuses is known by field."""
    with override_settings(ROOT_URLCONF="tests.api.urls"), pytest.raises(exceptions.BadRequestError) as caught:
        APIClient("orders").post("authors/", json={"name": ""})
    assert caught.value.fields == {"name": ["This field may not be blank."]}
    assert caught.value.detail == "name: This field may not be blank."


def test_problem_details_of_rfc_9457(call: Caller) -> None:
    """Title, type and errors of ``application/problem+json``."""
    with pytest.raises(exceptions.ForbiddenError) as caught:
        call("GET", "problem/")
    assert caught.value.code == "https://example.com/out-of-credit"
    assert caught.value.detail == "Out of credit"
    assert caught.value.fields == {"#/total": ["30 left"]}


@pytest.mark.parametrize(
    ("body", "detail", "code", "fields"),
    [
        (None, "", "", {}),
        (7, "", "", {}),
        ("<html>stack trace</html>", "", "", {}),
        ("try later", "try later", "", {}),
        (["Not valid."], "Not valid.", "", {"": ["Not valid."]}),
        ({"detail": "no", "code": "token_not_valid"}, "no", "token_not_valid", {}),
        ({"type": "about:blank", "title": "Gone"}, "Gone", "", {}),
        ({"error": "invalid_grant"}, "invalid_grant", "", {}),
        ({"non_field_errors": ["a", "b"], "n": 5}, "a b", "", {"": ["a", "b"]}),
        ({"errors": {"name": "short"}}, "name: short", "", {"name": ["short"]}),
        (
            {"detail": [{"loc": ["body", "a", 0], "msg": "missing"}, {"loc": [], "msg": "odd"}, "plain", 3]},
            "a.0: missing; odd plain",
            "",
            {"a.0": ["missing"], "": ["odd", "plain"]},
        ),
    ],
)
def test_bodies_of_refusals(body: object, detail: str, code: str, fields: dict[str, list[str]]) -> None:
    """RFC 9457, Django REST Framework and FastAPI are understood, and anything else does no harm."""
    found = problem_details(body)
    assert (found.detail, found.code, dict(found.fields)) == (detail, code, fields)


def test_no_body_floods_a_message() -> None:
    """A page of a debug server or a wall of fields is cut; line ends cannot forge log lines; secrets are masked."""
    assert len(problem_details("x" * 100_000).detail) == 303
    assert len(problem_details({f"f{number}": ["no"] for number in range(1000)}).fields) == 20
    assert problem_details("a\r\nb\x1b[31m\x00c").detail == "a b?[31m?c"
    assert problem_details({"detail": "postgres://ann:hunter2@db refused"}).detail == "postgres://ann:***@db refused"


def test_broken_json_of_an_error(call: Caller) -> None:
    """An error stays that error when its body is not what it says."""
    with override_settings(DEBUG=False), pytest.raises(exceptions.ServerFailureError) as caught:
        call("GET", "broken/")
    assert "hunter2" not in str(caught.value)
    assert caught.value.status_code == 500


@pytest.mark.parametrize("path", ["broken/", "abroken/"])
def test_exception_of_the_view_is_the_cause(path: str) -> None:
    """In this process the exception behind a 500 is at hand, for the log and the debugger."""
    with override_settings(ROOT_URLCONF="tests.api.urls"):
        with pytest.raises(exceptions.ServerFailureError) as caught:
            APIClient("orders").get(path)
        assert type(caught.value.__cause__) is ZeroDivisionError
        with pytest.raises(exceptions.ServerFailureError) as caught:
            asyncio.run(AsyncAPIClient("orders").get(path))
        assert type(caught.value.__cause__) is ZeroDivisionError


def test_debug_page_stays_out_of_messages(call: Caller) -> None:
    """The HTML of Django's debug page is in the answer, and not in the message."""
    with override_settings(DEBUG=True), pytest.raises(exceptions.ServerFailureError) as caught:
        call("GET", "broken/")
    assert len(str(caught.value)) < 500
    assert caught.value.response is not None


def test_redirects_are_not_followed(call: Caller) -> None:
    """Credentials are for the configured address alone, so a redirect is an error."""
    for target in ("/redirect/x/", "https://evil.example/", "/redirect/"):
        with pytest.raises(exceptions.RedirectedError) as caught:
            call("GET", "redirect/", params={"to": target})
        assert str(caught.value) == "orders answered GET redirect/ with a redirect, 302, which is not followed."
        assert caught.value.detail == target
        assert caught.value.status_code == 502


def test_missing_slash_is_told(call: Caller) -> None:
    """The redirect by which Django adds a slash says what to do."""
    with pytest.raises(exceptions.RedirectedError, match=r"it wants a slash at the end of the path\)"):
        call("GET", "echo")


def test_protection_against_forged_requests_stays(call: Caller) -> None:
    """A view that asks for Django's CSRF token refuses both ways; nothing is switched off inside of a process."""
    with pytest.raises(exceptions.ForbiddenError):
        call("POST", "plain/")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("5", 5.0), ("soon", None), ("-1", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0)],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    """Seconds, a date, or nothing that can be used."""
    assert retry_after(value) == expected


@pytest.mark.parametrize("zone", ["GMT", "-0000"])
def test_retry_after_a_date(zone: str) -> None:
    """A date in the future is that many seconds away."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True).replace("GMT", zone)
    assert 58 < (retry_after(date) or 0) <= 60


@pytest.mark.usefixtures("transport")
def test_errors_can_be_pickled() -> None:
    """They cross the border of a process, as in a task queue, with all that they say."""
    with pytest.raises(exceptions.NotFoundError) as caught:
        APIClient("orders").get("status/404/")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own
    assert (type(copy), str(copy), copy.detail) == (exceptions.NotFoundError, str(caught.value), "this is 404")
    assert copy.response.content == caught.value.response.content  # type: ignore[union-attr]  # it was answered


def test_errors_are_what_they_resemble() -> None:
    """Each is also the error of Python or Django that fits."""
    assert issubclass(exceptions.ServiceTimeoutError, TimeoutError)
    assert issubclass(exceptions.ServiceUnavailableError, ConnectionError)
    assert issubclass(exceptions.UnknownServiceError, ImproperlyConfigured)
    assert issubclass(exceptions.SyncCallError, SynchronousOnlyOperation)
    assert exceptions.APIClientError("x").status_code == 500


def test_charset_of_a_text() -> None:
    """Text of a charset that nobody knows is read as UTF-8."""
    headers = [("Content-Type", 'text/plain; charset="klingon"')]
    answer = APIResponse("orders", "GET", "x/", 200, headers, "é".encode())
    assert answer.text == answer.body == "é"
    assert repr(answer) == "<APIResponse 200 of orders, 2 bytes>"
