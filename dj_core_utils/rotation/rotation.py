"""The watch over secret files: who looks at them, and when.

There is no thread and no signal handler. New connections to a database look at the files each time, because a password
that has changed is needed at once; requests look at them when the interval is over.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, cast

from django.core.signals import request_started

from dj_core_utils.rotation.databases import set_credentials, watch_databases
from dj_core_utils.rotation.keys import SigningKeys
from dj_core_utils.rotation.reading import State, read_again, state_of, watched_files
from dj_core_utils.settings.export import last_export

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from dj_core_utils.settings.loading import Loaded

logger = logging.getLogger("dj_core_utils.rotation")

_GRACE = 2
_KEYS = {"SECRET_KEY", "SECRET_KEY_FALLBACKS", "SIMPLE_JWT"}


class Rotation:
    """Takes over secrets that change while the process runs.

    Args:
        loaded: What was exported at the start.
        interval: Seconds between two looks of requests.
    """

    def __init__(self, loaded: Loaded, interval: float) -> None:
        self._loaded = loaded
        self._files = watched_files(loaded)
        self._interval = interval
        self._keys = SigningKeys(_GRACE * interval, loaded.rendered)
        self._due = 0.0
        # Nothing is known of the time between the start and the first look, so that one always reads.
        self._seen: State | None = None
        self._lock = threading.RLock()

    @property
    def fed(self) -> set[str]:
        """The settings that follow from the files."""
        return {setting for name in self._files for setting in self._loaded.traces[name].variable.feeds}

    def start(self) -> None:
        """Begin to look."""
        if "DATABASES" in self.fed:
            watch_databases(_databases(self._loaded.rendered), self.refresh)
        request_started.connect(self.on_request, dispatch_uid="dj_core_utils.rotation", weak=False)

    def on_request(self, **_: object) -> None:
        """Look, when it is time to."""
        if time.monotonic() >= self._due:
            self.refresh()

    def refresh(self) -> None:
        """Look at the files now, and take over what has changed. Never raises."""
        self._due = time.monotonic() + self._interval
        state = state_of(self._files.values())
        with self._lock:
            if state != self._seen:
                before, self._seen = self._seen, state
                self._read(self._changed(before, state))
            self._keys.step()

    def _changed(self, before: State | None, now: State) -> str:
        if before is None:
            return ""
        pairs = zip(self._files.items(), before, now, strict=True)
        return ", ".join(f"{name} ({path})" for (name, path), old, new in pairs if old != new)

    def _read(self, changed: str) -> None:
        reading = read_again(self._loaded, self._files)
        if reading.complaints:
            complaints = "\n".join(f"  {complaint}" for complaint in reading.complaints)
            logger.error("Secret files have changed and cannot be used; the values from before stay.\n%s", complaints)
            return
        if changed:
            logger.info("Secret files have changed and are in use: %s.", changed)
        if "DATABASES" in self.fed:
            set_credentials(_databases(reading.rendered))
        if self.fed & _KEYS:
            self._keys.want(reading.rendered)


def _databases(rendered: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", rendered["DATABASES"])


def start_rotation(interval: timedelta) -> Rotation | None:
    """Watch the secret files that this process has read, if there are any.

    Args:
        interval: ``RELOAD_SECRETS``.
    """
    export = last_export()
    rotation = Rotation(export.loaded, interval.total_seconds()) if export else None
    if rotation is None or not rotation.fed & {"DATABASES", *_KEYS}:
        logger.warning("RELOAD_SECRETS is set, and no password of a database and no key that signs comes from a file.")
        return None
    rotation.start()
    return rotation
