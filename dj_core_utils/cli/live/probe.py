"""What is tried live, and what came of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Status = Literal["ok", "skip", "fail"]


class Finding(NamedTuple):
    """What a probe has found.

    Attributes:
        status: ``ok``; ``fail`` for what would not work; ``skip`` for what was not tried, with the reason.
        message: What was found. Never holds a secret.
        hint: What to do about it.
        milliseconds: How long one question and its answer take, once connected; None where there was none.
    """

    status: Status
    message: str
    hint: str = ""
    milliseconds: float | None = None


class Probe(NamedTuple):
    """One thing that is tried.

    Attributes:
        kind: What it is: ``database``, ``cache``, ``mail``, ``events``, ``service``, ``jwks``.
        name: Which one of its kind: an alias, the name of a service.
        variable: Where its address is set.
        run: Tries it, within about so many seconds. It may raise anything.
    """

    kind: str
    name: str
    variable: str
    run: Callable[[float], Finding]


class Result(NamedTuple):
    """A probe and what it has found."""

    probe: Probe
    finding: Finding

    def as_json(self) -> dict[str, object]:
        """The same for machines."""
        taken = self.finding.milliseconds
        return {
            "kind": self.probe.kind,
            "name": self.probe.name,
            "status": self.finding.status,
            "message": self.finding.message,
            "hint": self.finding.hint,
            "milliseconds": None if taken is None else round(taken, 1),
            "variable": self.probe.variable,
        }


class Stopwatch:
    """How long the body of a ``with`` took.

    Attributes:
        milliseconds: Known when the body has ended.
    """

    milliseconds: float = 0

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Stopwatch]:
        """Measure the body."""
        watch, started = cls(), time.perf_counter()
        yield watch
        watch.milliseconds = (time.perf_counter() - started) * 1000
