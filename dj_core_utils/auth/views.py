"""Addresses where users sign in, stay signed in and sign out, and where others find the public keys."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.http import Http404, HttpResponse
from django.views.decorators.http import etag, require_safe
from rest_framework_simplejwt import views

from dj_core_utils.auth import issuer
from dj_core_utils.auth.user_tokens import MAX_AGE, user_tokens

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.response import Response


class TokenView(views.TokenViewBase):
    """An address that hands out tokens: nobody keeps its answers, and no transaction is around it.

    Under ``ATOMIC_REQUESTS`` the end of a stolen sign-in would be rolled back by the 401 that follows.
    """

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:  # noqa: ANN401  # REST framework's is untyped
        """The view, outside of transactions on every database."""
        view: Any = super().as_view(**initkwargs)
        view._non_atomic_requests = {*connections}  # noqa: SLF001  # what transaction.non_atomic_requests writes
        return view

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Say that nobody keeps the answer (RFC 6749, section 5.1)."""
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


class ObtainView(TokenView):
    """A user name and a password give an access token and a refresh token."""

    serializer_class = issuer.ObtainSerializer


class RefreshView(TokenView):
    """A refresh token gives an access token and the next refresh token."""

    serializer_class = issuer.RefreshSerializer


class VerifyView(TokenView):
    """Says whether an access token is good."""

    serializer_class = issuer.VerifySerializer


class BlacklistView(TokenView):
    """A refresh token ends its sign-in."""

    serializer_class = issuer.BlacklistSerializer


def _body() -> bytes:
    tokens = user_tokens()
    if tokens.signing is None or not tokens.signing.public:
        raise Http404
    return json.dumps(tokens.ring.jwks()).encode()


def _tag(request: HttpRequest) -> str:  # noqa: ARG001  # Django's signature
    return f'"{hashlib.sha256(_body()).hexdigest()[:32]}"'


@require_safe
@etag(_tag)
def jwks(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """The public keys of this service (RFC 7517); 404 where it signs with a secret, or not at all."""
    answer = HttpResponse(_body(), content_type="application/jwk-set+json")
    answer["Cache-Control"] = f"public, max-age={MAX_AGE.seconds}"
    return answer
