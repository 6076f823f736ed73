"""Keys that sign are changed in their files, and nobody is signed out."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.test import override_settings
from rest_framework_simplejwt import state
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken

from dj_core_utils.auth.backend import RingBackend
from dj_core_utils.auth.keys import token_key
from dj_core_utils.conf import conf
from dj_core_utils.rotation.keys import SigningKeys
from dj_core_utils.rotation.reading import Reading
from tests.rotation.worker import Worker, replace
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import WriteProject
    from tests.rotation.worker import Working

settings: Any = django_settings  # the types of the Django plugin are those of the project of the tests

URLS = {
    "urls.py": """
        from django.http import HttpResponse
        from django.urls import path

        urlpatterns = [path("", lambda request: HttpResponse(request.user.username))]
    """
}


def look(worker: Worker) -> None:
    """Let the interval pass, and a request come."""
    worker.do("wait(61)")
    worker.do("request()")


def test_a_rotated_secret_key_signs_nobody_out(project: WriteProject, tmp_path: Path, working: Working) -> None:
    """A new key is accepted first and signs later, so processes that see it at different moments trust each other."""
    old, new = secrets.token_urlsafe(50), secrets.token_urlsafe(50)
    key = tmp_path / "key"
    key.write_text(old, encoding="utf-8")
    environ = {"DJANGO_SECRET_KEY_FILE": str(key), "RELOAD_SECRETS": "60s"}
    folder = project(URLS)
    with working(folder, environ) as worker:
        worker.do("sign_in()")
        assert worker.do('client.get("/").content.decode()') == "ada"
        signed, token = worker.do('signing.dumps("x")'), worker.do("token()")
        replace(key, new)
        with working(folder, environ) as restarted:
            look(worker)
            assert worker.do("settings.SECRET_KEY") == old
            assert worker.do(f"signing.loads({restarted.do('signing.dumps(2)')!r})") == 2
            assert worker.do(f"is_accepted({restarted.do('token()')!r})") is True
            look(worker)
            look(worker)
            assert worker.do("settings.SECRET_KEY") == new
            assert restarted.do(f"signing.loads({worker.do('signing.dumps(3)')!r})") == 3
            assert restarted.do(f"is_accepted({worker.do('token()')!r})") is True
        assert worker.do(f"signing.loads({signed!r})") == "x"
        assert worker.do(f"is_accepted({token!r})") is True
        assert worker.do('client.get("/").content.decode()') == "ada"
        assert "ERROR" not in (log := worker.end())
        assert log.count("are in use: DJANGO_SECRET_KEY (") == 1
        assert old not in log
        assert new not in log


@pytest.mark.parametrize("broken", ["", "-----BEGIN PRIVATE KEY-----\ntorn", None])
def test_a_pair_of_token_keys(project: WriteProject, tmp_path: Path, broken: str | None, working: Working) -> None:
    """A pair in a file rotates the same way, and a file that is half-written keeps the old pair in force."""
    key = tmp_path / "jwt.pem"
    first, second = key_pair("P-256", 1)[0], key_pair("P-256", 2)[0]
    key.write_text(first, encoding="utf-8")
    environ = {"JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY_FILE": str(key), "RELOAD_SECRETS": "60s"}
    with working(project(), environ) as worker:
        token = worker.do("token()")
        if broken is None:
            key.unlink()
        else:
            replace(key, broken)
        for _ in range(3):
            look(worker)
        assert worker.do("settings.SIMPLE_JWT['SIGNING_KEY']").strip() == first.strip()
        replace(key, second)
        for _ in range(3):
            look(worker)
        assert worker.do("settings.SIMPLE_JWT['SIGNING_KEY']").strip() == second.strip()
        assert worker.do(f"is_accepted({token!r})") is True
        assert worker.do(f"is_accepted({worker.do('token()')!r})") is True
        log = worker.end()
    assert log.count("ERROR") == 1
    assert "JWT_SIGNING_KEY" in log


def test_no_file_no_watch(project: WriteProject, working: Working) -> None:
    """Where no password and no key comes from a file the setting has no effect, and says so."""
    with working(project(), {"RELOAD_SECRETS": "60s"}) as worker:
        worker.do("request()")
        log = worker.end()
    assert "WARNING" in log
    assert "RELOAD_SECRETS is set, and no password of a database and no key that signs comes from a file." in log


TOKENS = {
    "ALGORITHM": "HS256",
    "VERIFYING_KEY": "",
    "AUDIENCE": "shop",
    "ISSUER": "shop",
    "JWK_URL": None,
    "LEEWAY": 0,
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
}


def secret(name: str) -> str:
    """The secret key of a name."""
    return f"key {name}, long enough to be hidden"


def rendered(name: str, *fallbacks: str) -> dict[str, Any]:
    """The settings that follow from the keys of a name."""
    tokens = {**TOKENS, "SIGNING_KEY": f"{name}, which signs tokens and has 32 bytes"}
    return {"SECRET_KEY": secret(name), "SECRET_KEY_FALLBACKS": list(fallbacks), "SIMPLE_JWT": tokens}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A process with keys of the name ``one``."""
    monkeypatch.setattr(state, "token_backend", RingBackend())
    with override_settings(**rendered("one"), JWT_KEYS={"active": None}):
        yield rendered("one")


def encoded(name: str, **claims: object) -> Any:  # noqa: ANN401  # simplejwt types texts as tokens
    """A token that the key of a name has signed."""
    key = token_key(rendered(name)["SIMPLE_JWT"]["SIGNING_KEY"], "HS256")
    now = int(time.time())
    said = {"iss": "shop", "aud": "shop", "sub": name, "jti": "1", "iat": now - 20, "exp": now + 60, **claims}
    headers = {"kid": key.kid, "typ": "at+jwt"}
    return jwt.encode({**said, "token_type": "access"}, key.signing, algorithm="HS256", headers=headers)


def test_a_new_key_is_accepted_before_it_signs(exported: dict[str, Any]) -> None:
    """During the grace only the list of accepted keys has changed, and taking the file back takes that back."""
    keys = SigningKeys(60, exported)
    keys.step()
    keys.want(rendered("two", secret("zero")))
    assert (secret("one"), [secret("two"), secret("zero")]) == (settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)
    assert exported["SIMPLE_JWT"] == settings.SIMPLE_JWT
    assert state.token_backend.decode(encoded("two"))["sub"] == "two"
    keys.want(exported)
    assert (secret("one"), []) == (settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)
    with pytest.raises(TokenBackendError):
        state.token_backend.decode(encoded("two"))


def test_a_new_key_signs_after_the_grace(exported: dict[str, Any]) -> None:
    """Then the new key is in force, the old one is accepted, whoever caches settings is told, and none shows."""
    assert conf.secrets is not None
    told: dict[str, object] = {}

    def note(*, setting: str, value: object, **_: object) -> None:
        told[setting] = value

    setting_changed.connect(note)
    try:
        SigningKeys(0, exported).want(rendered("two"))
    finally:
        setting_changed.disconnect(note)
    assert (secret("two"), [secret("one")]) == (settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)
    assert told == {
        "SECRET_KEY": secret("two"),
        "SECRET_KEY_FALLBACKS": [secret("one")],
        "SIMPLE_JWT": rendered("two")["SIMPLE_JWT"],
        "JWT_KEYS": {
            "active": None,
            "accepted": [rendered(name)["SIMPLE_JWT"]["SIGNING_KEY"] for name in ("two", "one")],
        },
    }
    assert conf.secrets is not None
    assert conf.secrets.search(f"it is {secret('two')}") is not None
    two = token_key(rendered("two")["SIMPLE_JWT"]["SIGNING_KEY"], "HS256")
    assert jwt.get_unverified_header(state.token_backend.encode({"token_type": "access"}))["kid"] == two.kid
    assert state.token_backend.decode(encoded("two"))["sub"] == "two"
    assert state.token_backend.decode(encoded("one"))["sub"] == "one"


def test_an_old_key_ends_with_what_it_signed(exported: dict[str, Any]) -> None:
    """When nothing that it signed can be valid any more, the old key is not accepted either."""
    over = {**exported, "SIMPLE_JWT": {**exported["SIMPLE_JWT"], "REFRESH_TOKEN_LIFETIME": timedelta(0)}}
    with override_settings(**over, SESSION_COOKIE_AGE=0, PASSWORD_RESET_TIMEOUT=0):
        SigningKeys(0, over).want(rendered("two"))
        assert (secret("two"), []) == (settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)
        with pytest.raises(TokenBackendError):
            state.token_backend.decode(encoded("one"))


def test_what_the_settings_module_assigns_is_left_alone(exported: dict[str, Any]) -> None:
    """A key that did not come from the export is none of ours."""
    with override_settings(SECRET_KEY="own", SIMPLE_JWT={"ALGORITHM": "HS256"}):
        SigningKeys(0, exported).want(rendered("two"))
        assert (settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS) == ("own", [])
        assert settings.SIMPLE_JWT == {"ALGORITHM": "HS256"}


def test_tokens_of_no_key_and_old_tokens_are_refused(exported: dict[str, Any]) -> None:
    """With several keys a token still needs one of them, and to be in time."""
    keys = SigningKeys(0, exported)
    keys.want(rendered("two"))
    keys.want(rendered("three"))
    keys.want(rendered("three"))
    backend = state.token_backend
    assert [backend.decode(encoded(name))["sub"] for name in ("one", "two", "three")] == ["one", "two", "three"]
    with pytest.raises(TokenBackendError):
        backend.decode(encoded("four"))
    for name in ("one", "two", "three"):
        with pytest.raises(TokenBackendExpiredToken):
            backend.decode(encoded(name, iat=1, exp=2))


def test_nothing_secret_in_a_repr(exported: dict[str, Any]) -> None:
    """What a debugger or a log prints of the machinery holds no key."""
    keys = SigningKeys(60, exported)
    keys.want(rendered("two"))
    assert secret("two") not in f"{vars(keys)['_wanted']!r} {Reading(rendered('two'))!r}"
