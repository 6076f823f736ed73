"""Puts our backend into simplejwt, without importing simplejwt: a start that reads no token does not pay for it."""

from __future__ import annotations

import sys
from types import ModuleType

_STATE = "rest_framework_simplejwt.state"


class _State(ModuleType):
    """Stands for simplejwt's module ``state``, which holds one name, until somebody asks for that name."""

    def __getattr__(self, name: str) -> object:
        """The backend, made when it is first asked for."""
        if name != "token_backend":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from dj_core_utils.auth.backend import RingBackend  # noqa: PLC0415  # when a token is made or read

        self.token_backend = RingBackend()
        return self.token_backend


def install_backend() -> None:
    """Let every token of simplejwt be made and read by our backend; a second time changes nothing."""
    state = sys.modules.get(_STATE)
    if isinstance(state, _State):
        return
    if state is not None:  # an app has imported simplejwt before this one was ready
        from dj_core_utils.auth.backend import RingBackend  # noqa: PLC0415  # it is loaded already

        vars(state)["token_backend"] = RingBackend()
        return
    sys.modules[_STATE] = _State(_STATE)
