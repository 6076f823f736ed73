"""Counts what the record does not know of, for a metric or an alarm."""

from __future__ import annotations


class Losses:
    """What this process has lost.

    Attributes:
        entries: Entries that could not be written, under ``AUDIT["on_failure"] = "log"``.
        unannounced: Writes that nothing recorded.
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.entries = 0
        self.unannounced = 0


losses = Losses()
