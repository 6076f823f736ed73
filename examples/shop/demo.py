"""The shop, ready to look at: ``python demo.py`` sets it up with nothing configured and serves it.

It does what a newcomer would do by hand: ``manage.py migrate``, ``manage.py seed``, ``manage.py config show``, and a
server. What is configured all the same (environment, ``.env``) is used.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.request import urlopen

import django

if TYPE_CHECKING:
    from django.core.servers.basehttp import WSGIServer

HOST = "127.0.0.1"
PORT = 8000


def main() -> None:
    """Set the shop up, say what it runs on, and serve it until Ctrl-C."""
    options = read_options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    os.environ.setdefault("DJANGO_PROFILE", "monolith,demo")
    django.setup()
    server = open_server(options.port)
    set_up()
    say(f"\nThe shop is at  http://{HOST}:{server.server_port}/")
    for line in logins():
        say(line)
    if options.check:
        sys.exit(check(server))
    say("Ctrl-C ends it.\n")
    with server:
        server.serve_forever()


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Serve the example shop.")
    parser.add_argument("--port", type=int, help=f"port of {HOST}; by default {PORT}, or any that is free")
    parser.add_argument("--check", action="store_true", help="request the start page once and end")
    return parser.parse_args()


def set_up() -> None:
    """Migrate, seed and show the configuration."""
    from django.conf import settings  # noqa: PLC0415  # there are settings once Django is set up
    from django.core.management import CommandError, call_command  # noqa: PLC0415  # the same

    name = settings.DATABASES["default"]["NAME"]
    if "sqlite3" in settings.DATABASES["default"]["ENGINE"]:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    try:
        call_command("migrate", verbosity=0)
        call_command("seed")
        call_command("config", "show")
    except CommandError as error:
        sys.exit(f"The demo cannot be set up: {error}")


def open_server(port: int | None) -> WSGIServer:
    """A threaded server of Django's own, on the port asked for; without one, on 8000 or any that is free."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: PLC0415  # as above
    from django.core.servers.basehttp import (  # noqa: PLC0415  # as above
        ThreadedWSGIServer,
        WSGIRequestHandler,
        get_internal_wsgi_application,
    )

    try:
        server = ThreadedWSGIServer((HOST, PORT if port is None else port), WSGIRequestHandler)
    except OSError as error:
        if port is not None:
            sys.exit(f"Port {port} cannot be used: {error.strerror}.")
        server = ThreadedWSGIServer((HOST, 0), WSGIRequestHandler)
        say(f"Port {PORT} is taken; the shop gets another one.\n")
    server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
    return server


def logins() -> list[str]:
    """Who can sign in, and how."""
    from users.logins import CUSTOMER, DEMO, SUPPORT  # noqa: PLC0415  # as above

    return [
        f"Admin and API   {DEMO.email}, password {DEMO.password}",
        f"Admin, as staff {SUPPORT.email}, password {SUPPORT.password}",
        f"API             {CUSTOMER.email}, password {CUSTOMER.password}",
    ]


def check(server: WSGIServer) -> int:
    """Request the start page once; the exit status."""
    Thread(target=server.serve_forever, daemon=True).start()
    with urlopen(f"http://{HOST}:{server.server_port}/", timeout=30) as answer:  # our own address
        status: int = answer.status
    server.shutdown()
    server.server_close()
    say(f"The start page answers {status}.")
    return 0


def say(line: str) -> None:
    """Print one line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("\nThe shop is closed.")
