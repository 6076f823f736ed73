"""Users sign in, stay signed in and sign out."""

from __future__ import annotations

import io
import json
import logging
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    AuthenticationFailed,
    TokenBackendError,
    TokenBackendExpiredToken,
    TokenError,
)
from rest_framework_simplejwt.tokens import AccessToken as StockAccessToken
from rest_framework_simplejwt.tokens import RefreshToken as StockRefreshToken
from rest_framework_simplejwt.tokens import UntypedToken

from dj_core_utils.auth import families
from dj_core_utils.auth.accounts import active_user
from dj_core_utils.auth.backend import RingBackend
from dj_core_utils.auth.errors import KeyFaultError
from dj_core_utils.auth.issuer import AccessToken, RefreshToken, sign_in
from dj_core_utils.auth.principal import TokenUser
from dj_core_utils.auth.user_tokens import user_tokens
from dj_core_utils.db.models import RefreshFamily
from dj_core_utils.management.commands.clearsignins import Command as ClearSignIns
from tests.auth.conftest import JWT_KEYS, SIMPLE_JWT, USERS
from tests.settings.key_pairs import key_pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("issuer")]
PASSWORD = "a-password-of-the-tests"


@pytest.fixture
def ada() -> Any:  # noqa: ANN401  # any user model
    """A user who may sign in."""
    return get_user_model().objects.create_user("ada", email="ada@example.com", password=PASSWORD, is_staff=True)


def post(path: str, **data: object) -> Any:  # noqa: ANN401  # Django's response
    """Send JSON."""
    return Client().post(f"/auth/{path}", data, content_type="application/json")


def me(token: str, path: str = "/me/") -> Any:  # noqa: ANN401  # Django's response
    """Ask who is signed in."""
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})


def claims_of(token: str) -> dict[str, Any]:
    """What a token says."""
    return jwt.decode(token, options={"verify_signature": False})


def signed(**changes: object) -> str:
    """A token as the issuer would have made it, but for some claims; None leaves one out."""
    now = int(time.time())
    good = {"iss": "users", "aud": ["users"], "sub": "1", "jti": "1", "iat": now, "exp": now + 60}
    body = {name: value for name, value in {**good, "token_type": "access", **changes}.items() if value is not None}
    kind = "rt+jwt" if body.get("token_type") == "refresh" else "at+jwt"
    return jwt.encode(body, USERS[0], algorithm="ES256", headers={"kid": "2026-11", "typ": kind})


def test_tokens_say_what_they_are(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Each has the name of its key and its kind; who the user is stands on the short-lived one alone."""
    answer = post("token/", username="ada", password=PASSWORD)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    access, refresh = answer.json()["access"], answer.json()["refresh"]
    assert jwt.get_unverified_header(access) == {"alg": "ES256", "kid": "2026-11", "typ": "at+jwt"}
    assert jwt.get_unverified_header(refresh) == {"alg": "ES256", "kid": "2026-11", "typ": "rt+jwt"}
    said = claims_of(access)
    assert {*said} == {"iss", "aud", "sub", "jti", "iat", "exp", "token_type", "email", "is_staff"}
    assert (said["iss"], said["aud"], said["sub"]) == ("users", ["users", "orders"], str(ada.pk))
    assert (said["email"], said["is_staff"]) == ("ada@example.com", True)
    kept = claims_of(refresh)
    assert {*kept} == {"iss", "aud", "sub", "jti", "iat", "exp", "token_type", "fam"}
    assert kept["aud"] == "users"


def test_a_token_signs_in(ada: Any) -> None:  # noqa: ANN401  # any user model
    """By the user's row, or by the token alone; a refresh token is no access token, and the reverse."""
    pair = post("token/", username="ada", password=PASSWORD).json()
    assert me(pair["access"]).json() == {"user": "ada", "pk": str(ada.pk)}
    assert me(pair["access"], "/me-by-token/").json() == {"user": "ada@example.com", "pk": str(ada.pk)}
    for path in ("/me/", "/me-by-token/"):
        refused = me(pair["refresh"], path)
        assert refused.status_code == 401
        assert refused["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
        assert Client().get(path)["WWW-Authenticate"] == 'Bearer realm="api"'
    assert post("token/refresh/", refresh=pair["access"]).status_code == 401


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("given", [{"password": "wrong"}, {"username": "nobody"}])
def test_a_wrong_password_is_a_401(given: dict[str, str]) -> None:
    """Whether there is such an account is not told."""
    answer = post("token/", **{"username": "ada", "password": PASSWORD, **given})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "No active account found with the given credentials"


def test_a_refresh_token_is_exchanged(ada: Any) -> None:  # noqa: ANN401  # any user model
    """The successor is another token; what the new access token says comes from the user's row as it is now."""
    pair = sign_in(ada)
    ada.is_staff, ada.email = False, "new@example.com"
    ada.save()
    renewed = post("token/refresh/", refresh=pair["refresh"]).json()
    assert claims_of(renewed["refresh"])["jti"] != claims_of(pair["refresh"])["jti"]
    assert claims_of(renewed["refresh"])["fam"] == claims_of(pair["refresh"])["fam"]
    said = claims_of(renewed["access"])
    assert (said["is_staff"], said["email"]) == (False, "new@example.com")
    assert me(renewed["access"]).status_code == 200
    assert post("token/refresh/", refresh=renewed["refresh"]).status_code == 200


def test_two_tabs_get_the_same_successor(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Within ten seconds the token from before gets the same answer: its identity and its times."""
    pair = sign_in(ada)
    first, second = (post("token/refresh/", refresh=pair["refresh"]).json()["refresh"] for _ in range(2))
    assert claims_of(first) == claims_of(second)
    assert post("token/refresh/", refresh=second).status_code == 200


@pytest.mark.parametrize("seconds", [11, 3600])
def test_a_token_that_comes_again_ends_the_sign_in(ada: Any, seconds: int, caplog: pytest.LogCaptureFixture) -> None:  # noqa: ANN401  # any user model
    """Later than that it was stolen, here or there: neither it nor its successor is good any more."""
    pair = sign_in(ada)
    successor = post("token/refresh/", refresh=pair["refresh"]).json()["refresh"]
    RefreshFamily.objects.update(rotated_at=timezone.now() - timedelta(seconds=seconds))
    with caplog.at_level(logging.WARNING):
        assert post("token/refresh/", refresh=pair["refresh"]).status_code == 401
    assert claims_of(pair["refresh"])["fam"] in caplog.text
    assert pair["refresh"] not in caplog.text
    assert post("token/refresh/", refresh=successor).status_code == 401
    assert RefreshFamily.objects.get().revoked_at is not None


def test_a_token_of_two_exchanges_ago_ends_the_sign_in(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Only the one before the current token is forgiven."""
    first = sign_in(ada)["refresh"]
    second = post("token/refresh/", refresh=first).json()["refresh"]
    third = post("token/refresh/", refresh=second).json()["refresh"]
    assert post("token/refresh/", refresh=first).status_code == 401
    assert post("token/refresh/", refresh=third).status_code == 401


def test_signing_out_ends_one_sign_in(ada: Any) -> None:  # noqa: ANN401  # any user model
    """The other devices of the user stay signed in, unless all are to end."""
    phone, desk = sign_in(ada), sign_in(ada)
    assert post("token/blacklist/", refresh=phone["refresh"]).status_code == 200
    assert post("token/refresh/", refresh=phone["refresh"]).status_code == 401
    assert post("token/blacklist/", refresh=phone["refresh"]).status_code == 200
    assert post("token/refresh/", refresh=desk["refresh"]).status_code == 200
    assert families.revoke_all(ada) == 1
    assert post("token/refresh/", refresh=desk["refresh"]).status_code == 401


def test_an_account_that_is_gone_is_a_401(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Disabled or deleted, its tokens are refused everywhere, at once."""
    pair = sign_in(ada)
    ada.is_active = False
    ada.save()
    assert (me(pair["access"]).status_code, post("token/refresh/", refresh=pair["refresh"]).status_code) == (401, 401)
    with pytest.raises(AuthenticationFailed):
        sign_in(ada)
    ada.delete()
    assert (me(pair["access"]).status_code, post("token/refresh/", refresh=pair["refresh"]).status_code) == (401, 401)


def test_a_new_password_ends_sign_ins(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Whoever had the old one does not stay signed in; another secret key alone changes nothing."""
    pair = sign_in(ada)
    with override_settings(
        SECRET_KEY="another-key-that-is-long-enough-for-a-test", SECRET_KEY_FALLBACKS=[_secret_key()]
    ):
        renewed = post("token/refresh/", refresh=pair["refresh"])
        assert renewed.status_code == 200
    ada.set_password("another one")
    ada.save()
    assert post("token/refresh/", refresh=renewed.json()["refresh"]).status_code == 401


def _secret_key() -> str:
    from django.conf import settings  # noqa: PLC0415  # beside its use

    return settings.SECRET_KEY


@pytest.mark.parametrize("sub", ["x", "", "1e3", "99999999999999999999999", "\x00", "-1", "1; DROP", "\ud800"])
def test_a_subject_that_is_no_key_is_a_401(sub: str) -> None:
    """A token of the right signer may still name nobody."""
    assert me(signed(sub=sub)).status_code == 401
    assert (
        post("token/refresh/", refresh=signed(sub=sub, token_type="refresh", aud="users", fam=FAM)).status_code == 401
    )


FAM = "0b7a3a3e-6f0d-4b53-9d3b-1f1f4f3f9a11"


@pytest.mark.parametrize(
    "changes",
    [
        {"fam": None},
        {"fam": "no UUID"},
        {"fam": FAM},
        {"aud": ["users", "orders"], "fam": FAM, "iss": "orders"},
        {"aud": "orders", "fam": FAM},
        {"token_type": None, "fam": FAM},
        {"jti": None, "fam": FAM},
    ],
)
def test_a_refresh_token_of_nowhere_is_a_401(ada: Any, changes: dict[str, object]) -> None:  # noqa: ANN401  # any user model
    """Without a sign-in of this service, or made for another one, it is exchanged for nothing."""
    token = signed(**{"sub": str(ada.pk), "token_type": "refresh", "aud": "users", **changes})
    assert post("token/refresh/", refresh=token).status_code == 401
    assert RefreshFamily.objects.count() == 0


@pytest.mark.parametrize(
    "body", [{}, {"refresh": ""}, {"refresh": 7}, {"refresh": "\u20ac"}, {"refresh": "x" * 10_000}]
)
def test_what_is_no_token_is_told(body: dict[str, object]) -> None:
    """It is a 400 or a 401, never an error of the server."""
    for path in ("token/refresh/", "token/blacklist/"):
        assert post(path, **body).status_code in {400, 401}
    assert post("token/verify/", token=body.get("refresh", "")).status_code in {400, 401}


def test_only_access_tokens_verify(ada: Any) -> None:  # noqa: ANN401  # any user model
    """The address says whether a token opens this service; a refresh token does not, nor one for another."""
    pair = sign_in(ada)
    assert post("token/verify/", token=pair["access"]).status_code == 200
    for token in (pair["refresh"], signed(aud=["orders"]), signed(exp=int(time.time()) - 100)):
        assert post("token/verify/", token=token).status_code == 401


def test_an_old_token_is_told_from_a_bad_one() -> None:
    """A client that is told its token has ended renews it; anything else is just not valid."""
    now = int(time.time())
    old, foreign = me(signed(iat=now - 200, exp=now - 100)), me(signed(aud=["orders"]))
    assert (old.status_code, old.json()["detail"]) == (401, "The token has expired.")
    assert (foreign.status_code, foreign.json()["detail"]) == (401, "The token is not valid.")


def test_tokens_without_rotation(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Where tokens are not exchanged, the same one is good until the sign-in ends."""
    pair = sign_in(ada)
    with override_settings(SIMPLE_JWT={**SIMPLE_JWT, "ROTATE_REFRESH_TOKENS": False}):
        for _ in range(2):
            assert {*post("token/refresh/", refresh=pair["refresh"]).json()} == {"access"}
        post("token/blacklist/", refresh=pair["refresh"])
        assert post("token/refresh/", refresh=pair["refresh"]).status_code == 401


def test_over_is_over(ada: Any) -> None:  # noqa: ANN401  # any user model
    """A sign-in that has ended is not renewed, and goes away at the next one; so do those of others, when asked."""
    pair = sign_in(ada)
    RefreshFamily.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert post("token/refresh/", refresh=pair["refresh"]).status_code == 401
    assert str(RefreshFamily.objects.get()).endswith(f" of user {ada.pk}")
    sign_in(ada)
    assert RefreshFamily.objects.count() == 1
    RefreshFamily.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert RefreshFamily.objects.over().delete()[0] == 1


def test_a_command_forgets_what_is_over(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401  # any user model
    """Sign-ins that have ended go, a few at a time; the others stay."""
    ended = timezone.now() - timedelta(seconds=1)
    for number in range(5):
        RefreshFamily.objects.create(user_key=f"gone-{number}", current="x", rotated_at=ended, expires_at=ended)
    pair = sign_in(ada)
    out = io.StringIO()
    call_command(ClearSignIns(), batch=2, stdout=out)
    call_command(ClearSignIns(), stdout=out)
    assert out.getvalue() == "5 deleted\n0 deleted\n"
    assert post("token/refresh/", refresh=pair["refresh"]).status_code == 200
    monkeypatch.setattr(RefreshFamily._meta, "app_label", "nowhere")
    with pytest.raises(CommandError, match="have no table"):
        call_command(ClearSignIns())


def test_settings_change_at_once(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Keys, names and lifetimes follow ``override_settings``, although simplejwt has read its own once."""
    before = sign_in(ada)
    later = key_pair("P-256", 22)
    changed = {
        **SIMPLE_JWT,
        "SIGNING_KEY": later[0],
        "VERIFYING_KEY": later[1],
        "AUDIENCE": "users",
        "ACCESS_TOKEN_LIFETIME": timedelta(hours=2),
        "LEEWAY": 7,
    }
    keys = {"active": "2026-12", "previous": {"2026-11": USERS[1]}}
    with override_settings(SIMPLE_JWT=changed, JWT_KEYS=keys):
        after = sign_in(ada)
        assert jwt.get_unverified_header(after["access"])["kid"] == "2026-12"
        said = claims_of(after["access"])
        assert (said["aud"], said["exp"] - said["iat"]) == ("users", 7200)
        assert RingBackend().get_leeway() == timedelta(seconds=7)
        assert [me(pair["access"]).status_code for pair in (before, after)] == [200, 200]
        assert post("token/refresh/", refresh=before["refresh"]).status_code == 200
    with override_settings(SIMPLE_JWT=changed, JWT_KEYS={**keys, "revoked": ["2026-11"]}):
        assert [me(pair["access"]).status_code for pair in (before, after)] == [401, 200]
    assert me(after["access"]).status_code == 401


def test_tokens_of_simplejwt_itself_are_of_the_ring(ada: Any) -> None:  # noqa: ANN401  # any user model
    """What a project makes with simplejwt's own classes has a key's name, a kind and the right audience."""
    access: Any = str(StockAccessToken.for_user(ada))
    assert jwt.get_unverified_header(access)["typ"] == "at+jwt"
    assert me(access).status_code == 200
    assert UntypedToken(access)["sub"] == str(ada.pk)
    assert claims_of(str(StockRefreshToken.for_user(ada).access_token))["aud"] == ["users", "orders"]
    assert post("token/refresh/", refresh=str(StockRefreshToken.for_user(ada))).status_code == 401
    assert StockAccessToken(access[:-6] + "AAAAAA", verify=False)["sub"] == str(ada.pk)
    with pytest.raises(TokenError):
        StockAccessToken("x" * 9000, verify=False)  # type: ignore[arg-type]  # simplejwt types texts as tokens


def test_the_backend_tells_old_from_bad() -> None:
    """Simplejwt's own errors come out."""
    with pytest.raises(TokenBackendExpiredToken):
        RingBackend().decode(signed(iat=int(time.time()) - 200, exp=int(time.time()) - 100))
    with pytest.raises(TokenBackendError):
        RingBackend().decode("garbage")
    assert issubclass(RingBackend, TokenBackend)


def test_claims_of_a_project_travel(ada: Any) -> None:  # noqa: ANN401  # any user model
    """What a project puts on the refresh token is on each access token that comes of it."""
    refresh: Any = RefreshToken.for_user(ada)
    refresh["plan"] = "gold"
    pair = sign_in(ada, refresh)
    renewed = post("token/refresh/", refresh=pair["refresh"]).json()
    assert [claims_of(token)["plan"] for token in (pair["access"], renewed["access"])] == ["gold", "gold"]
    assert AccessToken.lifetime == timedelta(minutes=5)


def test_public_keys_are_published() -> None:
    """Verifiers find the key by its name, may keep the answer for five minutes, and ask whether it has changed."""
    answer = Client().get("/auth/.well-known/jwks.json")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=300")
    [key] = json.loads(answer.content)["keys"]
    assert (key["kid"], key["alg"], key["use"]) == ("2026-11", "ES256", "sig")
    assert "d" not in key
    again = Client().get("/auth/.well-known/jwks.json", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert Client().post("/auth/.well-known/jwks.json").status_code == 405


SYMMETRIC = {**SIMPLE_JWT, "ALGORITHM": "HS256", "SIGNING_KEY": "k" * 20 + "-of-32-bytes-and-more", "VERIFYING_KEY": ""}
VERIFIER = {**SIMPLE_JWT, "SIGNING_KEY": ""}


@pytest.mark.parametrize("settings", [SYMMETRIC, VERIFIER])
def test_who_has_no_pair_publishes_nothing(settings: dict[str, object]) -> None:
    """A secret is nobody else's business, and a verifier is no source of keys."""
    with override_settings(SIMPLE_JWT=settings):
        assert Client().get("/auth/.well-known/jwks.json").status_code == 404


def test_a_secret_signs_inside_one_service(ada: Any) -> None:  # noqa: ANN401  # any user model
    """The monolith's way: the same claims, with a name for the key that says nothing about it."""
    with override_settings(SIMPLE_JWT=SYMMETRIC, JWT_KEYS={"active": None}):
        pair = sign_in(ada)
        assert me(pair["access"]).status_code == 200
        assert post("token/refresh/", refresh=pair["refresh"]).status_code == 200


def test_a_verifier_takes_a_key_under_any_name(ada: Any) -> None:  # noqa: ANN401  # any user model
    """Who has one public key and no name for it accepts the name of the signer; who has a name, only that."""
    access = sign_in(ada)["access"]
    with override_settings(SIMPLE_JWT=VERIFIER, JWT_KEYS={"active": None, "accepts": ["orders"]}):
        assert me(access, "/me-by-token/").status_code == 200
        with pytest.raises(KeyFaultError, match="only verifies"):
            sign_in(ada)
    with override_settings(SIMPLE_JWT=VERIFIER, JWT_KEYS={"active": None, "revoked": ["2026-11"]}):
        assert me(access, "/me-by-token/").status_code == 401
    with override_settings(SIMPLE_JWT=VERIFIER, JWT_KEYS={"active": "2027-01"}):
        assert me(access, "/me-by-token/").status_code == 401


@pytest.mark.parametrize(
    "missing",
    [{"SIGNING_KEY": "", "VERIFYING_KEY": ""}, {"ISSUER": None}, {"AUDIENCE": None}],
)
def test_settings_that_would_let_anybody_in_are_an_error(missing: dict[str, object]) -> None:
    """Without a key, an issuer or an audience nothing is judged."""
    with override_settings(SIMPLE_JWT={**SIMPLE_JWT, **missing}), pytest.raises(KeyFaultError):
        user_tokens()
    with override_settings(SIMPLE_JWT=None, JWT_KEYS=None), pytest.raises(KeyFaultError):
        user_tokens()


def test_a_user_of_a_token_is_what_it_says() -> None:
    """Nothing is made up for what the token does not say."""
    user = TokenUser(id="7", email="ada@example.com", is_staff=True)
    assert (user.pk, user.is_staff, user.is_authenticated, user.is_active) == ("7", True, True, True)
    assert (user.is_anonymous, user.is_superuser, str(user), str(TokenUser(id="7"))) == (
        False,
        False,
        "ada@example.com",
        "7",
    )
    assert not user.has_perm("a.b")
    assert not user.has_perms(["a.b"])
    assert not user.has_module_perms("a")
    assert not hasattr(user, "is_banned")


@pytest.mark.parametrize("claim", ["true", 1, None])
def test_staff_is_said_in_one_form(claim: object) -> None:
    """Anything but the truth is not."""
    assert me(signed(is_staff=claim), "/me-by-token/").status_code == 200


def test_a_model_without_a_password_has_sign_ins(ada: Any) -> None:  # noqa: ANN401  # any user model
    """A user model of one's own may lack what Django's has: a hash of the session, a switch."""

    class Bare:
        pk = ada.pk

    family, first = families.open_family(Bare(), lifetime=timedelta(days=1))
    assert families.rotate(family, first.jti, Bare(), lifetime=timedelta(days=1)) is not None
    assert active_user(str(ada.pk)) == ada


def test_missing_tables_are_told(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401  # any user model
    """Without the app the first sign-in says what to install."""
    monkeypatch.setattr(RefreshFamily._meta, "app_label", "nowhere")
    with pytest.raises(ImproperlyConfigured, match=r"Sign-ins with tokens have no table: add dj_core_utils\.db"):
        sign_in(ada)


@pytest.mark.parametrize(("seconds", "kid"), [(60, "2026-11"), (-60, "2026-12")])
def test_the_next_key_signs_from_its_moment_on(ada: Any, seconds: int, kid: str) -> None:  # noqa: ANN401  # any user model
    """Without a restart, and tokens of the key before stay good."""
    before = sign_in(ada)
    following = {"key": key_pair("P-256", 22)[0], "kid": "2026-12", "from": timezone.now() + timedelta(seconds=seconds)}
    with override_settings(JWT_KEYS={**JWT_KEYS, "next": following}):
        after = sign_in(ada)
        assert jwt.get_unverified_header(after["access"])["kid"] == kid
        assert [me(pair["access"]).status_code for pair in (before, after)] == [200, 200]
        published = json.loads(Client().get("/auth/.well-known/jwks.json").content)["keys"]
        assert [key["kid"] for key in published] == ["2026-11", "2026-12"]
