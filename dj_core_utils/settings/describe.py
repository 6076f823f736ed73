"""One row for each variable: its value in use, masked, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_core_utils.settings.origins import Layer
from dj_core_utils.settings.secret_url import MASK, SecretURL, mask_url
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.value_text import json_value, show_value
from dj_core_utils.settings.variables import unwrap

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.loading import Loaded
    from dj_core_utils.settings.origins import Candidate, Trace
    from dj_core_utils.settings.variables import Variable

TOP_SECTION = "core"

_TYPED = (Layer.SOURCE, Layer.PROFILE, Layer.CLASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What may be shown of one variable.

    Attributes:
        variable: Its name.
        description: What it is for.
        section: The section that it belongs to; ``core`` for a field of the settings class itself.
        settings: The Django settings that it feeds.
        value: The value in use as JSON can hold it, masked.
        text: The value in use for people, masked; what was given, when that is not usable.
        origin: Where it comes from.
        layer: Which kind of source that is.
        is_secret: Whether it was declared as secret.
        is_set: Whether anybody but this package chose the value, and it has an effect.
        is_idle: Whether the value has no effect, such as the secret key of the other topology.
        is_usable: False when what was given is wrong; the settings then stand at the default.
        shadowed: Origins that lost with what they say, highest first. Class defaults lie below everything and are not
            counted.
    """

    variable: str
    description: str
    section: str
    settings: tuple[str, ...]
    value: object
    text: str
    origin: str
    layer: Layer
    is_secret: bool
    is_set: bool
    is_idle: bool
    is_usable: bool
    shadowed: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, object]:
        """The row under the names that ``config show --json`` promises."""
        return {
            "variable": self.variable,
            "settings": list(self.settings),
            "value": self.value,
            "origin": self.origin,
            "secret": self.is_secret,
            "shadowed": [origin for origin, _ in self.shadowed],
        }


def describe(loaded: Loaded, *, reveal: bool = False) -> list[Row]:
    """One row for each variable, in the order of the name table.

    Args:
        loaded: A load, good or bad.
        reveal: Show secrets in clear.
    """
    settings = loaded.settings
    if settings is None:
        return []
    return [_row(loaded, settings, trace, reveal=reveal) for trace in loaded.traces.values()]


def section_of(variable: Variable) -> str:
    """The section of a variable; ``core`` for a field of the settings class itself."""
    return variable.path[0] if len(variable.path) > 1 else TOP_SECTION


def show_candidate(variable: Variable, candidate: Candidate, *, reveal: bool = False) -> str:
    """What an origin offers, as it stands there: text from environment and files, typed from profiles and classes.

    Args:
        variable: The variable that it was offered for.
        candidate: The offer.
        reveal: Show secrets in clear.
    """
    if unwrap(variable.annotation)[0] is SecretURL and isinstance(candidate.value, str) and not reveal:
        return mask_url(candidate.value)
    if candidate.origin.layer in _TYPED or reveal or not variable.is_secret:
        return show_value(candidate.value, is_secret=variable.is_secret, reveal=reveal)
    return MASK  # text that nobody has understood yet: only a URL has parts that are known to be harmless


def leaf_of(settings: CoreSettings | None, variable: Variable) -> tuple[object, object]:
    """The section or settings object that holds a leaf, and its value, unmasked.

    Args:
        settings: The typed settings.
        variable: The variable of the leaf.
    """
    holder: object = None
    value: object = settings
    for name in variable.path:
        holder, value = value, getattr(value, name, None)  # a field without a default and without a value
    return holder, value


def _row(loaded: Loaded, settings: CoreSettings, trace: Trace, *, reveal: bool) -> Row:
    variable, used = trace.variable, trace.used
    is_usable = variable.path not in loaded.failed
    holder, value = leaf_of(settings, variable)
    is_nobodys = used.origin.layer is Layer.CLASS and variable.is_ours and used.name == variable.name
    is_idle = isinstance(holder, Section) and variable.path[-1] in holder.idle(settings)
    text = show_value(value, is_secret=variable.is_secret, reveal=reveal)
    shown = json_value(value, is_secret=variable.is_secret, reveal=reveal)
    if not is_usable:
        text = shown = show_candidate(variable, used, reveal=reveal)
    lost = [candidate for candidate in trace.candidates[1:] if candidate.origin.layer is not Layer.CLASS]
    return Row(
        variable=variable.name,
        description=variable.description,
        section=section_of(variable),
        settings=variable.feeds,
        value=shown,
        text=text,
        origin=str(used.origin),
        layer=used.origin.layer,
        is_secret=variable.is_secret,
        is_set=not is_idle and not is_nobodys,
        is_idle=is_idle,
        is_usable=is_usable,
        shadowed=tuple((str(one.origin), show_candidate(variable, one, reveal=reveal)) for one in lost),
    )
