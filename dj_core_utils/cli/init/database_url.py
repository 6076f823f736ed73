"""A database of Django's form as a URL that gives the same one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from dj_core_utils.cli.init.terms import Term

_SCHEMES = {
    "django.db.backends.postgresql": "postgres",
    "django.db.backends.postgresql_psycopg2": "postgres",
    "django.db.backends.mysql": "mysql",
    "django.db.backends.sqlite3": "sqlite",
}
_DEFAULTS = ("0", "false")
_PLAIN = ("CONN_MAX_AGE", "ATOMIC_REQUESTS", "CONN_HEALTH_CHECKS", "DISABLE_SERVER_SIDE_CURSORS")
# Read by Django alone, at the values that it has anyhow.
_PLACES = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
# What Django and Python's driver do when nothing is said, for the framework has other defaults.
_SQLITE = {"transaction_mode": "DEFERRED", "timeout": "5", "init_command": ""}


def database_url(databases: Term, folder: Path) -> str | None:
    """The URL of ``default``; None when there are others, or when a URL cannot say all of it.

    Args:
        databases: The setting.
        folder: The project's folder; a file of SQLite in it is written relative to it.
    """
    entries = databases.entries.get("default")
    if entries is None or len(databases.parts) != 1:
        return None
    parts = {
        name: part
        for name, part in entries.entries.items()
        if part.content not in ("", None, ()) and not _is_empty(part)
    }
    scheme = _SCHEMES.get(str(parts["ENGINE"].content)) if "ENGINE" in parts else None
    if scheme is None or parts.keys() - {*_PLACES, *_PLAIN}:
        return None
    plain = {name.lower(): _text(parts[name]) for name in _PLAIN if name in parts}
    options = {name: text for name, text in plain.items() if text not in _DEFAULTS}
    if "OPTIONS" in parts:
        if any(part.kind not in {"str", "int", "float", "bool"} for part in parts["OPTIONS"].entries.values()):
            return None
        options |= {name: _text(part) for name, part in parts["OPTIONS"].entries.items()}
    if scheme == "sqlite":
        options = {**_SQLITE, **options}
    name = str(parts["NAME"].content) if "NAME" in parts else ""
    query = "&".join(f"{option}={quote(text, safe='')}" for option, text in options.items())
    return f"{scheme}://{_place(scheme, parts, name, folder)}{'?' if query else ''}{query}"


def _is_empty(part: Term) -> bool:
    """Whether it is a mapping that says nothing, as packages fill in for ``TEST``."""
    return part.kind == "dict" and all(value.content in (None, True) for value in part.entries.values())


def _place(scheme: str, parts: dict[str, Term], name: str, folder: Path) -> str:
    if scheme == "sqlite":
        if name.startswith(":memory:"):
            return name
        path = Path(name)
        return f"/{quote(str(path.relative_to(folder) if path.is_relative_to(folder) else path))}"
    user, password, host, port = (
        quote(str(parts[one].content), safe="") if one in parts else "" for one in ("USER", "PASSWORD", "HOST", "PORT")
    )
    login = f"{user}{':' if password else ''}{password}{'@' if user or password else ''}"
    return f"{login}{host}{':' if port else ''}{port}/{quote(name, safe='')}"


def _text(value: Term) -> str:
    return str(value.content).lower() if value.kind == "bool" else str(value.content)
