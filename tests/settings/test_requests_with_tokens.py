"""Django, REST framework and simplejwt run on what is rendered: tokens are made, used, renewed and refused.

Each test writes a project and starts interpreters on it, because settings are read once in a process.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm

from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject

KEY = "q8Zr#w1Vt5uP0xLm2Nc7Bd4Fg6Hj9Ks3Qa-Ye_Rt!Uo$Ip&Wz*Xb"
OTHER_KEY = "Pz4Lk8Jh2Gf6Ds0Aq1Wx3Se5Dc7Rf9Vt!Bg_Yh-Nu$Mj&Ik*Lo(Ap"
URLS = """
    from django.http import JsonResponse
    from django.urls import path
    from rest_framework.response import Response
    from rest_framework.views import APIView
    from dj_core_utils.auth.drf import StatelessUserAuthentication
    from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView


    class Me(APIView):
        def get(self, request):
            return Response({"user": request.user.get_username()})


    class MeByToken(APIView):
        authentication_classes = [StatelessUserAuthentication]

        def get(self, request):
            return Response({"id": request.user.id})


    urlpatterns = [
        path("token/", TokenObtainPairView.as_view()),
        path("token/refresh/", TokenRefreshView.as_view()),
        path("token/blacklist/", TokenBlacklistView.as_view()),
        path("me/", Me.as_view()),
        path("me-by-token/", MeByToken.as_view()),
        path("session/", lambda request: JsonResponse({"user": request.user.get_username()})),
    ]
"""
BEFORE = """
    import json
    import os
    import sys

    import django

    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()

    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    if "verifier" not in sys.argv:
        call_command("migrate", verbosity=0)
        User = get_user_model()
        if not User.objects.exists():
            User.objects.create_user("ada", password="pw", pk=42)

    def post(path, **data):
        answer = Client().post(path, data, content_type="application/json")
        return answer.status_code, answer.json()

    def get(path, token):
        answer = Client().get(path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return answer.status_code, answer.json()

"""


class Project:
    """A project in a folder, whose interpreters answer with JSON."""

    def __init__(self, folder: Path, run_python: RunPython) -> None:
        self.folder = folder
        self.run_python = run_python

    def run(self, code: str, env: Mapping[str, str]) -> Any:  # noqa: ANN401  # what JSON holds
        """Run code in a fresh process and return what it printed last."""
        ended = self.run_python(BEFORE + code, env={"DJANGO_PROFILE": "monolith,test", **env}, cwd=self.folder)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture
def api(project: WriteProject, run_python: RunPython) -> Project:
    """A project with token views and two views that need a token."""
    return Project(project({"urls.py": URLS}), run_python)


def with_key(algorithm: str, kind: str | None) -> dict[str, str]:
    """The variables of a service that signs."""
    if kind is None:
        return {"JWT_ALGORITHM": algorithm}
    return {"JWT_ALGORITHM": algorithm, "JWT_SIGNING_KEY": key_pair(kind)[0].replace("\n", "\\n")}


@pytest.mark.parametrize(("algorithm", "kind"), [("HS256", None), ("ES256", "P-256")])
def test_tokens_live_and_die(api: Project, algorithm: str, kind: str | None) -> None:
    """A token is issued and used, rotated by refreshing, and refused once it was exchanged or the user signed out."""
    code = """
    from datetime import timedelta

    from django.utils import timezone

    from dj_core_utils.db.models import RefreshFamily

    status, pair = post("/token/", username="ada", password="pw")
    renewed = post("/token/refresh/", refresh=pair["refresh"])
    again = post("/token/refresh/", refresh=pair["refresh"])
    RefreshFamily.objects.update(rotated_at=timezone.now() - timedelta(minutes=1))
    stolen = post("/token/refresh/", refresh=pair["refresh"])
    pair = post("/token/", username="ada", password="pw")[1]
    renewed = post("/token/refresh/", refresh=pair["refresh"])
    signed_out = post("/token/blacklist/", refresh=renewed[1]["refresh"])
    print(json.dumps({
        "issued": status,
        "access": pair["access"],
        "used": get("/me/", pair["access"]),
        "by_token": get("/me-by-token/", pair["access"]),
        "refresh_as_access": get("/me/", pair["refresh"])[0],
        "anonymous": get("/me/", None)[0],
        "renewed": [renewed[0], get("/me/", renewed[1]["access"])[0], renewed[1]["refresh"] != pair["refresh"]],
        "again": again[0],
        "stolen": stolen[0],
        "signed_out": [signed_out[0], post("/token/refresh/", refresh=renewed[1]["refresh"])[0]],
        "wrong_password": post("/token/", username="ada", password="no")[0],
    }))
    """
    found = api.run(code, {"SERVICE_NAME": "shop", **with_key(algorithm, kind)})
    token = found.pop("access")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert {name: claims[name] for name in ("sub", "iss", "aud", "token_type")} == {
        "sub": "42",
        "iss": "shop",
        "aud": "shop",
        "token_type": "access",
    }
    assert claims["exp"] - claims["iat"] in (299, 300)  # the clock is read twice
    assert found == {
        "issued": 200,
        "used": [200, {"user": "ada"}],
        "by_token": [200, {"id": "42"}],
        "refresh_as_access": 401,
        "anonymous": 401,
        "renewed": [200, 200, True],
        "again": 200,
        "stolen": 401,
        "signed_out": [200, 401],
        "wrong_password": 401,
    }


ISSUE = """
    print(json.dumps(post("/token/", username="ada", password="pw")[1]["access"]))
"""
VERIFY = """
    print(json.dumps([get("/me-by-token/", token) for token in os.environ["TOKENS"].split()]))
"""


def test_service_verifies_what_another_one_signs(api: Project) -> None:
    """With the public key alone a service accepts tokens made for it, and nobody else's."""
    private, public = key_pair("P-256")
    issuer = {"SERVICE_NAME": "users", "JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY": private, "SERVICE_API_KEY": KEY}
    for_orders = api.run(ISSUE, {**issuer, "SERVICES": "users,orders"})
    for_users = api.run(ISSUE, issuer)
    forged = api.run(ISSUE, {**issuer, "SERVICES": "users,orders", "JWT_SIGNING_KEY": key_pair("P-256", 2)[0]})
    of_another = api.run(ISSUE, {**issuer, "SERVICES": "users,orders", "JWT_ISSUER": "somebody"})
    mixed_up = jwt.encode({**jwt.decode(for_orders, options={"verify_signature": False})}, "k" * 64, algorithm="HS256")
    tokens = (for_orders, for_users, forged, of_another, mixed_up)
    verifier = {
        "DJANGO_PROFILE": "microservice,test",
        "SERVICE_NAME": "orders",
        "SERVICE_API_KEY": OTHER_KEY,
        "JWT_ALGORITHM": "ES256",
        "JWT_VERIFYING_KEY": public,
        "JWT_ISSUER": "users",
        "TOKENS": " ".join(tokens),
    }
    answers = api.run(VERIFY, verifier)
    assert answers[0] == [200, {"id": "42"}]
    assert [status for status, _ in answers[1:]] == [401] * 4


@pytest.fixture
def key_server() -> Iterator[str]:
    """The address of a server that publishes one public key called ``2026-11``."""
    public: Any = load_pem_public_key(key_pair("P-256")[1].encode())
    key = ECAlgorithm.to_jwk(public, as_dict=True)
    body = json.dumps({"keys": [{**key, "kid": "2026-11", "use": "sig", "alg": "ES256"}]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()


def test_public_keys_are_fetched(api: Project, key_server: str) -> None:
    """A service with the address of the public keys accepts a token that names its key, and no other."""
    now = int(time.time())
    claims = {"sub": "7", "iss": "id", "aud": "orders", "jti": "1", "iat": now, "exp": now + 600}
    private = key_pair("P-256")[0]
    tokens = [jwt.encode(claims, private, algorithm="ES256", headers={"kid": kid}) for kid in ("2026-11", "2025-01")]
    verifier = {
        "SERVICE_NAME": "orders",
        "JWT_ALGORITHM": "ES256",
        "JWT_JWKS_URL": key_server,
        "JWT_ISSUER": "id",
        "JWT_HEADER_TYPE": "JWT",
        "TOKENS": " ".join(tokens),
    }
    answers = api.run(VERIFY, verifier)
    assert [status for status, _ in answers] == [200, 401]


def test_rotating_the_secret_key_keeps_users_signed_in(api: Project) -> None:
    """A session outlives its key as long as that stands among the fallbacks; then it ends."""
    database = {"DATABASE_URL": f"sqlite:///{api.folder / 'db.sqlite3'}"}
    sign_in = """
    client = Client()
    client.force_login(User.objects.get())
    print(json.dumps(client.cookies["sessionid"].value))
    """
    look = """
    client = Client()
    client.cookies["sessionid"] = os.environ["SESSION"]
    print(json.dumps(client.get("/session/").json()["user"]))
    """
    session = api.run(sign_in, {**database, "DJANGO_SECRET_KEY": KEY})
    rotated = {**database, "SESSION": session, "DJANGO_SECRET_KEY": OTHER_KEY}
    assert api.run(look, {**rotated, "DJANGO_SECRET_KEY_FALLBACKS": KEY}) == "ada"
    # Django has signed the session anew with the key in force, so the old one is not needed any longer for it.
    stale = api.run(sign_in, {**database, "DJANGO_SECRET_KEY": KEY})
    assert api.run(look, {**rotated, "SESSION": stale}) == ""


def test_session_signs_in_to_the_api(api: Project) -> None:
    """With session authentication a browser needs no token to read, and Django's CSRF token to post."""
    code = """
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get())
    print(json.dumps([client.get("/me/").status_code, client.post("/me/").status_code]))
    """
    assert api.run(code, {"REST_FRAMEWORK_AUTHENTICATION": "session"}) == [200, 403]
    assert api.run(code, {}) == [401, 401]
