"""``ORDERS_SERVICE_URL``: the address of one service, under a name of its own.

Which names there are follows from ``SERVICES`` and ``SERVICE_URLS``. So where a source sets one, the services are
looked up first, and the class gets the field that a project could have written itself: from there on the name stands in
the one table that sources, messages and commands read.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, create_model

from dj_core_utils.settings.spelling import FILE_SUFFIX
from dj_core_utils.settings.variables import variable
from dj_core_utils.settings.web_origins import check_http_url

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings

ENDING = "_SERVICE_URL"
"""What the names of these variables end with."""

ServiceURL = Annotated[str, AfterValidator(check_http_url)]


def _address(text: str) -> str:
    return check_http_url(text) if text else ""


def own_variable(service: str) -> str:
    """The variable that says where one service lives.

    Args:
        service: Its name.
    """
    return f"{service.upper().replace('-', '_')}{ENDING}"


def own_address(settings: object, service: str) -> str | None:
    """What that variable says, or a field of that name which the project has written.

    Args:
        settings: The settings of the project.
        service: Its name.
    """
    return getattr(settings, own_variable(service).lower(), None) or None


def addresses_in(names: Iterable[str]) -> frozenset[str]:
    """The variables of that form among names of any case, without the ending of those that name a file.

    Args:
        names: What the sources set.
    """
    found = (name.upper().removesuffix(FILE_SUFFIX) for name in names)
    return frozenset(name for name in found if name.endswith(ENDING))


def with_addresses(
    settings_class: "type[CoreSettings]", services: Iterable[str], given: Collection[str], known: Collection[str]
) -> "type[CoreSettings]":
    """The class, with a field for each address that is set under a name of its own.

    Args:
        settings_class: The class.
        services: The services that are known.
        given: The variables that are set.
        known: The variables that it has.
    """
    wanted = {own_variable(service): service for service in services}
    fields = tuple((name, wanted[name]) for name in wanted if name in given and name not in known)
    return _extended(settings_class, fields) if fields else settings_class


@lru_cache(maxsize=8)
def _extended(settings_class: "type[CoreSettings]", addresses: tuple[tuple[str, str], ...]) -> "type[CoreSettings]":
    """A subclass, the same one for each load, as everything else that is known of a class hangs on it."""
    fields: dict[str, Any] = {
        name.lower(): (
            Annotated[str, AfterValidator(_address)],
            variable("", description=f"Where {service} lives.", example=f"https://{service}.internal"),
        )
        for name, service in addresses
    }
    made: type[CoreSettings] = create_model(
        settings_class.__name__,
        __base__=settings_class,
        __doc__=settings_class.__doc__,
        __module__=settings_class.__module__,
        **fields,
    )
    return made
