"""Other services, played by the test: what they answer, and what they were asked.

Everything above the network is what runs in production: retries, the breaker, deadlines, credentials, errors. Nothing
is sent, and nobody waits: a pause or a timeout takes its time from the call alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings

from dj_core_utils.api.exceptions import UnknownServiceError
from dj_core_utils.api.protection import replace_protection
from dj_core_utils.api.resolution import locate, service_urls
from dj_core_utils.api.stand_ins import stand_ins
from dj_core_utils.testing.answers import Answer, BrokenOff, Down, Reply, TimedOut
from dj_core_utils.testing.changes import changed_settings
from dj_core_utils.testing.requests import ReceivedRequest, Wanted, split_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpcore2
    import httpx2

    from dj_core_utils.api.call import Call

_NOT_GIVEN: Any = object()


class UnexpectedCallError(AssertionError):
    """A service was asked for something that the test has no answer to."""


class Stub:
    """What a service does when it is asked for one thing.

    Each of ``returns``, ``times_out``, ``is_down`` and ``breaks_off`` is for one attempt, in turn, the last one for all
    that follow: ``orders.get("orders/").is_down().returns([])``.

    Attributes:
        calls: The attempts until now, oldest first; a call that was tried twice stands there twice.
    """

    def __init__(self, service: str, wanted: Wanted) -> None:
        self.calls: list[ReceivedRequest] = []
        self._service = service
        self._wanted = wanted
        self._answers: list[Answer] = []

    def __str__(self) -> str:
        """What it is for."""
        return str(self._wanted)

    def returns(
        self,
        json: object = _NOT_GIVEN,
        *,
        status: int = 200,
        content: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
        after: float = 0,
    ) -> Stub:
        """Answer.

        Args:
            json: The body as data; what the client can send may stand here.
            status: The status; from 300 on the client raises the error that fits.
            content: The body as it is, in place of ``json``: a page, a file, malformed JSON.
            headers: Such as ``{"Retry-After": "2"}``.
            after: Seconds that it takes; more than ``API_CLIENT_READ_TIMEOUT`` is a timeout.

        Raises:
            ValueError: Both ``json`` and ``content`` are given.
        """
        if json is not _NOT_GIVEN and content:
            raise ValueError("An answer has one body: json or content.")
        if json is _NOT_GIVEN:
            self._answers.append(Reply.raw(status, content, headers or {}, after))
        else:
            self._answers.append(Reply.of(status, json, headers or {}, after))
        return self

    def times_out(self) -> Stub:
        """Take the call, and never answer."""
        self._answers.append(TimedOut())
        return self

    def is_down(self) -> Stub:
        """Refuse the connection, as where nobody listens."""
        self._answers.append(Down())
        return self

    def breaks_off(self) -> Stub:
        """Close the connection before there is an answer."""
        self._answers.append(BrokenOff())
        return self

    @property
    def called(self) -> bool:
        """Whether it was asked for."""
        return bool(self.calls)

    def assert_called(self, times: int | None = None) -> None:
        """Claim that it was asked for.

        Args:
            times: How often, each attempt counted; None for once at least.

        Raises:
            AssertionError: It was not.
        """
        __tracebackhide__ = True  # what pytest shows is the line of the test
        if len(self.calls) != times if times is not None else not self.calls:
            expected = "at least once" if times is None else f"{times} times"
            raise AssertionError(f"{self._service}: {self} was asked {len(self.calls)} times and not {expected}.")

    def assert_not_called(self) -> None:
        """Claim that it was never asked for.

        Raises:
            AssertionError: It was.
        """
        __tracebackhide__ = True  # the same
        self.assert_called(times=0)

    def assert_called_once_with(
        self,
        *,
        json: object = _NOT_GIVEN,
        params: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ReceivedRequest:
        """Claim that it was asked for once, and with what.

        Args:
            json: The whole body.
            params: The whole query.
            headers: Some of the headers, such as ``{"X-Request-ID": "r-1"}``.

        Returns:
            What was sent, for other claims.

        Raises:
            AssertionError: It was not so; the text says what was sent.
        """
        __tracebackhide__ = True  # the same
        self.assert_called(times=1)
        [request] = self.calls
        claims: list[tuple[str, object, object]] = [
            (f"the header {name}", request.headers.get(name), value) for name, value in (headers or {}).items()
        ]
        if json is not _NOT_GIVEN:
            claims.append(("the body", request.json(), json))
        if params is not None:
            claims.append(("the query", request.params, lists(params)))
        for what, found, expected in claims:
            if found != expected:
                raise AssertionError(f"{self._service}: {self} was asked with {what} {found!r} and not {expected!r}.")
        return request

    def fits(self, request: ReceivedRequest) -> bool:
        """Whether it is for this request."""
        return self._wanted.fits(request)

    @property
    def is_particular(self) -> bool:
        """Whether it names a query."""
        return self._wanted.params is not None

    def answer(self, call: Call, received: ReceivedRequest) -> httpx2.Response:
        """The answer to one attempt.

        Args:
            call: The call.
            received: What was sent.

        Raises:
            UnexpectedCallError: It has none.
        """
        self.calls.append(received)
        if not self._answers:
            raise UnexpectedCallError(f"{self._service}: {self} has no answer; add .returns(...) to it.")
        return self._answers[min(len(self.calls), len(self._answers)) - 1].given(call)


def lists(params: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    """A query with all values of each name.

    Args:
        params: The query.
    """
    return {name: [value] if isinstance(value, str) else list(value) for name, value in params.items()}


class FakePeer:
    """A service that answers what the test says.

    Attributes:
        service: Its name.
        calls: Every attempt that came, oldest first.
    """

    def __init__(self, service: str, prefix: str) -> None:
        self.service = service
        self.calls: list[ReceivedRequest] = []
        self._prefix = prefix
        self._stubs: list[Stub] = []
        self._unexpected: list[UnexpectedCallError] = []

    def get(self, path: str, *, params: Mapping[str, str | list[str]] | None = None) -> Stub:
        """Say what it does when it is asked with GET; arguments as for ``on``."""
        return self.on("GET", path, params=params)

    def post(self, path: str, *, params: Mapping[str, str | list[str]] | None = None) -> Stub:
        """The same for POST."""
        return self.on("POST", path, params=params)

    def put(self, path: str, *, params: Mapping[str, str | list[str]] | None = None) -> Stub:
        """The same for PUT."""
        return self.on("PUT", path, params=params)

    def patch(self, path: str, *, params: Mapping[str, str | list[str]] | None = None) -> Stub:
        """The same for PATCH."""
        return self.on("PATCH", path, params=params)

    def delete(self, path: str, *, params: Mapping[str, str | list[str]] | None = None) -> Stub:
        """The same for DELETE."""
        return self.on("DELETE", path, params=params)

    def head(self, path: str, *, params: Mapping[str, str | list[str]] | None = None) -> Stub:
        """The same for HEAD."""
        return self.on("HEAD", path, params=params)

    def on(self, method: str, path: str, *, params: Mapping[str, str | list[str]] | None = None) -> Stub:
        """Say what it does when it is asked for something.

        Of several that fit, one that names a query goes before one that does not, then the latest one counts.

        Args:
            method: The method.
            path: The path as the client is given it, below the address of the service; a query in it counts.
            params: The query, all of it; None for any.
        """
        bare, found = split_path(path)
        query = None if params is None and not found else {**found, **lists(params or {})}
        stub = Stub(self.service, Wanted(method.upper(), bare, query))
        self._stubs.append(stub)
        return stub

    def assert_not_called(self) -> None:
        """Claim that it was asked for nothing.

        Raises:
            AssertionError: It was; the text lists what for.
        """
        __tracebackhide__ = True  # what pytest shows is the line of the test
        if self.calls:
            listed = "\n".join(f"  {request}" for request in self.calls)
            raise AssertionError(f"{self.service} was asked for:\n{listed}")

    def answer(self, call: Call, request: httpcore2.Request) -> httpx2.Response:
        """What the client calls in place of the network.

        Args:
            call: The call.
            request: What would be sent.

        Raises:
            UnexpectedCallError: The test has no answer to it.
        """
        received = ReceivedRequest.of(call, request, self._prefix)
        self.calls.append(received)
        try:
            return self._stub_of(received).answer(call, received)
        except UnexpectedCallError as error:
            self._unexpected.append(error)
            raise

    def refuse_unexpected(self) -> None:
        """Tell of a call without an answer that the tested code has swallowed.

        Raises:
            UnexpectedCallError: There was one.
        """
        if self._unexpected:
            raise self._unexpected[0]

    def _stub_of(self, received: ReceivedRequest) -> Stub:
        fitting = [stub for stub in self._stubs if stub.fits(received)]
        if not fitting:
            listed = "\n".join(f"  {stub}" for stub in self._stubs) or "  (nothing)"
            raise UnexpectedCallError(f"{self.service} was asked for {received}, and has an answer to:\n{listed}")
        return next((stub for stub in reversed(fitting) if stub.is_particular), fitting[-1])


@contextmanager
def fake_peer(service: str) -> Iterator[FakePeer]:
    """Play another service in a block, for ``APIClient`` and ``AsyncAPIClient``, in a monolith, too.

    In the block it lives at an address, whatever the settings say, and has a breaker and a budget of its own. Django's
    ``SERVICE_URLS`` names that address; all threads of the process see it.

    Args:
        service: Its name.

    Yields:
        What it does, and what it was asked.

    Raises:
        UnknownServiceError: There is no such service; in production the call would end so.
        UnexpectedCallError: At the end of the block: it was asked for something else, and the tested code went on.
        ValueError: It is this service itself, or is played already.
    """
    if service == getattr(settings, "SERVICE_NAME", None):
        raise ValueError(f"{service} is this service itself, which is never called over a network.")
    if service in stand_ins:
        raise ValueError(f"{service} is played already; blocks for one service do not nest.")
    urls = {**service_urls(), service: _address(service)}
    with changed_settings({"SERVICE_URLS": urls}, [], copied=frozenset()):
        peer = FakePeer(service, locate(service).prefix)
        before = replace_protection(service, None)
        stand_ins[service] = peer
        try:
            yield peer
        finally:
            del stand_ins[service]
            replace_protection(service, before)
    peer.refuse_unexpected()


def _address(service: str) -> str:
    """Where a service lives in the block: where the settings say, or at a made-up address."""
    made_up = f"http://{service}.test"
    try:
        found = locate(service)
    except UnknownServiceError:
        known = {*(getattr(settings, "SERVICES", None) or ()), *service_urls()}
        if known and service not in known:
            raise
        return made_up
    return made_up if found.is_local else f"{found.origin}{found.prefix}"
