"""``users/<id>/orders/``: what the service of users tells of another one, or of another part of the same process."""

from rest_framework.permissions import BasePermission, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from dj_core_utils.api.client import APIClient
from dj_core_utils.api.exceptions import APIClientError


class IsThemself(BasePermission):
    """Users see what is theirs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the address is that of whoever asks."""
        return request.user.is_authenticated and str(request.user.pk) == view.kwargs["user_id"]


class UserOrdersViewSet(ViewSet):
    """The orders of a user, whichever process has them."""

    permission_classes = (IsThemself | IsAdminUser,)

    def list(self, request: Request, user_id: str) -> Response:  # noqa: ARG002  # Django REST framework's
        """All of them, newest first."""
        try:
            return Response(list(APIClient("orders").paginate("orders/", params={"user_id": user_id})))
        except APIClientError as error:
            return Response({"error": str(error)}, status=error.status_code)

    def create(self, request: Request, user_id: str) -> Response:
        """Order something for them."""
        try:
            order = APIClient("orders").post("orders/", params={"user_id": user_id}, json=request.data)
        except APIClientError as error:
            return Response({"error": str(error)}, status=error.status_code)
        return Response(order, status=201)
