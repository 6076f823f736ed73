"""One service of the shop: migrates and seeds its database, says what it runs on, and serves until its input ends.

``demo_services.py`` starts three of these. When that ends, in whatever way, their input ends, and so do they.
"""

from __future__ import annotations

import signal
import sys
from threading import Thread
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from socketserver import BaseServer

# What differs from service to service; everything else:  python manage.py config show
TOLD = (
    "DATABASE_URL",
    "SERVICE_SIGNING_KEY",
    "SERVICE_PUBLIC_KEYS",
    "SERVICE_SCOPES",
    "JWT_SIGNING_KEY",
    "JWT_JWKS_URL",
)


def main() -> None:
    """Set it up and serve it. The settings are those of ``DJANGO_SETTINGS_MODULE``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that has started this
    django.setup()
    from django.core.management import call_command, get_commands  # noqa: PLC0415  # there are settings by now
    from django.core.servers.basehttp import (  # noqa: PLC0415  # as above
        ThreadedWSGIServer,
        WSGIRequestHandler,
        get_internal_wsgi_application,
    )

    from dj_core_utils.settings import get_settings  # noqa: PLC0415  # as above
    from shop.service import ShopService  # noqa: PLC0415  # as above

    service = get_settings(ShopService)
    # First, because a port that is taken ends the start.
    try:
        server = ThreadedWSGIServer(("127.0.0.1", service.demo_port), WSGIRequestHandler)
    except OSError as error:
        sys.exit(f"Port {service.demo_port} cannot be used for {service.service_name}: {error.strerror}.")
    call_command("migrate", verbosity=0)
    seed = f"seed_{service.service_name}"
    if seed in get_commands():
        call_command(seed)
    server.set_app(get_internal_wsgi_application())
    tell()
    Thread(target=end_with_input, args=(server,), daemon=True).start()
    with server:
        server.serve_forever()


def tell() -> None:
    """The effective configuration, in brief and in one piece, because others print at the same time."""
    from dj_core_utils.settings.describe import describe  # noqa: PLC0415  # there are settings by now
    from dj_core_utils.settings.export import last_export  # noqa: PLC0415  # as above

    export = last_export()
    if export is None:  # settings that somebody has written by hand
        return
    rows = {row.variable: row for row in describe(export.loaded)}
    name = rows["SERVICE_NAME"].text
    told = [rows[variable] for variable in (f"{name.upper()}_SECRET_KEY", *TOLD) if rows[variable].is_set]
    lines = [f"{name}  http://127.0.0.1:{rows['DEMO_PORT'].text}/  {type(export.loaded.settings).__name__}"]
    lines += [f"  {row.variable:<20} {row.text:<46} {row.origin}" for row in told]
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()


def end_with_input(server: BaseServer) -> None:
    """Wait until nobody holds the other end of the input any more."""
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
