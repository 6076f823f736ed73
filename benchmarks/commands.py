"""CPU time of the commands that look at the configuration, against ``manage.py check`` of the same project.

    python benchmarks/commands.py [--rounds 7]

The project is ``examples/shop``. Commands are started in turn, so that a change in the machine's speed meets them all;
the ratio of the minima is the figure to quote. In a terminal ``config show`` draws its table with rich.
"""

from __future__ import annotations

import argparse
import os
import pty
import resource
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).parents[1] / "examples" / "shop"
PEER = "manage.py check"
COMMANDS = {
    PEER: ["manage.py", "check"],
    "manage.py config show": ["manage.py", "config", "show"],
    "manage.py config show, in a terminal": ["manage.py", "config", "show"],
    "manage.py config check": ["manage.py", "config", "check"],
    "manage.py config explain ALLOWED_HOSTS": ["manage.py", "config", "explain", "ALLOWED_HOSTS"],
    "manage.py config diff development production": ["manage.py", "config", "diff", "development", "production"],
    "manage.py config docs": ["manage.py", "config", "docs"],
    "manage.py config schema": ["manage.py", "config", "schema"],
    "python -m dj_core_utils config show": ["-m", "dj_core_utils", "config", "show"],
}


def run(command: list[str], *, in_terminal: bool) -> float:
    """Run a command in a fresh interpreter and return its CPU seconds."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "DJANGO_PROFILE": "demo", "TERM": "xterm-256color", "COLUMNS": "120"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ours, theirs = pty.openpty() if in_terminal else os.pipe()
    process = subprocess.Popen([sys.executable, *command], cwd=SHOP, env=environment, stdout=theirs)
    os.close(theirs)
    drain(ours)
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def drain(stream: int) -> None:
    """Read what a command writes until it ends."""
    try:
        while os.read(stream, 65536):
            pass
    except OSError:  # how a terminal ends on Linux
        pass
    os.close(stream)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(options.rounds + 1):
        for name, command in COMMANDS.items():
            spent = run(command, in_terminal="terminal" in name)
            if turn:
                seconds[name].append(spent)
    peer = min(seconds[PEER])
    print(f"{'CPU time':48}{'min ms':>8}{'/ check':>9}")
    for name, spent in seconds.items():
        print(f"{name:48}{min(spent) * 1e3:8.0f}{min(spent) / peer:9.2f}")


if __name__ == "__main__":
    main()
