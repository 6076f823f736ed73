"""The pages: what runs here, what a start prints when its environment is broken, and how one gets into the API."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import condition, require_POST
from rest_framework_simplejwt.tokens import AccessToken

from dj_core_utils.middleware.context import acting_as
from dj_core_utils.settings import get_settings
from orders.placing import place_order
from pages.broken import broken_start
from pages.configuration import configuration, may_see
from pages.timeline import newest_change, timeline
from products.models import Product
from shop.settings import ShopSettings
from users.logins import CUSTOMER, DEMO
from users.models import User


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
        "timeline": timeline() if may_see_changes(request) else None,
        "address": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "pages/start.html", context)


def may_see_changes(request: HttpRequest) -> bool:
    """Who did what is for staff; in the demo everybody can be staff, the login stands on the page."""
    shop = get_settings(ShopSettings)
    return shop.show_login or (request.user.is_active and request.user.is_staff)


@condition(etag_func=lambda _: newest_change())
@cache_control(private=True, no_cache=True)
def _changes(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/timeline.html", {"timeline": timeline()})


def changes(request: HttpRequest) -> HttpResponse:
    """The timeline alone, for the script that keeps it up to date; next to nothing when nothing has happened."""
    if not may_see_changes(request):
        raise PermissionDenied
    return _changes(request)


@require_POST
def order_something(_: HttpRequest) -> HttpResponse:
    """Let the customer of the demo order one of something, so that something happens."""
    if not get_settings(ShopSettings).show_login:
        raise Http404
    customer = User.objects.get(email=CUSTOMER.email)
    product = Product.objects.active().filter(stock__gt=0).order_by("?").first()
    # The button stands for the customer, whoever presses it; without this the log would name whoever is signed in.
    with acting_as(customer, reason="the button of the demo"):
        if product is not None:
            place_order(customer.pk, {product.sku: 1})
    return redirect(f"{reverse('start')}#changes")


def broken(request: HttpRequest) -> HttpResponse:
    """A broken environment and the report on it."""
    if not may_see(request):
        raise PermissionDenied
    return render(request, "pages/broken.html", {"service": settings.SERVICE_NAME, "start": broken_start()})


@never_cache
@sensitive_post_parameters("password")
def api(request: HttpRequest) -> HttpResponse:
    """How to get a token and what to do with it; a form gets one."""
    shop = get_settings(ShopSettings)
    login = DEMO if shop.show_login else None
    form = AuthenticationForm(request, data=request.POST or None, initial={"username": login.email} if login else None)
    del form.fields["username"].widget.attrs["autofocus"]  # who comes by keyboard begins at the top
    token = str(AccessToken.for_user(form.get_user())) if form.is_valid() else ""
    context = {
        "service": shop.service_name,
        "login": login,
        "form": form,
        "token": token,
        "lifetime": shop.jwt.access_token_lifetime // timedelta(minutes=1),
        "address": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "pages/api.html", context, status=403 if form.errors else 200)
