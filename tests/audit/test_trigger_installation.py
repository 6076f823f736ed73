"""How triggers come, go and are renewed, and that no write fails for one that is out of date."""

from __future__ import annotations

from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import DatabaseError, NotSupportedError, connection, connections, models, transaction
from django.db.migrations import Migration
from django.test import TestCase, override_settings

from dj_core_utils.audit.capture.installation import install
from dj_core_utils.audit.policy import policy_of
from dj_core_utils.audit.triggers.columns import objection
from dj_core_utils.audit.triggers.installation import differences, left_to_python, put_right, take_away
from dj_core_utils.audit.triggers.secret_words import SECRET_WORDS
from dj_core_utils.audit.triggers.serving import look_again
from dj_core_utils.db.keys import key_text
from dj_core_utils.db.models import OperationLog
from dj_core_utils.management.commands.auditlog import Command
from dj_core_utils.middleware.context import acting_as
from dj_core_utils.redaction import is_sensitive
from tests.audit.conftest import BY_TRIGGER
from tests.audit.models import Customer, Product, Tag
from tests.audit.test_triggers import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import Model
    from pytest_django import Settings

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

STAYS = "python audited.Country: name is stored in a form of its own\n"

by_trigger = pytest.mark.parametrize("database", ["sqlite_trigger", "postgres_trigger"], indirect=True)
on_postgres = pytest.mark.parametrize("database", ["postgres_trigger"], indirect=True)
on_sqlite = pytest.mark.parametrize("database", ["sqlite_trigger"], indirect=True)


@pytest.fixture
def scratch(database: str) -> Iterator[None]:
    """A table and a database that are as before when the test is over, whatever became of it."""
    del database  # only has to be there
    yield
    sql("DROP TABLE IF EXISTS thing")
    put_right("default")


@contextmanager
def model(**attributes: Any) -> Iterator[Any]:
    """A model ``audited.Thing`` of the project, as it is after a change of its code."""
    meta = {"app_label": "audited", "db_table": "thing", **attributes.pop("meta", {})}
    apps.all_models["audited"].pop("thing", None)
    apps.clear_cache()
    try:
        yield type(
            "Thing",
            (attributes.pop("parent", models.Model),),
            {"__module__": "tests.audit.models", "Meta": type("Meta", (), meta), **attributes},
        )
    finally:
        apps.all_models["audited"].pop("thing", None)  # a later one inside of this block has taken its place
        apps.clear_cache()


@contextmanager
def migration(app: str = "audited") -> Iterator[Any]:
    """What ``migrate`` does around a change of the schema."""
    emit_pre_migrate_signal(0, interactive=False, db="default", plan=[(Migration("0002", app), False)])
    with connection.schema_editor() as editor:
        yield editor
    emit_post_migrate_signal(0, interactive=False, db="default")


@contextmanager
def table(of: type[Model]) -> Iterator[None]:
    """The table of a model, with its triggers."""
    with migration() as editor:
        editor.create_model(of)
    yield


def run(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command(Command(), "triggers", *arguments, stdout=out)
    return out.getvalue()


def warnings() -> list[str]:
    """What the system check says of the default database."""
    return [found.msg for found in run_checks(databases=["default"]) if found.id == "dj_core_utils.W008"]


@by_trigger
@pytest.mark.usefixtures("scratch")
class TestMigrations:
    """Triggers follow the schema, and the schema is not held up by them."""

    def test_a_model_that_lives(self, log: Log) -> None:
        """A table comes, gets a column, loses one, gets another type and another name for one, and goes."""
        with model(name=models.CharField(max_length=10)) as first:
            with migration() as editor:
                editor.create_model(first)
            sql("INSERT INTO thing (name) VALUES ('a')")
            with model(name=models.CharField(max_length=10), size=models.IntegerField(default=1)) as second:
                with migration() as editor:
                    editor.add_field(second, second._meta.get_field("size"))
                sql("UPDATE thing SET size = 2")
                with model(name=models.CharField(max_length=10), size=models.TextField()) as third:
                    old, new = second._meta.get_field("size"), third._meta.get_field("size")
                    with migration() as editor:
                        editor.alter_field(second, old, new)
                    sql("UPDATE thing SET size = '3 mm'")
                    with model(label=models.CharField(max_length=10)) as fourth:
                        with migration() as editor:
                            editor.remove_field(third, new)
                            editor.alter_field(first, first._meta.get_field("name"), fourth._meta.get_field("label"))
                        sql("UPDATE thing SET label = 'b'")
                        assert differences("default") == []
                        with migration() as editor:
                            editor.delete_model(fourth)
                    with model():
                        assert differences("default") == []
        assert log() == [
            ("Thing", "create", {"name": {"after": "a"}}),
            ("Thing", "update", {"size": {"before": 1, "after": 2}}),
            ("Thing", "update", {"size": {"before": "2", "after": "3 mm"}}),
            ("Thing", "update", {"label": {"before": "a", "after": "b"}}),
        ]

    def test_what_is_left_over(self, log: Log) -> None:
        """Triggers of a model that is gone are taken away."""
        with model(name=models.CharField(max_length=10)) as thing:
            with connection.schema_editor() as editor:
                editor.create_model(thing)
            put_right("default")
        assert [(found.kind, found.label) for found in differences("default")] == [("left over", "thing")]
        put_right("default")
        sql("INSERT INTO thing (name) VALUES ('a')")
        sql("DROP TABLE thing")
        assert log() == []
        assert differences("default") == []

    def test_a_function_without_a_table(self, database: str) -> None:
        """On PostgreSQL the function of a table that was dropped by hand is left over, under its own name."""
        if database == "sqlite":
            pytest.skip("triggers go with their table")
        with model(name=models.CharField(max_length=10)) as thing:
            with connection.schema_editor() as editor:
                editor.create_model(thing)
            put_right("default")
            sql("DROP TABLE thing")
            assert [found.kind for found in differences("default")] == ["left over"]
            put_right("default")
            assert differences("default") == []

    def test_migrations_of_the_log(self, log: Log) -> None:
        """While the table of the log is changed, or away, nothing writes into it."""
        with migration("dj_core_utils_db"):
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE dj_core_utils_db_operationlog RENAME TO away")
                cursor.execute("INSERT INTO audited_tag (name) VALUES ('a')")
            assert differences("default") == []
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE away RENAME TO dj_core_utils_db_operationlog")
        with acting_as("ann"):
            sql("INSERT INTO audited_tag (name) VALUES ('b')")
        assert log() == [("Tag", "create", {"name": {"after": "b"}})]
        assert OperationLog.objects.get().actor == "ann"

    def test_nothing_to_migrate(self, log: Log) -> None:
        """A ``migrate`` that has nothing to do leaves the triggers where they are."""
        emit_pre_migrate_signal(0, interactive=False, db="default", plan=[])
        sql("INSERT INTO audited_tag (name) VALUES ('a')")
        emit_post_migrate_signal(0, interactive=False, db="default")
        assert len(log()) == 1

    def test_what_is_recorded_otherwise(self, log: Log, settings: Settings) -> None:
        """Other settings make other triggers."""
        settings.AUDIT = {
            **BY_TRIGGER,
            "exclude": ["audited.Visit", "audited.Tag.name"],
            "sensitive": ["audited.Product.note"],
        }
        try:
            assert {found.label for found in put_right("default")} == {"audited.Product", "audited.Tag"}
            tag = Tag.objects.create(name="a")
            Tag.objects.update(name="b")
            Product.objects.create(name="p", note="canary")
            tag.delete()
            lines = log()
        finally:
            settings.AUDIT = BY_TRIGGER
            put_right("default")
        assert [(model, operation) for model, operation, _ in lines] == [
            ("Tag", "create"),
            ("Product", "create"),
            ("Tag", "delete"),
        ]
        assert (lines[0][2], lines[1][2]["note"]) == ({}, {"hidden": True})


@by_trigger
@pytest.mark.usefixtures("scratch")
class TestSharing:
    """One of triggers and Python records, and never both."""

    def test_triggers_that_are_missing(self, log: Log) -> None:
        """Where triggers are missing Python records, with the value before, until they are there again."""
        tag, product = Tag.objects.create(name="a"), Product.objects.create(name="p")
        log()
        take_away("default")
        try:
            tag.name = product.name = "b"
            tag.save()
            Tag.objects.update(name="c")
            product.save()
            product.tags.add(tag)
            product.delete()
            assert [(operation, {**changes}.get("name")) for _, operation, changes in log()] == [
                ("update", {"before": "a", "after": "b"}),
                ("update", {"before": "b", "after": "c"}),
                ("update", {"before": "p", "after": "b"}),
                ("m2m_post_add", None),
                ("m2m_post_remove", None),
                ("delete", {"before": "b"}),
            ]
            assert "'audited.Tag' has no triggers" in str(warnings()).replace("audited.Tag has", "'audited.Tag' has")
        finally:
            put_right("default")
        Tag.objects.update(name="d")
        assert len(log()) == 1
        assert warnings() == []

    def test_back_to_python(self, log: Log, settings: Settings) -> None:
        """Triggers of yesterday are reported, and taken away by a ``migrate``; then Python records alone."""
        settings.AUDIT = {**BY_TRIGGER, "capture": "python"}
        try:
            Tag.objects.create(name="twice")
            assert len(log()) == 2
            assert any("recorded twice" in message for message in warnings())
            emit_post_migrate_signal(0, interactive=False, db="default")
            assert warnings() == []
            tag = Tag.objects.create(name="a")
            tag.name = "b"
            tag.save()
            assert [operation for _, operation, _ in log()] == ["create", "update"]
        finally:
            settings.AUDIT = BY_TRIGGER
            put_right("default")
        tag.name = "c"
        tag.save()
        sql("DELETE FROM audited_tag WHERE name = 'c'")
        assert [operation for _, operation, _ in log()] == ["update", "delete"]

    def test_triggers_that_are_switched_off(self, log: Log, database: str) -> None:
        """A trigger that an administrator has disabled is none."""
        if database == "sqlite":
            pytest.skip("SQLite has no such thing")
        sql("ALTER TABLE audited_tag DISABLE TRIGGER dcu_audit_row")
        connection.close()
        try:
            Tag.objects.create(name="a")
            assert len(log()) == 1
            assert [(found.kind, found.label) for found in differences("default")] == [("stale", "audited.Tag")]
        finally:
            put_right("default")


@on_postgres
@pytest.mark.usefixtures("scratch")
class TestStaleOnPostgres:
    """A table that was changed by hand, with triggers that were made for what it was."""

    def test_columns_of_another_name_and_type(self, log: Log) -> None:
        """What the trigger knows is recorded, what it does not know is hidden, and every write goes on."""
        with (
            model(
                name=models.CharField(max_length=10),
                size=models.IntegerField(default=1),
                at=models.DateTimeField(null=True),
                pin_secret=models.CharField(max_length=10, default="canary"),
            ) as thing,
            table(thing),
        ):
            thing.objects.create(pk=1, name="a")
            log()
            sql("ALTER TABLE thing RENAME COLUMN name TO label")
            sql("ALTER TABLE thing RENAME COLUMN pin_secret TO pin")
            sql("ALTER TABLE thing ALTER COLUMN at TYPE text")
            sql("INSERT INTO thing VALUES (2, 'b', 2, NULL, 'canary')")
            sql("UPDATE thing SET label = 'c', size = 3, pin = 'canary 2' WHERE id = 1")
            sql("UPDATE thing SET size = size")
            sql("DELETE FROM thing WHERE id = 2")
            sql("TRUNCATE thing")
            hidden = {"hidden": True}
            assert log() == [
                ("Thing", "create", {"label": hidden, "pin": hidden, "size": {"after": 2}, "at": {"after": None}}),
                ("Thing", "update", {"label": hidden, "pin": hidden, "size": {"before": 1, "after": 3}}),
                ("Thing", "delete", {"label": hidden, "pin": hidden, "size": {"before": 2}, "at": {"before": None}}),
                ("Thing", "delete", {"label": hidden, "pin": hidden, "size": {"before": 3}, "at": {"before": None}}),
            ]
            assert {*OperationLog.objects.values_list("id_instance", flat=True)} == {"1", "2"}
            sql("ALTER TABLE thing RENAME COLUMN id TO number")
            sql("INSERT INTO thing VALUES (3, 'b', 2, NULL, '')")
            assert OperationLog.objects.order_by("-id")[0].id_instance == ""
            sql("ALTER TABLE thing RENAME COLUMN number TO id")

    def test_a_hidden_table(self, log: Log) -> None:
        """Links are still recorded as changes of the field, without the keys."""
        product, tag = Product.objects.create(name="p"), Tag.objects.create(name="a")
        product.tags.add(tag)
        log()
        sql("ALTER TABLE audited_product_tags RENAME COLUMN tag_id TO label_id")
        try:
            sql("DELETE FROM audited_product_tags")
            sql(f"INSERT INTO audited_product_tags (product_id, label_id) VALUES ({product.pk}, {tag.pk})")  # noqa: S608  # numbers
        finally:
            sql("ALTER TABLE audited_product_tags RENAME COLUMN label_id TO tag_id")
        hidden = {"tags": {"hidden": True}}
        assert log() == [("Product", "m2m_post_remove", hidden), ("Product", "m2m_post_add", hidden)]


@on_sqlite
@pytest.mark.usefixtures("scratch")
def test_stale_on_sqlite(log: Log) -> None:
    """SQLite renames a column in its triggers, refuses to drop one that they read, and forgets them with the table."""
    with model(name=models.CharField(max_length=10), size=models.IntegerField(default=1)) as thing, table(thing):
        sql("ALTER TABLE thing RENAME COLUMN name TO label")
        sql("INSERT INTO thing (label, size) VALUES ('a', 1)")
        assert [found.kind for found in differences("default")] == ["stale"]
        sql("ALTER TABLE thing RENAME COLUMN label TO name")
        with pytest.raises(DatabaseError, match="size"):
            sql("ALTER TABLE thing DROP COLUMN size")
        sql("CREATE TABLE other AS SELECT * FROM thing")
        sql("DROP TABLE thing")
        sql("ALTER TABLE other RENAME TO thing")
        thing.objects.update(name="b")
        assert [changes["name"] for _, _, changes in log()] == [{"after": "a"}, {"before": "a", "after": "b"}]


class UpperField(models.CharField):  # type: ignore[type-arg]  # takes no parameters when it runs
    """Stored in a form of its own."""

    def from_db_value(self, value: str, *_: object) -> str:
        """In capitals."""
        return value.upper()


@by_trigger
@pytest.mark.usefixtures("scratch")
class TestModels:
    """Models of every shape."""

    @pytest.mark.parametrize(
        ("attributes", "reason"),
        [
            ({"code": UpperField(max_length=5)}, "code is stored in a form of its own"),
            ({"meta": {"managed": False}}, "Django does not manage its table"),
            ({"meta": {"db_table": 'shop"."thing'}}, "its table is named with a schema"),
            ({"parent": Tag, "code": UpperField(max_length=5)}, "code is stored in a form of its own"),
        ],
    )
    def test_what_triggers_cannot_record(self, attributes: dict[str, Any], reason: str) -> None:
        """Such a model stays with Python, and the command says why."""
        with model(**attributes) as thing:
            policy = policy_of(thing)
            assert policy is not None
            assert objection(policy, connection) == reason
            assert left_to_python("default")["audited.Thing"] == reason
            assert ("audited.Tag" in left_to_python("default")) == ("parent" in attributes)

    def test_a_table_that_stays_with_python(self, log: Log) -> None:
        """It is recorded by Python in a database whose other tables have triggers."""
        with model(code=UpperField(max_length=5)) as thing, table(thing):
            found = thing.objects.create(code="a")
            found.code = "b"
            found.save()
            Tag.objects.create(name="t")
            assert [(name, operation) for name, operation, _ in log()] == [
                ("Thing", "create"),
                ("Thing", "update"),
                ("Tag", "create"),
            ]

    def test_keys(self, database: str) -> None:
        """Keys of several columns and long texts have the text that Python gives them."""
        keys: list[Any] = [(1, 'a "quoted" é'), (2, "b")]
        with (
            model(
                pk=models.CompositePrimaryKey("one", "two"),
                one=models.IntegerField(),
                two=models.CharField(max_length=20),
            ) as thing,
            table(thing),
        ):
            for one, two in keys:
                thing.objects.create(one=one, two=two)
            found = OperationLog.objects.order_by("id").values_list("id_instance", flat=True)
            assert list(found) == [key_text(key) for key in keys]
            sql("DROP TABLE thing")
        with model(id=models.TextField(primary_key=True)) as thing:
            policy = policy_of(thing)
            assert policy is not None
            if database == "sqlite":
                assert objection(policy, connection) == "its key may be longer than the log can hold"
                return
            with table(thing):
                thing.objects.create(id="é" * 300)
                assert OperationLog.objects.order_by("-id")[0].id_instance == key_text("é" * 300)

    def test_many_columns_and_rare_types(self, log: Log) -> None:
        """More columns than a function takes arguments, and types that few have."""
        columns: dict[str, Any] = {f"c{number}": models.SmallIntegerField(default=number) for number in range(101)}
        rare = {"ip": models.GenericIPAddressField(null=True), "slug": models.SlugField(db_column="odd 'name")}
        with model(**columns, **rare) as thing, table(thing):
            found = thing.objects.create(ip="2001:db8::1", slug="it's")
            found.c7 = found.c100 = -1
            found.save()
            (_, _, created), (_, _, updated) = log()
            assert (created["ip"], created["slug"], len(created)) == ({"after": "2001:db8::1"}, {"after": "it's"}, 103)
            assert updated == {"c7": {"before": 7, "after": -1}, "c100": {"before": 100, "after": -1}}

    def test_without_time_zones(self, log: Log) -> None:
        """Without time zones a moment has no offset."""
        with override_settings(USE_TZ=False), model(at=models.DateTimeField()) as thing, table(thing):
            sql("INSERT INTO thing (at) VALUES ('2026-01-31 11:00:00')")
            assert log() == [("Thing", "create", {"at": {"after": "2026-01-31T11:00:00.000000"}})]

    def test_other_collations(self, log: Log, database: str) -> None:
        """What a collation takes for the same is another value all the same."""
        collation = "NOCASE"
        if database == "postgres":
            collation = "same"
            try:
                sql("CREATE COLLATION same (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
            except NotSupportedError:
                pytest.skip("this server has no such collations")
        with model(name=models.CharField(max_length=10, db_collation=collation)) as thing, table(thing):
            thing.objects.create(name="a")
            thing.objects.update(name="A")
            assert log()[1:] == [("Thing", "update", {"name": {"before": "a", "after": "A"}})]
        if database == "postgres":
            sql("DROP COLLATION same")


@on_sqlite
@pytest.mark.usefixtures("scratch")
def test_moments_that_are_not_in_utc() -> None:
    """A trigger of SQLite cannot convert them, so Python records the model."""
    policy = policy_of(Product)
    assert policy is not None
    assert objection(policy, connection) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(connections["default"]), "timezone_name", "Europe/Berlin")
        assert objection(policy, connection) == "sold_at is not stored in UTC"


@by_trigger
@pytest.mark.usefixtures("scratch")
class TestCommand:
    """``manage.py auditlog triggers``."""

    def test_as_they_should_be(self) -> None:
        """There is nothing to do after a ``migrate``."""
        assert run() == f"   {STAYS}0 tables put right\n"
        assert run("--check") == f"   {STAYS}0 tables to put right\n"
        assert run("--dry-run") == f"-- {STAYS}"

    def test_what_is_said(self) -> None:
        """It says what is wrong, shows the SQL, the same each time, and puts it right."""
        with model(name=models.CharField(max_length=10)) as thing:
            with connection.schema_editor() as editor:
                editor.create_model(thing)
            with model(code=UpperField(max_length=5)):
                line = "python audited.Thing: code is stored in a form of its own\n"
                assert run("--check") == f"   {STAYS}   {line}0 tables to put right\n"
                assert run("--dry-run") == f"-- {STAYS}-- {line}"
            with model(name=models.CharField(max_length=10)):
                with pytest.raises(CommandError, match="not what the settings say") as caught:
                    run("--check")
                assert caught.value.returncode == 1
                text = run("--dry-run")
                assert text == run("--dry-run")
                assert text.startswith("-- missing audited.Thing\nCREATE ")
                assert text.endswith(f";\n-- {STAYS}")
                assert ";CREATE" not in text
                assert run() == f"  missing audited.Thing\n   {STAYS}1 tables put right\n"
                assert run() == f"   {STAYS}0 tables put right\n"

    def test_sql_that_is_run_by_hand(self, log: Log) -> None:
        """What ``--dry-run`` prints makes the triggers."""
        take_away("default")
        text = run("--dry-run")
        if connection.vendor == "sqlite":
            connection.connection.executescript(text)
        else:
            sql(text)
        look_again(connection)
        assert differences("default") == []
        sql("INSERT INTO audited_tag (name) VALUES ('a')")
        assert len(log()) == 1

    def test_the_check_waits_for_a_migration(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the next ``migrate`` puts right is not complained about."""
        with override_settings(AUDIT={**BY_TRIGGER, "exclude": ["audited.Visit", "audited.Tag"]}):
            assert len(warnings()) == 1
            monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one"])
            assert warnings() == []


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_mariadb(database: str, settings: Settings) -> None:
    """Another database is refused at the start; if it comes later, Python records there."""
    settings.AUDIT = BY_TRIGGER
    with pytest.raises(ImproperlyConfigured, match=r"'default' is M.* PostgreSQL and SQLite can.*\[audit\.capture\]"):
        install()
    assert differences("default") == []
    Tag.objects.create(name=database)
    assert OperationLog.objects.count() == 1
    emit_pre_migrate_signal(0, interactive=False, db="default", plan=[(Migration("0002", "dj_core_utils_db"), False)])
    emit_post_migrate_signal(0, interactive=False, db="default")


def test_another_word(settings: Settings) -> None:
    """A capture that does not exist is refused at the start."""
    settings.AUDIT = {"capture": "triger"}
    with pytest.raises(ImproperlyConfigured, match="'triger'; expected 'python' or 'trigger'"):
        install()
    settings.AUDIT = BY_TRIGGER
    install()


def test_words_of_secrets() -> None:
    """What a database looks for is what Python looks for."""
    assert all(map(is_sensitive, SECRET_WORDS))
    for name in ("passport", "token", "API-KEY", "keyboard", "my_session_id", "sessions", "service.key", "Pwd", "user"):
        assert any(word in name.lower() for word in SECRET_WORDS) == is_sensitive(name)


@override_settings(AUDIT=BY_TRIGGER)
class TestInsideOfTestCases(TestCase):
    """Django's tests never commit; what triggers write is there all the same."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Triggers, which the rollback at the end takes away again."""
        put_right("default")

    def test_each_change_is_a_transaction(self) -> None:
        """What would be two transactions in production is two in a test, and who acts is known."""
        with acting_as("ann"):
            tag = Tag.objects.create(name="a")
        tag.delete()
        first, second = OperationLog.objects.order_by("id")
        assert (first.actor, second.actor) == ("ann", "")
        assert first.transaction_id != second.transaction_id

    def test_savepoints(self) -> None:
        """What a block has taken back is not there."""
        with transaction.atomic():
            Customer.objects.create(name="a")
            transaction.set_rollback(True)
        assert not OperationLog.objects.exists()
