"""TLS to a database: how each driver is told, and how far what it is told can be relied on."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.database_url import DatabaseConfig

SYSTEM_CERTIFICATES = "system"

# libpq's names of the modes, and what MySQL's client calls them
MYSQL_TLS_MODES: Mapping[str, str] = {
    "disable": "DISABLED",
    "allow": "PREFERRED",
    "prefer": "PREFERRED",
    "require": "REQUIRED",
    "verify-ca": "VERIFY_CA",
    "verify-full": "VERIFY_IDENTITY",
}

Protection = Literal["none", "encrypted", "verified", "unknown"]


def protection(config: DatabaseConfig) -> Protection:
    """What protects the traffic to a database.

    Args:
        config: The database with all its options.

    Returns:
        ``verified`` when the server must prove its name, ``encrypted`` when it need not, ``none`` when the connection
        may be in clear, ``unknown`` for engines whose options are not known here.
    """
    if config.is_local:
        return "verified"
    if config.family == "postgresql":
        mode = config.options.get("sslmode", "prefer")
        return "verified" if mode == "verify-full" else "encrypted" if mode in {"require", "verify-ca"} else "none"
    if config.family == "mysql":
        # Less than this was seen to connect in clear: a server without TLS is believed.
        return "verified" if config.options.get("ssl_mode") == "VERIFY_IDENTITY" else "none"
    return "unknown"


def tls_options(config: DatabaseConfig, mode: str | None, authorities: str) -> dict[str, object]:
    """TLS as options of a URL of this family.

    Args:
        config: The database.
        mode: The mode by libpq's name; None for the driver's own default.
        authorities: File of the certificate authorities, ``system``, or empty.
    """
    names = {"postgresql": ("sslmode", "sslrootcert"), "mysql": ("ssl_mode", "ssl_ca")}.get(config.family)
    if names is None:
        return {}
    word = MYSQL_TLS_MODES[mode] if mode and config.family == "mysql" else mode
    return {name: value for name, value in zip(names, (word, authorities), strict=True) if value}


def mysql_tls(options: dict[str, object]) -> dict[str, object]:
    """The options of a MySQL URL with those for TLS in the form that the installed driver takes."""
    options = dict(options)
    mode = str(options.pop("ssl_mode", ""))
    files = {name: options.pop(f"ssl_{name}") for name in ("ca", "cert", "key", "cipher") if f"ssl_{name}" in options}
    return options | (_pymysql(mode, files) if uses_pymysql() else _mysqlclient(mode, files))


def uses_pymysql() -> bool:
    """Whether Django's MySQL engine will talk through PyMySQL, which has other names for TLS than mysqlclient."""
    try:
        spec = find_spec("MySQLdb")
    except ValueError:  # a module that somebody put into sys.modules by hand
        return True
    # pymysql.install_as_MySQLdb() puts PyMySQL itself under this name.
    return spec is None or spec.name != "MySQLdb"


def _mysqlclient(mode: str, files: dict[str, object]) -> dict[str, object]:
    files = {name: path for name, path in files.items() if path != SYSTEM_CERTIFICATES}
    return ({"ssl_mode": mode} if mode else {}) | ({"ssl": files} if files else {})


def _pymysql(mode: str, files: dict[str, object]) -> dict[str, object]:
    if mode == "DISABLED":
        return {"ssl_disabled": True}
    if mode in {"", "PREFERRED"} and not files:
        return {}
    is_verified = mode in {"VERIFY_CA", "VERIFY_IDENTITY"}
    if files.get("ca", SYSTEM_CERTIFICATES) == SYSTEM_CERTIFICATES:
        # Without a named authority PyMySQL does not compare host names.
        files |= _system_certificates() if is_verified else {"ca": None}
    return {"ssl": files | {"check_hostname": mode == "VERIFY_IDENTITY", "verify_mode": is_verified}}


def _system_certificates() -> dict[str, object]:
    from ssl import get_default_verify_paths  # noqa: PLC0415  # only PyMySQL with TLS asks

    paths = get_default_verify_paths()
    return {"ca": paths.cafile, "capath": paths.capath}
