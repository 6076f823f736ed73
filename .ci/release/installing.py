"""Install a wheel where nothing else is, with and without each of its extras, and try it there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from release import metadata
from release.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SMOKE = Path(__file__).with_name("smoke.py")
# Tools of those who work on the package; its own suite tries them.
_FOR_DEVELOPERS = frozenset({"dev"})


def combinations(wheel: Path) -> Iterator[tuple[str, ...]]:
    """Which extras to install together: none, each one, and all of them."""
    extras = sorted(set(metadata.read(wheel).provides_extra or ()) - _FOR_DEVELOPERS)
    yield ()
    yield from ((extra,) for extra in extras)
    if len(extras) > 1:
        yield tuple(extras)


def install(wheel: Path, extras: Sequence[str], folder: Path) -> Path:
    """Install a wheel and what it needs into a new environment.

    Args:
        wheel: The wheel.
        extras: Which extras.
        folder: Where the environment is made.

    Returns:
        The interpreter of the environment.

    Raises:
        ReleaseError: It cannot be installed.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    requirement = f"{wheel}[{','.join(extras)}]" if extras else str(wheel)
    installers = [["pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check", requirement]]
    if importlib.util.find_spec("uv"):
        # A tenth of the time; pip does it where uv cannot (an index that only pip is told of).
        installers.insert(
            0, ["uv", "--system-certs", "pip", "install", "--quiet", "--python", str(python), requirement]
        )
    for installer in installers:
        done = subprocess.run([sys.executable, "-m", *installer], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return python
    raise ReleaseError(f"{requirement} cannot be installed:\n{done.stderr.strip()}")


def smoke(python: Path, extras: Sequence[str]) -> Iterator[str]:
    """What does not work in an environment.

    Args:
        python: Its interpreter.
        extras: The extras that were installed.
    """
    done = subprocess.run([str(python), "-I", str(SMOKE), *extras], capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        yield f"{done.stdout}{done.stderr}".strip()
