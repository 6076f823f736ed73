"""What Django REST framework asks of a request and how it answers."""

from typing import TYPE_CHECKING, Literal

from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_AUTHENTICATION = {
    "jwt": "dj_core_utils.auth.drf.UserAuthentication",
    "token": "dj_core_utils.auth.drf.StatelessUserAuthentication",
    "session": "rest_framework.authentication.SessionAuthentication",
}


class RESTSettings(Section):
    """Leaves of ``REST_FRAMEWORK``.

    Every view asks for a signed-in user unless it says otherwise, and answers JSON. With DEBUG, browsers get the
    browsable API, too. Everything else is Django REST framework's default; a project adds to the rendered mapping after
    the export: ``REST_FRAMEWORK["EXCEPTION_HANDLER"] = "shop.errors.handler"``.
    """

    authentication: list[Literal["jwt", "session"]] = variable(
        ["jwt"],
        name="REST_FRAMEWORK_AUTHENTICATION",
        feeds="REST_FRAMEWORK",
        description="What signs a user in to the API: jwt, session (Django's cookie, with CSRF checks), or both.",
        example="jwt,session",
        min_length=1,
    )
    page_size: int | None = variable(
        None,
        name="REST_FRAMEWORK_PAGE_SIZE",
        feeds="REST_FRAMEWORK",
        description="Rows on a page of every list of the API; unset, lists are not cut into pages.",
        example="50",
        ge=1,
    )

    @property
    def uses_sessions(self) -> bool:
        """Whether the API signs users in by a cookie, which is what CSRF is about."""
        return "session" in self.authentication

    def render(self, context: "RenderContext") -> dict[str, object]:
        """``REST_FRAMEWORK``.

        Args:
            context: DEBUG, the installed parts and the proxies are read.
        """
        settings = context.settings
        renderers = ["rest_framework.renderers.JSONRenderer"]
        if settings.debug and settings.apps.enable_rest_framework:
            renderers.append("rest_framework.renderers.BrowsableAPIRenderer")
        rendered: dict[str, object] = {
            "DEFAULT_AUTHENTICATION_CLASSES": [
                _AUTHENTICATION["token" if name == "jwt" and not settings.jwt.has_users else name]
                for name in dict.fromkeys(self.authentication)
            ],
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
            "DEFAULT_RENDERER_CLASSES": renderers,
            # Unset, throttling counts by a header that the client writes.
            "NUM_PROXIES": settings.security.hops,
            "TEST_REQUEST_DEFAULT_FORMAT": "json",
        }
        if self.page_size is not None:
            rendered["DEFAULT_PAGINATION_CLASS"] = "rest_framework.pagination.PageNumberPagination"
            rendered["PAGE_SIZE"] = self.page_size
        return {"REST_FRAMEWORK": rendered}
