"""An index over some rows of a table, on the database that can use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.ddl_references import Statement

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_NOTHING = "SELECT 1"


class PostgresPartialIndex(models.Index):
    """An index over the rows that meet a condition, on PostgreSQL; elsewhere there is none.

    With a condition of Django's own index, MySQL and MariaDB would have an index over all rows, and a warning of
    ``manage.py migrate``; SQLite would have one that it uses for no query, because it does not see that
    ``= 'prune'`` means ``NOT IN ('create', 'update', 'delete')``.

    Args:
        only: The condition.
        **options: As of Django's index.
    """

    def __init__(self, *, only: models.Q, **options: Any) -> None:
        super().__init__(**options)
        self.only = only

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        """For migrations."""
        path, arguments, options = super().deconstruct()
        return path, arguments, {**options, "only": self.only}

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        """What makes it.

        Args:
            model: Its model.
            schema_editor: Of the database.
            using: The access method.
            **kwargs: As of Django's index.
        """
        if schema_editor.connection.vendor != "postgresql":
            return Statement(_NOTHING)
        index = models.Index(fields=self.fields, name=self.name, condition=self.only)
        return index.create_sql(model, schema_editor, using, **kwargs)

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, **kwargs: Any) -> str:
        """What removes it.

        Args:
            model: Its model.
            schema_editor: Of the database.
            **kwargs: As of Django's index.
        """
        if schema_editor.connection.vendor != "postgresql":
            return _NOTHING
        return super().remove_sql(model, schema_editor, **kwargs)
