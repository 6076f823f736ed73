"""Starting a server: a configuration that cannot be used ends the process readably, and a warning reaches the log."""

from __future__ import annotations

import logging
import sys
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings

from dj_core_utils.settings.errors import ConfigurationError
from dj_core_utils.settings.export import last_export
from dj_core_utils.settings.report import print_report
from dj_core_utils.settings.static import missing_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

EXIT_STATUS = 3
"""What gunicorn takes for "this will never start"; after 1 it would start worker after worker, for ever."""

logger = logging.getLogger("dj_core_utils")


def start(make_application: Callable[[], T]) -> T:
    """Make the application of a server.

    Args:
        make_application: Django's own function; it imports the settings.

    Returns:
        What it returns.

    Raises:
        SystemExit: The configuration cannot be used, or belongs to the profile ``build``, which never serves; the
            report stands on standard error.
    """
    try:
        application = make_application()
    except ConfigurationError as error:
        # Left behind here, so that the traceback of the exit below shows nothing but the exit.
        refusal = error.with_traceback(None)
    else:
        _log_problems()
        return application
    print_report(refusal, sys.stderr)
    sys.stderr.flush()
    raise SystemExit(EXIT_STATUS)


@cache  # a process that serves WSGI and ASGI says it once
def _log_problems() -> None:
    export = last_export()
    for problem in export.loaded.problems if export else ():
        logger.warning("%s", problem)
    for problem in missing_manifest(settings):
        logger.error("%s", problem)
