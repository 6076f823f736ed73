"""Who makes a request, for REST framework: users by their tokens, services by their credentials.

Each class reads one scheme of the ``Authorization`` header, ``Bearer`` or ``Service``. What is shown and is not good is
refused; it never makes an anonymous request.

A view takes services only where ``IsService`` stands among its permissions. ``IsAuthenticated`` alone never lets one
in, although a service is authenticated: whoever wrote the view had users in mind.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.core.exceptions import ImproperlyConfigured
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.throttling import SimpleRateThrottle

from dj_core_utils.auth import incoming
from dj_core_utils.auth.errors import AuthUnavailableError, CredentialError, ExpiredError
from dj_core_utils.auth.principal import LOCAL_CALLER, LocalCaller, ServicePrincipal, TokenUser
from dj_core_utils.auth.service_keys import SCHEME
from dj_core_utils.auth.user_tokens import user_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger("dj_core_utils.auth")

BEARER: Final = "Bearer"

_REALM: Final = "api"
_RETRY_AFTER = 5


class CannotTell(APIException):  # as REST framework names its own: AuthenticationFailed, Throttled
    """503: what it takes to judge a credential cannot be reached."""

    status_code = 503
    default_detail = "The credential cannot be judged at the moment."
    default_code = "authentication_unavailable"
    wait = _RETRY_AFTER  # REST framework answers with Retry-After


def credential_of(request: Request, scheme: str) -> bytes | None:
    """What stands behind a scheme in the ``Authorization`` header.

    Args:
        request: The request.
        scheme: ``Bearer`` or ``Service``, in whatever case it is sent (RFC 9110, section 11.1).

    Returns:
        The credential; None where the header is missing or of another scheme.

    Raises:
        AuthenticationFailed: There is nothing behind the scheme, or more than one thing.
    """
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    given, _, rest = header.partition(" ")
    if given.lower() != scheme.lower():
        return None
    credential = rest.strip(" ")
    if not credential or " " in credential:
        raise AuthenticationFailed(f"Expected one credential behind {scheme}.", code="bad_authorization_header")
    # The server hands over bytes as Latin-1; a test client may give any text, which then fits nothing.
    return credential.encode("latin-1", "replace")


def challenge(request: Request, scheme: str) -> str:
    """The value of ``WWW-Authenticate`` (RFC 6750, section 3), which says whether a credential was shown at all."""
    was_shown = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0].lower() == scheme.lower()
    return f'{scheme} realm="{_REALM}"' + (', error="invalid_token"' if was_shown else "")


class UserAuthentication(BaseAuthentication):
    """Recognises users by their access tokens, and loads them: who was deleted or disabled is refused at once.

    ``request.user`` is the user, ``request.auth`` the claims of the token.
    """

    def authenticate(self, request: Request) -> tuple[Any, dict[str, Any]] | None:
        """Who asks; None where no token is shown.

        Args:
            request: The request.

        Raises:
            AuthenticationFailed: The token is not good, or its user is not there any more.
            CannotTell: The keys of the signer cannot be had.
        """
        credential = credential_of(request, BEARER)
        if credential is None:
            return None
        claims = _claims(credential)
        return self.user_of(claims), claims

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return challenge(request, BEARER)

    def user_of(self, claims: dict[str, Any]) -> Any:  # noqa: ANN401  # any user model
        """The user of a token that is good.

        Args:
            claims: Of the token.

        Raises:
            AuthenticationFailed: There is no such account, or it is disabled.
        """
        from dj_core_utils.auth.accounts import active_user  # noqa: PLC0415  # a stateless service has no users

        user = active_user(claims["sub"])
        if user is None:
            raise AuthenticationFailed("No active account found for the given token.", code="no_active_account")
        return user


class StatelessUserAuthentication(UserAuthentication):
    """Recognises users by their access tokens alone, in services that have no rows of users.

    ``request.user`` is a ``TokenUser``: what the token says, minutes ago.
    """

    def user_of(self, claims: dict[str, Any]) -> TokenUser:
        """What a token says of its user.

        Args:
            claims: Of the token.
        """
        return TokenUser(id=claims["sub"], email=str(claims.get("email", "")), is_staff=claims.get("is_staff") is True)


class ServiceAuthentication(BaseAuthentication):
    """Recognises services; for views with ``IsService`` among their permissions, and for no other.

    ``request.user`` is a ``ServicePrincipal``, ``request.auth`` the same one.
    """

    def authenticate(self, request: Request) -> tuple[Any, ServicePrincipal] | None:
        """Who calls; None where no service shows a credential.

        Args:
            request: The request.

        Raises:
            AuthenticationFailed: The credential is not good.
            PermissionDenied: It is, and the view takes no service, or not this one.
            CannotTell: Nobody can tell.
        """
        caller = request.META.get(LOCAL_CALLER)
        if isinstance(caller, LocalCaller):
            principal = incoming.local(caller)
        else:
            credential = credential_of(request, SCHEME)
            if credential is None:
                return None
            principal = _recognise(credential, request)
        _require_view(request, principal)
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return challenge(request, SCHEME)


class ServicePermission(BasePermission):
    """What ``IsService`` makes."""

    scopes: ClassVar[frozenset[str]] = frozenset()

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # REST framework's signature
        """Whether the request comes from a service with these scopes."""
        user: object = request.user
        return isinstance(user, ServicePrincipal) and user.has_scopes(self.scopes)

    def has_object_permission(self, request: Request, view: APIView, obj: object) -> bool:  # noqa: ARG002  # the same
        """The same: beside another permission, each one answers for whom it has let in."""
        return self.has_permission(request, view)


def IsService(*scopes: str) -> type[ServicePermission]:  # noqa: N802  # it stands among classes
    """A permission for services that may do all of this: ``permission_classes = [IsService("orders:read")]``.

    It goes together with others: ``[IsService("orders:read") | IsAdminUser]`` lets in members of staff, too.

    Args:
        *scopes: What a caller needs, as ``SERVICE_SCOPES`` gives it; none lets every known service in.

    Raises:
        ImproperlyConfigured: They are not texts.
    """
    if not all(isinstance(scope, str) for scope in scopes):
        raise ImproperlyConfigured('IsService takes the names of scopes: IsService("orders:read", "orders:write").')
    return type("IsService", (ServicePermission,), {"scopes": frozenset(scopes)})


class ServiceThrottle(SimpleRateThrottle):
    """So many calls per service: ``DEFAULT_THROTTLE_RATES = {"service": "1000/min"}``. Users are not counted."""

    scope = "service"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:  # noqa: ARG002  # REST framework's signature
        """The name of the service; None for whoever is none."""
        user: object = request.user
        if not isinstance(user, ServicePrincipal):
            return None
        return self.cache_format % {"scope": self.scope, "ident": user.service}


def _claims(credential: bytes) -> dict[str, Any]:
    try:
        return user_tokens().access.verify(credential)
    except CredentialError as error:
        code = "token_expired" if isinstance(error, ExpiredError) else "token_not_valid"
    except AuthUnavailableError:
        raise CannotTell from None
    expired = code == "token_expired"
    raise AuthenticationFailed("The token has expired." if expired else "The token is not valid.", code=code)


def _recognise(credential: bytes, request: Request) -> ServicePrincipal:
    try:
        return incoming.recognise(credential, method=request.method or "", path=request.path)
    except CredentialError as error:
        code = error.code
    except AuthUnavailableError:
        raise CannotTell from None
    logger.warning("A credential of a service is refused: %s.", code)
    raise AuthenticationFailed("The credential of the service is not valid.", code="service_credential")


def _require_view(request: Request, principal: ServicePrincipal) -> None:
    """Whether the view takes this service.

    Asked here, and not only by the permission itself: ``IsAuthenticated | IsService("x")`` would let in every service.
    """
    view = (request.parser_context or {}).get("view")
    wanted = [found for permission in (view.get_permissions() if view else ()) for found in _services_in(permission)]
    if not wanted:
        raise PermissionDenied("This address is not for services.", code="no_service")
    if not any(principal.has_scopes(permission.scopes) for permission in wanted):
        raise PermissionDenied("The service lacks a scope that this address asks for.", code="scope")


def _services_in(permission: object) -> Iterator[ServicePermission]:
    """Every ``IsService`` in a permission that may be made of several."""
    if isinstance(permission, type):
        raise ImproperlyConfigured(f"{permission.__name__} is a function: write IsService() among the permissions.")
    if isinstance(permission, ServicePermission):
        yield permission
    if hasattr(permission, "op2"):  # both of two, or one of them; ``~IsService()`` has one operand and takes no service
        yield from _services_in(vars(permission)["op1"])
        yield from _services_in(vars(permission)["op2"])
