"""Typed view of ``django.conf.settings`` for the parts that run.

Every property reads Django's settings when it is asked, so ``override_settings`` works, and so does a project that does
not use the settings classes of this package.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dj_core_utils.redaction import exactly, sensitive_values

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence


T = TypeVar("T")


class AuditConf(NamedTuple):
    """``settings.AUDIT``.

    Attributes:
        include: Patterns ``app_label.Model`` of what is recorded; empty for every model of the project.
        exclude: Patterns of models and fields that are not.
        sensitive: Patterns of models and fields whose values are left out.
        capture: ``python``, or ``trigger`` for triggers of the database where they can.
        write: ``commit`` for once before the commit, ``immediate`` for at once.
        on_failure: ``refuse`` the change whose entry cannot be written, or ``log`` the loss.
        unannounced: ``warn`` of SQL that writes a recorded table past the record, ``raise``, or ``ignore`` it.
        retention: What is kept, by model or pattern: ``{"shop.Order": "5y", "*": "1000 rows"}``.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    sensitive: Sequence[str] = ()
    capture: str = "python"
    write: str = "commit"
    on_failure: str = "refuse"
    unannounced: str = "warn"
    retention: Mapping[str, str] = MappingProxyType({})


class APIConf(NamedTuple):
    """``settings.API_CLIENT``; durations in seconds.

    Attributes:
        connect_timeout: How long a connection may take.
        read_timeout: How long a service may be silent.
        deadline: How long a call may take in all.
        attempts: How often a call that may be repeated is tried.
        retry_ratio: Second attempts per call that are allowed over time.
        breaker_window: How far back failures of a service are counted.
        breaker_calls: Calls within that time from which on failures count.
        breaker_failures: Share of failed calls at which a service is left alone.
        breaker_pause: How long it is left alone.
        largest_answer: Bytes of an answer from which on it is refused.
        ca_file: Certificates of the authorities that are trusted; empty for those of the machine.
        local_path: Path under which a service of this process is found; ``{service}`` stands for its name.
        transaction: ``join`` the caller's transaction in this process, or ``refuse`` a call inside of one.
    """

    connect_timeout: float = 1
    read_timeout: float = 5
    deadline: float = 10
    attempts: int = 3
    retry_ratio: float = 0.2
    breaker_window: float = 10
    breaker_calls: int = 10
    breaker_failures: float = 0.5
    breaker_pause: float = 5
    largest_answer: int = 10_485_760
    ca_file: str = ""
    local_path: str = "/"
    transaction: str = "join"


_NO_AUDIT: Mapping[str, Any] = {}
_NO_API: Mapping[str, Any] = {}


class Conf:
    """The settings that the runtime knows, with the defaults of a project that sets none of them."""

    def __init__(self) -> None:
        self._secrets_of: object = None
        self._secrets: re.Pattern[str] | None = None
        self._audit: tuple[Mapping[str, Any], AuditConf] = (_NO_AUDIT, AuditConf())
        self._api: tuple[Mapping[str, Any], APIConf] = (_NO_API, APIConf())

    @property
    def secrets(self) -> re.Pattern[str] | None:
        """What finds the exact values that the settings hold as secrets; None before the settings are there."""
        if not settings.configured:
            return None
        # override_settings puts another holder in place; walking all settings each time would cost too much.
        holder = vars(settings)["_wrapped"]
        if holder is not self._secrets_of:
            self._secrets = exactly(sensitive_values({name: getattr(holder, name, None) for name in dir(holder)}))
            self._secrets_of = holder
        return self._secrets

    def forget_secrets(self) -> None:
        """Look for them anew: one of them has changed in place."""
        self._secrets_of = None

    @property
    def health_path(self) -> str:
        """Path that answers health checks, empty for none (``HEALTH_PATH``)."""
        return str(getattr(settings, "HEALTH_PATH", "/healthz") or "")

    @property
    def audit(self) -> AuditConf:
        """What the audit log records (``AUDIT``).

        Raises:
            ImproperlyConfigured: It is no dictionary, or has a key that nothing reads.
        """
        given = getattr(settings, "AUDIT", _NO_AUDIT)
        known, audit = self._audit
        if given is not known:  # kept, because every change of every row asks
            audit = _section(AuditConf, AuditConf._fields, "AUDIT", given)
            self._audit = (given, audit)
        return audit

    @property
    def api(self) -> APIConf:
        """Limits of calls to other services (``API_CLIENT``).

        Raises:
            ImproperlyConfigured: It is no dictionary, or has a key that nothing reads.
        """
        given = getattr(settings, "API_CLIENT", _NO_API)
        known, api = self._api
        if given is not known:  # kept, because every call asks
            api = _section(APIConf, APIConf._fields, "API_CLIENT", given)
            self._api = (given, api)
        return api


def _section(kind: Callable[..., T], fields: Sequence[str], name: str, given: Mapping[str, Any]) -> T:
    known = ", ".join(fields)
    try:
        return kind(**given)
    except TypeError:
        unknown = ", ".join(sorted(map(repr, set(given) - {*fields}))) if isinstance(given, dict) else ""
    if unknown:
        raise ImproperlyConfigured(f"{name} has {unknown}, which nothing reads; it may have {known}.")
    raise ImproperlyConfigured(f"{name} is {type(given).__name__}; expected a dictionary with some of {known}.")


conf = Conf()
