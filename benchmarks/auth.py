"""What it costs to know who asks: verification beside PyJWT alone, requests beside simplejwt's stateless class.

python benchmarks/auth.py [--rounds 9] [--calls 400]
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "a-secret-of-a-benchmark-that-is-long-enough"  # noqa: S105  # made up
REQUIRED = ["exp", "iat", "jti", "iss", "aud", "sub"]


def main() -> None:
    """Print the times of each pair and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args()
    pem = private_pem(ec.generate_private_key(ec.SECP256R1()))
    settings.configure(
        SECRET_KEY=SECRET,
        ROOT_URLCONF="",
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "dj_core_utils.db"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        SIMPLE_JWT={
            "ALGORITHM": "ES256",
            "SIGNING_KEY": pem,
            "VERIFYING_KEY": public_pem(pem),
            "ISSUER": "users",
            "AUDIENCE": "users",
            "LEEWAY": 30,
            "ACCESS_TOKEN_LIFETIME": timedelta(minutes=50),
            "USER_ID_CLAIM": "sub",
        },
        JWT_KEYS={"active": "2026-11"},
    )
    django.setup()
    print(f"{'':34}{'before':>10}{'ours':>10}{'ratio':>8}")
    for algorithm, key in (
        ("HS256", SECRET),
        ("ES256", pem),
        ("RS256", private_pem(rsa.generate_private_key(65_537, 2048))),
    ):
        show(f"verify {algorithm}, beside PyJWT", options, *verification(algorithm, key))
    show("request, beside simplejwt's class", options, *requests())


def private_pem(key: Any) -> str:  # noqa: ANN401  # any private key
    """A private key as text."""
    form = serialization.PrivateFormat.PKCS8
    made: bytes = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return made.decode()


def public_pem(pem: str) -> str:
    """The public key of a private one."""
    public = serialization.load_pem_private_key(pem.encode(), None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


def claims() -> dict[str, object]:
    """What an access token says."""
    now = int(time.time())
    user = {"sub": "7", "email": "ada@example.com", "is_staff": False, "token_type": "access", "jti": "5f1c" * 8}
    return {**user, "iss": "users", "aud": ["users", "orders"], "iat": now, "exp": now + 3000}


def verification(algorithm: str, text: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """The same token verified by PyJWT, with all that it can ask, and by ours, which asks more."""
    from dj_core_utils.auth.keys import KeyRing, token_key  # noqa: PLC0415  # Django is set up by now
    from dj_core_utils.auth.verify import Verifier  # noqa: PLC0415  # as above

    key = token_key(text, algorithm, kid="2026-11")
    token = jwt.encode(claims(), key.signing, algorithm=algorithm, headers={"kid": "2026-11", "typ": "at+jwt"})
    verifier = Verifier(keys=KeyRing(key), issuer="users", audience=("users",))
    raw: Any = key.verifying.key
    options: Any = {"require": REQUIRED}

    def with_pyjwt() -> object:
        return jwt.decode(
            token, raw, algorithms=[algorithm], audience="users", issuer="users", leeway=30, options=options
        )

    return with_pyjwt, lambda: verifier.verify(token)


def requests() -> tuple[Callable[[], object], Callable[[], object]]:
    """A request to a view that asks for a user, who is known by the token alone."""
    from rest_framework.permissions import IsAuthenticated  # noqa: PLC0415  # Django is set up by now
    from rest_framework.response import Response  # noqa: PLC0415  # as above
    from rest_framework.test import APIRequestFactory  # noqa: PLC0415  # as above
    from rest_framework.views import APIView  # noqa: PLC0415  # as above
    from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication  # noqa: PLC0415  # as above

    from dj_core_utils.auth.drf import StatelessUserAuthentication  # noqa: PLC0415  # as above

    class View(APIView):
        permission_classes = [IsAuthenticated]

        def get(self, _: object) -> Response:
            return Response({})

    key: Any = settings.SIMPLE_JWT["SIGNING_KEY"]
    token = jwt.encode(claims(), key, algorithm="ES256", headers={"kid": "2026-11", "typ": "at+jwt"})
    asked = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")

    def ask(authentication: type) -> Callable[[], object]:
        view = View.as_view(authentication_classes=[authentication])

        def call() -> object:
            answer = view(asked)
            assert answer.status_code == 200, answer.data  # noqa: PLR2004, S101  # or nothing is measured
            return answer

        return call

    return ask(JWTStatelessUserAuthentication), ask(StatelessUserAuthentication)


def show(name: str, options: argparse.Namespace, before: Callable[[], object], ours: Callable[[], object]) -> None:
    """Take turns, and print the minima in microseconds."""
    times: dict[Callable[[], object], list[float]] = {before: [], ours: []}
    for _ in range(options.rounds):
        for call, found in times.items():
            start = time.perf_counter()
            for _ in range(options.calls):
                call()
            found.append((time.perf_counter() - start) / options.calls * 1e6)
    first, second = min(times[before]), min(times[ours])
    print(f"{name:34}{first:>7.0f} us{second:>7.0f} us{second / first:>8.2f}")


if __name__ == "__main__":
    main()
