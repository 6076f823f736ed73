"""Static files of the code, and files that users upload: where they are, under which URL, how they are stored."""

import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

StaticServer = Literal["none", "whitenoise", "servestatic"]
StaticStorage = Literal["plain", "manifest"]

_STORAGES: dict[tuple[StaticServer, StaticStorage], str] = {
    ("none", "plain"): "django.contrib.staticfiles.storage.StaticFilesStorage",
    ("none", "manifest"): "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    ("whitenoise", "plain"): "django.contrib.staticfiles.storage.StaticFilesStorage",
    ("whitenoise", "manifest"): "whitenoise.storage.CompressedManifestStaticFilesStorage",
    ("servestatic", "plain"): "django.contrib.staticfiles.storage.StaticFilesStorage",
    ("servestatic", "manifest"): "servestatic.storage.CompressedManifestStaticFilesStorage",
}


def _url(text: str) -> str:
    if not text.endswith("/"):
        refuse("static.url", f'"{text}" does not end in a slash.', f"for example  {text}/")
    return text


URLPrefix = Annotated[str, AfterValidator(_url)]


class StaticSettings(Section):
    """What goes into STATIC_*, MEDIA_* and STORAGES."""

    static_url: URLPrefix = variable(
        "/static/", setting="STATIC_URL", description="URL under which static files are served."
    )
    static_root: Path | None = variable(
        Path("staticfiles"),
        name="STATIC_ROOT",
        feeds="STATIC_ROOT",
        description="Folder that collectstatic fills; relative to the project's folder.",
        example="/srv/static",
    )
    static_dirs: list[Path] = variable(
        [],
        name="STATICFILES_DIRS",
        feeds="STATICFILES_DIRS",
        description="Folders of static files beside those of the apps; relative to the project's folder.",
        example="assets",
    )
    static_server: StaticServer = variable(
        "none",
        name="STATIC_SERVER",
        feeds=("MIDDLEWARE", "STORAGES"),
        description="Which middleware serves static files: none leaves them to the web server in front.",
        example="whitenoise",
    )
    static_storage: StaticStorage = variable(
        "plain",
        name="STATIC_STORAGE",
        feeds="STORAGES",
        description="Whether collected files get their hash into their name, for caches (manifest), or not (plain).",
        example="manifest",
        other_names=("STATICFILES_STORAGE",),
    )
    media_url: URLPrefix = variable(
        "/media/", setting="MEDIA_URL", description="URL under which uploaded files are served."
    )
    media_root: Path | None = variable(
        Path("media"),
        name="MEDIA_ROOT",
        feeds="MEDIA_ROOT",
        description="Folder of uploaded files; relative to the project's folder.",
        example="/srv/media",
    )
    storages: dict[str, dict[str, object]] = variable(
        {},
        name="STORAGES",
        feeds="STORAGES",
        description="Storages in Django's form, in place of ours with that alias: default, staticfiles, your own.",
        example='{"default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "media"}}}',
        other_names=("DEFAULT_FILE_STORAGE",),
    )

    def render(self, context: "RenderContext") -> dict[str, object]:
        """Absolute folders, and storages that are never half a dictionary: Django does not merge it with its own.

        Args:
            context: The project's folder, and whether there are static files at all.
        """
        storage: StaticStorage = self.static_storage if context.settings.apps.enable_static_files else "plain"
        ours = {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": _STORAGES[self.static_server, storage]},
        }
        return {
            "STATIC_ROOT": _absolute(self.static_root, context.project_dir),
            "STATICFILES_DIRS": [_absolute(folder, context.project_dir) for folder in self.static_dirs],
            "MEDIA_ROOT": _absolute(self.media_root, context.project_dir) or "",
            "STORAGES": {**ours, **self.storages},
        }

    @rule("static.root")
    def static_files_can_be_collected(self, context: RuleContext) -> Iterator[Problem]:
        """A static storage in a folder needs the folder."""
        if (
            context.settings.apps.enable_static_files
            and self.static_root is None
            and "staticfiles" not in self.storages
        ):
            yield context.policy("STATIC_ROOT", "collectstatic has no folder to fill.", hint="for example  staticfiles")

    @rule("static.media_in_static")
    def uploads_stay_apart(self, context: RuleContext) -> Iterator[Problem]:
        """Uploads among the static files are served as ours, and deleted by ``collectstatic --clear``."""
        static, media = (_absolute(root, context.project_dir) for root in (self.static_root, self.media_root))
        if static and media and (static == media or Path(static) in Path(media).parents):
            yield context.policy(
                "MEDIA_ROOT",
                "uploads would lie in STATIC_ROOT, where collectstatic --clear deletes them.",
                hint="choose a folder beside it",
            )

    @rule("static.media_url_in_static")
    def urls_stay_apart(self, context: RuleContext) -> Iterator[Problem]:
        """A static server takes every URL under its own."""
        if self.media_url.startswith(self.static_url):
            yield context.policy(
                "MEDIA_URL",
                "it lies under STATIC_URL, so uploads are looked for among the static files.",
                hint="for example  /media/",
            )

    @rule("static.server_package")
    def server_is_installed(self, context: RuleContext) -> Iterator[Problem]:
        """The middleware comes with a package of its own."""
        if self.static_server != "none" and find_spec(self.static_server) is None:
            yield context.problem(
                "STATIC_SERVER",
                f"the package {self.static_server} is not installed.",
                hint="install it, or choose none",
            )

    @rule("static.storage_form")
    def storages_name_their_backend(self, context: RuleContext) -> Iterator[Problem]:
        """Django looks for BACKEND when the first file is stored."""
        for alias, entry in self.storages.items():
            if not isinstance(entry.get("BACKEND"), str):
                yield context.problem("STORAGES", f'the storage "{alias}" has no BACKEND.', hint="name its dotted path")


def missing_manifest(settings: object) -> Iterator[Problem]:
    """Whether a manifest storage has its manifest; without it every page with a static file is a 500.

    A settings module cannot ask: ``collectstatic``, which writes the manifest, needs the same settings. What starts a
    server can, and so can a deployment check.

    Args:
        settings: ``django.conf.settings``, with the apps loaded.

    Yields:
        One error when the manifest is missing or cannot be read.
    """
    from django.apps import apps  # noqa: PLC0415  # the settings must not load it
    from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage  # noqa: PLC0415  # the same

    if getattr(settings, "DEBUG", False) or not apps.is_installed("django.contrib.staticfiles"):
        return
    storage: object = staticfiles_storage
    if isinstance(storage, ManifestFilesMixin) and not _has_manifest(storage.read_manifest()):
        yield Problem(
            id="static.manifest",
            variable="STATIC_STORAGE",
            origin="settings",
            message="there is no manifest of collected static files, so every page that names one fails.",
            hint="run manage.py collectstatic, or set STATIC_STORAGE=plain",
        )


def _has_manifest(text: str | None) -> bool:
    try:
        return text is not None and "paths" in json.loads(text)
    except json.JSONDecodeError:
        return False


def _absolute(path: Path | None, project_dir: Path) -> str | None:
    # Symbolic links stay as they are: a deployment may turn one over while we run.
    return os.path.normpath(project_dir / path) if path is not None else None
