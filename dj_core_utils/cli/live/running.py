"""All probes at once, each within its time, so that one that hangs holds up nothing."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from dj_core_utils.cli.live.failures import no_answer, reason
from dj_core_utils.cli.live.probe import Finding, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dj_core_utils.cli.live.probe import Probe

# What a probe that keeps its own limit needs to say so.
_GRACE = 0.5


def run_all(probes: Sequence[Probe], timeout: float) -> list[Result]:
    """Run probes side by side.

    A thread that hangs is left behind: it ends with the process, which does not wait for it.

    Args:
        probes: What to try.
        timeout: Seconds for each; as all start together, this is how long it takes at most.

    Returns:
        What each has found, in the order of the probes.
    """
    done: SimpleQueue[tuple[int, Finding]] = SimpleQueue()

    def work(number: int, probe: Probe) -> None:
        done.put((number, _tried(probe, timeout)))

    findings: dict[int, Finding] = {}
    with _quiet():
        for number, probe in enumerate(probes):
            Thread(target=work, args=(number, probe), name=f"{probe.kind} {probe.name}", daemon=True).start()
        deadline = time.monotonic() + timeout + _GRACE
        while len(findings) < len(probes):
            try:
                number, finding = done.get(timeout=max(deadline - time.monotonic(), 0))
            except Empty:
                break
            findings[number] = finding
    late = Finding("fail", no_answer(timeout))
    return [Result(probe, findings.get(number, late)) for number, probe in enumerate(probes)]


def _tried(probe: Probe, timeout: float) -> Finding:
    try:
        return probe.run(timeout)
    except Exception as error:  # noqa: BLE001  # whatever a driver raises is what the probe has found
        return Finding("fail", reason(error, timeout))


@contextmanager
def _quiet() -> Iterator[None]:
    """What drivers log is what the findings say, and would stand between the lines of the output."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
