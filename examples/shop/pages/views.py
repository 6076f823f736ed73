"""The two pages: what runs here, and what a start prints when its environment is broken."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dj_core_utils.settings import get_settings
from pages.broken import broken_start
from pages.configuration import configuration, may_see
from products.management.commands.seed import DEMO
from products.models import Product
from shop.settings import ShopSettings


def start(request: HttpRequest) -> HttpResponse:
    """The configuration with its origins, and the products."""
    # Plain Django settings and the typed object are two views of the same values: use what you like better.
    shop = get_settings(ShopSettings)
    context = {
        "service": shop.service_name,
        "payment": shop.payment,
        "page_size": settings.PAGE_SIZE,
        "products": Paginator(Product.objects.all(), settings.PAGE_SIZE).get_page(request.GET.get("page")),
        "configuration": configuration() if may_see(request) else None,
        "login": DEMO if shop.show_login else None,
        "address": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "pages/start.html", context)


def broken(request: HttpRequest) -> HttpResponse:
    """A broken environment and the report on it."""
    if not may_see(request):
        raise PermissionDenied
    return render(request, "pages/broken.html", {"service": settings.SERVICE_NAME, "start": broken_start()})
