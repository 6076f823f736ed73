"""A project of its own: users with UUID keys on PostgreSQL, a transaction around each request, many at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import servers
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import RunPython, WriteProject

FILES = {
    "settings.py": """
        from dj_core_utils.settings import CoreSettings, export_settings


        class ProjectSettings(CoreSettings):
            root_urlconf: str = "urls"
            installed_apps: list[str] = ["people"]
            auth_user_model: str = "people.Person"


        export_settings(globals())
        DATABASES["default"]["ATOMIC_REQUESTS"] = True
        PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    """,
    "urls.py": """
        from django.urls import include, path
        from rest_framework.response import Response
        from rest_framework.views import APIView


        class Me(APIView):
            def get(self, request):
                return Response({"pk": str(request.user.pk)})


        urlpatterns = [path("auth/", include("dj_core_utils.auth.urls")), path("me/", Me.as_view())]
    """,
    "people/__init__.py": "",
    "people/models.py": """
        import uuid

        from django.contrib.auth.models import AbstractUser
        from django.db import models


        class Person(AbstractUser):
            id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    """,
}
CODE = """
    import json
    import threading
    from datetime import timedelta

    import django

    django.setup()

    import jwt
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.test import Client
    from django.utils import timezone

    call_command("makemigrations", "people", verbosity=0)
    call_command("migrate", verbosity=0)

    from django.contrib.auth import get_user_model

    from dj_core_utils.auth.issuer import AccessToken, sign_in
    from dj_core_utils.db.models import RefreshFamily

    user = get_user_model().objects.create_user("ada", password="pw")

    def post(path, **data):
        client = Client(raise_request_exception=False, headers={"host": "localhost"})
        return client.post(f"/auth/{path}", data, content_type="application/json")

    def me(token):
        return Client(headers={"host": "localhost"}).get("/me/", headers={"Authorization": f"Bearer {token}"})

    found = {}
    pair = post("token/", username="ada", password="pw").json()
    found["me"] = me(pair["access"]).json() == {"pk": str(user.pk)}
    bad = AccessToken.for_user(user)
    bad["sub"] = "7"
    found["no UUID"] = me(str(bad)).status_code

    # Eight clients with one token at the same moment, some times over.
    for number in range(5):
        presented = sign_in(user)["refresh"]
        answers, barrier = [], threading.Barrier(8)

        def exchange():
            barrier.wait()
            answers.append(post("token/refresh/", refresh=presented))
            connection.close()

        threads = [threading.Thread(target=exchange) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        found.setdefault("statuses", set()).update(answer.status_code for answer in answers)
        identities = {jwt.decode(a.json()["refresh"], options={"verify_signature": False})["jti"] for a in answers}
        found.setdefault("successors", set()).add(len(identities))
        found.setdefault("rows", set()).add(RefreshFamily.objects.filter(current__in=identities).count())

    # A stolen token comes back: the end of its sign-in outlives the 401.
    successor = answers[0].json()["refresh"]
    RefreshFamily.objects.update(rotated_at=timezone.now() - timedelta(minutes=1))
    found["reused"] = [post("token/refresh/", refresh=presented).status_code]
    found["reused"].append(post("token/refresh/", refresh=successor).status_code)

    # Inside of somebody's transaction that could be undone, so it is refused.
    with transaction.atomic():
        found["inside"] = post("token/refresh/", refresh=pair["refresh"]).status_code
    found["afterwards"] = post("token/refresh/", refresh=pair["refresh"]).status_code
    print(json.dumps({name: sorted(value) if isinstance(value, set) else value for name, value in found.items()}))
"""


@pytest.fixture
def own_postgres_url(postgres_url: str) -> Iterator[str]:
    """A database that no other test has written to: migrations of two projects do not fit together."""
    with servers.postgres(postgres_url) as url:
        yield url


def test_sign_ins_hold_under_pressure(project: WriteProject, run_python: RunPython, own_postgres_url: str) -> None:
    """One successor for eight at once; a revocation outlives its request; keys of users may be UUIDs."""
    environ = {
        "DJANGO_SETTINGS_MODULE": "settings",
        "DJANGO_PROFILE": "development",
        "DATABASE_URL": own_postgres_url,
        "JWT_ALGORITHM": "ES256",
        "JWT_SIGNING_KEY": key_pair("P-256")[0],
    }
    done = run_python(CODE, cwd=project(FILES), env=environ)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "me": True,
        "no UUID": 401,
        "statuses": [200],
        "successors": [1],
        "rows": [1],
        "reused": [401, 401],
        "inside": 500,
        "afterwards": 200,
    }
