"""The shop as three services, ready to look at: ``python demo_services.py`` sets them up and serves them.

Each of users, products and orders has settings, keys, a database, a port and a process of its own. What makes services
of the same apps that ``demo.py`` runs as a monolith is in ``var/services/*.env``, which this writes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from queue import Queue
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from dj_core_utils.__main__ import main as dj_core_utils
from users.logins import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
FOLDER = Path("var", "services")  # below HERE
PORTS = {"users": 8001, "products": 8002, "orders": 8003}
# Who may call whom, and for what. Nobody calls users.
CALLERS = {"users": {}, "products": {"orders": "stock:write"}, "orders": {"users": "orders:read orders:write"}}
KEY_ID = "demo"
START_SECONDS = 60
END_SECONDS = 15


@dataclass(frozen=True)
class Service:
    """One service that runs.

    Attributes:
        name: Its name.
        address: Where it is.
        process: What it runs in; it ends with its input.
    """

    name: str
    address: str
    process: subprocess.Popen[bytes]


def main() -> None:
    """Make keys and environments, start the services, say what to try, and wait for Ctrl-C."""
    options = read_options()
    ports = choose_ports(options.ports)
    for name in PORTS:
        make_keys(name)
    environments = {name: write_environment(name, ports) for name in PORTS}
    services: list[Service] = []
    ended: Queue[Service] = Queue()
    try:
        for name in (name for name in PORTS if name not in options.without):
            services.append(start(name, ports[name], environments[name], ended))  # noqa: PERF401  # each is to be ended
        wait_until_all_answer(services, ended)
        say_what_to_try({name: f"http://127.0.0.1:{port}" for name, port in ports.items()})
        fail(ended.get())
    finally:
        stop(services)


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Serve the example shop as three services.")
    parser.add_argument("--ports", type=_ports, help="of users, products and orders: 8001,8002,8003")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=("products", "orders"),
        help="leave one out, to see what the others answer",
    )
    return parser.parse_args()


def _ports(text: str) -> list[int]:
    ports = [int(port) for port in text.split(",")]
    if len(set(ports)) != len(PORTS):
        message = "three different ports"
        raise argparse.ArgumentTypeError(message)
    return ports


def choose_ports(wanted: list[int] | None) -> dict[str, int]:
    """Those that were asked for; else the usual ones, each or any that is free."""
    if wanted:
        return dict(zip(PORTS, wanted, strict=True))
    chosen = {}
    for name, port in PORTS.items():
        with socket() as probe:
            probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # as the server does: one that has just ended is no hindrance
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                say(f"Port {port} is taken; {name} gets another one.")
                probe.bind(("127.0.0.1", 0))
            chosen[name] = probe.getsockname()[1]
    return chosen


def make_keys(name: str) -> None:
    """A secret key and a pair to sign calls with for each service; for users one more, to sign tokens with."""
    keygen(name, "django_secret_key", "django")
    keygen(name, "service-es256.private.pem", "service-es256")
    if name == "users":
        keygen(name, f"jwt-{KEY_ID}.private.pem", "es256", "--kid", KEY_ID)


def keygen(name: str, file: str, *arguments: str) -> None:
    """Run ``python -m dj_core_utils config keygen``, unless there is such a key."""
    folder = HERE / FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / file).exists():
        return
    command = ["config", "keygen", *arguments, "--out"]
    say(f"python -m dj_core_utils {' '.join(command)} {FOLDER / name}")
    with chdir(folder), redirect_stdout(StringIO()):
        status = dj_core_utils([*command, "."])
    if status:
        sys.exit(status)


def write_environment(name: str, ports: Mapping[str, int]) -> dict[str, str]:
    """Write ``var/services/<name>.env``; the environment of the service, which names that file."""
    own = FOLDER / name
    values = {
        "DJANGO_PROFILE": "microservice,development",
        f"{name.upper()}_SECRET_KEY_FILE": f"{own / 'django_secret_key'}",
        "DATABASE_URL": f"sqlite:///{(own / 'db.sqlite3').as_posix()}",
        "DEMO_PORT": f"{ports[name]}",
        "SERVICE_URLS": ",".join(f"{peer}=http://127.0.0.1:{port}" for peer, port in ports.items() if peer != name),
        "SERVICE_SIGNING_KEY_FILE": f"{own / 'service-es256.private.pem'}",
    }
    if callers := CALLERS[name]:
        keys = ",".join(f"{caller}={public_key(caller)}" for caller in callers)
        values["SERVICE_PUBLIC_KEYS"] = f'"{keys}"'
        values["SERVICE_SCOPES"] = ",".join(f"{caller}={scopes}" for caller, scopes in callers.items())
    if name == "users":
        values["JWT_SIGNING_KEY_FILE"] = f"{own / f'jwt-{KEY_ID}.private.pem'}"
        values["JWT_KEY_ID"] = KEY_ID
    else:
        values["JWT_JWKS_URL"] = f"http://127.0.0.1:{ports['users']}/.well-known/jwks.json"
    file = HERE / FOLDER / f"{name}.env"
    file.write_text("".join(f"{key}={value}\n" for key, value in values.items()), encoding="utf-8")
    # The file says it all: what stands in the environment of this process is not meant for each of the three.
    rest = {key: value for key, value in os.environ.items() if key.removesuffix("_FILE") not in values}
    module = f"{name}.settings"
    return {**rest, "DJANGO_SETTINGS_MODULE": module, "DJANGO_ENV_FILE": f"{FOLDER / name}.env"}


def public_key(name: str) -> str:
    """The public key of a service, on one line."""
    pem = (HERE / FOLDER / name / "service-es256.public.pem").read_text(encoding="utf-8")
    return "\\n".join(pem.split("\n")[:-1])


def start(name: str, port: int, environment: Mapping[str, str], ended: Queue[Service]) -> Service:
    """Start one, and let somebody wait for its end."""
    process = subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, HERE / "serve_service.py"], cwd=HERE, env=environment, stdin=subprocess.PIPE
    )
    service = Service(name, f"http://127.0.0.1:{port}", process)

    def wait() -> None:
        process.wait()
        ended.put(service)

    Thread(target=wait, daemon=True).start()
    return service


def wait_until_all_answer(services: list[Service], ended: Queue[Service]) -> None:
    """Ask each for its health until it answers."""
    deadline = time.monotonic() + START_SECONDS
    for service in services:
        while True:
            if not ended.empty():
                fail(ended.get())
            try:
                urlopen(f"{service.address}/healthz", timeout=5).close()  # noqa: S310  # our own address
            except OSError:  # nobody listens, or not yet in earnest
                if time.monotonic() > deadline:
                    sys.exit(f"{service.name} does not answer.")
                time.sleep(0.05)
            else:
                break


def fail(service: Service) -> None:
    """Say which one has ended; the others follow."""
    sys.exit(f"The service {service.name} has ended, with status {service.process.returncode}; so do the others.")


def stop(services: list[Service]) -> None:
    """End the input of each, which ends it."""
    for service in services:
        service.process.stdin.close()
    for service in services:
        try:
            service.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            service.process.kill()
            service.process.wait()


def say_what_to_try(addresses: Mapping[str, str]) -> None:
    """Commands that work as they stand; the first order is placed here, so that there is something to see."""
    users, orders = addresses["users"], addresses["orders"]
    login = {"email": CUSTOMER.email, "password": CUSTOMER.password}
    _, tokens = send(f"{users}/token/", login)
    token = tokens["access"]
    claims = token.split(".")[1]
    mine = f"{users}/users/{json.loads(urlsafe_b64decode(f'{claims}=='))['sub']}/orders/"
    if send(mine, token=token) == (200, []):
        status, answer = send(mine, {"lines": [{"sku": "TIN-01", "quantity": 2}]}, token=token)
        say(f"{CUSTOMER.email} orders something, users -> orders -> products: {status}\n{json.dumps(answer)}\n")
    take = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access\"])'"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    form = " ".join(f"-d {name}={value}" for name, value in login.items())
    say(f"""\
Try it, in another terminal:

A token, which users signs and the others verify with its public key; it is good for five minutes:
TOKEN=$(curl -s {users}/token/ {form} | {take})

The orders of the customer, which users asks orders for:
curl -s {bearer} {mine}

The same, asked of orders; and a new one, for which orders asks products:
curl -s {bearer} {orders}/orders/
curl -s {bearer} -H "Content-Type: application/json" {orders}/orders/ \\
  -d '{{"lines": [{{"sku": "MUG-01", "quantity": 1}}]}}'

What is answered while a service is away:  make demo-services ARGS="--without products"
Ctrl-C ends all of them.
""")


def send(address: str, body: object = None, *, token: str = "") -> tuple[int, Any]:
    """Send one request as curl does; the status and what was answered."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = Request(address, json.dumps(body).encode() if body else None, headers)  # noqa: S310  # our own address
    try:
        with urlopen(request, timeout=START_SECONDS) as answer:  # noqa: S310  # the same
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def say(text: str) -> None:
    """Print it at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("\nThe services are closed.")
