"""Orders refer to no table of another app any more: a customer is a key, and a line says itself what was bought."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_products(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take article number and name over. Where there are lines, they were written beside the table of products."""
    if apps.get_model("orders", "Line").objects.using(schema_editor.connection.alias).exists():
        # Through a cursor, for the schema editor of MySQL and MariaDB takes no SQL within a transaction.
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE orders_line SET"
                " sku = (SELECT sku FROM products_product WHERE products_product.id = orders_line.product_id),"
                " name = (SELECT name FROM products_product WHERE products_product.id = orders_line.product_id)"
            )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        # The column customer_id stays; the foreign key goes.
        migrations.AlterField(
            "order", "customer", models.BigIntegerField(null=True, db_index=True, db_column="customer_id")
        ),
        migrations.RenameField("order", "customer", "customer_id"),
        migrations.AlterField("order", "customer_id", models.BigIntegerField("customer", null=True, db_index=True)),
        migrations.AddField(
            "line", "sku", models.CharField("article number", max_length=20, default=""), preserve_default=False
        ),
        migrations.AddField("line", "name", models.CharField(max_length=100, default=""), preserve_default=False),
        migrations.RunPython(name_products, migrations.RunPython.noop),
        migrations.RemoveField("line", "product_id"),
    ]
