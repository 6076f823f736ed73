"""The admin, and the check that says which models do not stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.admin import AdminSite
from django.core import checks
from django.test import RequestFactory

from dj_core_utils.db.admin import StampedAdmin
from tests.library.models import Author, Book, Forgetful, Note

if TYPE_CHECKING:
    from pytest_django import Settings


def test_stamps_are_shown_and_not_typed_in(settings: Settings) -> None:
    """Below the fields of a row that exists, once each, whatever else is read-only."""

    class BookAdmin(StampedAdmin):
        """One with a list of its own."""

        readonly_fields = ("title", "created_at")

    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.admin", "django.contrib.messages"]
    request = RequestFactory().get("/")
    book_admin, author_admin = BookAdmin(Book, AdminSite()), StampedAdmin(Author, AdminSite())
    assert list(book_admin.get_readonly_fields(request, Book())) == [
        "title", "created_at", "updated_at", "created_by", "updated_by",
    ]  # fmt: skip
    assert list(author_admin.get_readonly_fields(request, Author())) == ["created_at", "updated_at"]
    assert list(author_admin.get_readonly_fields(request)) == []
    assert author_admin.get_fields(request, Author()) == ["name", "created_at", "updated_at"]


def test_a_manager_that_stamps_nothing_is_found() -> None:
    """With what to inherit from; managers that do are left alone."""
    (warning,) = Forgetful.check()
    assert isinstance(warning, checks.Warning)
    assert (warning.id, warning.obj) == ("dj_core_utils.W006", Forgetful)
    assert warning.msg == "update() of Forgetful.objects stamps nothing."
    assert warning.hint is not None
    assert "Manager.from_queryset(StampingQuerySet)" in warning.hint
    assert [Author.check(), Book.check(), Note.check()] == [[], [], []]
