"""The one error of a release."""

from __future__ import annotations


class ReleaseError(Exception):
    """This cannot be released, and the text says why and what to do."""
