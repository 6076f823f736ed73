"""Services that call views: who gets in, where, and what the others are told."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from dj_core_utils.actor import Actor, actor_of
from dj_core_utils.auth.drf import IsService, ServiceAuthentication, ServiceThrottle
from dj_core_utils.auth.keys import token_key
from dj_core_utils.auth.principal import LOCAL_CALLER, LocalCaller, ServicePrincipal
from dj_core_utils.auth.service_keys import digest
from dj_core_utils.auth.service_tokens import sign
from tests.auth.conftest import ORDERS, OTHER_SECRET, PRODUCTS, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

pytestmark = pytest.mark.usefixtures("as_users")
PATH = "/api/users/"
CANARY = "c4n4ry-1n-4-cr3d3nt14l"


class Users(APIView):
    """A view for services that may read."""

    authentication_classes = [ServiceAuthentication]
    permission_classes = [IsService("users:read")]

    def get(self, request: Any) -> Response:  # noqa: ANN401  # of REST framework
        """Who calls."""
        who = request.user
        return Response({"service": who.service, "proof": who.proof, "for": str(who.on_behalf_of or "")})

    post = get


def ask(
    header: str | None = None,
    *,
    view: type[APIView] = Users,
    method: str = "get",
    path: str = PATH,
    environ: dict[str, object] | None = None,
) -> HttpResponse:
    """The answer to one request."""
    extra: dict[str, Any] = {**(environ or {}), **({"HTTP_AUTHORIZATION": header} if header is not None else {})}
    answer: Any = view.as_view()(getattr(APIRequestFactory(), method)(path, **extra))
    answer.render()
    return answer  # type: ignore[no-any-return]  # REST framework's view is untyped


def token(*, pair: tuple[str, str] = ORDERS, **given: Any) -> str:  # whatever ``sign`` takes
    """What ``orders`` shows to ``users``."""
    return "Service " + sign(
        token_key(pair[0], "ES256"),
        **{"caller": "orders", "callee": "users", "method": "GET", "path": PATH, **given},
    )


def forged(headers: dict[str, Any] | None = None, key: Any = ORDERS[0], algorithm: str = "ES256", **claims: Any) -> str:  # noqa: ANN401  # attacks
    """A token with other headers and claims than ``sign`` would give it; a claim of None is left out."""
    now = int(time.time())
    good = {"iss": "orders", "sub": "orders", "aud": "users", "iat": now, "exp": now + 60, "jti": str(time.time_ns())}
    given = {**good, "htm": "GET", "htu": PATH, **claims}
    body = {name: value for name, value in given.items() if value is not None}
    kid = token_key(ORDERS[1], "ES256").kid
    return "Service " + jwt.encode(
        body, key, algorithm=algorithm, headers={"kid": kid, "typ": "svc+jwt", **(headers or {})}
    )


@pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET])
def test_a_static_key_is_recognised(secret: str) -> None:
    """Two keys of a caller are good at once, so that one can take the place of the other."""
    answer = ask(f"Service orders.{secret}")
    assert answer.status_code == 200
    assert json.loads(answer.content) == {"service": "orders", "proof": "key", "for": ""}


def test_a_signed_call_is_recognised_with_its_user() -> None:
    """A token of the caller is enough, and says for whom the call is made."""
    answer = ask(token(on_behalf_of=Actor(user_id=7, label="ada")))
    assert json.loads(answer.content) == {"service": "orders", "proof": "token", "for": "ada (7)"}


def test_the_scheme_is_read_in_any_case() -> None:
    """Schemes have no case (RFC 9110, section 11.1)."""
    assert ask(f"service orders.{SECRET}").status_code == 200


BAD = {
    "nothing": "Service",
    "blank": "Service  ",
    "two": f"Service orders.{SECRET} more",
    "empty secret": "Service orders.",
    "empty name": f"Service .{SECRET}",
    "no name": f"Service {SECRET}",
    "wrong": f"Service orders.{CANARY}",
    "of another": f"Service products.{SECRET}",
    "unknown": f"Service nobody.{SECRET}",
    "digest": f"Service orders.{digest(SECRET.encode())}",
    "huge": "Service orders." + "x" * 5000,
    "not ASCII": "Service orders.\xe4\xf6\xfc",
    "not Latin-1": "Service orders.\u20ac",
    "no token": "Service eyJ.eyJ.eyJ",
    "dots": "Service ...",
    "zero": "Service orders.\x00",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_credential_is_refused(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is a 401 that names the scheme, never an error or an anonymous request; nothing of it is logged."""
    with caplog.at_level(logging.DEBUG):
        answer = ask(BAD[name])
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Service realm="api", error="invalid_token"'
    assert CANARY not in caplog.text + answer.content.decode()


def test_nothing_shown_is_a_401_without_an_error() -> None:
    """Who shows nothing is asked for a credential."""
    answer = ask()
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Service realm="api"'


def test_a_token_of_a_user_is_left_to_others() -> None:
    """Another scheme is not this class's business."""
    assert ask("Bearer something")["WWW-Authenticate"] == 'Service realm="api"'


FORGED: dict[str, Callable[[], str]] = {
    "none": lambda: forged(key="", algorithm="none"),
    "public key as a secret": lambda: forged(key="k" * 40, algorithm="HS256"),
    "key of another service": lambda: forged(key=PRODUCTS[0]),
    "in the name of another": lambda: token(pair=PRODUCTS),
    "for another service": lambda: token(callee="products"),
    "for several": lambda: forged(aud=None),
    "another method": lambda: token(method="POST"),
    "another path": lambda: token(path="/api/orders/"),
    "no path": lambda: forged(htu=None),
    "path without a slash": lambda: forged(htu="users/"),
    "another subject": lambda: forged(sub="products"),
    "no subject": lambda: forged(sub=None),
    "empty subject": lambda: forged(sub=""),
    "no identity": lambda: forged(jti=None),
    "empty identity": lambda: forged(jti=""),
    "number as identity": lambda: forged(jti=7),
    "no end": lambda: forged(exp=None),
    "no beginning": lambda: forged(iat=None),
    "boolean beginning": lambda: forged(iat=True),
    "text as end": lambda: forged(exp=str(int(time.time()) + 60)),
    "ended": lambda: forged(iat=int(time.time()) - 400, exp=int(time.time()) - 200),
    "of the future": lambda: forged(iat=int(time.time()) + 200, exp=int(time.time()) + 260),
    "ends before it begins": lambda: forged(exp=int(time.time()) - 10),
    "lives too long": lambda: forged(exp=int(time.time()) + 3000),
    "token of a user": lambda: forged({"typ": "at+jwt"}),
    "no type": lambda: forged({"typ": None}),
    "unknown key": lambda: forged({"kid": "nobody's"}),
    "no key": lambda: forged({"kid": ""}),
    "brings its key": lambda: forged({"jwk": {"kty": "EC"}}),
    "address of a key": lambda: forged({"jku": "https://evil.example"}),
    "certificate": lambda: forged({"x5u": "https://evil.example"}),
    "extension": lambda: forged({"crit": ["exp"]}),
    "too long": lambda: forged(more="x" * 9000),
    "other issuer": lambda: forged(iss="products"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each of the known attacks on tokens is a 401, and the token does not get into the log."""
    header = FORGED[name]()
    with caplog.at_level(logging.DEBUG):
        answer = ask(header)
    assert answer.status_code == 401
    assert header.split(" ")[1] not in caplog.text


@pytest.mark.parametrize(("skew", "status"), [(-70, 200), (20, 200), (-95, 401), (60, 401)])
def test_clocks_of_services_may_differ_a_little(skew: int, status: int) -> None:
    """A caller whose clock is half a minute wrong gets in, before and behind the minute of its token."""
    begun = int(time.time()) + skew
    assert ask(forged(iat=begun, exp=begun + 60)).status_code == status


@pytest.mark.parametrize(
    ("method", "again"),
    [("get", 200), ("post", 401)],
)
def test_a_token_changes_something_once(method: str, again: int) -> None:
    """Sent a second time it may still read, and changes nothing more."""
    header = token(method=method.upper())
    assert ask(header, method=method).status_code == 200
    assert ask(header, method=method).status_code == again


def test_who_cannot_tell_says_so(caplog: pytest.LogCaptureFixture, free_port: int) -> None:
    """Without the cache, what changes something is a 503 with a time to come back, and what reads goes on."""
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://127.0.0.1:{free_port}"}
    with override_settings(CACHES={"default": away}):
        answer = ask(token(method="POST"), method="post")
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert ask(token()).status_code == 200
    assert "ConnectionError" in caplog.text
    assert str(free_port) not in caplog.text


def test_a_proxy_may_add_and_take_a_prefix() -> None:
    """The path that was sent and the one that arrived may differ at the front, and are compared decoded."""
    assert ask(token(path="/gateway/api/users/")).status_code == 200
    assert ask(token(path="/users/")).status_code == 200
    assert ask(token(path="/api/us%65rs/?page=1")).status_code == 200


class OfEverybody(Users):
    """Written with users in mind."""

    permission_classes = [IsAuthenticated]


class OfNobody(Users):
    """Anybody may look."""

    permission_classes = [AllowAny]


class OfNoService(Users):
    """Whoever is no service."""

    permission_classes = [~IsService()]


class OfStaff(Users):
    """Services that may write, and members of staff."""

    permission_classes = [IsAdminUser | IsService("users:write")]


class OfWhoeverSignsIn(Users):
    """Users, and services that may write."""

    permission_classes = [IsAuthenticated | IsService("users:write")]


class OfBoth(Users):
    """Services that may both read and write."""

    permission_classes = [IsService("users:read") & IsService("users:write")]


@pytest.mark.parametrize("view", [OfEverybody, OfNobody, OfNoService])
def test_a_view_that_names_no_service_takes_none(view: type[APIView]) -> None:
    """A service is authenticated, and still does not get into what was meant for users."""
    answer = ask(f"Service orders.{SECRET}", view=view)
    assert answer.status_code == 403
    assert "not for services" in answer.content.decode()


@pytest.mark.parametrize(
    ("view", "orders", "products"),
    [(Users, 200, 200), (OfStaff, 200, 403), (OfWhoeverSignsIn, 200, 403), (OfBoth, 200, 403)],
)
def test_scopes_are_what_this_service_gives(view: type[APIView], orders: int, products: int) -> None:
    """A caller may do what the called service says, however permissions are put together."""
    assert ask(token(), view=view).status_code == orders
    assert ask(token(pair=PRODUCTS, caller="products"), view=view).status_code == products


def test_a_scope_is_named_by_text() -> None:
    """A list in place of names is told at the start, not at the first request."""
    with pytest.raises(ImproperlyConfigured, match="names of scopes"):
        IsService(["users:read"])  # type: ignore[arg-type]  # the mistake


def test_a_permission_that_was_not_called_is_told() -> None:
    """``IsService`` without its brackets is a mistake that says what to write."""

    class Forgotten(Users):
        permission_classes = [IsService]  # type: ignore[list-item]  # the mistake

    with pytest.raises(ImproperlyConfigured, match=r"write IsService\(\)"):
        ask(token(), view=Forgotten)


class OneObject(Users):
    """A view with one object, for members of staff and for services that may write."""

    permission_classes = [IsAdminUser | IsService("users:write")]

    def get(self, request: Any) -> Response:  # noqa: ANN401  # of REST framework
        """The object, if it may be seen."""
        self.check_object_permissions(request, object())
        return Response()


def test_an_object_is_seen_by_whoever_gets_in() -> None:
    """The permission answers for objects, too."""
    assert ask(token(), view=OneObject).status_code == 200
    assert ask(token(pair=PRODUCTS, caller="products"), view=OneObject).status_code == 403


def test_a_caller_in_this_process_needs_no_secret() -> None:
    """What stands in the environ is believed; a header cannot get there."""
    local = LocalCaller(service="orders", on_behalf_of=Actor(user_id=7))
    answer = ask(environ={LOCAL_CALLER: local})
    assert json.loads(answer.content) == {"service": "orders", "proof": "process", "for": "7"}
    assert ask(environ={LOCAL_CALLER: LocalCaller(service="orders", scopes=frozenset())}).status_code == 403
    assert ask(environ={LOCAL_CALLER: "orders"}).status_code == 401
    assert ask(environ={f"HTTP_{LOCAL_CALLER.upper()}": local}).status_code == 401


def test_a_shared_key_proves_no_name() -> None:
    """It lets in under any name, with no scope of that name, and only where that is asked for."""

    class Anybody(Users):
        permission_classes = [IsService()]

    header = f"Service products.{CANARY}"
    with override_settings(SERVICE_API_KEY=CANARY, SERVICE_SHARED_KEY=True):
        assert json.loads(ask(header, view=Anybody).content)["proof"] == "shared key"
        assert ask(header).status_code == 403
        assert ask(f"Service products.{SECRET}", view=Anybody).status_code == 401
        assert json.loads(ask(f"Service orders.{SECRET}", view=Anybody).content)["proof"] == "key"
    for settings in ({"SERVICE_SHARED_KEY": False}, {"SERVICE_API_KEY": ""}, {"SERVICE_API_KEY": None}):
        with override_settings(**{"SERVICE_API_KEY": CANARY, "SERVICE_SHARED_KEY": True, **settings}):
            assert ask(header, view=Anybody).status_code == 401


@pytest.mark.parametrize("header", ["Service  anything", "Service orders.", "Service app."])
def test_a_service_without_configuration_lets_nobody_in(header: str) -> None:
    """No empty key equals an empty default."""
    with override_settings(SERVICE_KEYS=None, SERVICE_TOKENS=None, SERVICE_SCOPES=None, SERVICE_API_KEY=""):
        assert ask(header).status_code == 401
        assert ask(token()).status_code == 401


def test_calls_of_a_service_are_counted_under_its_name() -> None:
    """One service that calls too often does not use up what others may."""

    class Slow(ServiceThrottle):
        rate = "1/min"

    class Throttled(OfStaff):
        permission_classes = [IsService()]
        throttle_classes = [Slow]

    assert [ask(token(), view=Throttled).status_code for _ in range(2)] == [200, 429]
    assert ask(token(pair=PRODUCTS, caller="products"), view=Throttled).status_code == 200

    class Open(APIView):
        throttle_classes = [Slow]
        permission_classes = [AllowAny]
        authentication_classes: list[Any] = []

        def get(self, _: object) -> Response:
            return Response()

    assert [ask(view=Open).status_code for _ in range(3)] == [200] * 3


def test_what_a_service_is_and_is_not() -> None:
    """It is authenticated, and has nothing that belongs to users."""
    service = ServicePrincipal(service="orders", scopes=frozenset({"a"}))
    assert (service.is_authenticated, service.is_active, service.is_anonymous) == (True, True, False)
    assert (service.is_staff, service.is_superuser, service.pk, service.id) == (False, False, None, None)
    assert not service.has_perm("users.delete_user")
    assert not service.has_perms(["users.delete_user"])
    assert not service.has_module_perms("users")
    assert service.has_scopes([])
    assert not service.has_scopes(["a", "b"])
    assert str(service) == "service orders"
    assert SECRET not in repr(service)


def test_the_log_tells_service_and_user_apart() -> None:
    """The actor of a call is the service, on behalf of the user that it names."""
    principal = ServicePrincipal(service="orders", on_behalf_of=Actor(user_id="7", label="ada"))
    actor = actor_of(principal)
    assert (str(actor), str(actor.on_behalf_of)) == ("orders", "ada (7)")
    assert actor_of(principal, on_behalf_of=Actor(user_id="8")).on_behalf_of == Actor(user_id="8")


@pytest.mark.parametrize("claim", ["7", {"sub": 7}, {"sub": ""}, {}, {"name": "ada"}])
def test_a_user_that_cannot_be_read_is_none(claim: object) -> None:
    """Whoever signs may write what he likes there; it is believed in one form only."""
    assert json.loads(ask(forged(obo=claim)).content)["for"] == ""


@pytest.mark.parametrize("name", [None, 7, "x" * 400])
def test_the_name_of_a_user_is_cut(name: object) -> None:
    """A name is text, and not longer than a user name of Django's."""
    shown = json.loads(ask(forged(obo={"sub": "7", "name": name})).content)["for"]
    assert shown in {"7", "x" * 150 + " (7)"}
