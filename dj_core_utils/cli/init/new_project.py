"""A small project that runs, where there is none."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import TYPE_CHECKING

from dj_core_utils.cli.init.dotenv_text import dotenv_text
from dj_core_utils.cli.init.plan import Secret
from dj_core_utils.cli.init.writing import NewFile

if TYPE_CHECKING:
    from pathlib import Path

_MANAGE = '''\
#!/usr/bin/env python
"""Django's command line for {name}."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{name}.settings")
    execute_from_command_line(sys.argv)
'''
_SETTINGS = '''\
"""Settings of {name}."""

from dj_core_utils.settings import CoreSettings, export_settings


class {title}Settings(CoreSettings):
    """Settings of {name}."""

    service_name: str = "{service}"
    root_urlconf: str = "{name}.urls"
    wsgi_application: str | None = "{name}.wsgi.application"
    installed_apps: list[str] = []


export_settings(globals())
'''
_URLS = '''\
"""URL patterns of {name}."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path


def home(request: HttpRequest) -> HttpResponse:
    """The first page."""
    return HttpResponse("{name} runs.")


urlpatterns = [
    path("", home),
    path(settings.ADMIN_PATH, admin.site.urls),
]
'''
_SERVER = '''\
"""{kind} application of {name}."""

import os

from dj_core_utils.{module} import get_{module}_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{name}.settings")
application = get_{module}_application()
'''

IGNORED = (".env", "db.sqlite3", "staticfiles/", "__pycache__/")
"""What a project of this form has and a repository does not want."""


def package_name(folder: Path) -> str:
    """The Python package of a project, after its folder; ``site`` and the like would hide a module of Python.

    Args:
        folder: The folder.
    """
    from sys import stdlib_module_names  # noqa: PLC0415  # a long list for one question

    name = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")
    is_usable = name.isidentifier() and not iskeyword(name) and name not in {*stdlib_module_names, "django", "test"}
    return name if is_usable else f"{name}_project".lstrip("_0123456789")


def new_project(folder: Path, name: str) -> list[NewFile]:
    """The files of a project, ``.env.example`` aside.

    Args:
        folder: Where it goes.
        name: Its package.
    """
    from django.core.management.utils import get_random_secret_key  # noqa: PLC0415  # it loads Django's registry of apps

    words = {"name": name, "title": name.title().replace("_", ""), "service": name.replace("_", "-")}
    secrets = [
        Secret("DJANGO_PROFILE", "development", "This is a developer's machine; elsewhere: production."),
        Secret("DJANGO_SECRET_KEY", get_random_secret_key()),
    ]
    package = folder / name
    return [
        NewFile(package / "__init__.py", ""),
        NewFile(package / "urls.py", _URLS.format(**words)),
        NewFile(package / "wsgi.py", _SERVER.format(**words, kind="WSGI", module="wsgi")),
        NewFile(package / "asgi.py", _SERVER.format(**words, kind="ASGI", module="asgi")),
        NewFile(folder / ".env", dotenv_text("", secrets), is_secret=True),
        NewFile(package / "settings.py", _SETTINGS.format(**words)),
        NewFile(folder / "manage.py", _MANAGE.format(**words)),
    ]
