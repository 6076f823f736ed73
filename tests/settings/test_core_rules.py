"""What the fields of the settings class itself have to be, however a project declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings.base import CoreSettings

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject
    from tests.settings.conftest import LoadFrom


class ShopSettings(CoreSettings):
    """Fields declared anew, as every project does, without what the framework says of them."""

    service_name: str = "shop"
    time_zone: str = "Europe/Madrid"
    language_code: str = "es"
    auth_user_model: str = "users.User"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVICE_NAME", "user-accounts_2"),
        ("TIME_ZONE", "UTC"),
        ("TIME_ZONE", "America/Argentina/Buenos_Aires"),
        ("LANGUAGE_CODE", "pt-br"),
        ("LANGUAGE_CODE", "zh-Hans"),
        ("LANGUAGE_CODE", "ca@valencia"),
        ("LANGUAGES", "en,pt-br"),
        ("AUTH_USER_MODEL", "auth.User"),
    ],
)
def test_what_can_be_used(load_from: LoadFrom, name: str, value: str) -> None:
    """Names, zones, languages and models in the form that Django knows are left alone."""
    assert load_from(ShopSettings, {name: value}).problems == ()


@pytest.mark.parametrize(
    ("name", "value", "problem_id", "hint"),
    [
        ("SERVICE_NAME", "My Shop", "core.service_name", "such as users"),
        ("SERVICE_NAME", "", "core.service_name", "such as users"),
        ("TIME_ZONE", "Europe/Madird", "core.time_zone", "did you mean Europe/Madrid?"),
        ("TIME_ZONE", "europe/madrid", "core.time_zone", "did you mean Europe/Madrid?"),
        ("TIME_ZONE", "Europe", "core.time_zone", ""),
        ("TIME_ZONE", "../../etc/passwd", "core.time_zone", "for example  Europe/Madrid"),
        ("TIME_ZONE", "", "core.time_zone", "for example  Europe/Madrid"),
        ("LANGUAGE_CODE", "pt_BR", "core.language", "expected  pt-br"),
        ("LANGUAGE_CODE", "Español!", "core.language", "for example  en-us"),
        ("LANGUAGES", "en,zh_Hans", "core.language", "expected  zh-hans"),
        ("AUTH_USER_MODEL", "User", "core.user_model", "for example  users.User"),
        ("AUTH_USER_MODEL", "shop.users.User", "core.user_model", "for example  users.User"),
    ],
)
def test_what_django_cannot_use(load_from: LoadFrom, name: str, value: str, problem_id: str, hint: str) -> None:
    """A wrong value is one problem that names its variable and the way out."""
    (found,) = load_from(ShopSettings, {name: value}).errors
    assert (found.variable, found.id, found.origin) == (name, problem_id, "environment")
    assert hint in found.hint


def test_a_wrong_default_of_the_class_is_found(load_from: LoadFrom) -> None:
    """It names the class, which is where it stands."""

    class Wrong(ShopSettings):
        service_name: str = "The Shop"

    (found,) = load_from(Wrong).errors
    assert (found.id, found.origin) == ("core.service_name", "Wrong")


def test_a_wrong_time_zone_is_a_report(run_python: RunPython, project: WriteProject) -> None:
    """Django's own traceback, which names no variable and no origin, is never reached."""
    environment = {"DJANGO_PROFILE": "development", "TIME_ZONE": "Europe/Madird"}
    done = run_python(["manage.py", "check"], env=environment, cwd=project())
    assert done.returncode == 1
    assert "TIME_ZONE  environment" in done.stderr
    assert "Traceback" not in done.stderr
