"""Which models are recorded, which of their fields, which values are hidden: ``settings.AUDIT``, read once a model."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from django.core.signals import setting_changed

from dj_core_utils.audit.diff import HIDDEN, whole_row
from dj_core_utils.audit.encoders import Encoding, encoding_of, normal_type
from dj_core_utils.conf import conf
from dj_core_utils.redaction import is_sensitive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.db.models import Field, ForeignKey, Model

    from dj_core_utils.audit.encoders import Encoder
    from dj_core_utils.conf import AuditConf

# What Django and the issuer of tokens keep for themselves; these rows say nothing about the project's data.
HOUSEKEEPING = (
    "admin.LogEntry",
    "auth.Permission",
    "contenttypes.*",
    "migrations.*",
    "sessions.*",
    "token_blacklist.*",
)
OURS = "dj_core_utils_db"

_FAKE = "__fake__"
# What Python can change in place, so that the value that was loaded must be copied to be known later.
_IMMUTABLE_KINDS = frozenset(
    {
        "AutoField",
        "BigAutoField",
        "BigIntegerField",
        "BooleanField",
        "CharField",
        "DateField",
        "DateTimeField",
        "DecimalField",
        "DurationField",
        "FilePathField",
        "FloatField",
        "ForeignKey",
        "GenericIPAddressField",
        "IPAddressField",
        "IntegerField",
        "OneToOneField",
        "PositiveBigIntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "SlugField",
        "SmallAutoField",
        "SmallIntegerField",
        "TextField",
        "TimeField",
        "UUIDField",
    }
)


@dataclass(frozen=True, slots=True)
class Through:
    """The hidden model behind a many-to-many field.

    Attributes:
        model: The model that declares the field.
        name: The field's name.
        source: Attribute of a row that holds the key of the declaring side.
        target: Attribute of a row that holds the key of the other side.
    """

    model: type[Model]
    name: str
    source: str
    target: str


@dataclass(frozen=True, slots=True, eq=False)
class ModelPolicy:
    """What is recorded of one model.

    Attributes:
        model: The concrete model; a proxy is recorded as the model that it stands for.
        label: ``app_label.Model``.
        fields: The recorded fields by attribute name, those of parent tables included, without the primary key.
        hidden: Attribute names of the fields whose values are left out.
        key: Attribute name of the primary key.
        mutable: Attribute names of the fields whose loaded value is copied.
        normal: The type, by attribute name, whose values the database holds as they are; of datetimes those in UTC.
        encoders: What makes JSON text of values, by attribute name.
        encodings: How the values of a whole row become text, in the order of the fields.
        values: Takes these values from the row.
        sides: The ``changes`` of a whole row with places for these texts, for ``before`` and ``after``.
        tables: The tables that an object is stored in: its own and those of its parents.
        by_trigger: Whether triggers of the database record it where they can (``AUDIT["capture"]``).
        through: Set for the hidden model of a many-to-many field, whose rows are recorded as changes of that field.
    """

    model: type[Model]
    label: str
    fields: Mapping[str, Field[Any, Any]]
    hidden: frozenset[str]
    key: str
    mutable: frozenset[str]
    normal: Mapping[str, type]
    encoders: Mapping[str, Encoder]
    encodings: Sequence[Encoding]
    values: Callable[[Mapping[str, object]], Sequence[Any]]
    sides: Mapping[str, str]
    tables: frozenset[str]
    by_trigger: bool
    through: Through | None


def policy_of(model: type[Model]) -> ModelPolicy | None:
    """What is recorded of a model; None for nothing.

    Args:
        model: Any model class, also a proxy.
    """
    try:
        return _policies[model]
    except KeyError:
        found = _policies[model] = _decide(model)
        return found


def audit_settings() -> AuditConf:
    """``settings.AUDIT``, without asking Django for it at each change."""
    try:
        return _settings["AUDIT"]
    except KeyError:
        found = _settings["AUDIT"] = conf.audit
        return found


def forget_policies(*, setting: str, **_: object) -> None:
    """Decide anew after ``override_settings(AUDIT=...)``.

    Args:
        setting: The setting that has changed.
    """
    if setting == "AUDIT":
        _policies.clear()
        _settings.clear()


_policies: dict[type[Model], ModelPolicy | None] = {}
_settings: dict[str, AuditConf] = {}
setting_changed.connect(forget_policies, dispatch_uid="dj_core_utils.audit.policy")


def _decide(model: type[Model]) -> ModelPolicy | None:
    concrete = model._meta.concrete_model or model
    through = _through(concrete)
    owner = through.model if through else concrete
    label = owner._meta.label
    if _FAKE in {concrete.__module__, owner.__module__} or not _is_recorded(label):
        return None
    if through and _matches(f"{label}.{through.name}", conf.audit.exclude):
        return None
    fields = {
        field.attname: field
        for field in concrete._meta.concrete_fields
        if not (field.primary_key or field.generated or _matches(f"{label}.{field.name}", conf.audit.exclude))
    }
    hidden = frozenset(name for name, field in fields.items() if _is_hidden(label, field))
    encodings = {name: encoding_of(field) for name, field in fields.items()}
    hide = Encoding(None, _hidden, _hidden)
    return ModelPolicy(
        model=concrete,
        label=concrete._meta.label,
        fields=fields,
        hidden=hidden,
        key=concrete._meta.pk.attname,
        mutable=frozenset(name for name, field in fields.items() if _is_mutable(field)),
        normal={name: kind for name, field in fields.items() if (kind := normal_type(field) or encodings[name].kind)},
        encoders={name: encoding.encode for name, encoding in encodings.items()},
        encodings=[hide if name in hidden else encoding for name, encoding in encodings.items()],
        values=itemgetter(*fields) if len(fields) > 1 else lambda row: [row[name] for name in fields],
        sides={side: whole_row(fields, hidden, side) for side in ("before", "after")},
        tables=frozenset(each._meta.db_table for each in (concrete, *concrete._meta.all_parents)),
        by_trigger=conf.audit.capture == "trigger",
        through=through,
    )


def _hidden(_: object) -> str:
    return HIDDEN


def _is_recorded(label: str) -> bool:
    include, exclude = conf.audit.include, conf.audit.exclude
    if _matches(label, exclude) or label.partition(".")[0] == OURS:
        return False
    return _matches(label, include) if include else not _matches(label, HOUSEKEEPING)


def _is_hidden(label: str, field: Field[Any, Any]) -> bool:
    patterns = conf.audit.sensitive
    return is_sensitive(field.name) or _matches(label, patterns) or _matches(f"{label}.{field.name}", patterns)


def _is_mutable(field: Field[Any, Any]) -> bool:
    return field.get_internal_type() not in _IMMUTABLE_KINDS


def _through(model: type[Model]) -> Through | None:
    owner = cast("type[Model] | None", model._meta.auto_created or None)
    if owner is None:
        return None
    field = next(field for field in owner._meta.local_many_to_many if field.remote_field.through is model)
    source, target = (
        cast("ForeignKey[Any, Any]", model._meta.get_field(name))
        for name in (field.m2m_field_name(), field.m2m_reverse_field_name())
    )
    return Through(owner, field.name, source.attname, target.attname)


def _matches(label: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(label, pattern) for pattern in patterns)
