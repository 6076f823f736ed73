"""Whether FastAPI is served, where, and that it is there."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom

EVERYWHERE = "0.0.0.0"  # noqa: S104  # as in a container


def test_fastapi_is_off_by_default(load_from: LoadFrom) -> None:
    """Nothing listens that nobody asked for, and then on this machine only."""
    assert load_from().rendered["FASTAPI"] == {"enabled": False, "host": "127.0.0.1", "port": 8001, "root_path": ""}


@pytest.mark.parametrize("is_installed", [False, True])
def test_fastapi_has_to_be_installed(
    load_from: LoadFrom,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: object,
    is_installed: bool,  # noqa: FBT001  # a column
) -> None:
    """What is turned on is looked for, without importing it."""
    if find_spec("fastapi") is None and is_installed:
        (tmp_path / "fastapi.py").write_text("raise RuntimeError")  # type: ignore[operator]  # a path
        monkeypatch.syspath_prepend(tmp_path)
    elif find_spec("fastapi") is not None and not is_installed:
        pytest.skip("fastapi is installed here")
    loaded = load_from(environ={"ENABLE_FASTAPI": "True", "FASTAPI_HOST": EVERYWHERE, "FASTAPI_PORT": "8002"})
    found = [problem for problem in loaded.problems if problem.id == "fastapi.package"]
    assert [problem.severity for problem in found] == ([] if is_installed else ["error"])
    if is_installed:
        assert loaded.rendered["FASTAPI"] == {"enabled": True, "host": EVERYWHERE, "port": 8002, "root_path": ""}


@pytest.mark.parametrize(
    ("name", "value", "problem_id"),
    [
        ("FASTAPI_PORT", "0", "value.range"),
        ("FASTAPI_PORT", "65536", "value.range"),
        ("FASTAPI_PORT", "http", "value.integer"),
        ("FASTAPI_PORT", "tcp://10.0.0.7:8001", "variable.service_link"),
        ("FASTAPI_HOST", "http://0.0.0.0", "value.pattern"),
        ("FASTAPI_ROOT_PATH", "api/", "value.pattern"),
        ("ENABLE_FASTAPI", "maybe", "value.boolean"),
    ],
)
def test_wrong_values_are_refused(load_from: LoadFrom, name: str, value: str, problem_id: str) -> None:
    """A port is a port, a host is no URL, and a path begins with a slash."""
    (found,) = load_from(environ={name: value}).errors
    assert (found.variable, found.id) == (name, problem_id)
