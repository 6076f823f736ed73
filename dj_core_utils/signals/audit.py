"""Turns the audit log on: ``import dj_core_utils.signals.audit`` in the ``ready()`` of an app.

Every model of the project is recorded from then on, whatever manager it has; ``settings.AUDIT`` narrows it. Importing
it again changes nothing.
"""

from __future__ import annotations

from dj_core_utils.audit.capture.installation import install

install()
