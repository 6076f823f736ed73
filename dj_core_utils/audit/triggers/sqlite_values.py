"""Values of SQLite as the JSON of the operation log, in the formats of ``dj_core_utils.db.encoding``.

Each expression is the text of a JSON value and never NULL. SQLite holds in a column what it is given, so an expression
looks at the type of a value before it takes it for what Django would have written.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.conf import settings

from dj_core_utils.audit.triggers.columns import INTEGERS
from dj_core_utils.audit.triggers.secret_words import SECRET_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_core_utils.audit.triggers.columns import Column

_MOST_BYTES = 1024
_HIDDEN = """'{"hidden": true}'"""
_IS_SECRET = " OR ".join(f"instr(lower(key), '{word}')" for word in SECRET_WORDS)
_NAMES_A_SECRET = f"SELECT 1 FROM json_tree({{}}) WHERE {_IS_SECRET}"  # noqa: S608  # our words
_DIGITS = "[0-9][0-9]"
_TIME = f"{_DIGITS}:{_DIGITS}:{_DIGITS}"
_DATE = f"{_DIGITS}{_DIGITS}-{_DIGITS}-{_DIGITS}"


def literal(text: str) -> str:
    """A text in SQL.

    Args:
        text: Any text.
    """
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name in SQL.

    Args:
        name: Of a table or a column.
    """
    return '"' + name.replace('"', '""') + '"'


def value(column: Column, row: str) -> str:  # noqa: PLR0911  # one line a type
    """An expression for the text of a JSON value.

    Args:
        column: The column.
        row: ``OLD`` or ``NEW``.
    """
    held = f"{row}.{quoted(column.column)}"
    text = f"json_quote(CAST({held} AS TEXT))"
    number = f"CASE typeof({held}) WHEN 'integer' THEN CAST({held} AS TEXT)"
    if column.kind in INTEGERS or column.kind == "DurationField":
        return f"{number} ELSE {text} END"
    if column.kind == "BooleanField":
        return f"CASE WHEN {held} IS NULL THEN 'null' WHEN {held} THEN 'true' ELSE 'false' END"
    if column.kind == "FloatField":
        infinite = f"""WHEN abs({held}) = 9e999 THEN CASE WHEN {held} > 0 THEN '"inf"' ELSE '"-inf"' END"""
        return f"CASE WHEN typeof({held}) <> 'real' THEN {text} {infinite} ELSE printf('%!.17g', {held}) END"
    if column.kind == "DecimalField" and column.places is not None:
        is_number = f"typeof({held}) IN ('integer', 'real')"
        return f"CASE WHEN {is_number} THEN json_quote(printf('%.{column.places}f', {held})) ELSE {text} END"
    if column.kind == "DateTimeField":
        zone = "+00:00" if settings.USE_TZ else ""
        moment = f"""'"' || substr({held}, 1, 10) || 'T' || {_clock(f"substr({held}, 12)")} || '{zone}"'"""
        return f"CASE WHEN {held} GLOB '{_DATE} {_TIME}*' THEN {moment} ELSE {text} END"
    if column.kind == "TimeField":
        return f"""CASE WHEN {held} GLOB '{_TIME}*' THEN '"' || {_clock(held)} || '"' ELSE {text} END"""
    if column.kind == "UUIDField":
        return f"CASE WHEN length({held}) = 32 THEN json_quote({uuid(held)}) ELSE {text} END"
    if column.kind == "BinaryField":
        size = f"length(CAST({held} AS BLOB))"
        small = f"CASE WHEN {size} <= {_MOST_BYTES} THEN json_quote(lower(hex({held})))"
        return f"CASE WHEN {held} IS NULL THEN 'null' ELSE {small} ELSE json_object('bytes', {size}) END END"
    if column.kind == "JSONField":
        return f"CASE WHEN json_valid({held}) THEN json({held}) ELSE {text} END"
    return text


def uuid(held: str) -> str:
    """The usual text of a UUID.

    Args:
        held: Its 32 digits.
    """
    parts = [f"substr({held}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    return "lower(" + " || '-' || ".join(parts) + ")"


def differs(column: Column) -> str:
    """Whether an update has changed a column, whatever its collation takes for the same.

    Args:
        column: The column.
    """
    name = quoted(column.column)
    return f"OLD.{name} IS NOT NEW.{name} COLLATE BINARY"


def sides(columns: Sequence[Column], side: str, row: str) -> str:
    """The changes of a row that has come or gone.

    Args:
        columns: What is recorded.
        side: ``after`` or ``before``.
        row: ``NEW`` or ``OLD``.
    """
    members = []
    for column in columns:
        change = f"""'{{"{side}":' || {value(column, row)} || '}}'"""
        members.append("',' || " + _member(column, change, row))
    return f"'{{' || substr({' || '.join(members)}, 2) || '}}'" if members else "'{}'"


def difference(columns: Sequence[Column]) -> str:
    """The changes of a row that was written again, without what is the same; some column differs.

    Args:
        columns: What is recorded.
    """
    members = []
    for column in columns:
        change = f"""'{{"before":' || {value(column, "OLD")} || ',"after":' || {value(column, "NEW")} || '}}'"""
        member = _member(column, change, "OLD", "NEW")
        members.append(f"CASE WHEN {differs(column)} THEN ',' || {member} ELSE '' END")
    return f"'{{' || substr({' || '.join(members)}, 2) || '}}'"


def key(columns: Sequence[Column], row: str) -> str:
    """The text of a primary key, as ``dj_core_utils.db.keys`` makes it.

    Args:
        columns: Of the key.
        row: What holds it.
    """
    parts = [_key_part(column, f"{row}.{quoted(column.column)}") for column in columns]
    if len(parts) == 1:
        return parts[0]
    return "'[' || " + " || ', ' || ".join(f"json_quote({part})" for part in parts) + " || ']'"


def _key_part(column: Column, held: str) -> str:
    return uuid(held) if column.kind == "UUIDField" else f"CAST({held} AS TEXT)"


def _clock(held: str) -> str:
    """A time of day with six digits after the second."""
    return f"substr({held}, 1, 8) || '.' || substr(substr({held}, 10) || '000000', 1, 6)"


def _member(column: Column, change: str, *rows: str) -> str:
    """The text of ``"name": {...}``; a document with a secret in it is hidden as a whole."""
    name = literal(json.dumps(column.name) + ":")
    if column.is_hidden:
        return f"{name} || {_HIDDEN}"
    if column.kind != "JSONField":
        return f"{name} || {change}"
    held = [f"{row}.{quoted(column.column)}" for row in rows]
    is_secret = " OR ".join(f"(json_valid({one}) AND EXISTS ({_NAMES_A_SECRET.format(one)}))" for one in held)
    return f"{name} || CASE WHEN {is_secret} THEN {_HIDDEN} ELSE {change} END"
