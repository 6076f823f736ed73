"""Users in the admin: Django's own pages, by e-mail address instead of user name."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from dj_core_utils.db.admin import TimelineMixin
from users.models import User


@admin.register(User)
class EmailUserAdmin(TimelineMixin, UserAdmin):
    """Django's user pages without the field that this project has removed."""

    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_staff")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("first_name", "last_name")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)
