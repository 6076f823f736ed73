"""Erasing a person from the operation log is recorded in it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """More choices; the tables stay as they are."""

    dependencies = [
        ("dj_core_utils_db", "0003_operation_seal"),
    ]

    operations = [
        migrations.AlterField(
            model_name="operationlog",
            name="operation_type",
            field=models.CharField(
                choices=[
                    ("create", "create"),
                    ("update", "update"),
                    ("delete", "delete"),
                    ("m2m_post_add", "related rows added"),
                    ("m2m_post_remove", "related rows removed"),
                    ("m2m_post_clear", "related rows cleared"),
                    ("unaudited", "changes not recorded"),
                    ("prune", "old entries deleted"),
                    ("erase", "a person erased"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="operationseal",
            name="cause",
            field=models.CharField(
                choices=[("seal", "sealed"), ("prune", "old entries deleted"), ("erase", "a person erased")],
                default="seal",
                max_length=16,
            ),
        ),
    ]
