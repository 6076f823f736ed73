"""Our backend in simplejwt: there when it is needed, and not before."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.utils.module_loading import import_string
from rest_framework_simplejwt import state

from dj_core_utils.auth.backend import RingBackend
from dj_core_utils.auth.installation import install_backend

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject

NAME = "rest_framework_simplejwt.state"


def test_it_is_made_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simplejwt's module is not executed; whoever looks for the backend gets ours, and the same one each time."""
    monkeypatch.delitem(sys.modules, NAME)
    install_backend()
    install_backend()
    assert "token_backend" not in vars(sys.modules[NAME])
    backend = import_string(f"{NAME}.token_backend")
    assert isinstance(backend, RingBackend)
    assert import_module(NAME).token_backend is backend
    with pytest.raises(AttributeError, match="anything"):
        _ = import_module(NAME).anything


def test_it_takes_the_place_of_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that imports simplejwt early does not keep the stock backend."""
    monkeypatch.setattr(state, "token_backend", None)
    install_backend()
    assert isinstance(state.token_backend, RingBackend)


def test_a_start_does_not_pay(run_python: RunPython, project: WriteProject) -> None:
    """A process that only sets Django up loads neither simplejwt nor PyJWT nor REST framework's views."""
    environment = {"DJANGO_PROFILE": "test", "DJANGO_SETTINGS_MODULE": "settings"}
    code = "import sys, django; django.setup(); print(*sys.modules)"
    done = run_python(code, cwd=project(), env=environment)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert NAME in loaded
    assert loaded.isdisjoint({"jwt", "rest_framework.views", "rest_framework_simplejwt.tokens", "cryptography"})
