"""What a call does, over both transports and with both clients."""

from __future__ import annotations

import asyncio
import uuid
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings
from pydantic import BaseModel

from dj_core_utils import _context
from dj_core_utils.api import exceptions
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.testing.peers import fake_peer

if TYPE_CHECKING:
    from tests.api.conftest import JSON, Caller


class Line(BaseModel):
    """A model to send and to get."""

    name: str
    count: int


@pytest.mark.usefixtures("transport")
def test_body_of_an_answer_is_returned() -> None:
    """``get`` and its like hand back what the JSON holds, so that it can be answered on."""
    client = APIClient("orders")
    assert client.get("body/", params={"content": '[{"id": 1}]'}) == [{"id": 1}]
    assert client.get("empty/") is None
    assert client.get("body/", params={"content": "hi", "type": "text/plain"}) == "hi"
    assert client.get("body/", params={"content": "hi", "type": "image/png"}) == b"hi"
    assert client.get("plain/") == "plain GET".encode("utf-16").decode("utf-16")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_each_method_arrives(call: Caller, method: str) -> None:
    """The method, path, query and body arrive as they were given."""
    text = "text" if method != "GET" else ""
    answer = call(method, "echo/?a=1", params={"b": [2, 3], "c": None, "d": True}, content=text or None)
    found = answer.json()
    assert (found["method"], found["path"]) == (method, "/echo/")
    assert found["params"] == {"a": ["1"], "b": ["2", "3"], "d": ["true"]}
    assert found["body"] == text
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_length_of_no_body(method: str) -> None:
    """What has a body by its method says that it is empty: some servers refuse it otherwise (411)."""
    with fake_peer("orders") as orders:
        stub = orders.on(method, "x/").returns({})
        APIClient("orders").request(method, "x/")
        assert stub.calls[0].headers["content-length"] == "0"


@pytest.mark.usefixtures("transport")
def test_head_brings_headers() -> None:
    """``head`` returns the headers, whose case does not matter, and no body."""
    headers = APIClient("orders").head("echo/")
    assert headers["content-type"] == headers["Content-Type"] == "application/json"
    assert APIClient("orders").request("HEAD", "echo/").content == b""


@pytest.mark.parametrize(
    ("options", "kind", "body"),
    [
        ({"json": {"d": date(2026, 1, 2), "n": Decimal("1.5")}}, "application/json", '{"d":"2026-01-02","n":"1.5"}'),
        ({"json": [Line(name="a", count=1)]}, "application/json", '[{"name":"a","count":1}]'),
        ({"json": []}, "application/json", "[]"),
        ({"data": {"a": "é", "b": [1, 2]}}, "application/x-www-form-urlencoded", "a=%C3%A9&b=1&b=2"),
        ({"content": "é"}, "text/plain; charset=utf-8", "é"),
        ({"content": b"x", "headers": {"Content-Type": "image/png"}}, "image/png", "x"),
    ],
)
def test_bodies_of_every_kind(call: Caller, options: dict[str, JSON], kind: str, body: str) -> None:
    """JSON with the types of Django and Pydantic, forms, and bytes; the content type says which."""
    found = call("POST", "echo/", **options).json()
    assert (found["headers"]["content-type"], found["body"]) == (kind, body)


def test_files_are_sent_as_a_form(call: Caller) -> None:
    """A file goes along as ``multipart/form-data``."""
    found = call("POST", "echo/", files={"photo": ("me.png", b"PNG", "image/png")}, data={"a": "1"}).json()
    assert found["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert 'name="photo"; filename="me.png"' in found["body"]
    assert 'name="a"' in found["body"]


@pytest.mark.parametrize("path", ["echo/a b/", "echo/ü€/", "echo/a%20b/", "/echo/x/", "echo/a:b@c/"])
def test_paths_are_quoted(call: Caller, path: str) -> None:
    """Anything that can be in a URL gets there, quoted once; a leading slash does not matter."""
    expected = f"/{path.strip('/')}/".replace("%20", " ")
    assert call("GET", path).json()["path"] == expected


@pytest.mark.parametrize(
    "path",
    [
        "../admin/",
        "a/%2e%2e/b/",
        "a/./b",
        "//evil.example/x",
        "ftp://evil.example/",
        "https://evil.example/",
        "a\\b",
        "a#b",
        "a\nb",
        "a\udcffb",
    ],
)
@pytest.mark.usefixtures("transport")
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    """What a user has typed and code puts into a path cannot reach another one, or another host."""
    with pytest.raises(exceptions.InvalidCallError) as caught:
        APIClient("orders").get(path)
    assert caught.value.status_code == 500


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"headers": {"Host": "evil"}}, "'Host' is no header that a call to orders can have"),
        ({"headers": {"a b": "x"}}, "'a b' is no header"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "The header X-A for orders is no text of printable ASCII"),
        ({"headers": {"X-A": 5}}, "The header X-A for orders is no text"),
        ({"params": {"a": "\udcff"}}, "half of a surrogate pair"),
        ({"params": {"a": "x" * 70_000}}, "more than 60000 characters"),
        ({"json": 1, "content": "x"}, "one body, and not json and content"),
        ({"json": 1, "data": {}}, "one body, and not json and data or files"),
    ],
)
@pytest.mark.usefixtures("transport")
def test_arguments_that_cannot_be_sent(options: JSON, message: str) -> None:
    """A header or body that no request can have is refused before anything is sent."""
    with pytest.raises(exceptions.InvalidCallError, match=message):
        APIClient("orders").post("echo/", **options)
    with pytest.raises(exceptions.InvalidCallError, match="no method"):
        APIClient("orders").request("GET /", "echo/")


def test_headers_of_a_client_and_of_a_call(call: Caller) -> None:
    """What every call says of itself, and what it is given on top."""
    token = _context.correlation_id.set("abc-1")
    trace = _context.traceparent.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    try:
        found = call("GET", "echo/", headers={"X-Mine": "1"})
    finally:
        _context.correlation_id.reset(token)
        _context.traceparent.reset(trace)
    headers = found.json()["headers"]
    assert headers["x-mine"] == "1"
    assert headers["x-request-id"] == found.json()["correlation_id"] == found.headers["x-request-id"] == "abc-1"
    assert headers["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    assert headers["user-agent"].startswith("dj-core-utils/")
    assert headers["user-agent"].endswith("(shop)")
    assert (headers["x-call-depth"], found.json()["depth"]) == ("1", 1)
    assert 0 < int(headers["x-deadline-ms"]) <= 20_000
    assert found.json()["has_deadline"]
    assert "cookie" not in headers


@pytest.mark.usefixtures("transport")
def test_contact_is_told() -> None:
    """Whoever answers for this service can be found in the log of the other one."""
    with override_settings(SERVICE_CONTACT="team@example.com"):
        agent = APIClient("orders", headers={"X-A": "1"}).get("echo/")["headers"]
    assert agent["user-agent"].endswith("(shop; team@example.com)")
    assert agent["x-a"] == "1"
    with override_settings(SERVICE_CONTACT="Zoë"):
        assert "(" not in APIClient("orders").get("echo/")["headers"]["user-agent"]


def test_idempotency_key_is_sent(call: Caller) -> None:
    """The key by which the other side recognises a repetition."""
    key = str(uuid.uuid4())
    assert call("POST", "echo/", idempotency_key=key).json()["headers"]["idempotency-key"] == key


@pytest.mark.usefixtures("transport")
def test_model_of_an_answer() -> None:
    """An answer can be asked for as a model of Pydantic, or anything that holds some."""
    client = APIClient("orders")
    line = '{"name": "a", "count": 1}'
    assert client.get("body/", params={"content": line}, model=Line) == Line(name="a", count=1)
    assert client.get("body/", params={"content": f"[{line}]"}, model=list[Line]) == [Line(name="a", count=1)]
    with pytest.raises(exceptions.InvalidResponseError) as caught:
        client.get("body/", params={"content": '{"name": "secret-of-a-user", "count": "many"}'}, model=Line)
    assert str(caught.value) == (
        "orders answered GET body/ with something else than Line (count: Input should be a valid integer, unable to"
        " parse string as an integer)."
    )
    assert caught.value.response is not None
    assert caught.value.status_code == 502
    with pytest.raises(exceptions.InvalidResponseError, match="and 1 more"):
        client.get("body/", params={"content": "[{}, {}]"}, model=list[Line])


@pytest.mark.usefixtures("transport")
def test_malformed_json() -> None:
    """An answer that says it is JSON and is not is an error of its own, whatever it holds."""
    client = APIClient("orders")
    with pytest.raises(exceptions.InvalidResponseError, match="with malformed JSON") as caught:
        client.get("body/", params={"content": "{'"})
    assert caught.value.status_code == 502
    with pytest.raises(exceptions.InvalidResponseError):
        client.request("GET", "body/").json()
    nested = client.request("GET", "body/", params={"type": "text/plain"})
    nested.content = b"[" * 100_000
    with pytest.raises(exceptions.InvalidResponseError, match="malformed JSON"):
        nested.json()


def test_answer_that_is_too_large(call: Caller) -> None:
    """A body is read up to a size; nobody can fill the memory."""
    with override_settings(API_CLIENT={"largest_answer": 10_000}):
        assert len(call("GET", "large/?size=10000").content) == 10_000
        with pytest.raises(exceptions.InvalidResponseError, match="more than 10000 bytes") as caught:
            call("GET", "large/?size=10001")
    assert caught.value.code == "too_large"


def test_file_arrives_whole(call: Caller) -> None:
    """A file is joined, and closed once."""
    assert call("GET", "file/").content == b"y" * 100_000


@pytest.mark.parametrize("path", ["streamed/", "astreamed/"])
def test_streamed_body_is_joined(call: Caller, transport: str, path: str, recwarn: pytest.WarningsRecorder) -> None:
    """A streamed answer is whole to whoever does not ask for its pieces."""
    assert call("GET", path, headers={"X-Request-ID": "q"}).text.split() == ["0", "q", "1", "q", "2", "q"]
    if transport == "local":  # a server that is no async one warns
        assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.usefixtures("transport")
def test_async_client_has_the_same_methods() -> None:
    """All of them return parsed bodies."""

    async def main() -> None:
        client = AsyncAPIClient("orders")
        for name in ("get", "post", "put", "patch", "delete"):
            assert (await getattr(client, name)("echo/"))["method"] == name.upper()
            assert (await getattr(client, name)("aecho/"))["method"] == name.upper()
        assert (await client.head("echo/"))["content-type"] == "application/json"
        line = await client.get("body/", params={"content": '{"name": "a", "count": 1}'}, model=Line)
        assert line.count == 1

    asyncio.run(main())
    client = APIClient("orders")
    for name in ("post", "put", "patch", "delete"):
        assert getattr(client, name)("echo/")["method"] == name.upper()


def test_name_of_a_service_is_a_text() -> None:
    """Anything else is refused where it is given."""
    with pytest.raises(TypeError, match="a text, not NoneType"):
        APIClient(None)  # type: ignore[arg-type]  # a mistake


@pytest.mark.usefixtures("transport")
def test_bytes_in_a_query() -> None:
    """They are taken as text."""
    assert APIClient("orders").get("echo/", params={"a": "é".encode()})["params"] == {"a": ["é"]}


def test_nothing_secret_in_what_a_client_shows() -> None:
    """A client, a call and an answer can be printed and logged."""
    assert repr(APIClient("orders", headers={"Authorization": "Bearer hidden"})) == "APIClient('orders')"
