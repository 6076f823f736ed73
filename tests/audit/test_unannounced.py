"""Writes to recorded tables that nothing recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection

from dj_core_utils.audit.errors import UnannouncedWriteError
from dj_core_utils.audit.losses import losses
from tests.audit.conftest import by_python
from tests.audit.models import Customer, Restaurant, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = [
    pytest.mark.usefixtures("database"),
    by_python("triggers record SQL by hand; see the tests of the triggers"),
]


def run(sql: str) -> None:
    """SQL by hand."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_warning(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """SQL by hand on a recorded table is counted and logged with the name of the model, and runs."""
    tag = Tag.objects.create(name="a")
    log()
    before = losses.unannounced
    run(f"UPDATE audited_tag SET name = 'b' WHERE id = {tag.pk}")  # noqa: S608  # a number
    run("  delete from audited_tag")
    assert [record.getMessage() for record in caplog.records] == [
        "audited.Tag is written past the record: by SQL that Django did not make"
    ] * 2
    assert losses.unannounced - before == 2
    assert not Tag.objects.exists()
    assert log() == []


def test_a_refusal(settings: Settings) -> None:
    """On demand it is refused before it runs."""
    settings.AUDIT = {**settings.AUDIT, "unannounced": "raise"}
    Tag.objects.create(name="a")
    with pytest.raises(UnannouncedWriteError, match=r"audited\.Tag"):
        run("DELETE FROM audited_tag")
    assert Tag.objects.count() == 1


def test_what_is_nobodys_business(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Reading, other tables, tables that are not recorded, and what is ignored on demand."""
    run("SELECT 'UPDATE audited_tag'")
    run("UPDATE audited_visit SET page = ''")
    run("UPDATE django_content_type SET model = model")
    settings.AUDIT = {**settings.AUDIT, "unannounced": "ignore"}
    run("DELETE FROM audited_tag")
    assert caplog.records == []


def test_django_announces_all_that_it_writes(settings: Settings) -> None:
    """Nothing of Django's own is taken for SQL by hand."""
    settings.AUDIT = {**settings.AUDIT, "unannounced": "raise"}
    customer = Customer.objects.create(name="a")
    customer.name = "b"
    customer.save()
    Customer.objects.update(name="c")
    Customer.objects.bulk_create([Customer(name="d")])
    Customer.objects.bulk_create([Customer(name="d")], ignore_conflicts=True)
    Customer.objects.bulk_update([customer], ["name"])
    Customer.objects.all().delete()
    restaurant = Restaurant.objects.create(city="a")
    restaurant.save()
    restaurant.delete()


def test_fields_that_are_not_recorded(settings: Settings, log: Log) -> None:
    """A write of nothing but excluded fields is announced and leaves nothing."""
    settings.AUDIT = {**settings.AUDIT, "unannounced": "raise", "exclude": ["audited.Tag.name"]}
    tag = Tag.objects.create(name="a")
    log()
    tag.name = "b"
    tag.save()
    Tag.objects.update(name="c")
    Tag.objects.bulk_update([tag], ["name"])
    assert log() == []
