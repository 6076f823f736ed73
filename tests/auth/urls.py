"""Addresses of tokens, and two views that need one."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from dj_core_utils.auth.drf import StatelessUserAuthentication, UserAuthentication


class Me(APIView):
    """Who is signed in, by their row."""

    authentication_classes: list[Any] = [UserAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Any) -> Response:  # noqa: ANN401  # of REST framework
        """The user."""
        return Response({"user": request.user.get_username(), "pk": str(request.user.pk)})


class MeByToken(Me):
    """Who is signed in, by their token."""

    authentication_classes = [StatelessUserAuthentication]


urlpatterns = [
    path("auth/", include("dj_core_utils.auth.urls")),
    path("me/", Me.as_view()),
    path("me-by-token/", MeByToken.as_view()),
]
