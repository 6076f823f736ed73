"""The example shop shows who changed what: in its page, in its admin, and by its API."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.examples.shop_server import Served, serving, sign_in, sign_in_to_admin
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import RunPython
    from tests.warm_python import WarmPython

CUSTOMER = {"email": "customer@shop.example", "password": "customer"}
SUPPORT = {"email": "support@shop.example", "password": "support"}


@pytest.fixture(scope="module")
def monolith(shop: Path, python: WarmPython) -> Iterator[Served]:
    """The demo, served."""
    port = free_port()
    with serving(python, ["demo.py", "--port", str(port)], {}, shop=shop, port=port) as served:
        yield served


def words(html: str) -> str:
    """What one reads."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def groups(shop: Served) -> list[str]:
    """The groups of the timeline, newest first, as one reads them."""
    return [words(group) for group in re.split(r"\n<li>\n", shop.request("/changes/").text)[1:]]


def newest(shop: Served) -> str:
    """The newest group."""
    return groups(shop)[0]


def order(shop: Served, headers: dict[str, str], lines: list[dict[str, object]]) -> tuple[int, dict[str, object]]:
    """Place an order by the API."""
    connection = HTTPConnection("127.0.0.1", shop.port, timeout=40)
    body = json.dumps({"lines": lines, "note": "<b>soon</b>"})
    connection.request("POST", "/api/orders/", body, {**headers, "Content-Type": "application/json"})
    answer = connection.getresponse()
    found: dict[str, object] = json.loads(answer.read())
    connection.close()
    return answer.status, found


def test_the_timeline_tells_what_the_seed_did(monolith: Served) -> None:
    """Who, for whom, why, and what it was before; secrets are not told."""
    signed_in = sign_in_to_admin(monolith, "demo@shop.example", "demo")

    def told(query: str) -> str:
        return words(monolith.request(f"/admin/dj_core_utils_db/operationlog/?{query}", headers=signed_in).text)

    held = told("model=orders.Order&key=1")
    assert "support@shop.example on behalf of customer@shop.example (3) the customer is away until Monday" in held
    assert "status active inactive" in held
    mug = told("model=products.Product&key=1&actor=support@shop.example")
    assert "new supplier" in mug
    assert "price 14.90 15.90" in mug
    users = told("model=users.User")
    assert "password hidden" in users
    assert "pbkdf2" not in users
    assert "groups 1 2" in users


def test_an_order_by_the_api_is_told(monolith: Served) -> None:
    """The customer of the token is named, though the token is read late; so is what acts for her."""
    signed_in = sign_in(monolith, CUSTOMER)
    status, placed = order(monolith, signed_in, [{"sku": "MUG-01", "quantity": 2}])
    assert (status, placed["status"], placed["total"]) == (201, "active", "31.80")
    number = placed["id"]
    ordered, reserved, *_ = groups(monolith)
    assert re.search(rf"customer@shop\.example create orders\.Order {number} create orders\.Line \d+$", ordered)
    told = r"shop for customer@shop\.example \(3\) update products\.Product 1 stock (\d+) (\d+)"
    stock = re.search(told, reserved)
    assert stock is not None, reserved
    assert int(stock[1]) - int(stock[2]) == 2
    listed = monolith.request("/api/orders/", headers=signed_in).json()
    assert isinstance(listed["results"], list)
    assert listed["results"][0]["note"] == "<b>soon</b>"
    assert monolith.request("/api/orders/").status == 401
    other = monolith.request("/api/orders/", headers=sign_in(monolith, SUPPORT)).json()
    assert other["count"] == 0


@pytest.mark.parametrize(
    "lines",
    [
        [{"sku": "MUG-01", "quantity": 999}],
        [{"sku": "TEA-02", "quantity": 40}, {"sku": "TEA-02", "quantity": 40}],
        [{"sku": "INF-01", "quantity": 1}, {"sku": "NONE-1", "quantity": 1}],
        [{"sku": "MUG-01", "quantity": 0}],
        [{"sku": "MUG-01", "quantity": -1}],
        [],
    ],
)
def test_an_order_that_is_refused_leaves_no_trace(monolith: Served, lines: list[dict[str, object]]) -> None:
    """What is rolled back was not done, and the log does not tell it."""
    before = newest(monolith)
    status, _ = order(monolith, sign_in(monolith, CUSTOMER), lines)
    assert status == 400
    assert newest(monolith) == before


def test_a_change_in_the_admin_is_told(monolith: Served) -> None:
    """Staff change a price; the timeline and the history of the product say who did."""
    signed_in = sign_in_to_admin(monolith, SUPPORT["email"], SUPPORT["password"])
    path = "/admin/products/product/5/change/"
    page = monolith.request(path, headers=signed_in)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    form = {"csrfmiddlewaretoken": token[1], "sku": "INF-01", "name": "Tea infuser", "price": "6.90", "stock": "88"}
    headers = {"Cookie": f"{signed_in['Cookie']}; {cookie}"}
    assert monolith.request(path, form={**form, "status": "active"}, headers=headers).status == 302
    assert "support@shop.example update products.Product 5 price 6.40 6.90" in newest(monolith)
    history = words(monolith.request("/admin/products/product/5/history/", headers=signed_in).text)
    assert "support@shop.example" in history
    assert "price 6.40 6.90" in history


def test_the_button_lets_the_customer_order(monolith: Served) -> None:
    """Without a script, too: the answer leads back to the timeline, which names the customer."""
    page = monolith.request("/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    answer = monolith.request("/order/", form={"csrfmiddlewaretoken": token[1]}, headers={"Cookie": cookie})
    assert (answer.status, answer.headers["Location"]) == (302, "/#changes")
    assert "customer@shop.example the button of the demo create orders.Order" in newest(monolith)
    assert monolith.request("/order/").status == 405
    assert monolith.request("/order/", form={"x": "y"}).status == 403


def test_nothing_new_costs_nothing(monolith: Served) -> None:
    """Whoever has the newest change already gets an empty answer."""
    first = monolith.request("/changes/")
    tag = first.headers["ETag"]
    again = monolith.request("/changes/", headers={"If-None-Match": tag or ""})
    assert (again.status, again.text) == (304, "")
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_what_is_shown_is_escaped(monolith: Served) -> None:
    """A note with markup is text."""
    assert "<b>soon" not in monolith.request("/").text


def test_only_staff_sees_it_elsewhere(shop: Path, run_python: RunPython) -> None:
    """Without the demo's profile the timeline is for staff, and there is no button."""
    code = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("seed")
accounts = get_user_model().objects
for email in ("", "customer@shop.example", "support@shop.example"):
    client = Client(headers={"host": "localhost"})
    if email:
        client.force_login(accounts.get(email=email))
    page = client.get("/").content.decode()
    print("=>", client.get("/changes/").status_code, "new supplier" in page, client.post("/order/").status_code)
"""
    database = f"sqlite:///{shop}/var/other.sqlite3"
    (shop / "var").mkdir(exist_ok=True)
    done = run_python(["-c", code], env={"DJANGO_PROFILE": "monolith,development", "DATABASE_URL": database}, cwd=shop)
    seen = [line for line in done.stdout.splitlines() if line.startswith("=>")]
    assert seen == ["=> 403 False 404", "=> 403 False 404", "=> 200 True 404"], done.stderr


def test_a_second_seed_changes_nothing_but_passwords(monolith: Served, shop: Path, run_python: RunPython) -> None:
    """Products, roles and orders are left as they are."""
    del monolith  # it has been seeded, and is served
    done = run_python(["manage.py", "seed"], env={"DJANGO_PROFILE": "monolith,demo"}, cwd=shop)
    assert done.returncode == 0, done.stderr
    code = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from dj_core_utils.db.models import OperationLog
print([(entry.operation_type, entry.actor, *entry.changes) for entry in OperationLog.objects.all()[:3]])
from django.contrib.auth.models import Group
print(sorted(Group.objects.values_list("name", flat=True)), Group.objects.get(name="support").user_set.count())
"""
    done = run_python(["-c", code], env={"DJANGO_PROFILE": "monolith,demo"}, cwd=shop)
    assert done.stdout.splitlines() == [str([("update", "seed", "password")] * 3), "['catalogue', 'support'] 1"]
