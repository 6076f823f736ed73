"""Pages of the admin on which nobody changes anything."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory

from dj_core_utils.read_only_admin import ReadOnlyAdmin


class UserAdmin(ReadOnlyAdmin, admin.ModelAdmin):  # type: ignore[type-arg]  # takes no parameter when the program runs
    """A page."""


class UserInline(ReadOnlyAdmin, admin.TabularInline):  # type: ignore[type-arg]  # the same
    """A part of another page."""

    model = User


@pytest.mark.parametrize(
    "page",
    [UserAdmin(User, admin.AdminSite()), UserInline(User, admin.AdminSite())],
    ids=lambda page: type(page).__name__,
)
@pytest.mark.parametrize("obj", [None, User()], ids=["a list", "an object"])
def test_nobody_changes_anything(page: UserAdmin | UserInline, obj: User | None) -> None:
    """A superuser may look, and neither add, change nor delete; so it is for a page and for a part of one."""
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    assert page.has_view_permission(request, obj)
    assert not page.has_add_permission(request, obj)
    assert not page.has_change_permission(request, obj)
    assert not page.has_delete_permission(request, obj)
