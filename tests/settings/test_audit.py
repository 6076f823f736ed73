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
        "on_failure": "refuse",
        "unannounced": "warn",
        "write": "commit",
        "retention": {},
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


@pytest.mark.parametrize("name", ["AUDIT_ON_FAILURE", "AUDIT_UNANNOUNCED", "AUDIT_WRITE"])
def test_choices_are_listed(load_from: LoadFrom, name: str) -> None:
    """Another word than those that are known is refused with all of them."""
    (found,) = load_from(environ={name: "later"}).errors
    assert found.id == "value.choice"
    assert "or" in found.message


def test_retention(load_from: LoadFrom) -> None:
    """One variable says of all models how long their entries are kept."""
    audit = load_from(environ={"AUDIT_RETENTION": "shop.Order=5y, shop.*=1000 rows, *=90d"}).rendered["AUDIT"]
    assert audit["retention"] == {"shop.Order": "5y", "shop.*": "1000 rows", "*": "90d"}  # type: ignore[index]  # a mapping


@pytest.mark.parametrize(("text", "problem"), [("shop=5y", "audit.pattern"), ("*=5 years", "audit.retention")])
def test_retention_that_is_wrong(load_from: LoadFrom, text: str, problem: str) -> None:
    """A pattern or a limit that cannot be read fails the start."""
    assert [found.id for found in load_from(environ={"AUDIT_RETENTION": text}).errors] == [problem]


@pytest.mark.parametrize("url", ["postgres://u:p@localhost/shop", "sqlite:///shop.sqlite3"])
def test_triggers(load_from: LoadFrom, url: str) -> None:
    """Triggers may record where there are some that can."""
    loaded = load_from(environ={"AUDIT_CAPTURE": "trigger", "DATABASE_URL": url})
    assert not [problem for problem in loaded.problems if problem.id.startswith("audit.")]
    assert loaded.rendered["AUDIT"]["capture"] == "trigger"  # type: ignore[index]  # a mapping


def test_triggers_of_other_databases(load_from: LoadFrom) -> None:
    """A database whose triggers cannot write the record fails the start, whichever alias it has."""
    environ = {
        "AUDIT_CAPTURE": "trigger",
        "DATABASE_URL": "postgres://u:p@localhost/shop",
        "DATABASE_URLS": "stock=mysql://u:p@localhost/stock",
    }
    found = [problem for problem in load_from(environ=environ).problems if problem.id == "audit.capture"]
    assert [problem.variable for problem in found] == ["AUDIT_CAPTURE"]
    assert 'the database "stock" is one' in found[0].message
    assert "AUDIT_CAPTURE=python" in found[0].hint


def test_triggers_cannot_go_on_without_an_entry(load_from: LoadFrom) -> None:
    """What a trigger cannot do is not promised."""
    found = load_from(environ={"AUDIT_CAPTURE": "trigger", "AUDIT_ON_FAILURE": "log"}).errors
    assert "audit.capture_failure" in [problem.id for problem in found]
