"""Who calls, as the other side sees it: the same view over both transports, and one credential for each attempt."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings

from dj_core_utils.api import exceptions
from dj_core_utils.api.client import APIClient
from dj_core_utils.auth.service_keys import digest
from tests.api import peers
from tests.api.test_resilience import orders
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from tests.api.conftest import Caller

KEY = "Vn4m-Bs8x_Kp2wJr6Tc9Hd3Fg7Lq5Yz1UeNaMoXiSvC"


def test_view_for_services(call: Caller, transport: str) -> None:
    """A view that takes services alone takes the caller: by its key, or because it is in the same process."""
    known = {"SERVICE_KEYS": {"shop": [digest(KEY.encode())]}, "SERVICE_SCOPES": {"shop": ["orders:read"]}}
    with override_settings(**known):
        if transport == "http":
            with pytest.raises(exceptions.UnauthorizedError):
                call("GET", "for-services/")
        with override_settings(SERVICE_API_KEY=KEY):
            assert call("GET", "for-services/").json() == {"caller": "service shop"}
            with pytest.raises(exceptions.ForbiddenError):
                call("GET", "for-users/")


def test_credential_of_each_attempt() -> None:
    """A signed call is accepted once, so each attempt is signed anew, for the method and path that are sent."""
    behave = peers.in_turn(peers.answer(503), peers.answer())
    with orders(behave, attempts=2) as peer, override_settings(SERVICE_TOKENS={"signing_key": key_pair("P-256")[0]}):
        APIClient("orders").get("x/?page=2")
        tokens = [(peer.header("authorization", number) or "").removeprefix("Service ") for number in (0, 1)]
    claims = [json.loads(base64.urlsafe_b64decode(f"{token.split('.')[1]}==")) for token in tokens]
    assert claims[0]["jti"] != claims[1]["jti"]
    assert [claim["iss"] for claim in claims] == ["shop", "shop"]
