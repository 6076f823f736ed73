"""Other services: whether each answers at its health path, and whether keys can be fetched where they are published."""

from __future__ import annotations

import json
import ssl
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from dj_core_utils.api.resolution import variable_of
from dj_core_utils.cli.live.certificates import certificate_fault
from dj_core_utils.cli.live.failures import presentable, reason
from dj_core_utils.cli.live.probe import Finding, Probe, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_BYTES = 65_536
_FINE, _REDIRECTS, _NOT_FOUND = range(200, 300), range(300, 400), 404
_HEALTH = "/healthz"


def probes(urls: Mapping[str, str], health_path: str, jwks_url: str | None) -> Iterator[Probe]:
    """One probe for each peer, and one for the keys.

    Args:
        urls: Where each service is, as the client finds it.
        health_path: ``HEALTH_PATH``; the peers are taken to have the same.
        jwks_url: Where keys are published; None for nowhere.
    """
    for name, url in urls.items():
        path = (health_path or _HEALTH).lstrip("/")
        yield Probe("service", name, variable_of(name), partial(_run, f"{url.rstrip('/')}/{path}", is_jwks=False))
    if jwks_url:
        yield Probe("jwks", "keys", "JWT_JWKS_URL", partial(_run, jwks_url, is_jwks=True))


def _run(url: str, timeout: float, *, is_jwks: bool) -> Finding:
    shown = presentable(url)
    try:
        answer = _get(url, timeout)
    except Exception as error:  # noqa: BLE001  # whatever it is, it has to do with this address
        return Finding("fail", f"{shown}: {_fault(error, url, timeout)}")
    if answer.status in _REDIRECTS:
        target = presentable(answer.location) or "nowhere"
        return Finding("fail", f"{shown} redirects to {target}", "set the address that it leads to")
    if answer.status not in _FINE:
        is_missing = answer.status == _NOT_FOUND and not is_jwks
        hint = "a service of this package answers at its HEALTH_PATH" if is_missing else ""
        return Finding("fail", f"{shown} answers {answer.status}", hint)
    found = _keys(shown, answer.body) if is_jwks else Finding("ok", f"{shown} answers {answer.status}")
    return found._replace(milliseconds=answer.milliseconds)


class _Answer(NamedTuple):
    """What a service has answered.

    Attributes:
        status: The status.
        location: Target of a redirect.
        body: As much of the body as keys may take.
        milliseconds: How long it took, connecting included.
    """

    status: int
    location: str
    body: bytes
    milliseconds: float


def _get(url: str, timeout: float) -> _Answer:
    import httpx2  # noqa: PLC0415  # only a service that has peers needs it

    context = ssl.create_default_context()
    # No proxy and no password out of the environment: services call each other directly.
    with httpx2.Client(verify=context, timeout=timeout, trust_env=False, follow_redirects=False) as client:
        body = b""
        with Stopwatch.running() as watch, client.stream("GET", url) as response:
            for chunk in response.iter_bytes(_MOST_BYTES):
                body += chunk
                if len(body) >= _MOST_BYTES:
                    break
        return _Answer(response.status_code, response.headers.get("location", ""), body, watch.milliseconds)


def _fault(error: BaseException, url: str, timeout: float) -> str:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return reason(error, timeout)
    server = urlsplit(url)
    return certificate_fault(cause, server.hostname or "", server.port or 443, timeout)


def _keys(shown: str, body: bytes) -> Finding:
    try:
        keys = json.loads(body)["keys"]
        kinds = [key["kty"] for key in keys]
    except (ValueError, KeyError, TypeError):
        return Finding("fail", f"{shown} answers, but not with keys", 'expected  {"keys": [...]}  (RFC 7517)')
    if not kinds or "oct" in kinds:
        what = "no key" if not kinds else "a secret key, which is nothing to publish"
        return Finding("fail", f"{shown} holds {what}")
    return Finding("ok", f"{shown} holds {len(kinds)} key{'' if len(kinds) == 1 else 's'}")
