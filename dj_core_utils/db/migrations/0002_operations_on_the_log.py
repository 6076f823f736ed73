"""What is done to the operation log itself is recorded in it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """More choices; the table stays as it is."""

    dependencies = [
        ("dj_core_utils_db", "0001_initial"),
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
                ],
                max_length=24,
            ),
        ),
    ]
