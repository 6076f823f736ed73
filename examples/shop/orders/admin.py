"""Orders in the admin: to look at, to put on hold and to cancel; History shows the whole life of each."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from dj_core_utils.db.admin import StampedAdmin, TimelineMixin
from dj_core_utils.db.errors import TransitionError
from orders.models import Line, Order


class LineInline(admin.TabularInline):
    """What was ordered."""

    model = Line
    extra = 0


@admin.register(Order)
class OrderAdmin(TimelineMixin, StampedAdmin):
    """All orders; their status changes by the actions, which refuse what cannot be."""

    list_display = ("__str__", "customer_id", "status", "created_at")
    list_filter = ("status",)
    readonly_fields = ("status",)
    inlines = (LineInline,)
    actions = ("put_on_hold", "go_on", "cancel")

    @admin.action(description="Put on hold")
    def put_on_hold(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        """They wait for something."""
        self._move(request, orders, "deactivate")

    @admin.action(description="Go on with")
    def go_on(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        """They wait no longer."""
        self._move(request, orders, "activate")

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        """They end here."""
        self._move(request, orders, "terminate")

    def _move(self, request: HttpRequest, orders: QuerySet[Order], transition: str) -> None:
        for order in orders:
            try:
                getattr(order, transition)(reason="an action in the admin")
            except TransitionError as error:
                self.message_user(request, str(error), messages.WARNING)
