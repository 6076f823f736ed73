"""The functions that the triggers of PostgreSQL call, in PL/pgSQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dj_core_utils.audit.triggers.columns import column_of, key_columns, log_columns, recorded_columns
from dj_core_utils.audit.triggers.postgresql_values import difference, key, literal, quoted, sides, value
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from dj_core_utils.audit.policy import ModelPolicy, Through

# What the session says of who acts, for the running transaction alone.
SETTING = "dj_core_utils.audit"

# Every function says first what it is told of who acts, and gives a transaction an identity that nobody has named.
_BEGIN = """
  context := coalesce(nullif(current_setting('{setting}', true), ''), '{{}}')::jsonb;
  IF context -> 'unaudited' ? {label} THEN RETURN NULL; END IF;
  IF NOT context ? 'transaction_id' THEN
    context := context || jsonb_build_object('transaction_id', gen_random_uuid());
    PERFORM set_config('{setting}', context::text, true);
  END IF;"""

# An error in here means that the table is not what the trigger was made for. No write fails for that: the columns that
# the trigger knows by name are recorded as the database prints them, others are hidden.
_STALE = """
  EXCEPTION WHEN others THEN
    was := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
    became := CASE WHEN TG_OP IN ('DELETE', 'TRUNCATE') THEN NULL ELSE to_jsonb(NEW) END;
    entry_id := coalesce(coalesce(became, was) ->> {key_name}, '');
    entry_operation := CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'update' ELSE 'delete' END;
    SELECT coalesce(jsonb_object_agg(coalesce(known ->> found.name, found.name),
      CASE WHEN known ->> found.name IS NULL THEN '{{"hidden": true}}'::jsonb
      ELSE CASE WHEN was IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object('before', was -> found.name) END
        || CASE WHEN became IS NULL THEN '{{}}'::jsonb ELSE jsonb_build_object('after', became -> found.name) END
      END), '{{}}'::jsonb)
    INTO entry_changes FROM jsonb_object_keys(coalesce(became, was)) AS found(name)
    WHERE NOT ignored ? found.name
      AND (was IS NULL OR became IS NULL OR was -> found.name IS DISTINCT FROM became -> found.name);
  END;"""

_ROW_FUNCTION = """
DECLARE
  context jsonb;
  known jsonb := {known};
  ignored jsonb := {ignored};
  was jsonb; became jsonb; entry_changes jsonb; entry_id text; entry_operation text;
  second_changes jsonb; second_id text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN{begin}
    entry_operation := 'delete';
    FOR OLD IN SELECT * FROM {all_rows} LOOP
  BEGIN
    entry_id := {old_key};
    entry_changes := {gone};{stale}
      {insert}
    END LOOP;
    RETURN NULL;
  END IF;
  BEGIN
    IF TG_OP = 'INSERT' THEN
      entry_operation := 'create'; entry_id := {new_key};
      entry_changes := {came};
    ELSIF TG_OP = 'DELETE' THEN
      entry_operation := 'delete'; entry_id := {old_key};
      entry_changes := {gone};
    ELSIF ({old_key}) = ({new_key}) THEN
      entry_operation := 'update'; entry_id := {new_key};
      entry_changes := {difference};
    ELSE
      entry_operation := 'delete'; entry_id := {old_key};
      entry_changes := {gone};
      second_id := {new_key};
      second_changes := {came};
    END IF;{stale}
  IF entry_operation = 'update' AND entry_changes = '{{}}' THEN RETURN NULL; END IF;{begin}
  {insert}
  IF second_id IS NOT NULL THEN
    entry_operation := 'create'; entry_id := second_id; entry_changes := second_changes;
    {insert}
  END IF;
  RETURN NULL;
END;
"""

_LINK_FUNCTION = """
DECLARE
  context jsonb; entry_changes jsonb; entry_id text; entry_operation text;
BEGIN{begin}
  BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE', 'TRUNCATE') THEN
      entry_operation := CASE WHEN context ->> 'clearing' = {label} THEN 'm2m_post_clear' ELSE 'm2m_post_remove' END;
      IF TG_OP = 'UPDATE' THEN
        {removed_by_update}
      ELSIF TG_OP = 'DELETE' THEN
        {removed}
      ELSE
        {truncated}
      END IF;
    END IF;
    entry_operation := 'm2m_post_add';
    IF TG_OP = 'UPDATE' THEN
      {added_by_update}
    ELSIF TG_OP = 'INSERT' THEN
      {added}
    END IF;
  EXCEPTION WHEN undefined_column THEN
    -- The table is not what the trigger was made for; no write fails for that.
    entry_id := ''; entry_changes := {hidden};
    entry_operation := CASE TG_OP WHEN 'INSERT' THEN 'm2m_post_add' ELSE 'm2m_post_remove' END;
    {insert}
  END;
  RETURN NULL;
END;
"""


def row_body(policy: ModelPolicy, all_rows: str, log: str, connection: BaseDatabaseWrapper) -> str:
    """The function of a table.

    Args:
        policy: What is recorded of its model.
        all_rows: What all of its rows are selected from.
        log: Name of the log with its schema, quoted.
        connection: The database.
    """
    columns, keys = recorded_columns(policy), key_columns(policy.model)
    named = {column.column: column.name for column in columns if not column.is_hidden and column.kind != "JSONField"}
    own = {str(field.column) for field in policy.model._meta.local_concrete_fields}
    ignored = sorted(own - {column.column for column in columns})
    return _ROW_FUNCTION.format(
        known=literal(json.dumps(named)),
        ignored=literal(json.dumps(ignored)),
        begin=_BEGIN.format(setting=SETTING, label=literal(policy.label)),
        stale=_STALE.format(key_name=literal(keys[0].column)),
        all_rows=all_rows,
        old_key=key(keys, "OLD"),
        new_key=key(keys, "NEW"),
        came=sides(columns, "after", "NEW"),
        gone=sides(columns, "before", "OLD"),
        difference=difference(columns),
        insert=_insert(log, literal(policy.label), connection) + ";",
    )


def link_body(policy: ModelPolicy, through: Through, all_rows: str, log: str, connection: BaseDatabaseWrapper) -> str:
    """The function of the hidden table behind a many-to-many field.

    Args:
        policy: What is recorded of the hidden model.
        through: The field.
        all_rows: What all of its rows are selected from.
        log: Name of the log with its schema, quoted.
        connection: The database.
    """
    fields = {field.attname: field for field in policy.model._meta.concrete_fields}
    source, target = column_of(fields[through.source]), column_of(fields[through.target])
    row = ", ".join(quoted(str(field.column)) for field in fields.values())
    order = quoted(str(policy.model._meta.pk.column))
    label = literal(through.model._meta.label)

    def links(side: str, rows: str) -> str:
        keys = f"jsonb_agg({value(target, 'link')} ORDER BY link.{quoted(target.column)})"
        changes = f"jsonb_build_object({literal(through.name)}, jsonb_build_object('{side}', {keys}))"
        which = f"FROM {rows} AS link GROUP BY link.{quoted(source.column)} ORDER BY min(link.{order})"
        return _insert(log, label, connection, key([source], "link"), changes, which) + ";"

    def without(rows: str, others: str) -> str:
        return f"(SELECT {row} FROM {rows} EXCEPT SELECT {row} FROM {others})"  # noqa: S608  # our names

    return _LINK_FUNCTION.format(
        begin=_BEGIN.format(setting=SETTING, label=label),
        label=label,
        removed_by_update=links("removed", without("dcu_old", "dcu_new")),
        removed=links("removed", "dcu_old"),
        truncated=links("removed", all_rows),
        added_by_update=links("added", without("dcu_new", "dcu_old")),
        added=links("added", "dcu_new"),
        hidden=literal(json.dumps({through.name: {"hidden": True}})),
        insert=_insert(log, label, connection) + ";",
    )


def _insert(  # noqa: PLR0917  # the columns that differ
    log: str,
    label: str,
    connection: BaseDatabaseWrapper,
    id_instance: str = "entry_id",
    changes: str = "entry_changes",
    which: str = "",
) -> str:
    user = OperationLog._meta.get_field("user").db_type(connection)
    told = ("actor", "on_behalf_of", "reason", "service", "correlation_id")
    values = {
        "date": "statement_timestamp()",
        "model_changed": label,
        "id_instance": id_instance,
        "operation_type": "entry_operation",
        "changes": changes,
        "user_id": f"(context ->> 'user_id')::{user}",
        **{name: f"coalesce(context ->> '{name}', '')" for name in told},
        "transaction_id": "(context ->> 'transaction_id')::uuid",
    }
    names = log_columns()
    columns = ", ".join(quoted(names[name]) for name in values)
    return f"INSERT INTO {log} ({columns}) SELECT {', '.join(values.values())} {which}".rstrip()  # our names
