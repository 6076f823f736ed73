"""Sources that a project adds through Pydantic's own hook, ``settings_customise_sources``, as one more layer.

A cloud secret store is declared as everywhere in pydantic-settings::

    @classmethod
    def settings_customise_sources(cls, settings_cls, **sources):
        return (*super().settings_customise_sources(settings_cls, **sources), VaultSource(settings_cls))

What it returns is keyed by field names and stands below ``.env`` and above the profiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
)

from dj_core_utils.settings.defects import failure
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.field_paths import no_such_leaf, walk_leaves
from dj_core_utils.settings.origins import Candidate, Layer, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    try:
        chosen = tuple(
            hook(
                settings_class,
                init_settings=init,
                env_settings=env,
                dotenv_settings=dotenv,
                file_secret_settings=secrets,
            )
        )
    except Exception as error:  # noqa: BLE001  # the project's own code
        yield failure(error, "settings_customise_sources", variable=settings_class.__name__)
        return
    for source in chosen:
        if source not in defaults and not type(source).__module__.startswith("dj_core_utils."):
            yield from _ask(source, table)


def _ask(source: PydanticBaseSettingsSource, table: VariableTable) -> Iterator[tuple[Variable, Candidate] | Problem]:
    label = type(source).__name__
    try:
        values: object = source()
    except Exception as error:  # noqa: BLE001  # a store that does not answer, as a rule
        yield failure(error, f"the source {label}", variable=label)
        return
    if not isinstance(values, Mapping):
        what = f"it hands over {type(values).__name__}, not a mapping of field names to values."
        yield Problem(id="source.key", variable=label, origin=label, message=what)
        return
    for path, known, value in walk_leaves(values, table):
        if known is not None:
            yield known, Candidate(Origin(Layer.SOURCE, label), value, known.name)
        else:
            yield Problem(id="source.key", variable=".".join(path), origin=label, message=no_such_leaf(path, table))
