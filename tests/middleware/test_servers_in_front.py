"""Who did it, behind real servers: in threads under WSGI, in tasks under ASGI, many requests at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.examples.shop_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject
    from tests.warm_python import WarmPython

ENVIRONMENT = {"DJANGO_PROFILE": "test", "DATABASE_URL": "sqlite:///notes.db", "DJANGO_SETTINGS_MODULE": "settings"}
FILES = {
    "settings.py": """
        from dj_core_utils.settings import CoreSettings, export_settings


        class ProjectSettings(CoreSettings):
            root_urlconf: str = "urls"
            installed_apps: list[str] = ["notes"]


        export_settings(globals())
    """,
    "notes/__init__.py": "",
    "notes/models.py": """
        from django.db import models

        from dj_core_utils.db.models import UserTrackedModel


        class Note(UserTrackedModel):
            text = models.CharField(max_length=50)
    """,
    "urls.py": """
        import asyncio
        import time

        from django.contrib.auth.models import User
        from django.http import JsonResponse, StreamingHttpResponse
        from django.urls import path
        from notes.models import Note
        from rest_framework.authentication import BaseAuthentication
        from rest_framework.response import Response
        from rest_framework.views import APIView


        class ByHeader(BaseAuthentication):
            def authenticate(self, request):
                return User.objects.get(username=request.headers["X-User"]), None


        class Notes(APIView):
            authentication_classes = (ByHeader,)
            permission_classes = ()

            def post(self, request):
                time.sleep(0.02)
                return Response({"by": Note.objects.create(text=request.headers["X-User"]).created_by.username})


        async def anotes(request):
            # The way of authentication that an async view has: by itself, and late.
            request.user = await User.objects.aget(username=request.headers["X-User"])
            await asyncio.sleep(0.02)
            note = await Note.objects.acreate(text=request.headers["X-User"])
            await Note.objects.filter(pk=note.pk).aupdate(text="updated")
            await note.arefresh_from_db()
            assert note.created_by_id == note.updated_by_id
            return JsonResponse({"by": (await User.objects.aget(pk=note.updated_by_id)).username})


        def stream(request):
            request.user = User.objects.get(username=request.headers["X-User"])

            def body():
                yield Note.objects.create(text="streamed").created_by.username

            return StreamingHttpResponse(body())


        def csrf_free(view):
            view.csrf_exempt = True
            return view


        urlpatterns = [
            path("notes/", Notes.as_view()),
            path("anotes/", csrf_free(anotes)),
            path("stream/", csrf_free(stream)),
        ]
    """,
    "wsgi.py": "from dj_core_utils.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n",
    "asgi.py": "from dj_core_utils.asgi import get_asgi_application\n\napplication = get_asgi_application()\n",
}
SET_UP = """
    import django
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.bulk_create([User(username=f"user-{number}") for number in range(4)])
"""
SERVERS = {
    "wsgi": ["-m", "gunicorn", "--threads=4", "--log-level=error", "--bind=127.0.0.1:{port}", "wsgi"],
    "asgi": ["-m", "uvicorn", "--log-level=error", "--port={port}", "asgi:application"],
}


@pytest.fixture(params=SERVERS)
def server(
    request: pytest.FixtureRequest, project: WriteProject, python: WarmPython, run_python: RunPython, free_port: int
) -> Iterator[Served]:
    """A project with notes, behind each server in turn."""
    folder: Path = project(FILES)
    done = run_python(SET_UP, cwd=folder, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    arguments = [argument.format(port=free_port) for argument in SERVERS[request.param]]
    with serving(python, arguments, ENVIRONMENT, shop=folder, port=free_port) as served:
        yield served


def test_each_row_has_the_user_of_its_request(server: Served) -> None:
    """Although the users are found late, by a view or by Django REST Framework, and the requests overlap."""

    def write(number: int) -> tuple[str, str]:
        name, path = f"user-{number % 4}", ("/notes/", "/anotes/", "/stream/")[number % 3]
        answer = server.request(path, method="POST", headers={"X-User": name, "X-Request-ID": f"req-{number}"})
        assert answer.status == 200, answer.text + server.printed()
        assert answer.headers["X-Request-ID"] == f"req-{number}"
        return name, answer.text if path == "/stream/" else str(answer.json()["by"])

    with ThreadPoolExecutor(6) as pool:
        assert [found for name, found in pool.map(write, range(48)) if name != found] == []
