"""What a process says of a ``ConfigurationError`` that nobody catches: the report, or the answer that was asked for."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import ConfigurationError
from dj_core_utils.settings.report import print_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_APP, _COMMAND = "dj_core_utils", "config"
_MANAGE = "django.core.management"


class ReportHook:
    """A ``sys.excepthook`` that prints the report of a ``ConfigurationError`` without a traceback.

    ``manage.py config`` is to look at a configuration that cannot be used, and Django would not come to it.

    Args:
        before: The hook that was installed; it gets every other exception, and a foreign one (of an error tracker) sees
            this one, too.
    """

    def __init__(self, before: Callable[[type[BaseException], BaseException, TracebackType | None], object]) -> None:
        """Remember the hook to hand on to."""
        self.before = before

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Print the report, or hand on.

        Raises:
            SystemExit: The command that was asked for has run, with its status.
        """
        if not isinstance(error, ConfigurationError):
            self.before(kind, error, trace)
            return
        if _is_looking(trace):
            _look()
        if self.before is not sys.__excepthook__:
            self.before(kind, error, trace)
        print_report(error, sys.stderr)


class ThreadReportHook:
    """The same for ``threading.excepthook``: ``runserver`` with its reloader starts Django in a thread.

    Args:
        before: The hook that was installed; it gets every other exception.
    """

    def __init__(self, before: Callable[[threading.ExceptHookArgs], object]) -> None:
        """Remember the hook to hand on to."""
        self.before = before

    def __call__(self, args: threading.ExceptHookArgs) -> None:
        """Print the report, or hand on."""
        if isinstance(args.exc_value, ConfigurationError):
            print_report(args.exc_value, sys.stderr)
        else:
            self.before(args)


def install_hook() -> None:
    """Install the hooks once; called when an error is raised, so that a healthy program is never touched."""
    if not isinstance(sys.excepthook, ReportHook):
        sys.excepthook = ReportHook(sys.excepthook)
    if not isinstance(threading.excepthook, ThreadReportHook):
        threading.excepthook = ThreadReportHook(threading.excepthook)


def _is_looking(trace: TracebackType | None) -> bool:
    """Whether Django failed to find ``manage.py config``, or ``django-admin config``, for want of settings."""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == _MANAGE:
            return sys.argv[1:2] == [_COMMAND]
        trace = trace.tb_next
    return False


def _look() -> None:
    """Run the command, which Django would have found by the same name among the apps of the settings.

    Raises:
        SystemExit: Always; with it, a hook ends the process as it would end without one.
    """
    from django.core.management import load_command_class  # noqa: PLC0415  # it is loaded: that is what has failed

    load_command_class(_APP, _COMMAND).run_from_argv(sys.argv)
    sys.exit()
