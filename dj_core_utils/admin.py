"""The configuration as a page of Django's admin, to look at and not to touch.

Django imports this module where ``django.contrib.admin`` is installed, and the page is then on ``admin.site``. The
words of the admin apply to it: ``unregister`` takes it away, ``register`` puts it on another site or in other hands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps.registry import Apps
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from dj_core_utils.read_only_admin import ReadOnlyAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

    ModelAdmin = admin.ModelAdmin["Configuration"]
else:
    ModelAdmin = admin.ModelAdmin  # which takes no parameter when the program runs


class Configuration(models.Model):  # noqa: DJ008  # nobody makes an instance
    """What the page stands for among the models of the admin.

    It has no table, no migration and no content type: a registry of its own keeps it out of the project's, as Django
    does with the model of its migrations.
    """

    class Meta:
        """Named as the page is."""

        app_label = "dj_core_utils"
        apps = Apps()
        managed = False
        default_permissions = ("view",)
        verbose_name = _("configuration")
        verbose_name_plural = _("configuration")


@admin.register(Configuration)
class ConfigurationAdmin(ReadOnlyAdmin, ModelAdmin):
    """The page: superusers see it, and whoever an authentication backend gives ``dj_core_utils.view_configuration``.

    Secrets are masked. Still the page names hosts, accounts and paths, which is nothing for everybody who edits
    articles. A subclass that overrides ``has_view_permission`` decides otherwise.
    """

    def get_urls(self) -> list[URLPattern]:
        """The page, and the comparison of two sets of profiles; there is nothing to add, change or delete."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.configuration_view), name="dj_core_utils_configuration_changelist"),
            path("profiles/", view(self.profiles_view), name="dj_core_utils_configuration_profiles"),
        ]

    @method_decorator(require_safe)
    def configuration_view(self, request: HttpRequest) -> HttpResponse:
        """Every value with its origin, as far as the query string asks for it.

        Args:
            request: Of somebody whom ``has_view_permission`` lets see it.

        Raises:
            PermissionDenied: It does not.
        """
        from dj_core_utils.cli.inspection import inspect_process  # noqa: PLC0415  # a start pays for no page
        from dj_core_utils.configuration_page import ConfigurationPage, Filter  # noqa: PLC0415  # the same

        page = ConfigurationPage(inspect_process(settings.SETTINGS_MODULE or ""), Filter.of(request.GET))
        return self._answer(request, "configuration", _("Configuration"), page=page)

    @method_decorator(require_safe)
    def profiles_view(self, request: HttpRequest) -> HttpResponse:
        """Two sets of profiles side by side, as the query string names them.

        Args:
            request: Of somebody whom ``has_view_permission`` lets see it.

        Raises:
            PermissionDenied: It does not.
        """
        from dj_core_utils.cli.inspection import inspect_process  # noqa: PLC0415  # a start pays for no page
        from dj_core_utils.profiles_page import ProfilesPage  # noqa: PLC0415  # the same

        page = ProfilesPage(inspect_process(settings.SETTINGS_MODULE or ""), request.GET)
        return self._answer(request, "profiles", _("Profiles compared"), page=page)

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002  # Django's signature
        """Whether somebody may see it.

        Args:
            request: Theirs.
            obj: Not used: there is only one configuration.
        """
        return request.user.has_perm("dj_core_utils.view_configuration")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the index of the admin lists it: where it may be seen.

        Args:
            request: Of somebody who looks at the index.
        """
        return self.has_view_permission(request)

    def _answer(self, request: HttpRequest, template: str, title: object, **context: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"dj_core_utils/{template}.html", {**site, **context})
