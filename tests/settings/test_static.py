"""Static files and uploads: folders, URLs and storages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.static import StaticSettings, missing_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

PRODUCTION = ("monolith", "production")


def found(loaded: Loaded, problem_id: str) -> list[Problem]:
    """The problems with one id."""
    return [problem for problem in loaded.problems if problem.id == problem_id]


def test_folders_are_relative_to_the_project(load_from: LoadFrom, tmp_path: Path) -> None:
    """An absolute path stays, and ``..`` is resolved without following links."""
    loaded = load_from(CoreSettings, {"MEDIA_ROOT": "/srv/media", "STATICFILES_DIRS": "assets,../shared"})
    assert loaded.rendered["STATIC_ROOT"] == str(tmp_path / "staticfiles")
    assert loaded.rendered["MEDIA_ROOT"] == "/srv/media"
    assert loaded.rendered["STATICFILES_DIRS"] == [str(tmp_path / "assets"), str(tmp_path.parent / "shared")]


@pytest.mark.parametrize(
    ("environ", "storage"),
    [
        ({}, "django.contrib.staticfiles.storage.StaticFilesStorage"),
        ({"STATIC_STORAGE": "manifest"}, "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"),
        ({"STATIC_SERVER": "whitenoise"}, "django.contrib.staticfiles.storage.StaticFilesStorage"),
        (
            {"STATIC_SERVER": "whitenoise", "STATIC_STORAGE": "manifest"},
            "whitenoise.storage.CompressedManifestStaticFilesStorage",
        ),
        (
            {"STATIC_STORAGE": "manifest", "ENABLE_STATIC_FILES": "0", "ENABLE_ADMIN": "0"},
            "django.contrib.staticfiles.storage.StaticFilesStorage",
        ),
    ],
)
def test_storages_are_always_whole(load_from: LoadFrom, environ: dict[str, str], storage: str) -> None:
    """Both aliases of Django are there, whatever is chosen; no manifest where there are no static files."""
    storages: Any = load_from(CoreSettings, environ).rendered["STORAGES"]
    assert storages["default"] == {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    assert storages["staticfiles"] == {"BACKEND": storage}


def test_own_storages_take_the_place_of_ours(load_from: LoadFrom) -> None:
    """By alias, with everything in them; the other alias stays."""
    s3 = '{"default": {"BACKEND": "shop.S3", "OPTIONS": {"bucket": "media"}}, "private": {"BACKEND": "shop.P"}}'
    storages: Any = load_from(CoreSettings, {"STORAGES": s3}).rendered["STORAGES"]
    assert storages["default"] == {"BACKEND": "shop.S3", "OPTIONS": {"bucket": "media"}}
    assert storages.keys() == {"default", "staticfiles", "private"}


def test_a_storage_without_backend_is_an_error(load_from: LoadFrom) -> None:
    """Django notices when the first file is stored."""
    (problem,) = load_from(CoreSettings, {"STORAGES": '{"private": {}}'}).errors
    assert (problem.id, problem.message) == ("static.storage_form", 'the storage "private" has no BACKEND.')


@pytest.mark.parametrize("name", ["STATIC_URL", "MEDIA_URL"])
def test_a_url_prefix_ends_in_a_slash(load_from: LoadFrom, name: str) -> None:
    """Django's check says so only when it runs."""
    (problem,) = load_from(CoreSettings, {name: "/files"}).errors
    assert (problem.id, problem.hint) == ("static.url", "for example  /files/")


@pytest.mark.parametrize("media", ["staticfiles", "staticfiles/media", "other/../staticfiles"])
def test_uploads_do_not_lie_among_static_files(load_from: LoadFrom, media: str) -> None:
    """``collectstatic --clear`` would delete them."""
    (problem,) = found(load_from(CoreSettings, {"MEDIA_ROOT": media}, profiles=PRODUCTION), "static.media_in_static")
    assert (problem.variable, problem.severity) == ("MEDIA_ROOT", "error")


def test_upload_urls_do_not_lie_under_static_urls(load_from: LoadFrom) -> None:
    """A static server would look for uploads among its own files."""
    loaded = load_from(CoreSettings, {"MEDIA_URL": "/static/media/"}, profiles=PRODUCTION)
    assert [problem.severity for problem in found(loaded, "static.media_url_in_static")] == ["error"]


def test_collecting_needs_a_folder(load_from: LoadFrom) -> None:
    """Unless another storage takes the files."""
    files = {"profiles/nowhere.toml": "[policy]\nhardened = true\n"}

    class NoRoot(CoreSettings):
        static: StaticSettings = StaticSettings(static_root=None)

    refused = load_from(NoRoot, {}, files=files, profiles=("monolith", "nowhere"))
    elsewhere = load_from(
        NoRoot, {"STORAGES": '{"staticfiles": {"BACKEND": "shop.S3"}}'}, profiles=("monolith", "nowhere")
    )
    assert [problem.severity for problem in found(refused, "static.root")] == ["error"]
    assert found(elsewhere, "static.root") == []


def test_a_static_server_has_its_package(load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its middleware cannot be imported otherwise."""
    monkeypatch.setitem(sys.modules, "servestatic", None)  # what Python takes for a package that is not there
    missing = load_from(CoreSettings, {"STATIC_SERVER": "servestatic"})
    present = load_from(CoreSettings, {"STATIC_SERVER": "whitenoise"})
    assert [problem.severity for problem in found(missing, "static.server_package")] == ["error"]
    assert found(present, "static.server_package") == []


def test_production_names_files_by_their_content(load_from: LoadFrom) -> None:
    """The profile chooses the manifest."""
    loaded = load_from(profiles=PRODUCTION)
    assert loaded.settings.static.static_storage == "manifest"  # type: ignore[union-attr]  # a load has settings


def test_a_missing_manifest_is_told_before_a_page_fails(settings: Settings, tmp_path: Path) -> None:
    """A manifest storage without a manifest, or with a broken one, is an error; with one, or with DEBUG, it is not."""
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    settings.STORAGES = {"staticfiles": {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path)}}}
    settings.STATIC_URL = "/static/"
    manifest = tmp_path / "staticfiles.json"
    assert [problem.id for problem in missing_manifest(django_settings)] == ["static.manifest"]
    manifest.write_text("{", encoding="utf-8")
    assert [problem.id for problem in missing_manifest(django_settings)] == ["static.manifest"]
    settings.DEBUG = True
    assert list(missing_manifest(django_settings)) == []
    settings.DEBUG = False
    manifest.write_text('{"paths": {}}', encoding="utf-8")
    assert list(missing_manifest(django_settings)) == []


def test_without_static_files_no_manifest_is_missed(settings: Settings) -> None:
    """A service that serves none is not asked for one."""
    assert "django.contrib.staticfiles" not in settings.INSTALLED_APPS
    assert list(missing_manifest(django_settings)) == []
