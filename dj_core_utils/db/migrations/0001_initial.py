"""The operation log."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import dj_core_utils.db.encoding


class Migration(migrations.Migration):
    """One table and its four indexes."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OperationLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateTimeField(default=django.utils.timezone.now)),
                ("model_changed", models.CharField(max_length=255)),
                ("id_instance", models.CharField(max_length=255)),
                (
                    "operation_type",
                    models.CharField(
                        choices=[
                            ("create", "create"),
                            ("update", "update"),
                            ("delete", "delete"),
                            ("m2m_post_add", "related rows added"),
                            ("m2m_post_remove", "related rows removed"),
                            ("m2m_post_clear", "related rows cleared"),
                        ],
                        max_length=24,
                    ),
                ),
                ("changes", models.JSONField(default=dict, encoder=dj_core_utils.db.encoding.ChangesEncoder)),
                ("actor", models.CharField(blank=True, default="", max_length=255)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=255)),
                ("reason", models.TextField(blank=True, default="")),
                ("service", models.CharField(blank=True, default="", max_length=100)),
                ("correlation_id", models.CharField(blank=True, default="", max_length=128)),
                ("transaction_id", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["model_changed", "id_instance", "id"], name="dcu_log_object"),
                    models.Index(fields=["user", "id"], name="dcu_log_user"),
                    models.Index(fields=["transaction_id"], name="dcu_log_transaction"),
                    models.Index(fields=["date", "id"], name="dcu_log_date"),
                ],
            },
        ),
    ]
