"""Which models and fields are recorded, and what of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.migrations.state import ProjectState
from django.test.utils import isolate_apps

from dj_core_utils.audit.capture.installation import install
from dj_core_utils.audit.policy import policy_of
from dj_core_utils.db.models import OperationLog
from tests.audit.models import Customer, Place, Product, Restaurant, Shown, Visit

if TYPE_CHECKING:
    from pytest_django import Settings


def recorded(model: type[models.Model]) -> bool:
    """Whether a model is recorded at all."""
    return policy_of(model) is not None


def test_everything_but_housekeeping(settings: Settings) -> None:
    """Without a setting, every model of the project is recorded, and nothing of Django's or our own housekeeping."""
    del settings.AUDIT
    settings.AUDIT = {}
    assert recorded(Product)
    assert recorded(User)
    assert recorded(Visit)
    assert not any(map(recorded, (Permission, ContentType, OperationLog)))


def test_included_and_excluded(settings: Settings) -> None:
    """What is included is all that is recorded, without what is excluded."""
    settings.AUDIT = {"include": ["audited.P*", "auth.Permission"], "exclude": ["audited.Place"]}
    assert recorded(Product)
    assert recorded(Permission)
    assert not any(map(recorded, (Place, Customer, User)))


def test_fields(settings: Settings) -> None:
    """Fields are excluded and hidden by pattern, of a many-to-many field its hidden model; the key is no field."""
    settings.AUDIT = {
        "exclude": ["audited.Product.note", "*.Product.tags"],
        "sensitive": ["*.*.price", "audited.Place"],
    }
    product = policy_of(Product)
    assert product is not None
    assert "note" not in product.fields
    assert "id" not in product.fields
    assert {"name", "customer_id", "price"} <= product.fields.keys()
    assert {"price", "token"} == product.hidden  # a token is a secret by its name
    assert not recorded(Product.tags.through)
    assert recorded(Product.friends.through)
    place = policy_of(Place)
    assert place is not None
    assert place.hidden == {"city"}


@isolate_apps("tests.audit")
def test_a_generated_field() -> None:
    """What the database computes from other fields follows from what is recorded of them."""

    class Parcel(models.Model):
        weight = models.IntegerField()
        grams = models.GeneratedField(
            expression=models.F("weight") * 1000, output_field=models.IntegerField(), db_persist=True
        )

    parcel = policy_of(Parcel)
    assert parcel is not None
    assert parcel.fields.keys() == {"weight"}


def test_one_policy_for_a_model_and_its_proxies() -> None:
    """A proxy is what it stands for; a child has the fields of its parents."""
    shown, product, restaurant = policy_of(Shown), policy_of(Product), policy_of(Restaurant)
    assert shown is not None
    assert product is not None
    assert restaurant is not None
    assert shown.label == product.label == "audited.Product"
    assert restaurant.fields.keys() == {"city", "stars"}


def test_what_is_copied_when_it_is_loaded() -> None:
    """Values that can be changed in place are copied; others cost a reference."""
    product = policy_of(Product)
    assert product is not None
    assert product.mutable == {"data", "file", "blob"}


def test_models_of_migrations() -> None:
    """A migration works with models of its own, at a time when the log may have no table yet: they are not recorded."""
    historical = ProjectState.from_apps(apps).apps
    assert not recorded(historical.get_model("audited", "Product"))
    assert not recorded(historical.get_model("audited", "Product").tags.through)


def test_settings_are_read_again(settings: Settings) -> None:
    """What override_settings changes counts at once, and no longer afterwards."""
    assert not recorded(Visit)
    settings.AUDIT = {"include": ["audited.Visit"]}
    assert recorded(Visit)
    assert not recorded(Product)
    settings.LANGUAGE_CODE = "de"  # another setting decides nothing anew
    assert recorded(Visit)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"includes": [], "exclude": []},
            r"^AUDIT has 'includes', which nothing reads; it may have include, exclude, ",
        ),
        (["shop.Order"], r"^AUDIT is list; expected a dictionary with some of include, "),
    ],
)
def test_a_setting_that_cannot_be_read(settings: Settings, given: object, message: str) -> None:
    """A mistake in the setting is told as what it is, when the log is turned on."""
    settings.AUDIT = given
    with pytest.raises(ImproperlyConfigured, match=message):
        install()
