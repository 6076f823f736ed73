"""What the audit trail is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom


def test_everything_is_recorded_by_default(load_from: LoadFrom) -> None:
    """No list narrows the record, Django's own writes are noticed, and one record is written per transaction."""
    assert load_from().rendered["AUDIT"] == {
        "include": [],
        "exclude": [],
        "sensitive": [],
        "capture": "python",
        "write": "commit",
    }


def test_patterns_are_read(load_from: LoadFrom) -> None:
    """Models and fields, with an asterisk for any part."""
    environ = {"AUDIT_INCLUDE": "shop.*, users.Profile", "AUDIT_SENSITIVE": "*.*.iban", "AUDIT_WRITE": "immediate"}
    loaded = load_from(environ=environ)
    audit = loaded.rendered["AUDIT"]
    assert audit["include"] == ["shop.*", "users.Profile"]  # type: ignore[index]  # a mapping
    assert audit["sensitive"] == ["*.*.iban"]  # type: ignore[index]  # a mapping
    assert audit["write"] == "immediate"  # type: ignore[index]  # a mapping


@pytest.mark.parametrize(
    "pattern", ["shop", "shop.Order.note.more", "shop..note", "shop.Or*", "1shop.Order", "shop.Order.", "a b.C"]
)
def test_pattern_that_names_nothing_is_refused(load_from: LoadFrom, pattern: str) -> None:
    """A pattern has two or three parts, each a name or an asterisk."""
    (found,) = load_from(environ={"AUDIT_EXCLUDE": pattern}).errors
    assert (found.id, found.variable) == ("audit.pattern", "AUDIT_EXCLUDE")


def test_pattern_in_both_lists_is_a_contradiction(load_from: LoadFrom) -> None:
    """Nothing is recorded and not recorded."""
    (found,) = load_from(environ={"AUDIT_INCLUDE": "a.B,c.D", "AUDIT_EXCLUDE": "c.D"}).errors
    assert (found.id, found.message) == ("audit.contradiction", '"c.D" stands in AUDIT_INCLUDE, too.')


@pytest.mark.parametrize("name", ["AUDIT_CAPTURE", "AUDIT_WRITE"])
def test_choices_are_listed(load_from: LoadFrom, name: str) -> None:
    """Another word than the two that are known is refused with both."""
    (found,) = load_from(environ={name: "later"}).errors
    assert found.id == "value.choice"
    assert "or" in found.message
