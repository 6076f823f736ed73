"""The bridge for ``UsersSettings()``: Pydantic asks this one source, which hands over the merged layers."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from dj_core_utils.settings.loading import load
from dj_core_utils.settings.report import configuration_error


class LayeredSource(PydanticBaseSettingsSource):
    """Environment, secret files, ``.env``, profiles and class defaults, merged by our own rules.

    Args:
        settings_cls: The class that is being filled.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # Pydantic's signature
        """Nothing by single fields; the whole is handed over by calling the source."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values of every field.

        Raises:
            ConfigurationError: The configuration cannot be used.
        """
        settings_class: type[BaseSettings] = self.settings_cls
        loaded = load(settings_class, environ=os.environ, project_dir=Path.cwd())  # type: ignore[arg-type]  # only CoreSettings names this source
        if loaded.errors:
            error = configuration_error(loaded)
            del loaded
            raise error
        return {name: getattr(loaded.settings, name) for name in settings_class.model_fields}
