"""An error that nobody catches: the report of a configuration, and the traceback of everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import RunPython


def test_other_errors_keep_their_traceback(run_python: RunPython) -> None:
    """A program that caught the report and went on fails as it would without the hook."""
    code = """
        from dj_core_utils.settings.uncaught import install_hook

        install_hook()
        raise ValueError("another")
    """
    done = run_python(code)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ValueError: another\n")


def test_a_thread_prints_the_report_and_no_traceback(run_python: RunPython) -> None:
    """``runserver`` runs Django in a thread: there, too, the report is all, and other errors keep their traceback."""
    code = """
        from threading import Thread
        from dj_core_utils.settings.errors import ConfigurationError
        from dj_core_utils.settings.uncaught import install_hook

        def fail(error):
            raise error

        install_hook()
        install_hook()
        for error in (ConfigurationError("the report"), ValueError("another")):
            thread = Thread(target=fail, args=[error])
            thread.start()
            thread.join()
    """
    done = run_python(code)
    assert done.stderr.startswith("the report\nException in thread")
    assert done.stderr.rstrip().endswith("ValueError: another")
    assert done.stderr.count("Traceback") == 1
