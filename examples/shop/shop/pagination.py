"""Lists of the API come in pages."""

from django.conf import settings
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """Pages as long as ``PAGE_SIZE`` says."""

    def get_page_size(self, request: Request) -> int:  # noqa: ARG002  # the signature of Django REST framework
        """Ask for each request, so that ``override_settings`` works in tests."""
        page_size: int = settings.PAGE_SIZE
        return page_size
