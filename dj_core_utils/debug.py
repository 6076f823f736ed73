"""Django's debug page and error mails, without secrets.

Django masks by the name of a setting alone: a password inside of a URL is shown, and so is the whole process
environment, which ``runserver`` puts into ``request.META``. Exported settings hide themselves; this takes care of the
rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.debug import SafeExceptionReporterFilter

from dj_core_utils.conf import conf
from dj_core_utils.redaction import MASK, is_sensitive, redact_text

if TYPE_CHECKING:
    from collections.abc import ItemsView
    from types import FrameType

    from django.http import HttpRequest


class RedactingExceptionReporterFilter(SafeExceptionReporterFilter):
    """Takes secrets out by shape and by exact value, on top of what Django takes out by name."""

    cleansed_substitute = MASK

    def cleanse_setting(self, key: int | str, value: object) -> object:
        """A setting, an entry of ``request.META`` or a cookie as it may be shown.

        Args:
            key: Its name; inside of lists an empty one.
            value: Its value.
        """
        cleansed = super().cleanse_setting(key, value)
        if is_sensitive(key):
            return self.cleansed_substitute
        return redact_text(cleansed, conf.secrets) if type(cleansed) is str else cleansed

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:
        """The local variables of a frame as they may be shown.

        Args:
            request: The request, which may name variables to hide.
            tb_frame: The frame.
        """
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return {name: _Redacted.of(value) for name, value in variables}.items()


class _Redacted:
    """Stands for a value whose ``repr`` holds a secret."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    @classmethod
    def of(cls, value: object) -> object:
        """The value itself, unless it shows a secret."""
        try:
            shown = repr(value)
        except Exception as error:  # noqa: BLE001  # any local may be shown, and the page may not fail over it
            return cls(f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>")
        redacted = redact_text(shown, conf.secrets)
        return value if redacted == shown else cls(redacted)
