"""By user, by model and by rare operation entries are found in the order of their dates."""

from django.db import migrations, models

import dj_core_utils.db.indexes


class Migration(migrations.Migration):
    """One index becomes another, two are added; the last one on PostgreSQL alone."""

    dependencies = [
        ("dj_core_utils_db", "0005_refresh_families"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="operationlog", name="dcu_log_user"),
        migrations.AddIndex(
            model_name="operationlog",
            index=models.Index(fields=["user", "date", "id"], name="dcu_log_user"),
        ),
        migrations.AddIndex(
            model_name="operationlog",
            index=models.Index(fields=["model_changed", "date", "id"], name="dcu_log_model"),
        ),
        migrations.AddIndex(
            model_name="operationlog",
            index=dj_core_utils.db.indexes.PostgresPartialIndex(
                fields=["operation_type", "date", "id"],
                name="dcu_log_rare",
                only=models.Q(("operation_type__in", ("create", "update", "delete")), _negated=True),
            ),
        ),
    ]
