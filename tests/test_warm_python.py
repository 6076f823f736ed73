"""A fork is what an interpreter is that starts for real: nobody can tell them apart, but by the time they take."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import clean_environment
from tests.fork_server import COLD, HASH_SEED, is_warm
from tests.warm_python import run_cold

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warm_python import WarmPython

TOLD = """
import os, sys
told = [__name__, sys.argv, sys.path, os.getcwd(), sorted(os.environ.items()), sys.executable]
told += [sys.modules["__main__"].__dict__ is globals(), sys.dont_write_bytecode, hash("a"), os.umask(0o22)]
told += [(stream.encoding, stream.errors, stream.line_buffering) for stream in (sys.stdin, sys.stdout, sys.stderr)]
print(*told, sep="\\n")
if sys.argv[0] != "-":
    print(repr(sys.stdin.read()), "é" if sys.stdout.encoding == "utf-8" else "e", file=sys.stderr)
sys.exit(3)
"""
PYTHONPATH = {"PYTHONPATH": "/nowhere/a:/nowhere/b", "PYTHONDONTWRITEBYTECODE": "1"}
STARTS = {
    "code": (["-c", TOLD, "a", "-b"], {}),
    "script": (["told.py", "a"], {}),
    "script elsewhere": (["below/told.py"], {"SHOP_KEY": "not-a-secret ✓"}),
    "module": (["-m", "below.told", "a"], {}),
    "quiet": (["-W", "ignore", "-m", "told"], PYTHONPATH),
    "standard input": (["-", "a"], {}),
    "letters": (["told.py"], {"PYTHONIOENCODING": "ascii:replace"}),
}


@pytest.fixture(autouse=True)
def _forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """They fork here, also where all other tests are told to start interpreters for real."""
    monkeypatch.delenv(COLD, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program, and one in a package."""
    (tmp_path / "below").mkdir()
    for name in ("told.py", "below/told.py", "below/__init__.py"):
        (tmp_path / name).write_text(TOLD if name.endswith("told.py") else "", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("start", STARTS)
def test_a_fork_is_like_a_start(start: str, folder: Path, python: WarmPython) -> None:
    """Arguments, path, environment, streams and exit status are the same, started by us or by a shell."""
    arguments, more = STARTS[start]
    environ = {**clean_environment(), **HASH_SEED, **more}
    assert is_warm(arguments, environ)
    stdin = TOLD if arguments[0] == "-" else "given\n"
    cold = run_cold(arguments, env=environ, cwd=folder, stdin=stdin)
    assert (cold.returncode, len(cold.stdout.splitlines())) == (3, 13), cold.stderr
    warm = python.run(arguments, env=environ, cwd=folder, stdin=stdin)
    assert warm.stdout.splitlines() == cold.stdout.splitlines()
    assert (warm.returncode, warm.stderr) == (cold.returncode, cold.stderr)
    shell = subprocess.run(
        [python.program, *arguments], env=environ, cwd=folder, input=stdin, capture_output=True, text=True, check=False
    )
    assert shell.stdout.splitlines() == cold.stdout.splitlines()
    assert (shell.returncode, shell.stderr) == (cold.returncode, cold.stderr)


@pytest.mark.parametrize(
    "code", ["raise SystemExit('no')", "import os; os._exit(7)", "import os; os.kill(os.getpid(), 9)"]
)
def test_an_end_is_the_same(code: str, folder: Path, python: WarmPython) -> None:
    """However a process ends, its status is told."""
    environ = clean_environment()
    cold, warm = (run(["-c", code], env=environ, cwd=folder) for run in (run_cold, python.run))
    assert (warm.returncode, warm.stderr) == (cold.returncode, cold.stderr)


def test_an_error_is_a_traceback(folder: Path, python: WarmPython) -> None:
    """An error ends it with status 1 and a traceback."""
    done = python.run(["-c", "1 / 0"], env=clean_environment(), cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.endswith("\nZeroDivisionError: division by zero\n")


def test_one_that_hangs(folder: Path, python: WarmPython) -> None:
    """It is killed when its time is over, and what it said until then is told; another one runs beside it."""
    hanging = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(subprocess.TimeoutExpired) as told:
        python.run(["-c", hanging], env=clean_environment(), cwd=folder, timeout=0.3)
    assert str(told.value.stdout).strip().isdigit()
    asked = [str(python.program), "-c", hanging]
    with subprocess.Popen(asked, env=clean_environment(), cwd=folder, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert python.run(["-c", "print(1)"], env=clean_environment(), cwd=folder).stdout == "1\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) != 0


def test_what_a_fork_cannot_do(folder: Path, python: WarmPython) -> None:
    """What is asked of the interpreter itself, and a start on demand, is a real one, of a shell too."""
    environ = clean_environment()
    assert is_warm(["-c", ""], environ)
    for arguments, more in (
        ([], {}),
        (["-I", "-c", ""], {}),
        (["-c", ""], {COLD: "1"}),
        (["-c", ""], {"PYTHONHASHSEED": "1"}),
        (["-c", ""], {"LC_ALL": "xx"}),
    ):
        assert not is_warm(arguments, {**environ, **more})
    asked = ["-I", "-c", "import sys; print('pydantic_settings' in sys.modules, sys.flags.isolated)"]
    assert python.run(asked, env=environ, cwd=folder).stdout == "False 1\n"
    shell = subprocess.run([python.program, *asked], env=environ, capture_output=True, text=True, check=True)
    assert shell.stdout == "False 1\n"
