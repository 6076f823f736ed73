"""What changes of many-to-many fields leave in the log, from both sides, on each kind of database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dj_core_utils.db.models import OperationLog
from tests.audit.models import Product, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def product(log: Log) -> Product:
    """A product without tags."""
    made = Product.objects.create(name="p")
    log()
    return made


@pytest.fixture
def tags(log: Log) -> list[Tag]:
    """Three tags."""
    made = list(Tag.objects.bulk_create([Tag(name=name) for name in "abc"]))
    log()
    return made


def folded(lines: list[Line]) -> list[Line]:
    """One entry for what one operation did to one object; triggers of SQLite make one for each row."""
    found: list[Line] = []
    for model, operation, changes in lines:
        [(side, one)] = changes["tags"].items()
        if found and found[-1][:2] == (model, operation) and operation != "m2m_post_remove":
            found[-1][2]["tags"][side] = sorted(found[-1][2]["tags"][side] + one)  # Django links in any order
        else:
            found.append((model, operation, {"tags": {side: list(one)}}))
    return found


def keys(*objects: Any) -> list[int]:
    """Their primary keys."""
    return [found.pk for found in objects]


def test_from_the_side_of_the_field(log: Log, product: Product, tags: list[Tag]) -> None:
    """Each operation is one entry of the object, with the keys that came and went."""
    one, two, three = tags
    product.tags.add(one, two)
    product.tags.add(two)
    product.tags.set([two, three])
    product.tags.remove(two, one)
    product.tags.clear()
    product.tags.clear()
    assert folded(log()) == [
        ("Product", "m2m_post_add", {"tags": {"added": keys(one, two)}}),
        ("Product", "m2m_post_remove", {"tags": {"removed": keys(one)}}),
        ("Product", "m2m_post_add", {"tags": {"added": keys(three)}}),
        ("Product", "m2m_post_remove", {"tags": {"removed": keys(two)}}),
        ("Product", "m2m_post_clear", {"tags": {"removed": keys(three)}}),
    ]


def test_from_the_other_side(log: Log, product: Product, tags: list[Tag]) -> None:
    """An operation from the other side is recorded where the field is, for each object that it touches."""
    other = Product.objects.create(name="q")
    log()
    tag = tags[0]
    tag.product_set.add(product, other)
    tag.product_set.remove(other)
    tag.product_set.clear()
    assert [(model, operation, changes) for model, operation, changes in log()] == [
        ("Product", "m2m_post_add", {"tags": {"added": keys(tag)}}),
        ("Product", "m2m_post_add", {"tags": {"added": keys(tag)}}),
        ("Product", "m2m_post_remove", {"tags": {"removed": keys(tag)}}),
        ("Product", "m2m_post_clear", {"tags": {"removed": keys(tag)}}),
    ]
    assert OperationLog.objects.for_object(other).filter(operation_type__startswith="m2m").count() == 2


def test_to_itself(log: Log, product: Product) -> None:
    """A symmetrical relation is two rows, and so one entry for each of the two."""
    other = Product.objects.create(name="q")
    log()
    product.friends.add(other)
    assert sorted(log(), key=lambda line: line[2]["friends"]["added"]) == sorted(
        [
            ("Product", "m2m_post_add", {"friends": {"added": keys(other)}}),
            ("Product", "m2m_post_add", {"friends": {"added": keys(product)}}),
        ],
        key=lambda line: line[2]["friends"]["added"],
    )


def test_a_new_tag(log: Log, product: Product) -> None:
    """A related object that is made on the way is recorded as well."""
    tag = product.tags.create(name="new")
    assert [line[:2] for line in log()] == [("Tag", "create"), ("Product", "m2m_post_add")]
    assert list(product.tags.all()) == [tag]


def test_the_hidden_model_by_hand(log: Log, product: Product, tags: list[Tag]) -> None:
    """Rows of the hidden model that are written directly are changes of the field."""
    through = Product.tags.through
    one, two, three = tags
    through._default_manager.create(product=product, tag=one)
    through._default_manager.bulk_create([through(product=product, tag=two)])
    row = through._default_manager.get(tag=one)
    row.tag = three
    row.save()
    row.save()
    through._default_manager.filter(tag=two).update(tag=one)
    through._default_manager.filter(tag=three).delete()
    row = through._default_manager.get(tag=one)
    row.delete()
    assert [(operation, changes["tags"]) for _, operation, changes in log()] == [
        ("m2m_post_add", {"added": keys(one)}),
        ("m2m_post_add", {"added": keys(two)}),
        ("m2m_post_remove", {"removed": keys(one)}),
        ("m2m_post_add", {"added": keys(three)}),
        ("m2m_post_remove", {"removed": keys(two)}),
        ("m2m_post_add", {"added": keys(one)}),
        ("m2m_post_remove", {"removed": keys(three)}),
        ("m2m_post_remove", {"removed": keys(one)}),
    ]


def test_the_hidden_model_in_part(log: Log, capture: str, product: Product, tags: list[Tag]) -> None:
    """A row that was loaded in part is recorded as far as it is known what it was; a trigger knows it."""
    through = Product.tags.through
    product.tags.add(tags[0])
    log()
    row = through._default_manager.only("product").get()
    row.tag = tags[1]
    row.save()
    row = through._default_manager.only("tag").get()
    row.save(update_fields=["tag"])
    found = [(operation, changes["tags"]) for _, operation, changes in log()]
    added = ("m2m_post_add", {"added": keys(tags[1])})
    removed = ("m2m_post_remove", {"removed": keys(tags[0])})
    assert found == ([added, added] if capture == "python" else [removed, added])


def test_a_deleted_end(log: Log, product: Product, tags: list[Tag]) -> None:
    """When one end is deleted, the relation that goes with it is recorded."""
    product.tags.add(*tags)
    log()
    tags[0].delete()
    assert [line[:2] for line in log()] == [("Product", "m2m_post_remove"), ("Tag", "delete")]
