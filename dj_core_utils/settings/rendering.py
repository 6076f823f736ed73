"""From typed settings to plain Django settings."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import django
from pydantic import BaseModel, SecretBytes, SecretStr

from dj_core_utils.settings.secret_text import SecretText, conceal
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.profiles import ActiveProfiles
    from dj_core_utils.settings.variables import VariableTable


class RenderContext(NamedTuple):
    """What a section may know when it renders.

    Attributes:
        settings: The whole typed settings.
        project_dir: What relative paths are relative to.
        profiles: The active profiles.
        silenced: Ids of Django checks that waived rules silence.
        rendered: What the sections rendered, when the settings class itself renders; empty before.
        django_version: Major and minor version of the Django that will read the result.
    """

    settings: CoreSettings
    project_dir: Path
    profiles: ActiveProfiles
    silenced: tuple[str, ...] = ()
    rendered: Mapping[str, object] = MappingProxyType({})
    django_version: tuple[int, int] = django.VERSION[:2]


def render(context: RenderContext, table: VariableTable) -> dict[str, object]:
    """Every Django setting that follows from the settings.

    Args:
        context: The settings and what is known beside them.
        table: The name table: leaves that are exported as they are.

    Returns:
        Plain data by setting name. Secrets are strings that hide themselves in ``repr``.
    """
    rendered: dict[str, object] = {}
    secrets: set[str] = set()
    for variable in table.values():
        value = _at(context.settings, variable.path)
        if variable.is_secret:
            secrets.update(_secrets(value))
        if variable.setting is not None:
            rendered[variable.setting] = plain(value)
    for section in _sections(context.settings):
        rendered.update(section.render(context))
    rendered.update(context.settings.render(context._replace(rendered=rendered)))
    return {name: conceal(value, secrets) for name, value in rendered.items()}


def plain(value: object) -> object:
    """A value as Django expects it: no Pydantic types, secrets as strings that hide themselves in ``repr``."""
    if isinstance(value, (SecretStr, SecretURL)):
        return SecretText(value.get_secret_value())
    if isinstance(value, (SecretBytes, Enum)):
        return value.value if isinstance(value, Enum) else value.get_secret_value()
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return _plain_items(value)
    # Pydantic's URLs and addresses are of its own types, where those who read settings expect text.
    return str(value) if type(value).__module__ == "pydantic.networks" else value


def _plain_items(value: list[object] | tuple[object, ...] | set[object] | frozenset[object]) -> object:
    items = [plain(item) for item in value]
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a named one
        return value._make(items)
    is_hashable = isinstance(value, (list, tuple)) or not any(isinstance(item, dict) for item in items)
    return type(value)(items) if is_hashable else items  # what was a set of models is a list of mappings


def _at(settings: BaseModel, path: tuple[str, ...]) -> object:
    value: object = settings
    for name in path:
        value = getattr(value, name)
    return value


def _sections(model: BaseModel) -> Iterator[Section]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Section):
            yield value
            yield from _sections(value)


def _secrets(value: object) -> Iterator[str]:
    """The secret texts in the value of a secret variable."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretURL):
        yield from value.passwords()
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _secrets(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets(item)
