"""Loads that touch nothing, and claims about them."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings import ConfigurationError
from dj_core_utils.testing import assert_configuration_usable, assert_problems, load_settings
from tests.testing.shop_settings import ShopSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython

DEVELOPMENT = {"DJANGO_PROFILE": "development"}
CANARY = "canary-5f1d09"


def test_settings_are_typed_and_from_the_given_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process has does not count, and what is given stays out of the process."""
    monkeypatch.setenv("PAGE_SIZE", "7")
    before = dict(os.environ)
    settings = load_settings(ShopSettings, {**DEVELOPMENT, "COLOURS": "green,blue"})
    assert (settings.page_size, settings.colours, type(settings)) == (50, ["green", "blue"], ShopSettings)
    assert dict(os.environ) == before


def test_an_unusable_environment_raises_its_report() -> None:
    """Whatever is wrong is raised as at a start, with the problems, and nothing secret in any frame."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(ShopSettings, {**DEVELOPMENT, "PAGE_SIZE": "0", "SEARCH_KEY": CANARY})
    assert [problem.id for problem in caught.value.problems] == ["value.range"]
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    ours = [frame for frame in frames if "dj_core_utils" in frame.filename and frame.locals]
    assert ours != []
    assert CANARY not in str([frame.locals for frame in ours])


def test_files_are_those_of_the_test(tmp_path: Path) -> None:
    """``.env``, secret files and profiles are given as text; nothing of them is left."""
    files: dict[str, str | bytes] = {
        ".env": "DJANGO_PROFILE=monolith,development,staging\nSEARCH_KEY_FILE=secrets/key\n",
        "secrets/key": b"from a file\n",
        "profiles/staging.toml": "[settings]\npage_size = 20\n",
    }
    settings = load_settings(ShopSettings, files=files, project_dir=tmp_path)
    assert settings.page_size == 20
    assert settings.search_key is not None
    assert settings.search_key.get_secret_value() == "from a file"
    assert list(tmp_path.iterdir()) == []


def test_profiles_of_the_project_are_known(tmp_path: Path) -> None:
    """The profiles of the project are there, with files of the test and without."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "big.toml").write_text("[settings]\npage_size = 200\n", encoding="utf-8")
    for files in ({}, {"notes.txt": "x"}):
        settings = load_settings(ShopSettings, files=files, profiles=["development", "big"], project_dir=tmp_path)
        assert settings.page_size == 200


def test_the_env_file_of_a_developer_does_not_count(tmp_path: Path) -> None:
    """A ``.env`` that lies in the project counts only where it is named."""
    (tmp_path / ".env").write_text("PAGE_SIZE=5\n", encoding="utf-8")
    assert load_settings(ShopSettings, DEVELOPMENT, project_dir=tmp_path).page_size == 50
    named = {**DEVELOPMENT, "DJANGO_ENV_FILE": ".env"}
    assert load_settings(ShopSettings, named, project_dir=tmp_path).page_size == 5


@pytest.mark.parametrize("path", ["../outside", "/outside"])
def test_files_stay_in_their_folder(path: str) -> None:
    """A path that leads out of the folder is refused before anything is written there."""
    with pytest.raises(ValueError, match="outside leads out of the folder of the test"):
        load_settings(ShopSettings, files={path: "x"})


def test_a_claim_about_problems_that_holds() -> None:
    """Errors and warnings can be claimed, one or several or none, and are handed back for a closer look."""
    problem = assert_problems(ShopSettings, "value.range", {**DEVELOPMENT, "PAGE_SIZE": "501"})[0]
    assert (problem.variable, problem.origin) == ("PAGE_SIZE", "environment")
    assert_problems(ShopSettings, {"shop.round"}, {**DEVELOPMENT, "PAGE_SIZE": "7"})
    assert_problems(ShopSettings, set(), {**DEVELOPMENT, "PAGE_SIZE": "7"})
    both = {"shop.round", "value.boolean"}
    assert len(assert_problems(ShopSettings, both, {**DEVELOPMENT, "PAGE_SIZE": "7", "DEBUG": "maybe"})) == 2


def test_a_claim_about_problems_that_does_not_hold() -> None:
    """What is missing and what is too much is named, with the problems themselves and without their secrets."""
    environ = {**DEVELOPMENT, "DEBUG": "maybe", "SEARCH_KEY": CANARY}
    with pytest.raises(AssertionError) as caught:
        assert_problems(ShopSettings, {"value.range", "shop.round"}, environ)
    lines = str(caught.value).splitlines()
    assert lines[:2] == ["Not reported: shop.round, value.range.", "Reported, and not expected: value.boolean."]
    assert lines[2].startswith('  DEBUG (environment): "maybe" is not a boolean')
    assert CANARY not in str(caught.value)


PRODUCTION = """\
DJANGO_PROFILE=monolith,production
ALLOWED_HOSTS=shop.example.com
DATABASE_URL=postgres://shop:kvT8wZ3qLm5@db.internal/shop?sslmode=verify-full
EMAIL_URL=smtp+tls://mail.example.com:587
DEFAULT_FROM_EMAIL=shop@example.com
CACHE_URL=redis://cache.internal:6379/0
"""


def test_an_env_file_of_a_deployment(tmp_path: Path) -> None:
    """A file is complete together with what the secret store adds; without it the whole report is the failure."""
    (tmp_path / "production.env").write_text(PRODUCTION, encoding="utf-8")
    with pytest.raises(AssertionError, match=r"no secret key is set") as caught:
        assert_configuration_usable(ShopSettings, env_file="production.env", project_dir=tmp_path)
    assert "is not usable" in str(caught.value)
    assert "kvT8wZ3qLm5" not in str(caught.value)
    stored = {"DJANGO_SECRET_KEY": "3r9mWq7xKfTz0yBnLc5vHd8sJg2pRa6uEiXoYbQw4MtZkNhVCD"}
    assert_configuration_usable(ShopSettings, env_file="production.env", environ=stored, project_dir=tmp_path)


def test_an_env_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that was moved is not taken for an empty one."""
    with pytest.raises(AssertionError, match="there is no file"):
        assert_configuration_usable(
            ShopSettings, env_file="staging.env", profiles=["development"], project_dir=tmp_path
        )


def test_the_project_folder_is_that_of_the_class() -> None:
    """Without a folder the profiles beside the module of the class are known."""
    assert_configuration_usable(ShopSettings, profiles=["development"])


@pytest.mark.usefixtures("cold_starts")
def test_importing_costs_next_to_nothing(run_python: RunPython) -> None:
    """The package loads nothing before a name is used, and a load needs neither Django's tests nor pytest."""
    code = """
        import sys
        import dj_core_utils.testing
        assert not {"django", "pydantic", "pytest"} & set(sys.modules), sys.modules
        from dj_core_utils.testing import load_settings
        assert not {"django.test", "django.db", "pytest", "unittest"} & set(sys.modules), sorted(sys.modules)
        from dj_core_utils.testing import isolated_environment
        assert "pytest" not in sys.modules
        try:
            dj_core_utils.testing.nothing
        except AttributeError as error:
            print(error)
    """
    done = run_python(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "module 'dj_core_utils.testing' has no attribute 'nothing'\n"
