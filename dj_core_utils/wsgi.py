"""WSGI: Django's application behind a start that fails readably.

In place of ``django.core.wsgi`` in a project's ``wsgi.py``::

    from dj_core_utils.wsgi import get_wsgi_application

    application = get_wsgi_application()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core import wsgi

from dj_core_utils.serving import start

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler


def get_wsgi_application() -> WSGIHandler:
    """Django's WSGI application.

    Raises:
        SystemExit: The configuration cannot be used: the report stands on standard error, and the status is 3, after
            which gunicorn does not try again.
    """
    return start(wsgi.get_wsgi_application)
