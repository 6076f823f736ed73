"""``--json``: every command answers a program with one document, both ways it is called, on any configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.commands import COMMANDS

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject

SETTINGS = """
    from dj_core_utils.settings import CoreSettings, export_settings


    class UsersSettings(CoreSettings):
        root_urlconf: str = "urls"
        page_size: int = 50


    export_settings(globals())
"""
SHOWN = {"variable", "settings", "value", "origin", "secret", "shadowed"}
DOCUMENTED = {"type", "default", "field", "description", "example", "retired_names", "not_read"}
PROBLEM = {"id", "variable", "origin", "message", "hint", "severity"}
KEY = {"kind", "algorithm", "kid", "files", "variables", "others", "jwk", "error"}
SIDES = {"before", "after", "equal", "changes", "sources", "held", "requires", "policies", "rules", "waived"}
# Each call with the keys of its object, or of each object of its list, and its status: as it is, and when broken.
CALLS: dict[str, tuple[set[str], int, int]] = {
    "show": (SHOWN, 0, 1),
    "explain page_size": (SHOWN | DOCUMENTED | {"section", "usable", "layers", "required_by", "rules"}, 0, 1),
    "diff production": (SIDES, 1, 1),
    "check": (PROBLEM, 0, 1),
    "check --live": ({"problems", "probes"}, 1, 1),  # there is no database yet
    "env": ({"variable", "section", "settings", "description", "example", "secret"}, 0, 0),
    "docs": ({"section", "title", "about", "variables"}, 0, 0),
    "docs --section own": ({"section", "title", "about", "variables"}, 0, 0),
    "schema": ({"$schema", "title", "type", "properties", "additionalProperties"}, 0, 0),
    "keygen es256 --out keys": (KEY, 0, 1),  # the second one finds the files of the first
    "stubs": ({"files", "missing_lines", "error"}, 0, 1),
    "stubs --check": ({"files", "missing_lines", "error"}, 0, 1),
}


def test_every_command_is_tried() -> None:
    """No command is left out below, and ``init`` has tests of its own."""
    assert {call.split()[0] for call in CALLS} == {command.NAME for command in COMMANDS}


@pytest.mark.parametrize("way", [("-m", "dj_core_utils", "config"), ("manage.py", "config")], ids=["module", "manage"])
def test_one_document(run_python: RunPython, project: WriteProject, way: tuple[str, ...]) -> None:
    """Standard output is one document of the documented keys, whatever the configuration is like."""
    folder = project({"settings.py": SETTINGS})
    for is_broken in (False, True):
        env = {"DJANGO_PROFILE": "development", **({"DEBUG": "Flase"} if is_broken else {})}
        for call, (keys, *statuses) in CALLS.items():
            done = run_python([*way, *call.split(), "--json"], env=env, cwd=folder)
            assert done.returncode == statuses[is_broken], (call, done.stderr)
            for found in _objects(json.loads(done.stdout)):
                assert found.keys() == keys, call


def _objects(document: list[dict[str, object]] | dict[str, object]) -> list[dict[str, object]]:
    return document if isinstance(document, list) else [document]
