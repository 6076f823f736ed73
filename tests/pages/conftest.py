"""A project with the admin, asked by Django's test client in an interpreter of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.conftest import MANAGE, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.warm_python import WarmPython

URLS = """
    from django.contrib import admin
    from django.urls import path

    urlpatterns = [path("admin/", admin.site.urls)]
"""
# Reads requests as [user, method, path] and prints what was answered. Users: root, editor (staff), customer, nobody.
ASK = """
    import json
    import sys

    import django

    django.setup()

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    User.objects.create_superuser("root")
    User.objects.create_user("editor", is_staff=True)
    User.objects.create_user("customer")
    answers = []
    for user, method, path in json.load(sys.stdin):
        client = Client(raise_request_exception=False)
        if user:
            client.force_login(User.objects.get(username=user))
        answer = client.generic(method, path)
        answers.append([answer.status_code, dict(answer.headers), answer.content.decode()])
    print(json.dumps(answers))
"""
PAGE = "/admin/dj_core_utils/configuration/"


@dataclass(frozen=True)
class Answer:
    """What the project answered."""

    status: int
    headers: dict[str, str]
    text: str


class Ask(Protocol):
    """How a test asks a project."""

    def __call__(
        self,
        *requests: tuple[str, str] | tuple[str, str, str],
        files: Mapping[str, str],
        env: Mapping[str, str] | None = None,
    ) -> list[Answer]:
        """Write the project, start it and send requests.

        Args:
            *requests: User (empty for nobody) and path, and the method where it is not GET.
            files: Text by path, beside ``manage.py`` and ``urls.py``.
            env: Variables beside the profile ``test``.
        """


def ask_project(
    python: WarmPython,
    folder: Path,
    requests: tuple[tuple[str, str] | tuple[str, str, str], ...],
    files: Mapping[str, str],
    env: Mapping[str, str] | None = None,
) -> list[Answer]:
    """Write a project into a folder, start it and send requests."""
    for name, text in {"manage.py": MANAGE, "urls.py": URLS, "ask.py": ASK, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    asked = [[user, *(method or ["GET"]), path] for user, path, *method in requests]
    environ = {"DJANGO_SETTINGS_MODULE": "settings", "DJANGO_PROFILE": "test", **(env or {})}
    done = python.run(["ask.py"], env={**clean_environment(), **environ}, cwd=folder, stdin=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    *_, answers = done.stdout.splitlines()  # the log stands above
    return [Answer(*answer) for answer in json.loads(answers)]


@pytest.fixture
def ask(tmp_path: Path, python: WarmPython) -> Ask:
    """Ask a project of this test's own."""

    def ask_it(
        *requests: tuple[str, str] | tuple[str, str, str],
        files: Mapping[str, str],
        env: Mapping[str, str] | None = None,
    ) -> list[Answer]:
        return ask_project(python, tmp_path, requests, files, env)

    return ask_it
