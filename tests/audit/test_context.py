"""Who did it, why, and on which occasion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import pre_delete
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, TestCase
from django.test.utils import CaptureQueriesContext

from dj_core_utils.audit.capture.installation import install, watch_connection
from dj_core_utils.audit.capture.unannounced import watch
from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import CurrentUserMiddleware, acting_as
from tests.audit.models import Product, Seat, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]


@pytest.mark.usefixtures("database")
class TestActor:
    """What an entry says of the one who acts."""

    def test_a_request(self, settings: Settings) -> None:
        """The user, the correlation id and the service stand on every entry."""
        settings.SERVICE_NAME = "shop"
        user = get_user_model()(pk=7, username="ann")

        def view(request: HttpRequest) -> HttpResponse:
            request.user = user  # as late as Django REST Framework does it
            Tag.objects.create(name="a")
            return HttpResponse()

        CurrentUserMiddleware(view)(RequestFactory().get("/", headers={"X-Request-ID": "abc"}))
        entry = OperationLog.objects.get()
        assert (entry.user_id, entry.actor, entry.correlation_id, entry.service) == (7, "ann", "abc", "shop")

    def test_acting_as(self) -> None:
        """A program acts under its name and for a reason; what is committed later is still its own."""
        from django.db import transaction  # noqa: PLC0415

        with transaction.atomic():
            with acting_as("nightly import", reason="ticket 4711"):
                Tag.objects.create(name="a")
            Tag.objects.create(name="b")
        first, second = OperationLog.objects.order_by("id")
        assert (first.user_id, first.actor, first.reason) == (None, "nightly import", "ticket 4711")
        assert (second.actor, second.reason) == ("", "")

    def test_somebody_else_in_a_signal(self) -> None:
        """What a handler does as somebody else is theirs, and the delete that it interrupts stays whose it was."""

        def tidy(**_: object) -> None:
            with acting_as("janitor"):
                Seat.objects.create(row="A", number=1)

        tag = Tag.objects.create(name="a")
        pre_delete.connect(tidy, sender=Tag)
        try:
            with acting_as("ann"):
                Tag.objects.filter(pk=tag.pk).delete()
        finally:
            pre_delete.disconnect(tidy, sender=Tag)
        actors = list(OperationLog.objects.order_by("id").values_list("operation_type", "actor"))
        assert actors == [("create", ""), ("create", "janitor"), ("delete", "ann")]

    def test_nobody(self) -> None:
        """Outside of everything, nobody acts."""
        Tag.objects.create(name="a")
        entry = OperationLog.objects.get()
        assert (entry.user_id, entry.actor, entry.on_behalf_of, entry.correlation_id) == (None, "", "", "")


class TestInsideOfTestCases(TestCase):
    """Django's tests never commit; their entries are there all the same."""

    def entries(self) -> list[str]:
        """The operations that the log knows of."""
        return list(OperationLog.objects.order_by("id").values_list("operation_type", flat=True))

    def test_entries_without_a_commit(self) -> None:
        """An entry is there as soon as the transactions of the test alone are open."""
        from django.db import transaction  # noqa: PLC0415

        product = Product.objects.create(name="a")
        assert self.entries() == ["create"]
        with transaction.atomic():
            product.name = "b"
            product.save()
        assert self.entries() == ["create", "update"]
        with transaction.atomic():
            product.delete()
            transaction.set_rollback(True)
        assert self.entries() == ["create", "update"]

    def test_each_change_is_a_transaction(self) -> None:
        """What would be two transactions in production is two in a test."""
        Tag.objects.create(name="a")
        Tag.objects.create(name="b")
        found = set(OperationLog.objects.values_list("transaction_id", flat=True))
        assert len(found) == 2

    def test_callbacks_of_the_project(self) -> None:
        """The log leaves nothing among the callbacks that a test looks at."""
        with self.captureOnCommitCallbacks() as callbacks:
            Tag.objects.create(name="a")
        assert callbacks == []


@pytest.mark.usefixtures("database")
def test_installing_again(log: Log) -> None:
    """Turning the log on twice records once."""
    from django.db import connection  # noqa: PLC0415

    install()
    watch_connection(connection=connection)
    Tag.objects.create(name="a")
    assert len(log()) == 1


@pytest.mark.usefixtures("database")
def test_wrappers_of_the_project_are_its_own() -> None:
    """A block with a wrapper of the project takes away that one at its end, and not ours."""
    from django.db import connection  # noqa: PLC0415

    connection.close()
    connection.execute_wrappers.clear()
    with connection.execute_wrapper(lambda execute, *rest: execute(*rest)), CaptureQueriesContext(connection):
        Tag.objects.create(name="a")
    assert connection.execute_wrappers == [watch]
