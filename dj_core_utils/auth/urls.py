"""``path("auth/", include("dj_core_utils.auth.urls"))``: tokens and public keys."""

from __future__ import annotations

from django.urls import path

from dj_core_utils.auth import views

urlpatterns = [
    path("token/", views.ObtainView.as_view(), name="token_obtain_pair"),
    path("token/refresh/", views.RefreshView.as_view(), name="token_refresh"),
    path("token/verify/", views.VerifyView.as_view(), name="token_verify"),
    path("token/blacklist/", views.BlacklistView.as_view(), name="token_blacklist"),
    path(".well-known/jwks.json", views.jwks, name="jwks"),
]
