"""What an audit log costs: this one, others and none, on SQLite and PostgreSQL.

    python benchmarks/audit.py [--rounds 5] [--rows 2000] [--database sqlite postgresql] [--package dj_core_utils]

Each round starts a fresh process and a fresh database for each package, and lets them take turns in small portions, so
that a change in the machine's speed meets them all. A figure is the median, over the rounds, of the median portion
beside that of no audit in the same round. PostgreSQL is the server of ``DJ_TEST_POSTGRES_URL``, or the wheel of the
tests. Nothing is synced to a disk, which would hide the cost.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from audited.worker import APPS, LEAST, SINGLE  # noqa: E402  # stands beside this file

from tests import servers  # noqa: E402  # of the repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PEER = "nothing"
PORTION = 200
MODES = ("block", "auto")
LARGE_DELETE = 20_000

Cell = tuple[str, str, str]
Figures = dict[Cell, list[list[float]]]


class Worker:
    """A process that writes with one package."""

    def __init__(self, package: str, url: str) -> None:
        """Start it.

        Args:
            package: What records.
            url: A database of its own.
        """
        self.package = package
        self._process = subprocess.Popen(
            [sys.executable, "-m", "audited.worker", package, url],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, operation: str, rows: int, mode: str) -> tuple[float, int]:
        """Let it do something.

        Args:
            operation: What.
            rows: With how many rows.
            mode: ``block`` or ``auto``.

        Returns:
            Seconds, and statements where it was a single row.
        """
        assert self._process.stdin  # noqa: S101  # a pipe
        assert self._process.stdout  # noqa: S101  # a pipe
        self._process.stdin.write(f"{operation} {rows} {mode}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.package} failed at {operation}")
        seconds, statements = json.loads(answer)
        return seconds, statements

    def stop(self) -> None:
        """End it."""
        self._process.communicate()


def plan(rows: int) -> Iterator[tuple[str, int, str]]:
    """What every package is asked, in this order."""
    for mode in MODES:
        for operation in SINGLE:
            yield operation, 1, mode
        for operation in SINGLE:
            yield operation, PORTION, mode  # to warm up
    for mode in MODES:
        for operation in SINGLE:
            for _ in range(rows // PORTION):
                yield operation, PORTION, mode
    for _ in range(5):
        yield "load", rows, "block"
    for _ in range(3):
        yield "queryset_update", rows, "block"
    yield "queryset_delete", rows, "block"


def run_round(
    database: str, packages: Sequence[str], rows: int, seconds: Figures, statements: dict[Cell, int]
) -> dict[str, float]:
    """Let all packages take turns once.

    Args:
        database: ``sqlite`` or ``postgresql``.
        packages: Which ones.
        rows: How many are written by each operation.
        seconds: Gets a list of portions for each cell.
        statements: Gets the statements of a single row.

    Returns:
        Seconds of a large ``queryset.delete()``: without audit, and with this one.
    """
    taken: dict[Cell, list[float]] = {}
    with ExitStack() as stack:
        workers = []
        for package in packages:
            worker = Worker(package, stack.enter_context(own_database(database)))
            stack.callback(worker.stop)
            workers.append(worker)
        for step, (operation, count, mode) in enumerate(plan(rows)):
            turns = workers if step % 2 else list(reversed(workers))
            for worker in turns:
                spent, made = worker.ask(operation, count, mode)
                cell = (operation, mode, worker.package)
                if count == 1:
                    statements[cell] = made
                else:
                    taken.setdefault(cell, []).append(spent)
        large = {
            worker.package: worker.ask("queryset_delete", LARGE_DELETE, "block")[0]
            for worker in workers
            if worker.package in {PEER, LEAST} or worker.package.startswith("dj_core_utils")
        }
    for cell, portions in taken.items():
        warm = portions[1:] if cell[0] in SINGLE else portions
        seconds.setdefault(cell, []).append(warm)
    return large


@contextmanager
def own_database(database: str) -> Iterator[str]:
    """The URL of a fresh database.

    Args:
        database: ``sqlite`` or ``postgresql``.
    """
    if database == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/db.sqlite3"
        return
    with servers.postgres(os.environ["DJ_TEST_POSTGRES_URL"]) as url:
        yield url


def ratio(seconds: Figures, operation: str, mode: str, package: str) -> float:
    """The median of the rounds, each beside no audit in the same round."""
    ours, none = seconds[operation, mode, package], seconds[operation, mode, PEER]
    pairs = zip(ours, none, strict=True)
    return statistics.median(statistics.median(mine) / statistics.median(bare) for mine, bare in pairs)


def report(
    packages: Sequence[str], seconds: Figures, statements: dict[Cell, int], large: list[dict[str, float]]
) -> None:
    """Print the tables of one database."""
    print(f"{'ratio: create / update / delete':34}{'one transaction':>20}{'autocommit':>20}")
    for package in packages:
        cells = ["/".join(f"{ratio(seconds, name, mode, package):.2f}" for name in SINGLE) for mode in MODES]
        print(f"{package:34}{cells[0]:>20}{cells[1]:>20}")
    print(f"{'ratio of many rows':34}{'load':>10}{'queryset.update':>18}{'queryset.delete':>18}")
    for package in packages:
        many = [ratio(seconds, name, "block", package) for name in ("load", "queryset_update", "queryset_delete")]
        print(f"{package:34}{many[0]:10.2f}{many[1]:18.2f}{many[2]:18.2f}")
    print(f"{'statements for one row':34}{'one transaction':>20}{'autocommit':>20}")
    for package in packages:
        counts = ["/".join(str(statements[name, mode, package]) for name in SINGLE) for mode in MODES]
        print(f"{package:34}{counts[0]:>20}{counts[1]:>20}")
    least = {package: min(spent[package] for spent in large) for package in large[0]}
    print(f"queryset.delete of {LARGE_DELETE} rows: " + ", ".join(f"{name} {s:.3f} s" for name, s in least.items()))


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--database", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--package", nargs="+", choices=list(APPS), default=list(APPS), help="beside no audit")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    packages = [name for name in APPS if name == PEER or name in options.package]
    raw = {}
    with ExitStack() as stack:
        if "postgresql" in options.database and "DJ_TEST_POSTGRES_URL" not in os.environ:
            os.environ["DJ_TEST_POSTGRES_URL"] = stack.enter_context(servers.postgres())
        for database in options.database:
            seconds: Figures = {}
            statements: dict[Cell, int] = {}
            large = [run_round(database, packages, options.rows, seconds, statements) for _ in range(options.rounds)]
            print(f"\n== {database}")
            report(packages, seconds, statements, large)
            raw[database] = {" ".join(cell): portions for cell, portions in seconds.items()}
    if options.json:
        options.json.write_text(json.dumps(raw, indent=1))


if __name__ == "__main__":
    main()
