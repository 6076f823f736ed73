"""What Pydantic makes of the values of frequent types, found without the schema that it would build first.

To build the schema of a leaf takes longer than anything else in a start, and nearly every value is fit. So values whose
outcome is certain are taken here. Everything else is left to Pydantic: what does not fit, so that it words the error,
and whatever has metadata of a kind that is not listed here.
"""

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, SecretStr

from dj_core_utils.settings.secret_url import SecretURL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ASK: Final = object()
"""The outcome that Pydantic has to be asked for."""

_IMMUTABLE = frozenset({bool, int, float, str, bytes})
_FROM_TEXT = (SecretStr, SecretURL)
_LIMITS: "dict[type, Callable[..., bool]]" = {
    Ge: lambda value, limit: value >= limit.ge,
    Gt: lambda value, limit: value > limit.gt,
    Le: lambda value, limit: value <= limit.le,
    Lt: lambda value, limit: value < limit.lt,
}


def outcome(value: object, annotation: object, metadata: "Iterable[object]" = ()) -> object:
    """What validation makes of a value.

    Args:
        value: What was decoded, or what the class says.
        annotation: The type.
        metadata: Constraints and validators beside it, in their order.

    Returns:
        The valid value, or ``ASK``.
    """
    found = _of_type(value, annotation)
    for step in metadata:
        if found is ASK:
            break
        found = _after(step, found)
    return found


def _of_type(value: object, annotation: object) -> object:
    kind = type(value)
    if kind is annotation and kind in _IMMUTABLE:
        return value
    if isinstance(value, str) and kind is str and annotation in _FROM_TEXT:
        return (SecretStr if annotation is SecretStr else SecretURL)(value)
    return _of_composed(value, get_origin(annotation), get_args(annotation))


def _of_composed(value: object, origin: object, parts: tuple[object, ...]) -> object:
    if origin is Literal:
        return value if any(type(value) is type(part) and value == part for part in parts) else ASK
    if origin is Annotated:
        return outcome(value, parts[0], parts[1:])
    if origin in (Union, UnionType) and len(parts) == 2 and parts[1] is NoneType:  # noqa: PLR2004  # X | None
        return _of_type(value, parts[0])
    if origin is list and type(value) is list:
        items = [outcome(item, parts[0]) for item in value]
        return ASK if any(item is ASK for item in items) else items
    return ASK


def _after(step: object, value: object) -> object:
    """What a constraint, or a validator of this package, makes of a value of the right type.

    A validator of a project may ask for more than the value, so Pydantic calls it.
    """
    holds = _LIMITS.get(type(step))
    try:
        if holds is not None:
            return value if holds(value, step) else ASK
        if type(step) is AfterValidator and str(getattr(step.func, "__module__", "")).startswith("dj_core_utils."):
            return step.func(value)  # type: ignore[call-arg]  # ours take the value alone
    except (TypeError, ValueError):
        return ASK
    return ASK
