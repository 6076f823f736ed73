"""Settings that the framework has fields for, one by one: said by the class, by ``.env``, or kept as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.init.migration import Attempt
from dj_core_utils.cli.init.module_text import module_text
from dj_core_utils.cli.init.variables import unheard
from tests.init.conftest import planner_of

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = '"BACKEND": "django.template.backends.django.DjangoTemplates"'
JWT = """
class CoreSettings:
    SIMPLE_JWT = {"A": 1}

class Ours(CoreSettings):
    SIMPLE_JWT = {**CoreSettings.SIMPLE_JWT, "UNKNOWN": 1}

for name in dir(Ours):
    if name.isupper():
        globals()[name] = getattr(Ours, name)
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('TIME_ZONE = os.getenv("ZONE", "UTC") + ""', "\nTIME_ZONE = os.getenv("),
        ("LANGUAGE_CODE = str(BASE_DIR)", "\nLANGUAGE_CODE = str(BASE_DIR)"),
        ('CSRF_TRUSTED_ORIGINS = ("https://a.example.com",)', 'csrf_trusted_origins=["https://a.example.com"]'),
        ("STATIC_ROOT = 5", "\nSTATIC_ROOT = 5"),
        (f'TEMPLATES = [{{{ENGINE}, "APP_DIRS": False}}]', "\nTEMPLATES = ["),
        (f'TEMPLATES = [{{{ENGINE}, "APP_DIRS": True, "DIRS": [5]}}]', "\nTEMPLATES = ["),
        ('CACHES = {"default": {"BACKEND": "shop.Cache"}}', "\nCACHES = {"),
        ('SECURE_REDIRECT_EXEMPT = ["^x"]', 'redirect_exempt=["^x"]'),
        (JWT, '"UNKNOWN": 1'),
    ],
    ids=lambda text: text.strip().partition(" ")[0],
)
def test_a_setting_is_said_where_it_can_be(text: str, said: str, tmp_path: Path) -> None:
    """What the class cannot say stays as it was."""
    planner = planner_of(tmp_path, f"{text}\n")
    (name,) = planner.before.declared & {text.partition(" ")[0], "SIMPLE_JWT"}
    assert planner.demote(name)
    assert said in module_text(planner.plan())


def test_what_goes_to_dotenv(tmp_path: Path) -> None:
    """Secrets that have a value, wherever they are assigned; an empty list of hosts is said, too."""
    text = 'SECRET_KEY, EMAIL_HOST_USER = "sk-1", ""\nSERVICE_API_KEY = "hunter2"\nALLOWED_HOSTS = []\n'
    planner = planner_of(tmp_path, text)
    for name in ("ALLOWED_HOSTS", "SERVICE_API_KEY"):
        assert planner.demote(name)
    plan = planner.plan()
    assert [plan.dotenv[name].text for name in ("DJANGO_SECRET_KEY", "SERVICE_API_KEY", "ALLOWED_HOSTS")] == [
        "sk-1",
        "hunter2",
        "[]",
    ]
    assert "hunter2" not in module_text(plan)
    assert "allowed_hosts" not in plan.leaves
    empty = planner_of(tmp_path, 'SERVICE_API_KEY = ""\n')
    assert empty.demote("SERVICE_API_KEY")
    assert "SERVICE_API_KEY" not in empty.plan().dotenv


def test_a_value_that_only_the_old_settings_take(tmp_path: Path) -> None:
    """When the new ones do not start with what a deployment may set, that is told."""
    planner = planner_of(tmp_path, 'SECRET_KEY = "sk-1"\nTIME_ZONE = os.getenv("ZONE", "UTC")\n')
    attempt = Attempt(planner.plan(), "1 / 0\n", "", planner.before, None)
    assert unheard(planner, attempt, tmp_path) == {"the start": ()}
