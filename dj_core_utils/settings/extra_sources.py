"""Sources that a project adds through Pydantic's own hook, ``settings_customise_sources``, as one more layer.

A cloud secret store is declared as everywhere in pydantic-settings::

    @classmethod
    def settings_customise_sources(cls, settings_cls, **sources):
        return (*super().settings_customise_sources(settings_cls, **sources), VaultSource(settings_cls))

What it returns is keyed by field names and stands below ``.env`` and above the profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
)

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.origins import Candidate, Layer, Origin
from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dj_core_utils.settings.variables import Variable, VariableTable


def extra_candidates(
    settings_class: type[BaseSettings], table: VariableTable
) -> Iterator[tuple[Variable, Candidate] | Problem]:
    """What the project's own sources offer.

    Args:
        settings_class: The class, whose hook is only called when the project overrides it.
        table: The name table.

    Yields:
        A variable with its candidate, highest source first, or a problem for a key that no field has.
    """
    hook = settings_class.settings_customise_sources
    if getattr(hook, "__func__", hook).__module__.startswith("dj_core_utils."):
        return
    defaults = (
        InitSettingsSource(settings_class, init_kwargs={}),
        EnvSettingsSource(settings_class),
        DotEnvSettingsSource(settings_class, env_file=None),
        SecretsSettingsSource(settings_class, secrets_dir=None),
    )
    init, env, dotenv, secrets = defaults
    chosen = hook(
        settings_class, init_settings=init, env_settings=env, dotenv_settings=dotenv, file_secret_settings=secrets
    )
    for source in chosen:
        if source not in defaults and not type(source).__module__.startswith("dj_core_utils."):
            yield from _walk(source, source(), (), table)


def _walk(
    source: PydanticBaseSettingsSource, values: Mapping[str, object], path: tuple[str, ...], table: VariableTable
) -> Iterator[tuple[Variable, Candidate] | Problem]:
    label = type(source).__name__
    for key, value in values.items():
        here = (*path, key)
        if (known := table.at(here)) is not None:
            yield known, Candidate(Origin(Layer.SOURCE, label), value, known.name)
        elif isinstance(value, dict) and table.fields_at(here):
            yield from _walk(source, value, here, table)
        else:
            suggestion = nearest(key, table.fields_at(path))
            did_you_mean = f" Did you mean {suggestion}?" if suggestion else ""
            yield Problem(
                id="source.key", variable=".".join(here), origin=label, message=f"no such setting.{did_you_mean}"
            )
