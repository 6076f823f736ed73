"""Seals of the operation log."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """One more table."""

    dependencies = [
        ("dj_core_utils_db", "0002_operations_on_the_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="OperationSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateTimeField(default=django.utils.timezone.now)),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                ("count", models.BigIntegerField()),
                ("root", models.CharField(max_length=64)),
                ("previous", models.CharField(max_length=64, unique=True)),
                ("digest", models.CharField(max_length=64)),
                (
                    "cause",
                    models.CharField(
                        choices=[("seal", "sealed"), ("prune", "old entries deleted")], default="seal", max_length=16
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
                "indexes": [models.Index(fields=["last_id"], name="dcu_seal_range")],
            },
        ),
    ]
