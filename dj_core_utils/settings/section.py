"""The base of every section: a typed part of the settings that knows its variables, its rules and its rendering."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from dj_core_utils.settings.secret_text import SecretText, is_secret_name

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.rendering import RenderContext


class HidingRepr:
    """Lets a model hide what is secret by its name; ``SecretStr`` hides by itself."""

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """What ``repr`` and ``str`` show of each field."""
        shown = super().__repr_args__()  # type: ignore[misc]  # of the Pydantic model beside it
        for name, value in shown:
            is_plain_secret = type(value) is str and value and name is not None and is_secret_name(name)
            yield name, SecretText(value) if is_plain_secret else value


class Section(HidingRepr, BaseModel):
    """A frozen group of leaves, such as ``JWTSettings``.

    Every leaf has a default, so that an instance can be written in a class body; what must be set, and what does not
    fit together, is said by methods marked with ``@rule``, which run when everything is known.

    Attributes:
        prefix: What the names of its variables begin with; by default the section's field name.
    """

    # Schemas are built for the sections that get data, not for all of them at import.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)

    prefix: ClassVar[str] = ""

    def idle(self, settings: "CoreSettings") -> Collection[str]:  # noqa: ARG002  # for those who override it
        """Leaves that have a value and no effect, such as the key of the other topology; ``config show`` skips them.

        Args:
            settings: The whole settings.

        Returns:
            Names of fields.
        """
        return ()

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # for those who override it
        """The Django settings that follow from this section, beside those that a leaf is exported as.

        Args:
            context: What else is known: the whole settings, the service, the project folder, Django's version.

        Returns:
            Plain data by the name of the setting; secrets as plain strings, because Django reads them.
        """
        return {}
