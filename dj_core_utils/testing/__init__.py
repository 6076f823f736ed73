"""For the tests of a project: environments, other services and tokens that end with their block, and claims."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dj_core_utils.testing.callers import FakeCaller, fake_caller
    from dj_core_utils.testing.configurations import assert_configuration_usable, assert_problems, load_settings
    from dj_core_utils.testing.environment import Environment, isolated_environment
    from dj_core_utils.testing.key_sets import FakeJWKS, fake_jwks
    from dj_core_utils.testing.peers import FakePeer, Stub, UnexpectedCallError, fake_peer
    from dj_core_utils.testing.recorded import RecordedEntries, recorded_entries
    from dj_core_utils.testing.requests import ReceivedRequest
    from dj_core_utils.testing.tokens import access_token, refresh_token, refused_tokens

__all__ = [
    "Environment",
    "FakeCaller",
    "FakeJWKS",
    "FakePeer",
    "ReceivedRequest",
    "RecordedEntries",
    "Stub",
    "UnexpectedCallError",
    "access_token",
    "assert_configuration_usable",
    "assert_problems",
    "fake_caller",
    "fake_jwks",
    "fake_peer",
    "isolated_environment",
    "load_settings",
    "recorded_entries",
    "refresh_token",
    "refused_tokens",
]

_HOMES = {
    "Environment": "environment",
    "FakeCaller": "callers",
    "FakeJWKS": "key_sets",
    "FakePeer": "peers",
    "ReceivedRequest": "requests",
    "RecordedEntries": "recorded",
    "Stub": "peers",
    "UnexpectedCallError": "peers",
    "access_token": "tokens",
    "assert_configuration_usable": "configurations",
    "assert_problems": "configurations",
    "fake_caller": "callers",
    "fake_jwks": "key_sets",
    "fake_peer": "peers",
    "isolated_environment": "environment",
    "load_settings": "configurations",
    "recorded_entries": "recorded",
    "refresh_token": "tokens",
    "refused_tokens": "tokens",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415  # only used here

    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
