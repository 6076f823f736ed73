"""Services, their keys, and requests as they make them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings
from rest_framework_simplejwt import state
from rest_framework_simplejwt.settings import api_settings

from dj_core_utils.auth.backend import RingBackend
from dj_core_utils.auth.service_keys import digest
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "Qk3v-Wd8s_Zp1xLm2Nc7Bd4Fg6Hj9Ks3QaYeRtUoIpW"
OTHER_SECRET = "Zt7u-Xe9r_Yq2yMn3Od8Ce5Gh7Ik0Lt4RbZfSuVpJqX"
ORDERS = key_pair("P-256", 11)
PRODUCTS = key_pair("P-256", 12)


def digest_of(secret: str) -> str:
    """A key as the called service keeps it."""
    return digest(secret.encode())


@pytest.fixture
def as_orders() -> Iterator[None]:
    """This process is the service ``orders``, which signs its calls."""
    with override_settings(SERVICE_NAME="orders", SERVICE_TOKENS={"signing_key": ORDERS[0], "lifetime": 60}):
        yield


@pytest.fixture
def as_users() -> Iterator[None]:
    """This process is the service ``users``, which knows two callers by their keys, and gives one of them rights."""
    with override_settings(
        SERVICE_NAME="users",
        SERVICE_KEYS={"orders": [digest_of(SECRET), digest_of(OTHER_SECRET)]},
        SERVICE_TOKENS={"public_keys": {"orders": [ORDERS[1]], "products": [PRODUCTS[1]]}, "replay_cache": "default"},
        SERVICE_SCOPES={"orders": ["users:read", "users:write"], "products": ["users:read"]},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "auth"}},
    ):
        yield


USERS = key_pair("P-256", 21)
SIMPLE_JWT = {
    "ALGORITHM": "ES256",
    "SIGNING_KEY": USERS[0],
    "VERIFYING_KEY": USERS[1],
    "ISSUER": "users",
    "AUDIENCE": ["users", "orders"],
    "LEEWAY": timedelta(seconds=30),
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "ROTATE_REFRESH_TOKENS": True,
    "USER_ID_FIELD": "pk",
    "USER_ID_CLAIM": "sub",
}
JWT_KEYS = {"active": "2026-11", "previous": {}, "accepts": ["users"]}


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process signs users in, with our backend in simplejwt."""
    monkeypatch.setattr(state, "token_backend", RingBackend())
    present = vars(api_settings)["_user_settings"]
    api_settings.reload()  # forgets what it has read before, and here what the test has made it read
    vars(api_settings)["_user_settings"] = SIMPLE_JWT
    with override_settings(
        ROOT_URLCONF="tests.auth.urls",
        SERVICE_NAME="users",
        SIMPLE_JWT=SIMPLE_JWT,
        JWT_KEYS=JWT_KEYS,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # a good one takes half a second
    ):
        yield
    api_settings.reload()
    vars(api_settings)["_user_settings"] = present
