"""Variables that are set and that nothing reads: misspelt names, names known from elsewhere, Kubernetes' links.

What stands in ``.env`` or in the secrets directory was put there for this program, so every name in it must be known.
The process environment is shared with everything else on the machine; there only what resembles one of our names is
reported. No message holds a value.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.origins import ENVIRONMENT
from dj_core_utils.settings.quoting import is_readable
from dj_core_utils.settings.service_addresses import ENDING, own_variable
from dj_core_utils.settings.spelling import FILE_SUFFIX, NearMisses, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from dj_core_utils.settings.dotenv import Dotenv
    from dj_core_utils.settings.errors import Severity
    from dj_core_utils.settings.secret_files import SecretsDirectory
    from dj_core_utils.settings.variables import Variable, VariableTable

LOADER_NAMES = frozenset({"DJANGO_PROFILE", "DJANGO_ENV_FILE", "DJANGO_SECRETS_DIR", "DJANGO_SETTINGS_MODULE"})
"""Names that steer the load itself, or Django, and that no settings class declares."""

PREFIXES = ("CORS_", "CSRF_", "FASTAPI_", "JWT_", "SECURE_", "SESSION_")
"""Names that begin so are taken for ours even when none of ours is near; hardly any other program uses them."""

_DJANGO = "DJANGO_"
_SECRET_KEY = "DJANGO_SECRET_KEY"  # noqa: S105  # a name
_LONG = 8
# Each takes a millisecond; a file with more names that nobody knows is no .env of this program.
_MOST_SEARCHES = 100

# Read by Django itself and by django-configurations.
_DJANGO_NAME = (
    r"DJANGO_(?:SUPERUSER_\w+|ALLOW_ASYNC_UNSAFE|AUTO_COMPLETE|COLORS|CONFIGURATION|RUNSERVER_HIDE_WARNING"
    r"|TEST_PROCESSES|WATCHMAN_TIMEOUT)"
)
# Resemble our names, and are set on every Linux desktop (gettext, the X session manager) and by FastAPI's hosting.
_FOREIGN = r"LANGUAGE|SESSION_MANAGER|FASTAPI_CLOUD_\w+"
# The keys and origins of other services, which one .env may hold for all of them.
_FAMILY = r"[A-Z][A-Z0-9_]*_(?:SECRET_KEY|SECRET_KEY_FALLBACKS|CORS_ALLOWED_ORIGINS)(?:_FILE)?"
_ADDRESSES = "SERVICE_URLS"
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_LINK = r"(?a)\w+_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
_LINK_VALUE = r"(?:tcp|udp|sctp)://"


def unknown_names(
    table: VariableTable,
    *,
    environ: Mapping[str, str],
    dotenv: Dotenv,
    secrets: SecretsDirectory | None,
    allowed: Collection[str] = (),
    services: Collection[str] = (),
    is_hardened: bool = False,
) -> Iterator[Problem]:
    """Report the names that are set and not read.

    Args:
        table: The variables that are read.
        environ: The process environment; reported are near misses, and names under one of ``PREFIXES``.
        dotenv: The ``.env`` file; reported is every name that is not known.
        secrets: The secrets directory, of which the same is true.
        allowed: Names to leave alone; ``*`` is a wildcard.
        services: Names of the services whose ``ORDERS_SERVICE_URL`` is read where it is set.
        is_hardened: Whether a name of eight letters and more is an error. Shorter ones resemble others by chance, and
            what another program may well be meant to read is a warning at any length.

    Yields:
        ``variable.unknown``, and ``variable.other_name`` for a name that the table knows from elsewhere.
    """
    names = _Names(table, allowed, services, is_hardened=is_hardened)
    for name in environ:
        yield from names.in_environment(name, environ)
    if secrets is not None:
        for name in secrets.files:  # Docker's are named in small letters, as a rule
            yield from names.in_file(name.upper(), str(secrets.path / name))
        for name in secrets.others:
            yield from names.in_file(name, str(secrets.path / name))
    for name, entry in dotenv.entries.items():
        yield from names.in_file(name, f"{dotenv.label}:{entry.line}")


def service_link_problem(variable: Variable, value: str, environ: Mapping[str, str]) -> Problem | None:
    """What to say when Kubernetes has set one of our variables.

    For a service called ``db`` it sets ``DB_PORT=tcp://10.0.0.7:5432`` in every pod of the namespace. Such a value is
    never meant for us and must not be used.

    Args:
        variable: One of ours.
        value: What the process environment has for it.
        environ: The process environment, in which ``DB_SERVICE_HOST`` proves that Kubernetes was it.

    Returns:
        A warning when the value is Kubernetes' beyond doubt, so that the variable counts as not set; an error when it
        only looks like it; None for any other value.
    """
    if not variable.name.endswith("_PORT") or re.match(_LINK_VALUE, value) is None:
        return None
    prefix = variable.name.removesuffix("_PORT")
    service = prefix.lower().replace("_", "-")
    is_certain = f"{prefix}_SERVICE_HOST" in environ
    message = (
        f'Kubernetes has set this to the address of its service "{service}"; it counts as not set.'
        if is_certain
        else f'this is the address of a service, as Kubernetes sets it for one called "{service}", not a port.'
    )
    return Problem(
        id="variable.service_link",
        variable=variable.name,
        origin=ENVIRONMENT.label,
        message=message,
        hint='set "enableServiceLinks: false" in the pod\'s spec, or rename the service',
        severity="warning" if is_certain else "error",
    )


def is_service_link(name: str, value: str) -> bool:
    """Whether a variable is one that Kubernetes (or Docker's old links) sets for a service of the cluster.

    Args:
        name: Its name, such as ``ORDERS_SERVICE_HOST`` or ``ORDERS_PORT_80_TCP_ADDR``.
        value: Its value, by which alone ``ORDERS_PORT`` can be told from a port.
    """
    return re.fullmatch(_LINK, name) is not None or (
        name.endswith("_PORT") and re.match(_LINK_VALUE, value) is not None
    )


@lru_cache(maxsize=8)
def _near_misses(known: frozenset[str]) -> NearMisses:
    """The index of one settings class, which is the same in each of its loads."""
    return NearMisses(known)


class _Names:
    """Everything that is known about names, and the judgement on each one."""

    def __init__(
        self, table: VariableTable, allowed: Collection[str], services: Collection[str], *, is_hardened: bool
    ) -> None:
        self._ordered = (*table, *sorted(LOADER_NAMES))
        self._known = frozenset(self._ordered)
        self._other_names = table.other_names
        self._misses = _near_misses(self._known)
        self._allowed = tuple(allowed)
        self._services = services
        self._is_hardened = is_hardened
        self._searches = 0

    def in_environment(self, name: str, environ: Mapping[str, str]) -> Iterator[Problem]:
        """Judge a name that any program may have set."""
        other = self._other(name)
        miss = other or self._misses.lookup(name)
        near = miss or self._address(name)
        is_prefixed = name.startswith(PREFIXES)
        if (near is None and not is_prefixed) or self._is_known(name):
            return
        if re.fullmatch(_FOREIGN, name) or is_service_link(name, environ[name]):
            return
        # Where the right name is set beside it, the other one is there for another program.
        is_redundant = near is not None and _is_set(near.removesuffix(FILE_SUFFIX), environ)
        if other is None:
            is_certain = miss is not None and not is_redundant
            yield self._problem(name, near, ENVIRONMENT.label, is_certain=is_certain)
        elif not is_redundant:
            yield self._other_problem(name, other, ENVIRONMENT.label, is_certain=is_prefixed)

    def in_file(self, name: str, origin: str) -> Iterator[Problem]:
        """Judge a name that was set for this program alone."""
        if name in self._known or self._is_known(name):
            return
        if other := self._other(name.upper()):
            yield self._other_problem(name, other, origin, is_certain=True)
        else:
            yield self._problem(name, self._misses.lookup(name), origin, is_certain=True)

    def _other(self, name: str) -> str | None:
        """The right name for one that is known from elsewhere."""
        if variable := self._other_names.get(name):
            return variable.name
        if variable := self._other_names.get(name.removesuffix(FILE_SUFFIX)):
            return variable.file_name
        # Many a project puts DJANGO_ before every setting.
        if name.startswith(_DJANGO) and (right := name.removeprefix(_DJANGO)).removesuffix(FILE_SUFFIX) in self._known:
            return right
        return None

    def _address(self, name: str) -> str | None:
        """The address of a service whose name was misspelt."""
        if not name.upper().endswith(ENDING):
            return None
        service = nearest(name[: -len(ENDING)], self._services)
        return own_variable(service) if service else None

    def _is_known(self, name: str) -> bool:
        if name in self._known or name.removesuffix(FILE_SUFFIX) in self._known or re.fullmatch(_DJANGO_NAME, name):
            return True
        if any(fnmatchcase(name, pattern) for pattern in self._allowed):
            return True
        if re.fullmatch(_FAMILY, name) is None or self._other(name) is not None:
            return False
        # A misspelt DJANGO_SECRET_KEY looks like the key of a service, too.
        near = self._misses.lookup(name)
        return near is None or not near.startswith(_SECRET_KEY)

    def _suggestion(self, name: str) -> str | None:
        """A name that is near in a wider sense, now that the name is known to be unknown."""
        if name.upper().endswith(ENDING) and _ADDRESSES in self._known:
            return self._address(name) or _ADDRESSES
        self._searches += 1
        if self._searches > _MOST_SEARCHES:
            return None
        prefix = next((prefix for prefix in PREFIXES if name.upper().startswith(prefix)), "")
        return nearest(name, (known for known in self._ordered if known.startswith(prefix)))

    def _problem(self, name: str, near: str | None, origin: str, *, is_certain: bool) -> Problem:
        near = near or self._suggestion(name)
        if near is None and not is_readable(name):
            return Problem(
                id="variable.unknown",
                origin=origin,
                message="unknown variable, whose name looks like a piece of a value and is not shown.",
                hint="a value of several lines stands in quotes",
                severity=self._severity(name, is_certain=is_certain),
            )
        what = "unknown variable"
        if near == name.upper():
            what += ": names are upper case"
        return Problem(
            id="variable.unknown",
            variable=name,
            origin=origin,
            message=f"{what}. Did you mean {near}?" if near else f"{what}: nothing reads it.",
            hint="" if near else f'remove it, or name it in the settings class:  allowed_variables = ("{name}",)',
            severity=self._severity(name, is_certain=is_certain),
        )

    def _other_problem(self, name: str, right: str, origin: str, *, is_certain: bool) -> Problem:
        return Problem(
            id="variable.other_name",
            variable=name,
            origin=origin,
            message=f"{name} is not read; the variable is called {right}.",
            severity=self._severity(name, is_certain=is_certain),
        )

    def _severity(self, name: str, *, is_certain: bool) -> Severity:
        letters = len(name.removesuffix(FILE_SUFFIX).replace("_", ""))
        return "error" if self._is_hardened and is_certain and letters >= _LONG else "warning"


def _is_set(name: str, environ: Mapping[str, str]) -> bool:
    return name in environ or f"{name}{FILE_SUFFIX}" in environ
