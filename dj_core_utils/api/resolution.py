"""Where a service is: at an address, or in this process."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from django.apps import apps
from django.conf import settings

from dj_core_utils.api.exceptions import UnknownServiceError
from dj_core_utils.conf import conf
from dj_core_utils.settings.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = "{service}"
_NAME = re.compile(r"[A-Za-z][\w-]{0,62}")


class Location(NamedTuple):
    """Where a service is.

    Attributes:
        service: Its name.
        origin: Scheme, host and port of its address, the only one that gets credentials; empty in this process.
        host: Host, and port if it has one, in small letters; empty in this process.
        prefix: The path that its paths begin with, with a slash at both ends.
    """

    service: str
    origin: str
    host: str
    prefix: str

    @property
    def is_local(self) -> bool:
        """Whether it is in this process."""
        return not self.origin


def service_urls() -> dict[str, str]:
    """The address of every service that has one.

    A setting of its own, ``ORDERS_SERVICE_URL``, goes before its entry in ``SERVICE_URLS``, and that one before
    ``SERVICE_URL_TEMPLATE``, which is for ``SERVICES``.
    """
    given: Mapping[str, str] = getattr(settings, "SERVICE_URLS", None) or {}
    template = getattr(settings, "SERVICE_URL_TEMPLATE", None) or ""
    found = {name: _own_setting(name) or url for name, url in given.items()}
    for name in getattr(settings, "SERVICES", None) or ():
        if name not in found and (url := _own_setting(name) or template.replace(_PLACE, name)):
            found[name] = url
    return found


def locate(service: str) -> Location:
    """Where a service is.

    A service with an address is called there. In a monolith every other one is in this process, and so is, everywhere,
    the service itself.

    Args:
        service: Its name.

    Raises:
        UnknownServiceError: There is no such service, or its address cannot be used.
    """
    if service != getattr(settings, "SERVICE_NAME", None):
        given: Mapping[str, str] = getattr(settings, "SERVICE_URLS", None) or {}
        if url := _own_setting(service) or given.get(service):
            return _at(service, url)
        names = getattr(settings, "SERVICES", None) or ()
        template = getattr(settings, "SERVICE_URL_TEMPLATE", None)
        if template and service in names:
            return _at(service, template.replace(_PLACE, service))
        if getattr(settings, "IS_MICROSERVICE", False) or not _is_part(service, names):
            raise _unknown(service, names)
    prefix = conf.api.local_path.replace(_PLACE, service).strip("/")
    return Location(service, "", "", f"/{prefix}/" if prefix else "/")


def variable_of(service: str) -> str:
    """The variable that says where a service lives.

    Args:
        service: A name that ``service_urls`` has.
    """
    return _own_name(service) if _own_setting(service) else "SERVICE_URLS"


def _own_setting(service: str) -> str | None:
    return getattr(settings, _own_name(service), None) or None


def _own_name(service: str) -> str:
    return f"{service.upper().replace('-', '_')}_SERVICE_URL"


def _is_part(service: str, names: object) -> bool:
    """Whether a monolith has such a part: one of its services or apps; any, where it lists none."""
    if not names:
        return _NAME.fullmatch(service) is not None
    return service in {*_listed(names), *(app.label for app in apps.get_app_configs())}


def _listed(names: object) -> list[str]:
    return [str(name) for name in names] if isinstance(names, list | tuple | set | frozenset) else []


def _unknown(service: str, names: object) -> UnknownServiceError:
    known = sorted({*_listed(names), *service_urls()})
    if service in known:
        own = _own_name(service)
        what = f"nothing says where the service {service} is: set SERVICE_URLS={service}=https://..., or {own}."
    else:
        listed = f"known: {', '.join(known)}" if known else "SERVICES and SERVICE_URLS name none"
        what = f'there is no service "{service[:63]}" ({listed}).{did_you_mean(service, known)}'
    return UnknownServiceError(f"{what[0].upper()}{what[1:]}", service=service, code="unknown_service")


@lru_cache(maxsize=1024)
def _at(service: str, url: str) -> Location:
    """The location at an address; kept, because every call asks."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or "@" in parts.netloc or parts.query or parts.fragment or not url.isascii():
        raise UnknownServiceError(
            f"The address of the service {service} cannot be used: expected http:// or https://, a host, and a path "
            "at most; no password, no query.",
            service=service,
            code="address",
        )
    host = parts.netloc.lower()
    prefix = quote(parts.path.strip("/"), safe="/%:@!$&'()*+,;=~")
    return Location(service, f"{parts.scheme}://{host}", host, f"/{prefix}/" if prefix else "/")
