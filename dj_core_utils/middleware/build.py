"""Middleware that keeps a process of the profile ``build`` from serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.report import write_report
from dj_core_utils.settings.uncaught import install_hook

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class BuildMiddleware:
    """Refuse to start: the profile ``build`` runs on throw-away values, which nothing may be signed or served with.

    Django makes its middleware when a server starts, WSGI or ASGI, ``runserver`` or the test client, and for no
    command, so ``collectstatic``, ``migrate`` and ``check`` still run.

    Args:
        get_response: The next handler; it is never called.

    Raises:
        ConfigurationError: Always.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:  # noqa: ARG002  # Django's signature
        problem = Problem(
            id="profile.build_serves",
            variable="DJANGO_PROFILE",
            origin="active profiles",
            message="the profile build prepares an image and never serves: its secrets are throw-away values.",
            hint="start the server with the profiles it runs under, such as DJANGO_PROFILE=microservice,production",
        )
        report = write_report(
            "A server cannot start under the profile build", [problem], "Commands do:  python manage.py collectstatic"
        )
        install_hook()
        raise ConfigurationError(report, [problem])
