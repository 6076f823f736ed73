"""ASGI: Django's application behind a start that fails readably.

In place of ``django.core.asgi`` in a project's ``asgi.py``::

    from dj_core_utils.asgi import get_asgi_application

    application = get_asgi_application()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core import asgi

from dj_core_utils.serving import start

if TYPE_CHECKING:
    from django.core.handlers.asgi import ASGIHandler


def get_asgi_application() -> ASGIHandler:
    """Django's ASGI application.

    Raises:
        SystemExit: The configuration cannot be used: the report stands on standard error, and the status is 3, after
            which servers do not try again.
    """
    return start(asgi.get_asgi_application)
