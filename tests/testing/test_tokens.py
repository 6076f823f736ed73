"""Tokens and keys that a test makes: what is good is taken, what is wrong in one place is not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import override_settings
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from dj_core_utils.actor import Actor
from dj_core_utils.auth.drf import IsService, ServiceAuthentication, StatelessUserAuthentication
from dj_core_utils.auth.errors import AuthUnavailableError, KeyFaultError
from dj_core_utils.auth.jwks import COOL_DOWN, RENEW_AFTER, STALE_FOR
from dj_core_utils.auth.principal import TokenUser
from dj_core_utils.auth.user_tokens import user_tokens
from dj_core_utils.testing import access_token, fake_caller, fake_jwks, refresh_token, refused_tokens
from tests.auth.conftest import SIMPLE_JWT, issuer  # noqa: F401  # a fixture
from tests.settings.key_pairs import key_pair

PATH = "/api/orders/"
ADA = TokenUser(id="7", email="ada@example.com", is_staff=True)
VERIFIER = {
    "SERVICE_NAME": "orders",
    "SIMPLE_JWT": {**SIMPLE_JWT, "SIGNING_KEY": "", "VERIFYING_KEY": key_pair("P-256", 21)[1]},
    "JWT_KEYS": {"accepts": ["orders"]},
}
UNREADY: dict[str, Any] = {"SERVICE_NAME": None, "SIMPLE_JWT": None, "JWT_KEYS": None}


class ForUsers(APIView):
    """Who is signed in."""

    authentication_classes = [StatelessUserAuthentication]
    permission_classes: list[Any] = []

    def get(self, request: Any) -> Response:  # noqa: ANN401  # of REST framework
        """The user."""
        return Response([request.user.id, request.user.email, request.user.is_staff])


class ForServices(APIView):
    """Who calls."""

    authentication_classes = [ServiceAuthentication]
    permission_classes = [IsService("orders:read")]

    def get(self, request: Any) -> Response:  # noqa: ANN401  # of REST framework
        """The service and its user."""
        actor = request.user.on_behalf_of
        return Response([request.user.service, request.user.proof, actor and actor.user_id])

    post = get


def status(view: type[APIView], headers: dict[str, str], method: str = "get") -> tuple[int, Any]:
    """What a view answers."""
    answer: Any = view.as_view()(getattr(APIRequestFactory(), method)(PATH, headers=headers))
    answer.render()
    return answer.status_code, json.loads(answer.content)


def bearer(token: str) -> tuple[int, Any]:
    """What the view for users answers to a token."""
    return status(ForUsers, {"Authorization": f"Bearer {token}"})


@pytest.mark.usefixtures("issuer")
def test_tokens_of_the_project_itself() -> None:
    """Where this service signs, a test signs as it does; each token that is wrong in one place is a 401."""
    assert bearer(access_token(ADA)) == (200, ["7", "ada@example.com", True])
    assert bearer(access_token(sub="8", email="b@example.com")) == (200, ["8", "b@example.com", False])
    assert bearer(access_token())[1][0] == "1"
    refused = refused_tokens(ADA)
    assert {name: bearer(token)[0] for name, token in refused.items()} == dict.fromkeys(refused, 401)
    assert len(refused) > 20


@pytest.mark.django_db
@pytest.mark.usefixtures("issuer")
def test_a_refresh_token_has_its_sign_in(client: Any) -> None:  # noqa: ANN401  # of pytest-django
    """It can be exchanged, and the access token says what the row of the user says."""
    user = get_user_model().objects.create_user("ada", "ada@example.com", is_staff=True)
    answer = client.post("/auth/token/refresh/", {"refresh": refresh_token(user)}, "application/json")
    assert answer.status_code == 200
    for token in (answer.json()["access"], access_token(user)):
        assert bearer(token) == (200, [str(user.pk), "ada@example.com", True])


def test_a_verifier_signs_nothing() -> None:
    """Where this service has no key to sign with, that is told, and what to use."""
    with override_settings(**VERIFIER):
        for make in (access_token, refused_tokens):
            with pytest.raises(KeyFaultError, match="fake_jwks"):
                make()


@pytest.mark.parametrize("settings", [VERIFIER, UNREADY], ids=["verifier", "nothing set"])
def test_a_signer_that_a_test_plays(settings: dict[str, Any]) -> None:
    """Its keys are fetched by the real code; what is wrong in one place is refused; afterwards all is as before."""
    with override_settings(**settings):
        with fake_jwks() as signer:
            assert bearer(signer.access_token(ADA)) == (200, ["7", "ada@example.com", True])
            assert asyncio.run(user_tokens().access.averify(signer.access_token()))["sub"] == "1"
            refused = signer.refused_tokens(ADA)
            assert {name: bearer(token)[0] for name, token in refused.items()} == dict.fromkeys(refused, 401)
            assert signer.fetches == 1
            taken = signer.access_token()
        if settings is VERIFIER:
            assert bearer(taken)[0] == 401


def test_keys_that_are_replaced_and_that_cannot_be_fetched() -> None:
    """A new key is found, an old one goes, an outage is survived for an hour; time is moved, not waited for."""
    with override_settings(**VERIFIER), fake_jwks() as signer:
        first = signer.access_token()
        signer.pass_time(5)  # nothing is known yet
        assert bearer(first)[0] == 200
        signer.rotate()
        second = signer.access_token()
        assert bearer(second)[0] == 401  # an unknown name is asked for once in half a minute
        signer.pass_time(COOL_DOWN)
        assert [bearer(first)[0], bearer(second)[0]] == [200, 200]
        signer.fail()
        signer.pass_time(RENEW_AFTER + 1)
        assert bearer(first)[0] == 200
        signer.pass_time(STALE_FOR)
        assert bearer(first)[0] == 503
        with pytest.raises(AuthUnavailableError):
            user_tokens().access.verify(second)
        signer.recover()
        signer.drop_old_keys()
        signer.pass_time(STALE_FOR)
        assert [bearer(first)[0], bearer(second)[0]] == [401, 200]
        with fake_jwks() as other:
            assert bearer(other.access_token())[0] == 200
        signer.pass_time(STALE_FOR * 2)
        assert bearer(second)[0] == 200


@pytest.mark.usefixtures("issuer")
def test_time_of_keys_that_are_not_fetched() -> None:
    """A test that puts its own keys back inside of the block has nothing that grows old."""
    with fake_jwks() as signer, override_settings(SIMPLE_JWT=SIMPLE_JWT):
        signer.pass_time(10)
        assert bearer(access_token())[0] == 200


def test_a_caller_that_a_test_plays() -> None:
    """It is recognised by a signed token and by its key, with its scopes and its user."""
    with override_settings(SERVICE_NAME="orders", SERVICE_SCOPES={"audit": ["orders:read"]}):
        with fake_caller("users", scopes=["orders:read"]) as users, fake_caller("audit") as audit:
            read = users.headers("GET", PATH, on_behalf_of=ADA)
            assert status(ForServices, read) == (200, ["users", "token", "7"])
            actor = users.headers("GET", PATH, on_behalf_of=Actor(user_id="8"))
            assert status(ForServices, actor)[1] == ["users", "token", "8"]
            assert status(ForServices, users.key_headers()) == (200, ["users", "key", None])
            assert status(ForServices, audit.headers("GET", PATH))[0] == 200
            once = users.headers("POST", PATH)
            assert [status(ForServices, once, "post")[0] for _ in range(2)] == [200, 401]
            refused = [
                users.key_headers("another-secret"),
                users.headers("GET", "/other/"),
                users.headers("GET", PATH, aud="products"),
                users.headers("GET", PATH, iat=1, exp=2),
                users.headers("GET", PATH, jti=None),
            ]
            assert [status(ForServices, headers)[0] for headers in refused] == [401] * len(refused)
        assert status(ForServices, users.key_headers())[0] == 401
    with override_settings(SERVICE_NAME="orders"), fake_caller("users", scopes=[]) as users:
        assert status(ForServices, users.headers("GET", PATH))[0] == 403
