"""The example shop as a monolith and as three services: the same apps, the same views, the same answers."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from dj_core_utils.auth.keys import token_key
from dj_core_utils.auth.service_tokens import sign
from tests.examples.conftest import EXAMPLE, LEFT_BEHIND
from tests.examples.shop_server import START_SECONDS, Answer, Served, serving
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.conftest import RunPython
    from tests.warm_python import WarmPython

NAMES = ("users", "products", "orders")
CUSTOMER = {"email": "customer@shop.example", "password": "customer"}
SUPPORT = {"email": "support@shop.example", "password": "support"}
HERS = "users/3/orders/"
NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True)
class Shop:
    """Where the services are, in one process or in three.

    Attributes:
        folder: What they run from.
        ports: The port of each.
        prefix: What stands before their paths.
        output: What was printed so far.
    """

    folder: Path
    ports: Mapping[str, int]
    prefix: str
    output: Path

    def ask(self, service: str, path: str, headers: Mapping[str, str] = NOBODY, data: object = None) -> Answer:
        """Send a request to a service."""
        return Served(self.ports[service], self.output).request(f"{self.prefix}{path}", headers=headers, data=data)

    def sign_in(self, login: Mapping[str, str] = CUSTOMER) -> dict[str, str]:
        """Get a token where users are."""
        answer = self.ask("users", "token/", data=login)
        assert answer.status == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access']}"}

    def stock(self, sku: str, signed_in: Mapping[str, str]) -> int:
        """How many there are."""
        for page in (1, 2, 3):
            results = self.ask("products", f"products/?page={page}", signed_in).json()["results"]
            assert isinstance(results, list)
            for product in results:
                if product["sku"] == sku:
                    return int(product["stock"])
        raise AssertionError(sku)

    def query(self, service: str, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Look into the database of a service."""
        with closing(sqlite3.connect(self.folder / "var" / "services" / service / "db.sqlite3")) as database:
            return database.execute(sql, values).fetchall()

    def private_key(self, service: str) -> str:
        """What a service signs its calls with."""
        return (self.folder / "var" / "services" / service / "service-es256.private.pem").read_text("utf-8")


@contextmanager
def three_services(python: WarmPython, folder: Path, *more: str) -> Iterator[Shop]:
    """What ``make demo-services`` starts, until it says what to try."""
    ports = {name: free_port() for name in NAMES}
    arguments = ["demo_services.py", "--ports", ",".join(map(str, ports.values())), *more]
    with serving(python, arguments, {}, shop=folder, port=ports["users"]) as served:
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C ends" not in served.printed():
            assert time.monotonic() < deadline, served.printed()
            time.sleep(0.05)
        yield Shop(folder, ports, "/", served.output)
    assert served.printed().endswith("\nThe services are closed.\n")
    assert "Traceback" not in served.printed()
    for port in ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def services(shop: Path, python: WarmPython) -> Iterator[Shop]:
    """Three processes."""
    with three_services(python, shop) as started:
        yield started


@pytest.fixture(scope="module")
def monolith(shop: Path, python: WarmPython) -> Iterator[Shop]:
    """One process."""
    port = free_port()
    with serving(python, ["demo.py", "--port", str(port)], {}, shop=shop, port=port) as served:
        yield Shop(shop, dict.fromkeys(NAMES, port), "/api/", served.output)


@pytest.fixture(params=["monolith", "services"])
def either(request: pytest.FixtureRequest) -> Shop:
    """The shop, in both of its forms."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Shop)
    return found


def wants(**quantities: int) -> dict[str, object]:
    """The body of an order: ``wants(MUG_01=2)``."""
    return {"lines": [{"sku": sku.replace("_", "-"), "quantity": count} for sku, count in quantities.items()]}


def test_an_order_takes_products_and_is_listed(either: Shop) -> None:
    """Orders asks products, and users asks orders; one token opens all of them."""
    signed_in = either.sign_in()
    before = either.stock("TEA-01", signed_in)
    placed = either.ask("orders", "orders/", signed_in, wants(TEA_01=2, SPO_01=1))
    assert placed.status == 201, placed.text
    assert (placed.json()["total"], either.stock("TEA-01", signed_in)) == ("24.20", before - 2)
    found = either.ask("users", HERS, signed_in)
    assert found.status == 200
    assert placed.text in found.text
    assert either.ask("orders", "orders/", signed_in).json()["results"][0] == placed.json()  # type: ignore[index]  # a list of orders


def test_users_orders_are_placed_through_users(either: Shop) -> None:
    """Three services, one after the other; more orders than a page has come as one list."""
    signed_in = either.sign_in()
    for _ in range(6):
        answer = either.ask("users", HERS, signed_in, wants(SPO_01=1))
        assert (answer.status, answer.json()["total"]) == (201, "4.60"), answer.text
    listed = either.ask("users", HERS, signed_in).text
    assert listed.count('"created_at"') == either.ask("orders", "orders/", signed_in).json()["count"]


def test_an_order_that_cannot_be_had_takes_nothing(either: Shop) -> None:
    """What was put aside for it is given back, or never was."""
    signed_in = either.sign_in()
    before = either.stock("HON-01", signed_in)
    for service, path in (("orders", "orders/"), ("users", HERS)):
        answer = either.ask(service, path, signed_in, wants(HON_01=1, MUG_01=999))
        assert (answer.status, "MUG-01 is not on sale" in answer.text) == (400, True), answer.text
        assert either.ask(service, path, signed_in, wants(**{"../x": 1})).status == 400
    assert either.stock("HON-01", signed_in) == before


def test_users_see_their_own_orders_and_staff_sees_all(either: Shop) -> None:
    """Nobody gets in without a token, and no customer sees what others have ordered."""
    signed_in = either.sign_in()
    assert either.ask("users", HERS).status == 401
    assert either.ask("users", "users/1/orders/", signed_in).status == 403
    assert either.ask("users", HERS, either.sign_in(SUPPORT)).status == 200
    assert either.ask("orders", "orders/?user_id=3", either.sign_in(SUPPORT)).json()["count"] == 0


def test_the_stock_is_for_services(either: Shop) -> None:
    """Neither strangers nor users change it, whatever they claim to be."""
    for headers in (NOBODY, either.sign_in(), {"Authorization": "Service orders.made-up-by-somebody-else-0000000"}):
        answer = either.ask("products", "products/TEA-01/reserve/", headers, {"quantity": 1})
        assert answer.status == 401


def test_each_service_has_its_own_keys_and_tables(services: Shop) -> None:
    """What one knows, no other does; none of it is printed."""
    folder = services.folder / "var" / "services"
    secrets = [
        path.read_text("utf-8") for path in [*folder.glob("*/django_secret_key"), *folder.glob("*/*.private.pem")]
    ]
    assert len(set(secrets)) == 7
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*/*.private.pem")} == {0o600}
    printed = services.output.read_text("utf-8")
    assert [secret for secret in secrets if secret.splitlines()[-2 if "PRIVATE" in secret else 0] in printed] == []
    for name, port in services.ports.items():
        assert f"{name}  http://127.0.0.1:{port}/  {name.title()}Settings" in printed
        tables = {table for (table,) in services.query(name, "SELECT name FROM sqlite_master")}
        assert {other for other in NAMES if any(str(table).startswith(f"{other}_") for table in tables)} == {name}


def test_a_call_is_good_for_one_service(services: Shop) -> None:
    """A token of users for products does not open orders, nor does one that another service has signed."""

    def status(signer: str, callee: str) -> int:
        token = sign(
            token_key(services.private_key(signer), "ES256"),
            caller="users",
            callee=callee,
            method="GET",
            path="/orders/",
            on_behalf_of=None,
            lifetime=60,
        )
        return services.ask("orders", "orders/?user_id=3", {"Authorization": f"Service {token}"}).status

    assert [status("users", "orders"), status("users", "products"), status("products", "orders")] == [200, 401, 401]


def test_stock_is_taken_once_for_each_key(services: Shop) -> None:
    """A call that is repeated gets the same answer; what was given back cannot be had again under the same key."""
    key, signed_in = str(uuid4()), services.sign_in()
    before = services.stock("TRA-01", signed_in)

    def call(method: str, path: str, data: object = None) -> int:
        token = sign(
            token_key(services.private_key("orders"), "ES256"),
            caller="orders",
            callee="products",
            method=method,
            path=path,
            on_behalf_of=None,
            lifetime=60,
        )
        headers = {"Authorization": f"Service {token}", "Idempotency-Key": key}
        served = Served(services.ports["products"], services.output)
        return served.request(path, method=method, headers=headers, data=data).status

    path, quantity = "/products/TRA-01/reserve/", {"quantity": 2}
    assert [call("POST", path, quantity), call("POST", path, quantity)] == [201, 201]
    assert services.stock("TRA-01", signed_in) == before - 2
    assert call("POST", path, {"quantity": 3}) == 409
    assert [call("DELETE", f"{path}{key}/"), call("DELETE", f"{path}{key}/")] == [204, 204]
    assert services.stock("TRA-01", signed_in) == before
    late = str(uuid4())
    assert call("DELETE", f"{path}{late}/") == 204
    key = late
    assert [call("POST", path, quantity), services.stock("TRA-01", signed_in)] == [409, before]


def test_the_logs_say_which_service_acted_for_whom(services: Shop) -> None:
    """One order through three services: each log names the one that called, and the customer."""
    answer = services.ask("users", HERS, services.sign_in(), wants(SPO_01=1))
    correlation = answer.headers["X-Request-ID"]
    told = (
        "SELECT actor, on_behalf_of, user_id, service, operation_type, model_changed FROM dj_core_utils_db_operationlog"
        " WHERE correlation_id = ? ORDER BY id"
    )
    customer = "customer@shop.example (3)"
    assert services.query("orders", told, correlation) == [
        ("users", customer, None, "orders", "create", "orders.Order"),
        ("users", customer, None, "orders", "create", "orders.Line"),
    ]
    assert services.query("products", told, correlation) == [
        ("orders", customer, None, "products", "update", "products.Product"),
        ("orders", customer, None, "products", "create", "products.Reservation"),
    ]


def test_a_service_that_is_missed_is_a_typed_answer(tmp_path: Path, python: WarmPython, run_python: RunPython) -> None:
    """503 with a sentence, through one service and through two; and a start that fails says which one has ended."""
    folder = shutil.copytree(EXAMPLE, tmp_path / "shop", ignore=LEFT_BEHIND)
    with three_services(python, folder, "--without", "products") as started:
        signed_in = started.sign_in()
        for service, path in (("orders", "orders/"), ("users", HERS)):
            answer = started.ask(service, path, signed_in, wants(MUG_01=1))
            assert answer.status == 503
            # The second sentence is that of the circuit breaker, which is open for some seconds.
            told = r"products (cannot be reached for|has failed too often .*) POST products/MUG-01/reserve/"
            assert re.search(told, str(answer.json()["error"]))
        assert started.ask("users", HERS, signed_in).text == "[]"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = f"{free_port()},{free_port()},{other.getsockname()[1]}"
        done = run_python(["demo_services.py", "--ports", ports, "--without", "products"], cwd=folder)
    assert done.returncode == 1
    assert re.fullmatch(
        r"Port \d+ cannot be used for orders: Address already in use\.\n"
        r"The service orders has ended, with status 1; so do the others\.\n",
        done.stderr,
    )
