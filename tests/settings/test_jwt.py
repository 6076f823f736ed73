"""Tokens: what simplejwt is told, and what is refused before it is."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.jwt import JWTSettings
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

SECRET = "q8Zr#w1Vt5uP0xLm2Nc7Bd4Fg6Hj9Ks3Qa-Ye_Rt!Uo$Ip&Wz*Xb"
HMAC_KEY = "Pz4Lk8Jh2Gf6Ds0Aq1Wx3Se5Dc7Rf9Vt!Bg_Yh-Nu$Mj&Ik*Lo(Ap"
ISSUER = {"SERVICE_NAME": "users", "SERVICES": "users,orders,products", "SERVICE_URLS": "orders=http://localhost:1"}
VERIFIER = {"SERVICE_NAME": "orders", "JWT_ALGORITHM": "ES256", "JWT_ISSUER": "users"}
MICROSERVICE = ("microservice", "development")


def problems(loaded: Loaded, problem_id: str = "jwt.") -> list[Problem]:
    """The problems whose id begins so."""
    return [found for found in loaded.problems if found.id.startswith((problem_id, "code.", "internal"))]


def simple_jwt(loaded: Loaded) -> dict[str, Any]:
    """What simplejwt is told."""
    assert loaded.errors == ()
    return loaded.rendered["SIMPLE_JWT"]  # type: ignore[return-value]  # that is what is rendered


def dotted_paths(value: object) -> list[str]:
    """Every text in a setting that names something to import."""
    if isinstance(value, dict):
        return [path for item in value.values() for path in dotted_paths(item)]
    if isinstance(value, (list, tuple)):
        return [path for item in value for path in dotted_paths(item)]
    return [value] if isinstance(value, str) and value.startswith(("rest_framework", "dj_core_utils.")) else []


def test_monolith_needs_nothing(load_from: LoadFrom) -> None:
    """Without any variable a monolith signs with a key of its own that follows from the secret key."""
    loaded = load_from(environ={"DJANGO_SECRET_KEY": SECRET, "SERVICE_NAME": "shop"})
    rendered = simple_jwt(loaded)
    assert problems(loaded) == []
    assert rendered["ALGORITHM"] == "HS256"
    assert len(rendered["SIGNING_KEY"]) == 64
    assert SECRET not in rendered["SIGNING_KEY"]
    assert repr(rendered["SIGNING_KEY"]) == "'***'"
    assert (rendered["ISSUER"], rendered["AUDIENCE"]) == ("shop", "shop")


def test_defaults_are_the_careful_ones(load_from: LoadFrom) -> None:
    """Short access tokens, refresh tokens that are exchanged, and none of simplejwt's risky habits."""
    assert simple_jwt(load_from()) | {"SIGNING_KEY": ""} == {
        "ALGORITHM": "HS256",
        "SIGNING_KEY": "",
        "VERIFYING_KEY": "",
        "JWK_URL": None,
        "ISSUER": "app",
        "AUDIENCE": "app",
        "LEEWAY": timedelta(seconds=30),
        "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
        "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": False,
        "UPDATE_LAST_LOGIN": False,
        "CHECK_USER_IS_ACTIVE": True,
        "CHECK_REVOKE_TOKEN": False,
        "USER_ID_FIELD": "pk",
        "USER_ID_CLAIM": "sub",
        "AUTH_HEADER_TYPES": ("Bearer",),
        "TOKEN_OBTAIN_SERIALIZER": "dj_core_utils.auth.issuer.ObtainSerializer",
        "TOKEN_REFRESH_SERIALIZER": "dj_core_utils.auth.issuer.RefreshSerializer",
        "TOKEN_VERIFY_SERIALIZER": "dj_core_utils.auth.issuer.VerifySerializer",
        "TOKEN_BLACKLIST_SERIALIZER": "dj_core_utils.auth.issuer.BlacklistSerializer",
    }


def test_every_rendered_name_is_known_to_simplejwt(load_from: LoadFrom) -> None:
    """A name that simplejwt does not know is ignored by it, so none may be misspelt."""
    source = inspect.getsource(import_module("rest_framework_simplejwt.settings"))
    assert [name for name in simple_jwt(load_from()) if f'"{name}"' not in source] == []


@pytest.mark.parametrize("profile", ["development", "test", "build"])
def test_every_rendered_path_can_be_imported(load_from: LoadFrom, profile: str) -> None:
    """Each dotted text in the settings of the API names something that is there."""
    loaded = load_from(
        environ={"REST_FRAMEWORK_AUTHENTICATION": "session,jwt", "REST_FRAMEWORK_PAGE_SIZE": "20"},
        profiles=("monolith", profile),
    )
    paths = dotted_paths([loaded.rendered["REST_FRAMEWORK"], loaded.rendered["SIMPLE_JWT"]])
    assert len(paths) >= 9
    for path in paths:
        module, _, name = path.rpartition(".")
        assert hasattr(import_module(module), name), path


def test_own_key_replaces_the_derived_one(load_from: LoadFrom) -> None:
    """A key that is set is used as it is."""
    environ = {"JWT_SIGNING_KEY": HMAC_KEY, "JWT_ALGORITHM": "HS384", "JWT_ISSUER": "https://id.example.com"}
    rendered = simple_jwt(load_from(environ=environ))
    assert rendered["SIGNING_KEY"] == HMAC_KEY
    assert (rendered["ALGORITHM"], rendered["ISSUER"]) == ("HS384", "https://id.example.com")


def test_issuer_signs_for_its_peers(load_from: LoadFrom) -> None:
    """The service with the private key puts every service it knows into the audience."""
    private, public = key_pair("P-256")
    environ = {**ISSUER, "JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY": private.replace("\n", "\\n")}
    loaded = load_from(environ=environ, profiles=MICROSERVICE)
    rendered = simple_jwt(loaded)
    assert problems(loaded) == []
    assert (rendered["SIGNING_KEY"], rendered["VERIFYING_KEY"]) == (private, public)
    assert rendered["AUDIENCE"] == ["users", "orders", "products"]
    assert rendered["ISSUER"] == "users"


def test_key_may_stand_in_a_file(load_from: LoadFrom) -> None:
    """A PEM of several lines is read from the file that JWT_SIGNING_KEY_FILE names."""
    private, public = key_pair("P-256")
    environ = {"JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY_FILE": "jwt.pem"}
    assert simple_jwt(load_from(environ=environ, files={"jwt.pem": private}))["VERIFYING_KEY"] == public


@pytest.mark.parametrize("source", ["JWT_VERIFYING_KEY", "JWT_JWKS_URL"])
def test_verifier_cannot_sign(load_from: LoadFrom, source: str) -> None:
    """A service that only verifies has a public key or its address, its own name as audience, and no private key."""
    _, public = key_pair("P-256")
    url = "https://users.internal/.well-known/jwks.json"
    environ = {**VERIFIER, source: public if source == "JWT_VERIFYING_KEY" else url}
    loaded = load_from(environ=environ, profiles=MICROSERVICE)
    rendered = simple_jwt(loaded)
    assert problems(loaded) == []
    assert (rendered["SIGNING_KEY"], rendered["AUDIENCE"], rendered["ISSUER"]) == ("", "orders", "users")
    assert (rendered["VERIFYING_KEY"], rendered["JWK_URL"]) in ((public, None), ("", url))
    assert rendered["BLACKLIST_AFTER_ROTATION"] is False
    assert "dj_core_utils.db" not in loaded.rendered["INSTALLED_APPS"]  # type: ignore[operator]  # a list


def test_shared_address_of_keys_does_not_make_the_issuer_ask_itself(load_from: LoadFrom) -> None:
    """Where all services share a file, the one with the private key needs no address."""
    private, public = key_pair("P-256")
    environ = {"JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY": private, "JWT_JWKS_URL": "https://users.internal/jwks"}
    rendered = simple_jwt(load_from(environ=environ))
    assert (rendered["JWK_URL"], rendered["VERIFYING_KEY"]) == (None, public)


def test_sign_ins_have_their_table(load_from: LoadFrom) -> None:
    """Where users sign in, the app with the table of sign-ins is installed, once; simplejwt's blacklist is not."""
    for listed in ([], ["dj_core_utils.db"], ["dj_core_utils.db.apps.DjCoreUtilsDbConfig"]):
        apps = load_from(environ={"INSTALLED_APPS": ",".join(listed)}).rendered["INSTALLED_APPS"]
        assert [app for app in apps if "dj_core_utils.db" in app] == (listed or ["dj_core_utils.db"])  # type: ignore[attr-defined]  # a list
        assert "rest_framework_simplejwt.token_blacklist" not in apps  # type: ignore[operator]  # the same


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "UserAuthentication"),
        ({**VERIFIER, "JWT_VERIFYING_KEY": key_pair("P-256")[1]}, "StatelessUserAuthentication"),
    ],
)
def test_users_are_loaded_where_they_are(load_from: LoadFrom, environ: dict[str, str], name: str) -> None:
    """A service that only verifies tokens has no rows of users, and asks for none."""
    loaded = load_from(environ=environ)
    assert loaded.rendered["REST_FRAMEWORK"]["DEFAULT_AUTHENTICATION_CLASSES"] == [f"dj_core_utils.auth.drf.{name}"]  # type: ignore[index]  # a mapping


def test_ring_is_rendered_for_those_who_know_several_keys(load_from: LoadFrom) -> None:
    """Earlier keys are handed on by name and hide themselves."""
    environ = {"JWT_SIGNING_KEY": HMAC_KEY, "JWT_KEY_ID": "2026-11", "JWT_PREVIOUS_KEYS": f"2026-05={SECRET}"}
    loaded = load_from(environ=environ)
    assert problems(loaded) == []
    assert loaded.rendered["JWT_KEYS"] == {
        "active": "2026-11",
        "previous": {"2026-05": SECRET},
        "revoked": [],
        "next": None,
        "type": "",
        "accepts": ["app"],
    }
    assert SECRET not in repr(loaded.rendered["JWT_KEYS"])


@pytest.mark.parametrize(
    ("environ", "problem_id", "variable", "message"),
    [
        ({"JWT_SIGNING_KEY": "short"}, "jwt.key", "JWT_SIGNING_KEY", "has 5 bytes; HS256 needs 32."),
        ({"JWT_ALGORITHM": "ES256"}, "jwt.key", "JWT_SIGNING_KEY", "ES256 needs a key"),
        ({"JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY": HMAC_KEY}, "jwt.key", "JWT_SIGNING_KEY", "this is none"),
        ({"JWT_ALGORITHM": "NONE"}, "value.choice", "JWT_ALGORITHM", "HS256"),
        ({"JWT_VERIFYING_KEY": "x"}, "jwt.verifying_key", "JWT_VERIFYING_KEY", "has no effect"),
        ({"JWT_JWKS_URL": "https://a.example/jwks"}, "jwt.jwks_url", "JWT_JWKS_URL", "has no effect"),
        ({"JWT_JWKS_URL": "a.example/jwks"}, "service.url", "JWT_JWKS_URL", "begins with http"),
        ({"JWT_PREVIOUS_KEYS": f"a={HMAC_KEY}"}, "jwt.previous_keys", "JWT_KEY_ID", "needs a name"),
        (
            {"JWT_KEY_ID": "b", "JWT_PREVIOUS_KEYS": "a=short"},
            "jwt.previous_keys",
            "JWT_PREVIOUS_KEYS",
            '"a": the key has 5 bytes',
        ),
        (
            {"JWT_KEY_ID": "a", "JWT_PREVIOUS_KEYS": f"a={HMAC_KEY}"},
            "jwt.previous_keys",
            "JWT_PREVIOUS_KEYS",
            "key in force",
        ),
        (
            {"JWT_KEY_ID": "b", "JWT_SIGNING_KEY": HMAC_KEY, "JWT_PREVIOUS_KEYS": f"a={HMAC_KEY}"},
            "jwt.previous_keys",
            "JWT_PREVIOUS_KEYS",
            "key in force",
        ),
        ({"JWT_LEEWAY": "3m"}, "value.range", "JWT_LEEWAY", "2 minutes"),
        ({"JWT_ACCESS_TOKEN_LIFETIME": "0"}, "value.range", "JWT_ACCESS_TOKEN_LIFETIME", "greater than"),
        ({"JWT_REFRESH_TOKEN_LIFETIME": "5m"}, "jwt.refresh_lifetime", "JWT_REFRESH_TOKEN_LIFETIME", "end before"),
        ({"REST_FRAMEWORK_PAGE_SIZE": "0"}, "value.range", "REST_FRAMEWORK_PAGE_SIZE", "greater than"),
        ({"REST_FRAMEWORK_AUTHENTICATION": "basic"}, "value.choice", "REST_FRAMEWORK_AUTHENTICATION", "'jwt'"),
        (
            {"JWT_ALGORITHM": "ES256", "JWT_JWKS_URL": "https://users.internal/jwks"},
            "jwt.issuer",
            "JWT_ISSUER",
            "does not say of which",
        ),
        (
            {"JWT_KEY_ID": "a", "JWT_REVOKED_KEYS": "a"},
            "jwt.previous_keys",
            "JWT_REVOKED_KEYS",
            "key in force",
        ),
        ({"JWT_KEY_ID": "a b"}, "value.pattern", "JWT_KEY_ID", "a b"),
    ],
)
def test_what_cannot_work_is_refused_everywhere(
    load_from: LoadFrom, environ: dict[str, str], problem_id: str, variable: str, message: str
) -> None:
    """What would fail at the first token is an error at the start, in development, too."""
    (found,) = [problem for problem in load_from(environ=environ).errors if problem.id == problem_id]
    assert found.variable == variable
    assert message in found.message
    assert HMAC_KEY not in str(found)


@pytest.mark.parametrize(
    ("kind", "algorithm", "message"),
    [("P-384", "ES256", "needs the curve P-256"), ("P-256", "HS256", "this is a PEM"), ("short RSA", "RS256", "2048")],
)
def test_key_that_does_not_fit_the_algorithm(load_from: LoadFrom, kind: str, algorithm: str, message: str) -> None:
    """Algorithm and key are compared at the start."""
    private, _ = key_pair(kind)
    (found,) = problems(load_from(environ={"JWT_ALGORITHM": algorithm, "JWT_SIGNING_KEY": private}), "jwt.key")
    assert message in found.message
    assert private not in str(found)


def test_public_key_of_another_pair_is_refused(load_from: LoadFrom) -> None:
    """A service that has both halves has two halves of one pair."""
    private, public = key_pair("P-256")
    environ = {"JWT_ALGORITHM": "ES256", "JWT_SIGNING_KEY": private}
    assert problems(load_from(environ={**environ, "JWT_VERIFYING_KEY": public})) == []
    (found,) = problems(load_from(environ={**environ, "JWT_VERIFYING_KEY": key_pair("P-256", 2)[1]}))
    assert "does not belong to JWT_SIGNING_KEY" in found.message


def test_private_key_is_not_shown_where_a_public_one_belongs(load_from: LoadFrom) -> None:
    """A private key in the wrong variable is refused and stays secret."""
    private, _ = key_pair("P-256")
    loaded = load_from(environ={**VERIFIER, "JWT_VERIFYING_KEY": private}, profiles=MICROSERVICE)
    (found,) = problems(loaded, "jwt.verifying_key")
    assert "this is a private key" in found.message
    assert private.splitlines()[1] not in str(loaded.problems)


@pytest.mark.parametrize(("profiles", "severity"), [(("microservice",), "error"), (MICROSERVICE, "warning")])
def test_shared_secret_between_services(load_from: LoadFrom, profiles: tuple[str, ...], severity: str) -> None:
    """Between services a key that verifies must not be one that signs; a developer is only told."""
    (found,) = problems(load_from(profiles=profiles), "jwt.verifiable")
    assert (found.variable, found.severity) == ("JWT_ALGORITHM", severity)
    assert "ES256" in found.hint


def test_image_of_a_service_is_built_without_keys(load_from: LoadFrom) -> None:
    """A build needs no key, because nobody is served."""
    assert problems(load_from(profiles=("microservice", "production", "build"))) == []


@pytest.mark.parametrize(
    ("lifetime", "profile", "severity"),
    [
        ("15m", "production", None),
        ("30m", "production", "warning"),
        ("30m", "development", "warning"),
        ("2h", "production", "error"),
        ("2h", "development", "warning"),
    ],
)
def test_access_tokens_are_short(load_from: LoadFrom, lifetime: str, profile: str, severity: str | None) -> None:
    """Long lives of what cannot be revoked are warned about, and refused in production."""
    loaded = load_from(environ={"JWT_ACCESS_TOKEN_LIFETIME": lifetime}, profiles=("monolith", profile))
    assert [found.severity for found in problems(loaded, "jwt.lifetime")] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("environ", "problem_id"),
    [
        ({"JWT_REFRESH_TOKEN_LIFETIME": "30d"}, "jwt.refresh_lifetime"),
        ({"JWT_ROTATE_REFRESH_TOKENS": "no"}, "jwt.rotation"),
        ({**VERIFIER, "JWT_JWKS_URL": "http://users/jwks"}, "jwt.jwks_url"),
    ],
)
def test_policy_of_production(load_from: LoadFrom, environ: dict[str, str], problem_id: str) -> None:
    """What is careless but works stops production and is a warning elsewhere."""
    for profile, severity in (("production", "error"), ("development", "warning")):
        (found,) = problems(load_from(environ=environ, profiles=("monolith", profile)), problem_id)
        assert found.severity == severity


def test_local_key_server_needs_no_https(load_from: LoadFrom) -> None:
    """Nobody sits between two processes of one machine."""
    environ = {**VERIFIER, "JWT_JWKS_URL": "http://localhost:8000/jwks"}
    assert problems(load_from(environ=environ, profiles=("monolith", "production"))) == []


@pytest.mark.parametrize(("profile", "renderers"), [("development", 2), ("test", 1)])
def test_browsable_api_is_for_developers(load_from: LoadFrom, profile: str, renderers: int) -> None:
    """Everybody gets JSON; with DEBUG, browsers get pages."""
    rest: Any = load_from(profiles=("monolith", profile)).rendered["REST_FRAMEWORK"]
    assert len(rest["DEFAULT_RENDERER_CLASSES"]) == renderers
    assert rest["DEFAULT_PERMISSION_CLASSES"] == ["rest_framework.permissions.IsAuthenticated"]
    assert "PAGE_SIZE" not in rest


def test_pages_are_cut_on_request(load_from: LoadFrom) -> None:
    """A page size turns pagination on, because one without the other does nothing."""
    rest: Any = load_from(environ={"REST_FRAMEWORK_PAGE_SIZE": "50"}).rendered["REST_FRAMEWORK"]
    assert rest["PAGE_SIZE"] == 50
    assert rest["DEFAULT_PAGINATION_CLASS"].endswith("PageNumberPagination")


def test_section_is_given_in_the_class(load_from: LoadFrom) -> None:
    """A project changes a default by an instance, and a variable still wins over it."""

    class Shop(CoreSettings):
        jwt: JWTSettings = JWTSettings(access_token_lifetime=timedelta(minutes=10), key_id="a")

    assert simple_jwt(load_from(Shop))["ACCESS_TOKEN_LIFETIME"] == timedelta(minutes=10)
    rendered = simple_jwt(load_from(Shop, {"JWT_ACCESS_TOKEN_LIFETIME": "7m"}))
    assert rendered["ACCESS_TOKEN_LIFETIME"] == timedelta(minutes=7)
    assert "short" not in repr(JWTSettings(signing_key=SecretStr("short")))


NEXT_KEY = "Wn4Lk8Jh2Gf6Ds0Aq1Wx3Se5Dc7Rf9Vt_Bg-Yh3Nu8Mj"
LATER = "2100-01-01T03:00:00Z"
ROTATING = {"JWT_SIGNING_KEY": HMAC_KEY, "JWT_NEXT_KEY": NEXT_KEY, "JWT_NEXT_KEY_FROM": LATER}


def test_the_next_key_is_rendered(load_from: LoadFrom) -> None:
    """The runtime gets key, name and moment; the key hides itself."""
    loaded = load_from(environ={**ROTATING, "JWT_NEXT_KEY_ID": "2026-12"})
    assert problems(loaded) == []
    following = loaded.rendered["JWT_KEYS"]["next"]  # type: ignore[index]  # a mapping
    assert following == {"key": NEXT_KEY, "kid": "2026-12", "from": datetime(2100, 1, 1, 3, tzinfo=UTC)}
    assert NEXT_KEY not in repr(following)


@pytest.mark.parametrize(
    ("environ", "variable", "said"),
    [
        ({**ROTATING, "JWT_NEXT_KEY": "short"}, "JWT_NEXT_KEY", "5 bytes"),
        ({**ROTATING, "JWT_NEXT_KEY": HMAC_KEY}, "JWT_NEXT_KEY", "in use already"),
        ({**ROTATING, "JWT_KEY_ID": "a", "JWT_NEXT_KEY_ID": "a"}, "JWT_NEXT_KEY", "in use already"),
        ({"JWT_NEXT_KEY": NEXT_KEY, "JWT_NEXT_KEY_FROM": LATER}, "JWT_NEXT_KEY", "nothing to replace"),
        ({"JWT_NEXT_KEY_FROM": LATER}, "JWT_NEXT_KEY", "no next key"),
        ({"JWT_NEXT_KEY_ID": "2026-12"}, "JWT_NEXT_KEY", "no next key"),
        ({**ROTATING, "JWT_NEXT_KEY_FROM": ""}, "JWT_NEXT_KEY_FROM", "nothing says when"),
        ({**ROTATING, "JWT_NEXT_KEY_FROM": "2100-01-01T03:00:00"}, "JWT_NEXT_KEY_FROM", "no time zone"),
    ],
)
def test_a_rotation_that_cannot_work(load_from: LoadFrom, environ: dict[str, str], variable: str, said: str) -> None:
    """What is missing or wrong about the next key is told before it signs."""
    (found,) = problems(load_from(environ=environ), "jwt.next_key")
    assert (found.variable, found.severity) == (variable, "error")
    assert said in found.message


@pytest.mark.parametrize(
    ("begins", "variable"),
    [
        (timedelta(minutes=5), "JWT_NEXT_KEY_FROM"),
        (timedelta(minutes=15), None),
        (timedelta(hours=-1), None),
        (timedelta(days=-2), "JWT_NEXT_KEY"),
    ],
)
def test_a_rotation_takes_its_time(load_from: LoadFrom, begins: timedelta, variable: str | None) -> None:
    """Too early for those who fetch keys is told, and so is the end, when the old key is of no use any more."""
    moment = (datetime.now(UTC) + begins).isoformat()
    found = problems(load_from(environ={**ROTATING, "JWT_NEXT_KEY_FROM": moment}), "jwt.rotation_dates")
    assert [(each.variable, each.severity) for each in found] == ([(variable, "warning")] if variable else [])


PEERS = {"SERVICE_NAME": "orders", "SERVICES": "users,orders"}


@pytest.mark.parametrize(
    ("environ", "problem_id", "said"),
    [
        (
            {**VERIFIER, "SERVICES": "users,orders", "JWT_SIGNING_KEY": key_pair("P-256")[0]},
            "jwt.private_key",
            "those of users",
        ),
        ({**PEERS, "JWT_AUDIENCE": "orders,user"}, "jwt.audience", '"user" is no service'),
        ({**PEERS, "JWT_AUDIENCE": "users"}, "jwt.audience", "made for others"),
        (
            {
                **VERIFIER,
                "JWT_ISSUER": "orders",
                "JWT_SIGNING_KEY": key_pair("P-256")[0],
                "SERVICE_SIGNING_KEY": key_pair("P-256")[0],
            },
            "secret.reused",
            "same secret as",
        ),
    ],
)
def test_signers_and_verifiers_fit(load_from: LoadFrom, environ: dict[str, str], problem_id: str, said: str) -> None:
    """A key in the wrong service, an audience that is nobody, and one key for two jobs are named."""
    (found,) = [each for each in load_from(environ=environ).problems if each.id == problem_id]
    assert said in found.message


def test_an_audience_is_not_judged_without_peers(load_from: LoadFrom) -> None:
    """Where no services are listed, tokens may be for whomever one likes; among those that are, for each of them."""
    assert problems(load_from(environ={"JWT_AUDIENCE": "https://api.example.com"})) == []
    assert problems(load_from(environ={**PEERS, "JWT_AUDIENCE": "users,orders"})) == []
