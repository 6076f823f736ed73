"""What can go wrong in a call to another service.

::

    APIClientError                       status_code, code, detail, service, method, path, request_id, retry_after
    +-- answered, and not as it was hoped
    |   +-- BadRequestError              400, 422; ``fields`` says what is wrong with which
    |   +-- UnauthorizedError            401
    |   +-- ForbiddenError               403
    |   +-- NotFoundError                404, 410
    |   +-- ConflictError                409, 412
    |   +-- RateLimitedError             429
    |   +-- ServerFailureError           500 and the other 5xx
    |   +-- RedirectedError              a 3xx, which is not followed; 502 to the outside
    |   +-- InvalidResponseError         not what it says it is: malformed, too large, not of the model; 502
    +-- answered so, or never answered
    |   +-- ServiceUnavailableError      502, 503; not reached, broken off
    |   |   +-- CircuitOpenError         503: failed too often of late, was not asked
    |   +-- ServiceTimeoutError          504, 408; no answer in time
    |   +-- CallLoopError                508: services call each other in a circle
    +-- never sent: a mistake of the calling code or of the configuration, 500
        +-- UnknownServiceError          no such service, or nothing says where it is
        +-- InvalidCallError             a path or header that cannot be
        +-- SyncCallError                the sync client on a running event loop
        +-- OpenTransactionError         inside a transaction, where the settings refuse that

An error that was answered has the whole answer as ``response``; without one ``response`` is None.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dj_core_utils.api.response import APIResponse

_NO_FIELDS: Mapping[str, Sequence[str]] = MappingProxyType({})


class APIClientError(Exception):
    """A call to another service did not succeed.

    The message is for logs and users: it names service, method and path, never the query, a header or a credential, and
    of the answer a short, redacted text at most.

    Attributes:
        status_code: Fit to be answered to one's own caller.
        code: A word for programs: the ``code`` or ``type`` of the answer, or why it was never answered (``refused``,
            ``dns``, ``tls``, ``pool``).
        detail: What the other service says, redacted and shortened.
        fields: What is wrong with which field of what was sent.
        service: Name of the service.
        method: ``GET``.
        path: The path below the service's address, without its query.
        request_id: The correlation id under which both sides have logged it.
        retry_after: Seconds after which the service asks to be called again.
        response: The answer, if there was one.
        attempts: How often it was tried.
    """

    status_code = 500

    # With defaults, so that it can be pickled: Exception makes it again from its message, and then adds the rest.
    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str = "",
        detail: str = "",
        fields: Mapping[str, Sequence[str]] = _NO_FIELDS,
        service: str = "",
        method: str = "",
        path: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        response: APIResponse | None = None,
    ) -> None:
        super().__init__(message)
        if status_code is not None:
            self.status_code = status_code
        self.code = code
        self.detail = detail
        self.fields = dict(fields)
        self.service = service
        self.method = method
        self.path = path
        self.request_id = request_id
        self.retry_after = retry_after
        self.response = response
        self.attempts = 1


class BadRequestError(APIClientError):
    """The service does not accept what it was sent; ``fields`` may say why."""

    status_code = 400


class UnauthorizedError(APIClientError):
    """The service does not know who calls it."""

    status_code = 401


class ForbiddenError(APIClientError):
    """The service knows who calls it, and refuses."""

    status_code = 403


class NotFoundError(APIClientError):
    """There is no such thing, or not any more."""

    status_code = 404


class ConflictError(APIClientError):
    """What it is about has changed, or exists already."""

    status_code = 409


class RateLimitedError(APIClientError):
    """The service was called too often; ``retry_after`` may say for how long."""

    status_code = 429


class ServerFailureError(APIClientError):
    """The service failed; called in this process, ``__cause__`` is the exception."""

    status_code = 500


class RedirectedError(APIClientError):
    """The service sent the call elsewhere. Nothing follows: credentials are for the configured address alone."""

    status_code = 502


class InvalidResponseError(APIClientError, ValueError):
    """The answer is not what it says it is, or not what was asked for."""

    status_code = 502


class ServiceUnavailableError(APIClientError, ConnectionError):
    """The service could not be reached, broke off, or says that it is unavailable."""

    status_code = 503


class CircuitOpenError(ServiceUnavailableError):
    """The service has failed too often of late and was not asked; ``retry_after`` says when it will be."""


class ServiceTimeoutError(APIClientError, TimeoutError):
    """The service has not answered in time."""

    status_code = 504


class CallLoopError(APIClientError, RecursionError):
    """Services call each other in a circle."""

    status_code = 508


class UnknownServiceError(APIClientError, ImproperlyConfigured):
    """There is no service of that name, or nothing says where it is."""


class InvalidCallError(APIClientError, ValueError):
    """A path, a header or an argument that no call can have."""


class SyncCallError(APIClientError, SynchronousOnlyOperation):
    """The sync client was used on a running event loop, which it would stop."""


class OpenTransactionError(APIClientError, RuntimeError):
    """A call inside a transaction, where the settings refuse that (``API_CLIENT_TRANSACTION=refuse``)."""
