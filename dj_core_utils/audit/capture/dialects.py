"""How each database writes the value of a column as JSON: the same text that ``dj_core_utils.audit.encoding`` makes.

``{c}`` is the column, ``{places}`` the decimal places of its field. NULL gives NULL. What a database is not trusted
with is missing, and then Python does it. SQLite, which works inside of the process, asks Python for single values.

Triggers have forms of their own, in ``dj_core_utils.audit.triggers``: they may not ask Python, since every program has
to be able to write; they must take what Django would never have written; and they are SQL without parameters. The same
tests hold both to the text that Python makes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import DecimalField

from dj_core_utils.audit.capture.kinds import kind_of, target_of
from dj_core_utils.db.keys import LONGEST_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Field

    from dj_core_utils.audit.capture.kinds import Kind

# Beyond, the floating point numbers of SQLite do not hold a decimal exactly.
_MOST_DIGITS_OF_SQLITE = 15
_MOST_ARGUMENTS = 100
_FEW = 2
_ASKED = "dj_core_utils_json('{label}', '{name}', {c})"
_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_SECOND = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
_FRACTION = ".[0-9][0-9][0-9][0-9][0-9][0-9]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """One kind of database.

    Attributes:
        json: The JSON text of a column, by what stands in it.
        differs: Whether a column differs from a parameter, where the JSON texts do not tell; exactly, by no collation.
        same: Whether two texts are not the same, with ``{c}`` and a parameter.
        key: The text of a primary key, by what it is.
        joined: Puts expressions between texts: one more of these, without ``'`` and ``%``.
        document: ``changes``, of its text.
        parameter: A text that is given.
        counts_all: Whether the statement that writes entries can count the rows that do not change, too.
    """

    json: Mapping[Kind, str]
    differs: Mapping[Kind, str]
    same: str
    key: Mapping[Kind, str]
    joined: Callable[[Sequence[str], Sequence[str]], str]
    document: str = "{c}"
    parameter: str = "%s"
    counts_all: bool = False


def _interleaved(texts: Sequence[str], expressions: Sequence[str]) -> list[str]:
    quoted = [f"'{text}'" if text else "" for text in texts]
    return [part for part in (*chain.from_iterable(zip(quoted, expressions, strict=False)), quoted[-1]) if part]


def _printed(texts: Sequence[str], expressions: Sequence[str]) -> str:
    """By one function of SQLite, which is faster than many operators; it takes no more than 127 arguments."""
    if len(expressions) <= _FEW:
        return f"({' || '.join(_interleaved(texts, expressions))})"
    parts = []
    for start in range(0, len(expressions), _MOST_ARGUMENTS):
        some = expressions[start : start + _MOST_ARGUMENTS]
        form = "".join(f"{text}%%s" for text in texts[start : start + len(some)])
        parts.append(f"printf('{form}', {', '.join(some)})")
    return "(" + " || ".join([*parts, f"'{texts[-1]}'"]) + ")"


def _unless_usual(cases: Mapping[str, str]) -> str:
    """Text that was not written by Django may have another form; Python knows what Django reads in it."""
    found = " ".join(f"WHEN {{c}} GLOB '{pattern}' THEN {text}" for pattern, text in cases.items())
    return f"CASE WHEN {{c}} IS NULL THEN NULL {found} ELSE {_ASKED} END"


_HEX = "substr({c}, 1, 8) || '-' || substr({c}, 9, 4) || '-' || substr({c}, 13, 4) || '-' || substr({c}, 17, 4)"
_HYPHENATED = f"{_HEX} || '-' || substr({{c}}, 21)"

SQLITE = Dialect(
    json={
        "text": "json_quote({c})",
        "file": "json_quote({c})",
        "integer": "CASE typeof({c}) WHEN 'integer' THEN {c} ELSE json_quote({c}) END",
        "boolean": "CASE {c} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE json_quote({c}) END",
        "decimal": (
            "CASE WHEN typeof({c}) IN ('integer', 'real') THEN printf('\"%%.{places}f\"', {c}) "
            f"WHEN {{c}} IS NULL THEN NULL ELSE {_ASKED} END"
        ),
        "float": _ASKED,
        "datetime": _unless_usual(
            {
                f"{_DAY} {_SECOND}": "'\"' || replace({c}, ' ', 'T') || '.000000+00:00\"'",
                f"{_DAY} {_SECOND}{_FRACTION}": "'\"' || replace({c}, ' ', 'T') || '+00:00\"'",
            }
        ),
        "date": _unless_usual({_DAY: "'\"' || {c} || '\"'"}),
        "time": _unless_usual({_SECOND: "'\"' || {c} || '.000000\"'", _SECOND + _FRACTION: "'\"' || {c} || '\"'"}),
        "duration": "json_quote({c})",
        "uuid": (
            "CASE WHEN length({c}) = 32 AND {c} NOT GLOB '*[^0-9a-f]*' "
            f"THEN '\"' || {_HYPHENATED} || '\"' WHEN {{c}} IS NULL THEN NULL ELSE {_ASKED} END"
        ),
        "other": _ASKED,
    },
    differs={"text": "{c} COLLATE BINARY IS NOT %s", "float": "{c} IS NOT %s", "integer": "{c} IS NOT %s"},
    same="{c} IS NOT %s",
    key={"integer": "CAST({c} AS TEXT)"},
    joined=_printed,
)

POSTGRESQL = Dialect(
    json={
        "text": "to_json({c})::text",
        "file": "to_json({c})::text",
        "integer": "{c}::text",
        "boolean": "{c}::text",
        "decimal": "'\"' || round({c}, {places})::text || '\"'",
        "float": (
            "CASE {c} WHEN 'NaN' THEN '\"nan\"' WHEN 'Infinity' THEN '\"inf\"' WHEN '-Infinity' THEN '\"-inf\"' "
            "ELSE {c}::text END"
        ),
        "datetime": 'to_char({c} AT TIME ZONE \'UTC\', \'"\\""YYYY-MM-DD"T"HH24:MI:SS.US"+00:00\\""\')',
        "date": "'\"' || to_char({c}, 'YYYY-MM-DD') || '\"'",
        "time": "'\"' || to_char(DATE '2000-01-01' + {c}, 'HH24:MI:SS.US') || '\"'",
        "duration": "(extract(epoch from {c}) * 1000000)::bigint::text",
        "uuid": "'\"' || {c}::text || '\"'",
    },
    differs={
        "text": '{c} COLLATE "C" IS DISTINCT FROM CAST(%s AS text)',
        "float": "{c} IS DISTINCT FROM CAST(%s AS double precision)",
    },
    same="{c} IS DISTINCT FROM CAST(%s AS text)",
    key={"integer": "{c}::text", "uuid": "{c}::text", "text": "{c}"},
    joined=lambda texts, expressions: f"({' || '.join(_interleaved(texts, expressions))})",
    document="CAST({c} AS jsonb)",
    counts_all=True,
    parameter="CAST(%s AS text)",
)

MARIADB = Dialect(
    json={
        "text": "JSON_QUOTE(CONVERT({c} USING utf8mb4))",
        "file": "JSON_QUOTE(CONVERT({c} USING utf8mb4))",
        "integer": "CAST({c} AS CHAR)",
        "boolean": "CASE {c} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE CAST({c} AS CHAR) END",
        "decimal": "CONCAT('\"', CAST(ROUND({c}, {places}) AS CHAR), '\"')",
        "datetime": "DATE_FORMAT({c}, '\"%%Y-%%m-%%dT%%H:%%i:%%s.%%f+00:00\"')",
        "date": "DATE_FORMAT({c}, '\"%%Y-%%m-%%d\"')",
        "time": "TIME_FORMAT({c}, '\"%%H:%%i:%%s.%%f\"')",
        "duration": "CAST({c} AS CHAR)",
        "uuid": "CONCAT('\"', CAST({c} AS CHAR), '\"')",
    },
    differs={
        "text": "NOT (BINARY CONVERT({c} USING utf8mb4) <=> BINARY CONVERT(%s USING utf8mb4))",
    },
    same="NOT (BINARY {c} <=> BINARY %s)",
    key={"integer": "CAST({c} AS CHAR)", "uuid": "CAST({c} AS CHAR)", "text": "CONVERT({c} USING utf8mb4)"},
    joined=lambda texts, expressions: f"CONCAT({', '.join(_interleaved(texts, expressions))})",
)


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect | None:
    """What a database writes; None for one that nobody has tried this with.

    Args:
        connection: A connection to it.
    """
    if connection.vendor == "mysql" and connection.mysql_is_mariadb:  # type: ignore[attr-defined]  # of MySQL alone
        return MARIADB
    return {"sqlite": SQLITE, "postgresql": POSTGRESQL}.get(connection.vendor)


def json_of(dialect: Dialect, connection: BaseDatabaseWrapper, label: str, field: Field[Any, Any]) -> str | None:
    """The template of a column's JSON text; None if only Python can make it.

    Args:
        dialect: That of the database.
        connection: A connection to it.
        label: ``app_label.Model``.
        field: A field of this model.
    """
    kind = kind_of(field)
    template = None if kind is None else dialect.json.get(kind)
    if template is None:
        return None
    target = target_of(field)
    if (
        (isinstance(target, DecimalField) and not _is_exact(dialect, target))
        or (
            kind == "datetime"
            and not (settings.USE_TZ and (connection.timezone_name == "UTC" or dialect is POSTGRESQL))
        )
        or (kind == "uuid" and dialect is MARIADB and not connection.features.has_native_uuid_field)
    ):
        if dialect is not SQLITE:
            return None
        template = _ASKED
    known = {"{label}": label, "{name}": field.attname}
    if isinstance(target, DecimalField):
        known["{places}"] = str(target.decimal_places)
    for name, value in known.items():
        template = template.replace(name, value)
    return template


def _is_exact(dialect: Dialect, field: DecimalField[Any, Any]) -> bool:
    """Whether a database knows how many places a decimal has, and holds all of them."""
    places: object = field.decimal_places
    if places is None:
        return False
    return dialect is not SQLITE or (field.max_digits or math.inf) <= _MOST_DIGITS_OF_SQLITE


def key_of(dialect: Dialect, connection: BaseDatabaseWrapper, key: Field[Any, Any]) -> str | None:
    """The template of a primary key's text; None if only Python can make it.

    Args:
        dialect: That of the database.
        connection: A connection to it.
        key: The field.
    """
    kind = kind_of(key)
    template = None if kind is None else dialect.key.get(kind)
    if kind == "text" and not 0 < (target_of(key).max_length or 0) <= LONGEST_KEY:
        return None
    if kind == "uuid" and not connection.features.has_native_uuid_field:
        return None
    return template
