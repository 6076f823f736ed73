"""Lines that some projects have: each comes over, and says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.init import layouts
from tests.init.conftest import look, run_init

if TYPE_CHECKING:
    from tests.init.conftest import WriteLayout

PROJECT = {
    "manage.py": layouts.MANAGE.format(module="shop.settings.local"),
    "shop/__init__.py": "",
    "shop/urls.py": layouts.URLS,
    "shop/settings/__init__.py": "",
    "shop/settings/parts.py": "NUMBERS = (1, 2)\n",
    "shop/settings/base.py": """
import os
from pathlib import Path

import environ

from .parts import NUMBERS

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
SECRET_KEY = "w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.humanize"]
MIDDLEWARE = []
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": ["templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.media",
            ],
        },
    },
]
DATABASES = {"default": env.db("DATABASE_URL", default="sqlite:////tmp/a.db"), "b": env.db("B", default="sqlite:////tmp/b.db")}
PARTNER_API_KEY = "sk-live-1"
MAP_TOKEN = os.getenv("MAP_TOKEN")
TIMEOUTS = {"read": 5, "write": 9}
RATIO = 0.5
PLACES = [NUMBERS, 3]
NOTHING = None
FEE = int(os.getenv("FEE") or "3") + 1
SESSION_COOKIE_AGE = int(os.getenv("SESSION_AGE", "600"))
EMAIL_HOST = os.getenv("MAIL_HOST", "localhost")
DEFAULT_FROM_EMAIL = f"shop@{EMAIL_HOST}"
LANGUAGE_CODE = os.getenv("LANG_OF_SHOP") or "de"
""",
    "shop/settings/local.py": "from .base import *\n",
}


def test_lines_of_many_kinds(layout: WriteLayout) -> None:
    """Secrets leave the code, what is typed is typed, what is computed is kept."""
    folder = layout(PROJECT)
    names = (
        "DATABASES", "DEFAULT_FROM_EMAIL", "EMAIL_HOST", "FEE", "LANGUAGE_CODE", "MAP_TOKEN", "MIDDLEWARE", "NOTHING",
        "NUMBERS", "PARTNER_API_KEY", "PLACES", "RATIO", "SESSION_COOKIE_AGE", "TIMEOUTS",
    )  # fmt: skip
    before = look(folder, *names)
    done = run_init(folder)
    assert done.returncode == 0, done.stdout
    assert look(folder, *names) == before
    text = (folder / "shop" / "settings" / "local.py").read_text(encoding="utf-8")
    assert "sk-live-1" not in text
    assert "PARTNER_API_KEY=sk-live-1" in (folder / ".env").read_text(encoding="utf-8")
    assert "sk-live-1" not in done.stdout
    assert 'timeouts: dict[str, int] = {"read": 5, "write": 9}' in text
    assert "from shop.settings.parts import NUMBERS" in text
