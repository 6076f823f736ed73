"""Calls in this process inside of a transaction on PostgreSQL, where one failed statement dooms all that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.test import override_settings

from dj_core_utils.api import exceptions
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from tests.api.conftest import SERVICE
from tests.api.urls import HOOKS
from tests.db.conftest import default_database, make_tables
from tests.library.models import Author

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker

ORDERS = APIClient("orders")


@pytest.fixture(scope="session")
def tables(postgres_url: str, django_db_blocker: DjangoDbBlocker) -> str:
    """PostgreSQL with every table."""
    return make_tables(postgres_url, django_db_blocker)


@pytest.fixture(params=[0, 60])
def database(request: pytest.FixtureRequest, tables: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The default database, whose connections a server would close after each request, or keep."""
    with django_db_blocker.unblock(), default_database(tables), override_settings(**SERVICE):
        connection.settings_dict["CONN_MAX_AGE"] = request.param
        yield
        Author.objects.all().delete()


def backend() -> int:
    """The server's process behind the connection of this thread."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found: int = cursor.fetchone()[0]
        return found


@pytest.mark.usefixtures("database")
def test_connection_stays_open() -> None:
    """The same connection before and after, with a cursor of the server open on it, in autocommit and in a block."""
    Author.objects.bulk_create(Author(name=f"a{number}") for number in range(5))
    before = backend()
    ORDERS.get("names/")
    async_to_sync(AsyncAPIClient("orders").get)("names/")
    assert backend() == before
    with transaction.atomic():
        rows = Author.objects.order_by("name").iterator(chunk_size=2)
        assert next(rows).name == "a0"
        ORDERS.get("names/")
        async_to_sync(AsyncAPIClient("orders").post)("aadd/?name=b")
        assert [row.name for row in rows] == ["a1", "a2", "a3", "a4"]
        assert backend() == before


@pytest.mark.usefixtures("database")
def test_failure_of_the_callee_does_not_doom_the_caller() -> None:
    """A swallowed IntegrityError, an exception, and a 404 of REST framework: the caller goes on, and commits."""
    HOOKS.clear()
    with transaction.atomic():
        Author.objects.create(name="mine")
        for path in ("add/?name=a&then=integrity", "add/?name=b&then=fail", "add/?name=c&then=hook&status=500"):
            with pytest.raises(exceptions.ServerFailureError):
                ORDERS.post(path)
            with pytest.raises(exceptions.ServerFailureError):
                async_to_sync(AsyncAPIClient("orders").post)(path)
        connection.settings_dict["ATOMIC_REQUESTS"] = True
        try:
            with pytest.raises(exceptions.NotFoundError):
                ORDERS.get("authors/0/")
        finally:
            connection.settings_dict["ATOMIC_REQUESTS"] = False
        ORDERS.post("add/?name=kept&then=hook&status=200")
        assert HOOKS == []
    assert HOOKS == ["kept"]
    assert sorted(Author.objects.values_list("name", flat=True)) == ["kept", "mine"]
