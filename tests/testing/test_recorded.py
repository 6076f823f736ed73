"""What a test sees of the log: entries of a block, and claims about them."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import TestCase

from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import acting_as
from dj_core_utils.testing import recorded_entries
from tests.audit.models import Customer, Product, Tag


class StopError(Exception):
    """Ends a block."""


class InATransactionThatIsNeverCommitted(TestCase):
    """As the tests of most projects run."""

    def test_entries_are_there_without_a_commit(self) -> None:
        """What a block changed is there when it has ended, what was before it is not."""
        product = Product.objects.create(name="a", price=Decimal("1.50"))
        with recorded_entries() as entries, acting_as("ada", reason="ticket"):
            product.name, product.price = "b", Decimal(2)
            product.save()
            tag = product.tags.create(name="t")
        assert [entry.operation_type for entry in entries] == ["update", "create", "m2m_post_add"]
        entry = entries.assert_one(product, "update", name=("a", "b"), price=(Decimal("1.5"), 2))
        assert (entry.actor, entry.reason) == ("ada", "ticket")
        entries.assert_one(product, "m2m_post_add", tags={"added": [tag.pk]})
        entries.assert_one(Tag)
        entries.assert_none(Customer)
        assert [len(entries.of(product)), len(entries.of(Product)), len(entries.of(tag))] == [2, 2, 1]

    def test_entries_of_an_inner_transaction(self) -> None:
        """What an inner block commits is there, what it rolls back is not; so is what it has not committed yet."""
        with recorded_entries() as entries:
            with transaction.atomic():
                Tag.objects.create(name="a")
            with pytest.raises(StopError), transaction.atomic():  # noqa: PT012  # it is the error that ends the block
                Tag.objects.create(name="b")
                raise StopError
        entries.assert_one(Tag)
        with transaction.atomic():
            Tag.objects.create(name="before")
            with recorded_entries() as entries:
                Tag.objects.create(name="c")
            assert entries.assert_one(Tag).changes == {"name": {"after": "c"}}
        assert OperationLog.objects.count() == 3

    def test_claims_that_fail_show_what_was_recorded(self) -> None:
        """A claim that does not hold fails, and shows the entries."""
        with recorded_entries() as entries:
            pass
        with pytest.raises(AssertionError, match=r"0 entries update of .*Tag.*\n  \(nothing was recorded\)"):
            entries.assert_one(Tag, "update")
        product = Product.objects.create(name="a")
        with recorded_entries() as entries:
            product.name = "b"
            product.save()
            product.note = "x"
            product.save()
        with pytest.raises(AssertionError, match="2 entries"):
            entries.assert_one(product)
        with pytest.raises(AssertionError, match=r"has changed:\n  update audited.Product"):
            entries.assert_none(product)
        del entries[1]
        with pytest.raises(AssertionError, match=r"name has \('a', 'b'\) and not \('a', 'c'\)"):
            entries.assert_one(product, name=("a", "c"))
        with pytest.raises(AssertionError, match="note has None"):
            entries.assert_one(product, note=("", "x"))

    def test_a_block_that_fails(self) -> None:
        """The error of a block is what the test reports."""
        with pytest.raises(StopError), recorded_entries() as entries:
            raise StopError
        assert entries == []


@pytest.mark.django_db
def test_a_project_that_records_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log is not turned on, every claim that nothing was recorded would hold, so none is made."""
    monkeypatch.delitem(sys.modules, "dj_core_utils.signals.audit")
    with pytest.raises(RuntimeError, match="Nothing is recorded: import"), recorded_entries():
        pass
