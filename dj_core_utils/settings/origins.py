"""Where values come from: every layer that speaks about a variable, highest first."""

from enum import Enum
from typing import NamedTuple

from dj_core_utils.settings.variables import Variable


class Layer(Enum):
    """The kinds of source, highest first; a lower one never beats a higher one."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DOTENV = "dotenv"
    SOURCE = "source"
    PROFILE = "profile"
    CLASS = "class"


class Origin(NamedTuple):
    """One place that a value can come from.

    Attributes:
        layer: Which kind of source it is.
        label: How it is shown: ``environment``, ``.env:12``, ``/run/secrets/db_password``, ``profile production``.
    """

    layer: Layer
    label: str

    def __str__(self) -> str:
        """The label."""
        return self.label

    @property
    def is_real(self) -> bool:
        """Whether somebody deployed this value, rather than wrote it into code or a profile."""
        return self.layer not in (Layer.PROFILE, Layer.CLASS)


ENVIRONMENT = Origin(Layer.ENVIRONMENT, "environment")


class Candidate(NamedTuple):
    """A value that one origin offers for a variable.

    Attributes:
        origin: Who offers it.
        value: The value: text from the environment and files, typed from profiles and classes.
        name: The name it was given under, such as ``DB_PASSWORD_FILE``.
    """

    origin: Origin
    value: object
    name: str

    def __repr__(self) -> str:
        """Never the value: it may be secret."""
        return f"Candidate({self.name} from {self.origin})"


class Trace(NamedTuple):
    """The history of one variable in one load.

    Attributes:
        variable: The variable.
        candidates: What every origin offers, highest first; the first one is used. Never empty after a load.
    """

    variable: Variable
    candidates: tuple[Candidate, ...]

    @property
    def used(self) -> Candidate:
        """The candidate that won."""
        return self.candidates[0]

    @property
    def origin(self) -> Origin:
        """Where the value in use comes from."""
        return self.candidates[0].origin

    @property
    def is_missing(self) -> bool:
        """Whether the field has no default, and nobody gives it a value."""
        return self._is_at_default and self.variable.field.is_required()

    @property
    def is_computed(self) -> bool:
        """Whether the value is the default of its field, and that is made from the values of other fields."""
        return self._is_at_default and bool(self.variable.field.default_factory_takes_validated_data)

    @property
    def shadowed(self) -> tuple[Origin, ...]:
        """Origins that lost, highest first."""
        return tuple(candidate.origin for candidate in self.candidates[1:])

    @property
    def _is_at_default(self) -> bool:
        return self.origin.layer is Layer.CLASS and self.used.name == self.variable.name
