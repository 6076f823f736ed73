"""What the admin shows and nobody changes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest


class ReadOnlyAdmin:
    """Nothing can be added, changed or deleted; who may look is not decided here.

    A mixin, in front: ``class OrderAdmin(ReadOnlyAdmin, admin.ModelAdmin)``.
    """

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002  # Django's signature
        """Never.

        Args:
            request: Anybody's.
            obj: The object around an inline.
        """
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002  # the same
        """Never.

        Args:
            request: Anybody's.
            obj: Not used.
        """
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002  # the same
        """Never.

        Args:
            request: Anybody's.
            obj: Not used.
        """
        return False
