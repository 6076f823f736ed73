"""The dictionary that Django reads user and password from."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from dj_core_utils.rotation.databases import Parameters, set_credentials, watch_databases

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def databases() -> Iterator[dict[str, Any]]:
    """The databases of this process, with one more, and as before afterwards."""
    before = dict(connections.settings)
    connections.settings["other"] = {**before["default"], "USER": "ada", "PASSWORD": "old"}
    yield connections.settings
    if any(connection.alias == "other" for connection in connections.all(initialized_only=True)):
        del connections["other"]
    connections.settings.clear()
    connections.settings.update(before)
    for connection in connections.all(initialized_only=True):
        connection.settings_dict = before[connection.alias]


def test_user_and_password_are_up_to_date_whoever_asks() -> None:
    """Both ways to read them look first, and so does the copy that Django makes; nothing else does."""
    looks: list[int] = []
    parameters = Parameters({"NAME": "shop", "USER": "ada", "PASSWORD": "old"}, lambda: looks.append(1))
    assert (parameters["NAME"], parameters.get("NAME"), parameters.get("PORT", 1), len(looks)) == ("shop", "shop", 1, 0)
    assert (parameters["USER"], parameters["PASSWORD"], parameters.get("PASSWORD"), len(looks)) == (
        "ada",
        "old",
        "old",
        3,
    )
    copied = copy.deepcopy(parameters)
    assert (copied["PASSWORD"], len(looks), type(copied)) == ("old", 4, dict)
    with pytest.raises(KeyError):
        _ = parameters["PORT"]


def test_another_process_gets_plain_parameters() -> None:
    """What is pickled for a process of the test runner holds no lock and no watch."""
    parameters = Parameters({"PASSWORD": "old"}, lambda: None)
    assert type(pickle.loads(pickle.dumps(parameters))) is dict  # noqa: S301  # made here


def test_connections_that_are_there_follow(databases: dict[str, Any]) -> None:
    """New credentials reach the dictionary of each connection, and the settings show the same."""
    connection = connections["other"]
    exported = {alias: dict(parameters) for alias, parameters in databases.items()}
    watch_databases(exported, lambda: None)
    set_credentials({"other": {"USER": "eve", "PASSWORD": "new"}, "elsewhere": {"USER": "x", "PASSWORD": "y"}})
    assert connection.settings_dict is databases["other"]
    assert (connection.settings_dict["USER"], connection.settings_dict["PASSWORD"]) == ("eve", "new")
    assert "elsewhere" not in databases


def test_a_password_of_the_settings_module_stays(databases: dict[str, Any]) -> None:
    """A database to which the settings module gave a password of its own is not watched."""
    exported = {alias: dict(parameters, PASSWORD="exported") for alias, parameters in databases.items()}
    watch_databases(exported, lambda: None)
    set_credentials({"other": {"USER": "eve", "PASSWORD": "new"}})
    assert databases["other"]["PASSWORD"] == "old"
