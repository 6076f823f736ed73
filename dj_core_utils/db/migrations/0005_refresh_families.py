"""Sign-ins that are renewed by refresh tokens."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more table."""

    dependencies = [
        ("dj_core_utils_db", "0004_erasure"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefreshFamily",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("user_key", models.CharField(max_length=255)),
                ("current", models.CharField(max_length=64)),
                ("previous", models.CharField(blank=True, default="", max_length=64)),
                ("rotated_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("stamp", models.CharField(blank=True, default="", max_length=128)),
            ],
            options={
                "verbose_name_plural": "refresh families",
                "indexes": [
                    models.Index(fields=["user_key"], name="dcu_refresh_user"),
                    models.Index(fields=["expires_at"], name="dcu_refresh_expires"),
                ],
            },
        ),
    ]
