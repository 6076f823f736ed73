"""A process of its own that starts a project's settings as ``manage.py`` does, and writes down what came out.

Called with the file for the answer and, to try a module that is not written yet, its name and the file with its text.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import runpy
import sys
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dj_core_utils.cli.failing_code import what_failed, where_it_failed
from dj_core_utils.cli.init.terms import term

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

EARLIER = "earlier"
"""Says that the settings add to attributes of ``CoreSettings``."""

HALF_WAY = "half-way"
"""Says that the settings are classes of django-configurations, which ``manage.py`` has been freed from already."""

_VARIABLE = "DJANGO_SETTINGS_MODULE"
# Packages whose own defaults stand where a project says nothing, by the settings that hold a whole configuration.
_EARLIER_APPS = ("django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "corsheaders")
_PREFIXED = ("MEDIA_URL", "STATIC_URL")
_MAPPINGS = {"rest_framework": "REST_FRAMEWORK", "rest_framework_simplejwt": "SIMPLE_JWT"}


class _Trial(NamedTuple):
    module: str
    text: Path


class _TrialLoader(Loader):
    """Runs a text as if it stood in the module's file."""

    def __init__(self, text: Path, file: str) -> None:
        self.text = text
        self.file = file

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.text.read_bytes(), self.file, "exec"), module.__dict__)  # noqa: S102  # what an import does


class _TrialFinder(MetaPathFinder):
    """Finds the module on trial in place of the one that is there."""

    def __init__(self, trial: _Trial) -> None:
        self.trial = trial

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # the form of a finder
        target: ModuleType | None = None,  # noqa: ARG002  # the same
    ) -> ModuleSpec | None:
        if fullname != self.trial.module:
            return None
        sys.meta_path.remove(self)
        try:
            found = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        file = found.origin if found is not None and found.origin else ""
        folders = found.submodule_search_locations if found is not None else None
        return importlib.util.spec_from_file_location(
            fullname, file, loader=_TrialLoader(self.trial.text, file), submodule_search_locations=folders
        )


def _stand_in() -> None:
    """Put a plain class with attributes in the place of ``CoreSettings``, as an earlier library of that name had it."""
    from dj_core_utils.settings import base, cors  # noqa: PLC0415  # only settings of that form need it
    from dj_core_utils.settings.loading import load  # noqa: PLC0415  # the same

    spec = importlib.util.find_spec(os.environ[_VARIABLE])
    text = Path(spec.origin).read_text(encoding="utf-8", errors="replace") if spec and spec.origin else ""
    name = re.search(r"SERVICE_NAME\s*=\s*['\"](\w+)", text)
    environ = {**({"SERVICE_NAME": name[1]} if name else {}), **os.environ}
    found = load(base.CoreSettings, environ=environ, project_dir=Path.cwd(), profiles=["monolith", "development"])
    attributes: dict[str, Any] = {**found.rendered, "MIDDLEWARE": [], "INSTALLED_APPS": list(_EARLIER_APPS)}
    attributes["DATABASES"]["default"].pop("OPTIONS", None)
    origins = {name: value for name, value in attributes.items() if name.startswith(("CORS_", "CSRF_"))}
    cors.get_cors_settings = lambda *_, **__: origins
    base.CoreSettings = type("CoreSettings", (), attributes)  # type: ignore[misc,assignment]  # in this process alone
    sys.meta_path.insert(0, _Renamed())


class _Renamed(MetaPathFinder, Loader):
    """Finds ``django_core_utils``, as earlier notes spell it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # the form of a finder
        target: ModuleType | None = None,  # noqa: ARG002  # the same
    ) -> ModuleSpec | None:
        is_ours = fullname.partition(".")[0] == "django_core_utils"
        return importlib.util.spec_from_loader(fullname, self, is_package=True) if is_ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return importlib.import_module(spec.name.replace("django_core_utils", "dj_core_utils", 1))

    def exec_module(self, module: ModuleType) -> None:
        """It has run under its own name."""


class _Started(BaseException):
    """``manage.py`` has come to the point where it would run a command."""


def _run_manage() -> None:
    """Let ``manage.py`` do what it does before a command: load files, install importers, name the settings."""
    from django.core import management  # noqa: PLC0415  # not before it is wanted

    execute = "execute_from_command_line"

    def stop(*_: object) -> None:
        raise _Started

    setattr(management, execute, stop)
    sys.argv = ["manage.py", "check"]
    with suppress(_Started):
        runpy.run_path("manage.py", run_name="__main__")


def _has_manage(*, is_trial: bool) -> bool:
    """Whether ``manage.py`` is to run; that of django-configurations gives way together with the old settings."""
    file = Path("manage.py")
    return file.is_file() and not (is_trial and "configurations" in file.read_text(encoding="utf-8", errors="replace"))


def _install_configurations() -> None:
    """Do what ``manage.py`` did until a run that was cut off."""
    importlib.import_module("configurations.importer").install()


def _template() -> str:
    """The template of ``.env``, when the settings are ours."""
    if "dj_core_utils.settings.export" not in sys.modules:
        return ""
    from dj_core_utils.settings.env_template import env_template  # noqa: PLC0415  # the settings start first
    from dj_core_utils.settings.export import last_export  # noqa: PLC0415  # the same

    export = last_export()
    table = export.loaded.table if export is not None else None
    return env_template(export.loaded.settings_class, table) if export is not None and table is not None else ""


def _observe() -> dict[str, object]:
    from django.conf import global_settings, settings  # noqa: PLC0415  # the settings start here

    named = {name: _value(settings, name) for name in dir(settings) if name.isupper() and name != "SETTINGS_MODULE"}
    declared = [name for name in named if _is_declared(settings, name)]
    known = [name for name in dir(global_settings) if name.isupper()]
    used = [package for package in ("corsheaders", *_MAPPINGS) if _mentions(named, package)]
    for package in used:
        if package in _MAPPINGS:
            named.setdefault(_MAPPINGS[package], {})
        else:
            from corsheaders.conf import conf  # noqa: PLC0415  # it reads the settings

            named.update({name: getattr(conf, name) for name in dir(conf) if name.startswith("CORS_")})
    module = sys.modules[os.environ[_VARIABLE]]
    return {
        "module": os.environ[_VARIABLE],
        "file": module.__file__,
        "declared": sorted(declared),
        "django": sorted(known),
        "configuration": os.environ.get("DJANGO_CONFIGURATION", ""),
        "template": _template(),
        "values": {name: term(value).as_json() for name, value in sorted(named.items())},
    }


def _value(settings: object, name: str) -> object:
    """A setting as code gets it; the two that get a prefix without the half of Django that the prefix is kept in."""
    if name not in _PREFIXED:
        return getattr(settings, name)
    value = getattr(vars(settings)["_wrapped"], name)
    is_relative = isinstance(value, str) and not value.startswith(("http://", "https://", "/"))
    return f"/{value}" if is_relative else value


def _is_declared(settings: object, name: str) -> bool:
    return bool(settings.is_overridden(name))  # type: ignore[attr-defined]  # of the object behind


def _mentions(named: dict[str, object], package: str) -> bool:
    places = ("INSTALLED_APPS", "MIDDLEWARE", "REST_FRAMEWORK")
    return any(f"'{package}{end}" in repr(named.get(place)) for place in places for end in ("'", "."))


def main(arguments: Sequence[str]) -> None:
    """Start the settings and write the answer, or the reason why there is none.

    Args:
        arguments: The file for the answer; the form of the settings, if it is a special one; then, for a trial, a
            module and the file with its text.
    """
    answer, form, *trial = arguments
    sys.path.insert(0, str(Path.cwd()))
    if form == EARLIER:
        _stand_in()
    if trial:
        sys.meta_path.insert(0, _TrialFinder(_Trial(trial[0], Path(trial[1]))))
    found: dict[str, object]
    try:
        if _has_manage(is_trial=bool(trial)):
            _run_manage()
        if form == HALF_WAY:
            _install_configurations()
        found = _observe()
    except (Exception, SystemExit) as raised_here:  # noqa: BLE001  # whatever a project's settings raise
        error = _behind(raised_here)
        # Of a warning nothing fails: what it is about can stay as it is said.
        errors = [problem for problem in getattr(error, "problems", ()) if problem.severity == "error"]
        problems = [[problem.id, problem.variable, problem.message, problem.hint] for problem in errors]
        shown = str(error) if problems else f"{what_failed(error)} {where_it_failed(error)}"
        raised = f"{type(error).__name__}: {error}"
        found = {"error": shown, "raised": raised, "problems": problems, "missing": _missing(error)}
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


def _behind(error: BaseException) -> BaseException:
    """The import that failed, where ``manage.py`` takes it for one of Django, and asks after ``PYTHONPATH``."""
    cause = error.__cause__
    return cause if isinstance(error, ImportError) and isinstance(cause, ImportError) else error


def _missing(error: BaseException) -> str:
    """The variable that the settings cannot do without, if that is what is wrong."""
    is_likely = isinstance(error, KeyError) or "environment" in str(error) or "envvar" in str(error)
    words = re.findall(r"\b[A-Z][A-Z0-9_]+\b", str(error)) if is_likely else []
    return words[0] if words else ""


if __name__ == "__main__":
    main(sys.argv[1:])
