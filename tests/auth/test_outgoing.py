"""What a service shows to the ones that it calls."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.core.exceptions import SynchronousOnlyOperation
from django.test import RequestFactory, override_settings
from django.utils.functional import SimpleLazyObject

from dj_core_utils import _context
from dj_core_utils.actor import Actor
from dj_core_utils.auth.errors import KeyFaultError
from dj_core_utils.auth.outgoing import aheaders_for, headers_for
from dj_core_utils.middleware.context import acting_as
from tests.auth.conftest import ORDERS, PRODUCTS, SECRET


def sent(**headers: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of the token in a header."""
    scheme, token = headers["Authorization"].split(" ")
    assert scheme == "Service"
    key: Any = ORDERS[1]
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="users", issuer="orders")
    return jwt.get_unverified_header(token), claims


@pytest.mark.usefixtures("as_orders")
def test_a_call_is_signed_for_one_service_and_one_attempt() -> None:
    """The token names caller, callee, method and path, lives a minute, and is another one each time."""
    header, claims = sent(**headers_for("users", method="post", path="/api/users/?page=2"))
    assert header["typ"] == "svc+jwt"
    assert claims["exp"] - claims["iat"] == 60
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("orders", "orders", "users")
    assert (claims["htm"], claims["htu"]) == ("POST", "/api/users/")
    assert "obo" not in claims
    _, again = sent(**headers_for("users", method="post", path="/api/users/"))
    assert again["jti"] != claims["jti"]


@pytest.mark.usefixtures("as_orders")
@pytest.mark.parametrize(
    "who",
    [
        Actor(user_id=7, label="ada"),
        Actor(service="shop", on_behalf_of=Actor(user_id=7, label="ada")),
    ],
)
def test_the_user_travels_with_the_call(who: Actor) -> None:
    """The callee learns for which user it is done, also when the caller itself was called for that user."""
    with acting_as(who):
        assert sent(**headers_for("users", method="GET", path="/"))[1]["obo"] == {"sub": "7", "name": "ada"}


@pytest.mark.usefixtures("as_orders")
@pytest.mark.parametrize("who", ["nightly import", Actor(service="shop", on_behalf_of=Actor(label="a program"))])
def test_a_program_names_no_user(who: object) -> None:
    """Where no user stands behind a call, none is named."""
    with acting_as(who):
        assert "obo" not in sent(**headers_for("users", method="GET", path="/"))[1]


@override_settings(SERVICE_NAME="orders", SERVICE_API_KEY=SECRET)
def test_a_static_key_is_sent_under_the_own_name() -> None:
    """Without a signing key the secret of the service stands behind its name."""
    with acting_as(Actor(user_id=7)):
        headers = headers_for("users", method="GET", path="/")
    assert headers == {"Authorization": f"Service orders.{SECRET}"}


@override_settings(SERVICE_API_KEY=None, SERVICE_TOKENS={"signing_key": None})
def test_nothing_is_sent_where_nothing_is_configured() -> None:
    """A call without a credential has no header."""
    assert headers_for("users", method="GET", path="/") == {}


def test_settings_are_read_at_each_call() -> None:
    """``override_settings`` works, and a key that was replaced is used at once."""
    with override_settings(SERVICE_NAME="orders", SERVICE_API_KEY="first-secret"):
        assert headers_for("users", method="GET", path="/") == {"Authorization": "Service orders.first-secret"}
    with override_settings(SERVICE_NAME="orders", SERVICE_API_KEY="second-secret"):
        assert headers_for("users", method="GET", path="/") == {"Authorization": "Service orders.second-secret"}


@pytest.mark.parametrize("key", [PRODUCTS[1], "no key at all"])
def test_a_key_that_cannot_sign_is_an_error(key: str) -> None:
    """A call never goes out unsigned because its key is wrong, and the error does not show it."""
    with (
        override_settings(SERVICE_TOKENS={"signing_key": key}),
        pytest.raises(KeyFaultError) as caught,
    ):
        headers_for("users", method="GET", path="/")
    assert key not in str(caught.value)


@pytest.mark.django_db
@pytest.mark.usefixtures("as_orders")
def test_a_user_whom_nobody_has_loaded_on_a_loop() -> None:
    """Loading one there is refused by Django; the other function does it in a thread."""
    user = get_user_model().objects.create(username="ann")
    request = RequestFactory().get("/")
    request.user = SimpleLazyObject(lambda: get_user_model().objects.get(username="ann"))  # type: ignore[assignment]  # lazy

    async def ask() -> dict[str, str]:
        with pytest.raises(SynchronousOnlyOperation):
            headers_for("users", method="GET", path="/")
        return await aheaders_for("users", method="GET", path="/")

    with _context.RequestContext(request, "c", None).entered():
        _, claims = sent(**async_to_sync(ask)())
    assert claims["obo"]["sub"] == str(user.pk)
