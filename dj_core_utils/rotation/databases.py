"""User and password of the databases, looked up at each new connection.

Django reads them from ``settings_dict`` whenever it connects, and all connections of an alias share that dictionary. So
one that looks at the files when it is asked is enough for each engine, and no backend has to be replaced. A pool keeps
its own copy; psycopg takes a class for its connections, which looks them up in turn.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ROTATING = ("USER", "PASSWORD")


class Parameters(dict[str, Any]):
    """The parameters of one database.

    Args:
        parameters: As they are now.
        refresh: Looks at the files, and puts new values in; called before user or password are read.
    """

    def __init__(self, parameters: Mapping[str, Any], refresh: Callable[[], None]) -> None:
        super().__init__(parameters)
        self._refresh = refresh

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401  # as in every dictionary of settings
        """The parameter, up to date."""
        if key in _ROTATING:
            self._refresh()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  # the same
        """The parameter, up to date, or the default."""
        return self[key] if key in self else default  # noqa: SIM401  # this is what get() does

    def __deepcopy__(self, memo: dict[int, object]) -> dict[str, Any]:
        """A plain copy, up to date: Django takes one for a connection that it opens at once."""
        self._refresh()
        return copy.deepcopy(dict(self), memo)

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        """What goes to another process is plain."""
        return dict, (dict(self),)


def watch_databases(exported: Mapping[str, Mapping[str, object]], refresh: Callable[[], None]) -> None:
    """Let every connection of this process ask for user and password when it is made.

    Args:
        exported: ``DATABASES`` as it was exported. A database to which the settings module gave another user or
            password is left alone.
        refresh: Looks at the files, and calls ``set_credentials`` when they have changed.
    """
    for alias, parameters in connections.settings.items():
        if any(parameters[key] != exported.get(alias, {}).get(key, "") for key in _ROTATING):
            continue
        watched = Parameters(parameters, refresh)
        if pool := parameters["OPTIONS"].get("pool"):
            options = pool if isinstance(pool, dict) else {}
            watched["OPTIONS"] = {
                **parameters["OPTIONS"],
                "pool": {**options, "connection_class": _pooled(watched, options)},
            }
        connections.settings[alias] = watched
    for connection in connections.all(initialized_only=True):
        connection.settings_dict = connections.settings[connection.alias]


def set_credentials(databases: Mapping[str, Mapping[str, object]]) -> None:
    """Use these users and passwords from the next connection on; those that are open stay open.

    Args:
        databases: ``DATABASES`` as it is rendered now.
    """
    for alias, parameters in databases.items():
        if isinstance(connections.settings.get(alias), Parameters):
            connections.settings[alias].update({key: parameters[key] for key in _ROTATING if key in parameters})


def _pooled(parameters: Parameters, options: Mapping[str, Any]) -> type[Any]:
    from psycopg import Connection  # noqa: PLC0415  # only a pool needs it, and then it is there

    base = cast("type[Connection[Any]]", options.get("connection_class", Connection))

    class PooledConnection(base):  # type: ignore[valid-type,misc]  # a class of the project's choice
        """A connection of a pool, made with the user and password of that moment."""

        @classmethod
        def connect(cls, conninfo: str = "", **keywords: Any) -> Any:  # noqa: ANN401  # psycopg's signature
            current = {"user": parameters["USER"], "password": parameters["PASSWORD"]}
            return super().connect(conninfo, **{**keywords, **{key: text for key, text in current.items() if text}})

    return PooledConnection
