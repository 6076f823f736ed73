"""The example shop with nothing configured: a monolith on SQLite, set up and served by its own demo."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from html import unescape
from socket import socket
from typing import TYPE_CHECKING

import pytest

from tests import servers
from tests.examples.shop_server import Served, serving, sign_in, sign_in_to_admin
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import RunPython
    from tests.warm_python import WarmPython


@pytest.fixture(scope="module")
def monolith(shop: Path, python: WarmPython) -> Iterator[Served]:
    """The demo, served."""
    port = free_port()
    with serving(python, ["demo.py", "--port", str(port)], {}, shop=shop, port=port) as served:
        yield served
    assert "The shop is closed." in served.printed()


DEMO = {"email": "demo@shop.example", "password": "demo"}


def test_demo_starts_with_nothing_configured(shop: Path, run_python: RunPython) -> None:
    """One command sets the shop up, says what it runs on and where its page is, and the page answers."""
    with socket() as other:
        with suppress(OSError):  # somebody else has it: just as well
            other.bind(("127.0.0.1", 8000))
            other.listen()
        done = run_python([shop / "demo.py", "--check"])
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "ShopSettings" in done.stdout
    assert re.search(r"DATABASE_FALLBACK_URL\b.*var/demo\.sqlite3.*profile demo", done.stdout)
    assert re.search(r"\bDEBUG\b.*True.*profile development", done.stdout)
    assert re.search(r"\bPAGE_SIZE\b.*5.*ShopSettings", done.stdout)
    assert "Port 8000 is taken" in done.stdout
    assert re.search(r"The shop is at  http://127\.0\.0\.1:\d+/", done.stdout)
    assert "demo@shop.example, password demo" in done.stdout
    assert "The start page answers 200." in done.stdout


def test_demo_names_a_port_that_it_cannot_have(monolith: Served, shop: Path, run_python: RunPython) -> None:
    """A port that was asked for is not silently another one."""
    done = run_python([shop / "demo.py", "--check", "--port", str(monolith.port)])
    assert done.returncode == 1
    assert done.stderr == f"Port {monolith.port} cannot be used: Address already in use.\n"


def test_start_page_shows_the_configuration(monolith: Served) -> None:
    """The page shows values with their origins, the products, and no secret."""
    answer = monolith.request("/")
    assert answer.status == 200
    row = r"<code>{}</code>\s*</th>\s*<td><code>{}</code></td>\s*<td class=\"origin\">{}"
    assert re.search(row.format("DEBUG", "True", "profile development"), answer.text)
    assert re.search(row.format("PAGE_SIZE", "5", "ShopSettings"), answer.text)
    assert re.search(row.format("DJANGO_SECRET_KEY", r"\*\*\*.*", "profile development"), answer.text)
    assert "development-only" not in answer.text
    assert answer.text.count("<tr>\n            <td>") == 5
    assert "Bamboo tray" in answer.text
    assert "Timer" not in answer.text


def test_pages_bring_all_they_need(monolith: Served) -> None:
    """Style and icon come from this server; nothing comes from elsewhere."""
    for page in ("/", "/broken/", "/admin/login/"):
        text = monolith.request(page).text
        addresses = re.findall(r'(?:src|href)="([^"#]+)"', text)
        assert [address for address in addresses if re.match(r"\w+:|//", address)] == []
        files = [address for address in addresses if address.startswith("/static/")]
        assert files
        assert {monolith.request(file).status for file in files} == {200}


def test_staff_sign_in_to_the_admin(monolith: Served) -> None:
    """The seeded user enters the admin through its form, with session and CSRF cookies."""
    signed_in = sign_in_to_admin(monolith, DEMO["email"], DEMO["password"])
    assert "Enamel mug" in monolith.request("/admin/products/product/", headers=signed_in).text


def test_api_lists_products_by_page(monolith: Served) -> None:
    """With a token the catalogue comes page by page, as long as PAGE_SIZE says; without one it does not come."""
    assert monolith.request("/api/products/").status == 401
    signed_in = sign_in(monolith, DEMO)
    first = monolith.request("/api/products/", headers=signed_in)
    assert first.status == 200
    assert first.json()["count"] == 12
    assert first.json()["next"] == f"http://127.0.0.1:{monolith.port}/api/products/?page=2"
    found = json.loads(first.text)["results"]
    last = json.loads(monolith.request("/api/products/?page=3", headers=signed_in).text)
    assert (len(found), len(last["results"]), last["next"]) == (5, 2, None)
    assert found[0] == {"sku": "TEA-01", "name": "Assam, loose, 250 g", "price": "9.80", "stock": 120}


def test_a_refresh_token_is_used_once(monolith: Served) -> None:
    """A refresh token gives a new pair; one that comes back after two exchanges ends the sign-in."""
    pair = monolith.request("/api/token/", form=DEMO).json()
    old = {"refresh": str(pair["refresh"])}
    renewed = monolith.request("/api/token/refresh/", form=old)
    assert renewed.status == 200
    assert renewed.json().keys() == {"access", "refresh"}
    again = monolith.request("/api/token/refresh/", form={"refresh": str(renewed.json()["refresh"])})
    assert again.status == 200
    assert monolith.request("/api/token/refresh/", form=old).status == 401
    assert monolith.request("/api/token/refresh/", form={"refresh": str(again.json()["refresh"])}).status == 401


def test_browsers_of_listed_origins_may_ask(monolith: Served) -> None:
    """A preflight is answered for an origin of the profile, and for no other."""
    ask = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    ours = monolith.request("/api/products/", method="OPTIONS", headers={"Origin": "http://localhost:3000", **ask})
    assert ours.status == 200
    assert ours.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "authorization" in ours.headers["Access-Control-Allow-Headers"]
    other = monolith.request("/api/products/", method="OPTIONS", headers={"Origin": "http://localhost:4000", **ask})
    assert other.headers["Access-Control-Allow-Origin"] is None


def test_broken_page_shows_what_a_start_prints(monolith: Served, shop: Path, run_python: RunPython) -> None:
    """The report on the page is, letter by letter, what the command on it prints."""
    page = monolith.request("/broken/")
    assert page.status == 200
    block = re.search(r'<pre class="terminal wide".*?>(.*?)</pre>', page.text, re.DOTALL)
    assert block is not None
    prompt, _, report = unescape(re.sub(r"<.*?>", "", block[1])).partition("\n")
    assert prompt == "$ DJANGO_ENV_FILE=pages/broken.env python manage.py check"
    done = run_python(["manage.py", "check"], env={"DJANGO_ENV_FILE": "pages/broken.env"}, cwd=shop)
    assert done.returncode == 1
    assert done.stderr == f"{report}\n"
    assert done.stdout == ""
    assert "correct-horse" not in report


def test_asgi_serves_the_same(monolith: Served, shop: Path, python: WarmPython) -> None:
    """The ASGI application answers like the WSGI one."""
    port = free_port()
    arguments = ["-m", "uvicorn", "shop.asgi:application", "--port", str(port)]
    with serving(python, arguments, {"DJANGO_PROFILE": "monolith,demo"}, shop=shop, port=port) as served:
        answer = served.request("/", headers={"Host": f"127.0.0.1:{monolith.port}"})
    token = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+')
    assert token.sub("", answer.text) == token.sub("", monolith.request("/").text)


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database in which nothing is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/earlier.sqlite3"
        return
    make = servers.postgres if request.param == "postgres" else servers.mariadb
    with make(request.getfixturevalue(f"{request.param}_url")) as url:
        yield url


def test_a_database_of_an_earlier_demo_is_migrated(shop: Path, run_python: RunPython, empty_database: str) -> None:
    """Lines referred to rows of products; afterwards they say what was bought, and orders still know their customer."""
    code = """
import os, django, pymysql
pymysql.install_as_MySQLdb()
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.core.management import call_command
from django.db import connection
for target in (["dj_core_utils_db"], ["orders", "0001"], ["products"]):
    call_command("migrate", *target, verbosity=0)
call_command("loaddata", "products", verbosity=0)
from users.models import User
customer = User.objects.create_user("customer@shop.example")
with connection.cursor() as cursor:
    cursor.execute(f"INSERT INTO orders_order (id, status, note, customer_id) VALUES (7, 'active', '', {customer.pk})")
    cursor.execute("INSERT INTO orders_line (order_id, product_id, quantity, price) VALUES (7, 4, 2, 64)")
call_command("migrate", verbosity=0)
from orders.models import Line
print("=>", list(Line.objects.values_list("order__customer_id", "sku", "name", "quantity")))
call_command("makemigrations", check=True, dry_run=True)
"""
    environment = {"DJANGO_PROFILE": "monolith,development", "DATABASE_URL": empty_database}
    done = run_python(["-c", code], env=environment, cwd=shop)
    assert "=> [(1, 'POT-01', 'Cast-iron teapot, 0.8 l', 2)]\nNo changes detected" in done.stdout, done.stderr
