"""The two stubs of a project: names and types of its settings, for mypy and for editors.

``_settings_types.pyi`` stands beside the settings module, which imports everything of it where only type checkers look.
The Django plugin of mypy then knows each name, and still checks the settings module itself, which a ``settings.pyi``
would hide. Pyright and editors do not know that plugin; for them ``typings/django/conf/__init__.pyi`` takes the place
of ``django.conf``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import global_settings

from dj_core_utils.cli.annotation_text import TypeWriter
from dj_core_utils.cli.django_types import DJANGO_TYPES, type_of_value
from dj_core_utils.settings.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.settings.loading import Loaded

TYPES_MODULE = "_settings_types"
CURRENT, OUTDATED, MISSING = "current", "outdated", "missing"
OVERLAY = Path("django", "conf", "__init__.pyi")

_HEAD = """\
# Names and types of the settings of {module}. Written by: {command}
# ruff: noqa: ANN401, E501, I001, ICN001, RUF100
# fmt: off
"""
_CONF = """\
class LazySettings:
    SETTINGS_MODULE: str
{settings}
    @property
    def configured(self) -> bool: ...
    def configure(self, default_settings: Any = ..., **options: Any) -> None: ...
    def is_overridden(self, setting: str) -> bool: ...

class Settings:
    SETTINGS_MODULE: str
    def __init__(self, settings_module: str) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
    def is_overridden(self, setting: str) -> bool: ...

class UserSettingsHolder:
    SETTINGS_MODULE: None
    def __init__(self, default_settings: Any) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
    def is_overridden(self, setting: str) -> bool: ...

class SettingsReference(str):
    def __new__(cls, value: Any, setting_name: str) -> Self: ...

ENVIRONMENT_VARIABLE: str
DEFAULT_STORAGE_ALIAS: str
STATICFILES_STORAGE_ALIAS: str
settings: LazySettings
"""


class Stub(NamedTuple):
    """One file as it should be.

    Attributes:
        path: Where it belongs.
        text: What it should hold.
    """

    path: Path
    text: str

    @property
    def state(self) -> str:
        """Whether the file holds just that, something else, or is not there."""
        try:
            return CURRENT if self.path.read_bytes() == self.text.encode() else OUTDATED
        except FileNotFoundError:
            return MISSING
        except OSError:
            return OUTDATED


def stubs(inspection: Inspection, loaded: Loaded, *, typings: Path, command: str) -> tuple[Stub, Stub]:
    """Both stubs of a project.

    They depend on the settings class and on the versions of Django and of this package, not on the environment: a name
    is there whatever the profile, and ``--check`` says the same on each machine.

    Args:
        inspection: The project, which can be used.
        loaded: The load of its settings class.
        typings: The folder that pyright looks for stubs in.
        command: What writes them, for the first line.
    """
    head = _HEAD.format(module=inspection.module, command=command)
    module_file = getattr(sys.modules.get(inspection.module), "__file__", None)
    folder = Path(module_file).parent if module_file else loaded.project_dir
    exported = TypeWriter()
    names = dict(sorted(_exported(loaded, exported).items()))
    beside = Stub(folder / f"{TYPES_MODULE}.pyi", _file(head, exported, _lines(names)))
    whole = TypeWriter()
    every = {**_of_django(whole), **_assigned(inspection.namespace, whole), **_exported(loaded, whole)}
    whole.names |= {"Any", "Self"}
    settings = _lines(dict(sorted(every.items())), indent="    ")
    return beside, Stub(typings / OVERLAY, _file(head, whole, _CONF.format(settings=settings)))


def _file(head: str, writer: TypeWriter, body: str) -> str:
    parts = [head.rstrip("\n"), writer.head(), body.rstrip("\n")]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(names: Mapping[str, str], indent: str = "") -> str:
    return "\n".join(f"{indent}{name}: {text}" for name, text in names.items())


def _exported(loaded: Loaded, writer: TypeWriter) -> dict[str, str]:
    """What the settings class exports: its leaves by their annotations, what is rendered by its kind."""
    types = {name: writer.plain(type_of_value(name, value)) for name, value in _rendered(loaded).items()}
    for row in (loaded.table or {}).values():
        if row.setting is not None:
            types[row.setting] = writer.write(row.annotation)
        # A section renders some of Django's settings under some profiles only.
        types |= {
            made: writer.plain(DJANGO_TYPES[made]) for made in row.feeds if made not in types and _is_django(made)
        }
    return types


def _rendered(loaded: Loaded) -> Mapping[str, object]:
    """Every setting as an image build has it, so that nothing of this machine counts; else as it is here."""
    built = load(loaded.settings_class, environ={}, project_dir=loaded.project_dir, env_file=None, profiles=("build",))
    return built.rendered or loaded.rendered


def _is_django(name: str) -> bool:
    return name in DJANGO_TYPES and hasattr(global_settings, name)


def _of_django(writer: TypeWriter) -> dict[str, str]:
    return dict(_inferred({name: getattr(global_settings, name) for name in dir(global_settings)}, writer))


def _assigned(namespace: Mapping[str, object], writer: TypeWriter) -> dict[str, str]:
    """What the settings module assigns beside the export."""
    return dict(_inferred(namespace, writer))


def _inferred(namespace: Mapping[str, object], writer: TypeWriter) -> Iterator[tuple[str, str]]:
    for name, value in namespace.items():
        if name.isupper() and name.isidentifier():
            yield name, writer.plain(type_of_value(name, value))
