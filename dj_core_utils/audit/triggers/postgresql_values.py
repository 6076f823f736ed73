"""Values of PostgreSQL as the JSON of the operation log, in the formats of ``dj_core_utils.db.encoding``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.conf import settings

from dj_core_utils.audit.triggers.columns import INTEGERS, TEXTS
from dj_core_utils.audit.triggers.secret_words import SECRET_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_core_utils.audit.triggers.columns import Column

_MOST_BYTES = 1024
_LONGEST_KEY = 255
_CUT_KEY = 190
# A function takes a hundred arguments.
_ARGUMENTS = 50

# Other types are what to_jsonb() makes of them.
_FORMS = {
    "BinaryField": (
        f"CASE WHEN octet_length({{0}}) > {_MOST_BYTES} THEN jsonb_build_object('bytes', octet_length({{0}}),"
        " 'sha256', encode(sha256({0}), 'hex')) ELSE to_jsonb(encode({0}, 'hex')) END"
    ),
    "DecimalField": "to_jsonb({0}::text)",
    "DurationField": "to_jsonb((extract(epoch FROM {0}) * 1000000)::bigint)",
    "FloatField": (
        "CASE {0} WHEN 'NaN' THEN '\"nan\"'::jsonb WHEN 'Infinity' THEN '\"inf\"'::jsonb"
        " WHEN '-Infinity' THEN '\"-inf\"'::jsonb ELSE to_jsonb({0}) END"
    ),
    "GenericIPAddressField": "to_jsonb(host({0}))",
    "TimeField": "to_jsonb(to_char({0}, 'HH24:MI:SS.US'))",
}
# What has no order of equality, or one that takes different values for the same, is compared as its text.
_COMPARABLE = INTEGERS | {
    "BinaryField",
    "BooleanField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DurationField",
    "FloatField",
    "JSONField",
    "TimeField",
    "UUIDField",
}
_HIDDEN = """'{"hidden": true}'"""
# In the text of a document: such a word, then the rest of the name, then the colon.
_SECRET_NAME = rf"(?:{'|'.join(SECRET_WORDS)})(?:[^\"\\]|\\.)*\":"


def literal(text: str) -> str:
    """A text in SQL, whatever the server takes a backslash for.

    Args:
        text: Any text.
    """
    escaped = text.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in escaped else f"'{escaped}'"


def quoted(name: str) -> str:
    """A name in SQL.

    Args:
        name: Of a table or a column.
    """
    return '"' + name.replace('"', '""') + '"'


def value(column: Column, row: str) -> str:
    """An expression of the type jsonb; NULL for NULL.

    Args:
        column: The column.
        row: ``OLD`` or ``NEW``.
    """
    held = f"{row}.{quoted(column.column)}"
    if column.kind == "DateTimeField":
        zone, offset = ("UTC", " || '+00:00'") if settings.USE_TZ else (settings.TIME_ZONE, "")
        moment = f"{held} AT TIME ZONE {literal(zone)}"
        return f"""to_jsonb(to_char({moment}, 'YYYY-MM-DD"T"HH24:MI:SS.US'){offset})"""
    if column.kind in TEXTS - {"GenericIPAddressField"}:
        return f"to_jsonb({held}::text)"
    return _FORMS.get(column.kind, "to_jsonb({0})").format(held)


def differs(column: Column) -> str:
    """Whether an update has changed a column.

    Args:
        column: The column.
    """
    old, new = f"OLD.{quoted(column.column)}", f"NEW.{quoted(column.column)}"
    if column.kind in _COMPARABLE:
        return f"{old} IS DISTINCT FROM {new}"
    return f'{old}::text COLLATE "C" IS DISTINCT FROM {new}::text COLLATE "C"'


def sides(columns: Sequence[Column], side: str, row: str) -> str:
    """The changes of a row that has come or gone.

    Args:
        columns: What is recorded.
        side: ``after`` or ``before``.
        row: ``NEW`` or ``OLD``.
    """
    return _object([_member(column, f"jsonb_build_object('{side}', {value(column, row)})", row) for column in columns])


def difference(columns: Sequence[Column]) -> str:
    """The changes of a row that was written again, without what is the same.

    Args:
        columns: What is recorded.
    """
    members = []
    for column in columns:
        change = f"jsonb_build_object('before', {value(column, 'OLD')}, 'after', {value(column, 'NEW')})"
        members.append(f"CASE WHEN {differs(column)} THEN {_member(column, change, 'OLD', 'NEW')} END")
    return _object(members)


def key(columns: Sequence[Column], row: str) -> str:
    """The text of a primary key, as ``dj_core_utils.db.keys`` makes it.

    Args:
        columns: Of the key.
        row: What holds it.
    """
    parts = [f"{row}.{quoted(column.column)}::text" for column in columns]
    if len(parts) == 1 and columns[0].kind in INTEGERS | {"UUIDField"}:
        return parts[0]
    text = (
        parts[0]
        if len(parts) == 1
        else "'[' || " + " || ', ' || ".join(f"to_jsonb({p})::text" for p in parts) + " || ']'"
    )
    digest = f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    return (
        f"CASE WHEN length({text}) <= {_LONGEST_KEY} THEN {text} ELSE left({text}, {_CUT_KEY}) || '~' || {digest} END"
    )


def _member(column: Column, change: str, *rows: str) -> str:
    """The text of ``"name": {...}``; a document with a secret in it is hidden as a whole."""
    name = literal(json.dumps(column.name) + ": ")
    if column.is_hidden:
        return f"{name} || {_HIDDEN}"
    if column.kind != "JSONField":
        return f"{name} || {change}::text"
    pattern = literal(_SECRET_NAME)
    is_secret = " OR ".join(f"coalesce({row}.{quoted(column.column)}::text, '') ~* {pattern}" for row in rows)
    return f"{name} || CASE WHEN {is_secret} THEN {_HIDDEN} ELSE {change}::text END"


def _object(members: Sequence[str]) -> str:
    if not members:
        return "'{}'::jsonb"
    groups = [members[start : start + _ARGUMENTS] for start in range(0, len(members), _ARGUMENTS)]
    lists = ["concat_ws(', ',\n      " + ",\n      ".join(group) + ")" for group in groups]
    # NULL and not an empty text, so that a group without changes leaves no comma.
    joined = (
        lists[0] if len(lists) == 1 else "concat_ws(', ', " + ", ".join(f"nullif({one}, '')" for one in lists) + ")"
    )
    return f"('{{' || {joined} || '}}')::jsonb"
