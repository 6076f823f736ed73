"""Every connection that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from dj_core_utils.api.resolution import service_urls
from dj_core_utils.cli.live import broker, caches, databases, mail, services
from dj_core_utils.cli.live.running import run_all
from dj_core_utils.conf import conf

if TYPE_CHECKING:
    from dj_core_utils.cli.live.probe import Result


def try_connections(timeout: float) -> list[Result]:
    """Try all of them at once, with the settings of Django, which has started.

    Args:
        timeout: Seconds for each.
    """
    tokens = getattr(settings, "SIMPLE_JWT", None) or {}
    return run_all(
        [
            *databases.probes(settings.DATABASES),
            *caches.probes(),
            *mail.probes(),
            *broker.probes(getattr(settings, "EVENT_BUS", None) or {}),
            *services.probes(service_urls(), conf.health_path, tokens.get("JWK_URL")),
        ],
        timeout,
    )
