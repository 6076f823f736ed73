"""The import paths that the documentation promises."""

from __future__ import annotations

from importlib import import_module

import pytest

PATHS = [
    "dj_core_utils.settings.CoreSettings",
    "dj_core_utils.settings.export_settings",
    "dj_core_utils.settings.get_settings",
    "dj_core_utils.settings.base.CoreSettings",
    "dj_core_utils.settings.cors.get_cors_settings",
    "dj_core_utils.testing.access_token",
    "dj_core_utils.testing.assert_configuration_usable",
    "dj_core_utils.testing.assert_problems",
    "dj_core_utils.testing.fake_caller",
    "dj_core_utils.testing.fake_jwks",
    "dj_core_utils.testing.fake_peer",
    "dj_core_utils.testing.isolated_environment",
    "dj_core_utils.testing.load_settings",
    "dj_core_utils.testing.pytest.fake_caller",
    "dj_core_utils.testing.pytest.fake_jwks",
    "dj_core_utils.testing.pytest.fake_peer",
    "dj_core_utils.testing.pytest.isolated_environment",
    "dj_core_utils.testing.refresh_token",
    "dj_core_utils.testing.refused_tokens",
    "dj_core_utils.asgi.get_asgi_application",
    "dj_core_utils.wsgi.get_wsgi_application",
    "dj_core_utils.middleware.context.CurrentUserMiddleware",
    "dj_core_utils.middleware.context.get_current_user",
    "dj_core_utils.middleware.context.aget_current_user",
    "dj_core_utils.middleware.context.acting_as",
    "dj_core_utils.middleware.threads.carry_context",
    "dj_core_utils.middleware.threads.ContextExecutor",
    "dj_core_utils.api.client.APIClient",
    "dj_core_utils.api.client.AsyncAPIClient",
    "dj_core_utils.api.exceptions.APIClientError",
    "dj_core_utils.auth.drf.UserAuthentication",
    "dj_core_utils.auth.drf.StatelessUserAuthentication",
    "dj_core_utils.auth.drf.ServiceAuthentication",
    "dj_core_utils.auth.drf.ServiceThrottle",
    "dj_core_utils.auth.drf.IsService",
    "dj_core_utils.auth.families.revoke_all",
    "dj_core_utils.auth.issuer.renew",
    "dj_core_utils.auth.issuer.sign_in",
    "dj_core_utils.auth.issuer.sign_out",
    "dj_core_utils.auth.jwks.JWKSClient",
    "dj_core_utils.auth.keys.KeyRing",
    "dj_core_utils.auth.keys.token_key",
    "dj_core_utils.auth.outgoing.aheaders_for",
    "dj_core_utils.auth.outgoing.headers_for",
    "dj_core_utils.auth.principal.LocalCaller",
    "dj_core_utils.auth.principal.ServicePrincipal",
    "dj_core_utils.auth.principal.TokenUser",
    "dj_core_utils.auth.verify.Verifier",
    "dj_core_utils.actor.Actor",
    "dj_core_utils.actor.current_actor",
    "dj_core_utils.db.models.TimeStampedModel",
    "dj_core_utils.db.models.UserTrackedModel",
    "dj_core_utils.db.models.StatusMixin",
    "dj_core_utils.db.models.Status",
    "dj_core_utils.db.models.StatusManager",
    "dj_core_utils.db.models.StatusQuerySet",
    "dj_core_utils.db.models.OperationLog",
    "dj_core_utils.db.querysets.StampingManager",
    "dj_core_utils.db.querysets.StampingQuerySet",
    "dj_core_utils.db.entries.log_keeper",
    "dj_core_utils.db.errors.TransitionConflictError",
    "dj_core_utils.db.errors.TransitionRefusedError",
    "dj_core_utils.db.admin.StampedAdmin",
]


@pytest.mark.parametrize("path", PATHS)
def test_documented_path_exists(path: str) -> None:
    """Each documented name can be imported from where the documentation says."""
    module, _, name = path.rpartition(".")
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("module_name", ["dj_core_utils", "dj_core_utils.settings", "dj_core_utils.testing"])
def test_public_names_are_listed_sorted_and_there(module_name: str) -> None:
    """What a package hands on is one sorted list, and every name in it exists."""
    module = import_module(module_name)
    assert list(module.__all__) == sorted(module.__all__)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


HANDED_ON = ("dj_core_utils.settings.", "dj_core_utils.testing.")


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith(HANDED_ON)])
def test_documented_path_is_the_home(path: str) -> None:
    """What runs is defined where the documentation says, not handed on from elsewhere."""
    module, _, name = path.rpartition(".")
    assert getattr(import_module(module), name).__module__ == module
