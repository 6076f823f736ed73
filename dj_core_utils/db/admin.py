"""The admin of models: their stamps to read, the timeline of each object, and the operation log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.template.response import TemplateResponse

from dj_core_utils.db.fields import stamp_fields
from dj_core_utils.db.models import OperationLog
from dj_core_utils.read_only_admin import ReadOnlyAdmin

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest, HttpResponse

    _ModelAdmin = admin.ModelAdmin[Any]  # generic for type checkers alone
else:
    _ModelAdmin = admin.ModelAdmin


class StampedAdmin(_ModelAdmin):
    """Shows when and who below the fields of a form, to read.

    It writes nothing: the models stamp themselves, also what the admin changes in a list or by an action.
    """

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Those of the class, and the stamps of a row that exists.

        Args:
            request: The request.
            obj: The row; None where one is added.
        """
        named = [str(name) for name in super().get_readonly_fields(request, obj)]
        stamps = [] if obj is None else [field.name for field in stamp_fields(type(obj))]
        return [*named, *(name for name in stamps if name not in named)]


class TimelineMixin(_ModelAdmin):
    """Makes of the button *History* the timeline of an object: who, when, why, and what it was before.

    ``class OrderAdmin(TimelineMixin, ModelAdmin)``. Whoever may see the object may see it, as with Django's history.
    """

    object_history_template = "dj_core_utils/timeline.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The timeline, newest first.

        Args:
            request: Of somebody who may see the object.
            object_id: Its key, quoted as the admin does.
            extra_context: For the template.
        """
        from dj_core_utils.db.log_page import LogPage  # noqa: PLC0415  # a start pays for no page

        key = self.opts.pk.to_python(unquote(object_id)) if self._is_key(object_id) else None
        page = LogPage(OperationLog.objects.for_key(self.model, key), request.GET.dict())
        return super().history_view(request, object_id, {"page": page, **(extra_context or {})})

    def _is_key(self, object_id: str) -> bool:
        try:
            self.opts.pk.to_python(unquote(object_id))
        except ValidationError:
            return False
        return True


class OperationLogAdmin(ReadOnlyAdmin, _ModelAdmin):
    """The operation log, to read: filters by what has an index, and pages that cost the same at any depth."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page of entries.

        Args:
            request: Of somebody who may view the log.
            extra_context: For the template.

        Raises:
            PermissionDenied: They may not.
        """
        from dj_core_utils.db.log_page import MOST_COUNTED, Filter, LogPage  # noqa: PLC0415  # the same

        if not self.has_view_permission(request):
            raise PermissionDenied
        query = request.GET.dict()
        wanted = Filter(query)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.opts.app_config.verbose_name,
            "filter": wanted,
            "page": LogPage(wanted.entries, query),
            "most": MOST_COUNTED,
        }
        return TemplateResponse(request, "dj_core_utils/operation_log.html", {**context, **(extra_context or {})})


# This module is also imported for StampedAdmin alone.
if apps.is_installed("django.contrib.admin") and apps.is_installed("dj_core_utils.db"):
    admin.site.register(OperationLog, OperationLogAdmin)
