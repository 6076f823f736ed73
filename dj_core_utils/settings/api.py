"""Calls to other services: how long they may take, how often they are tried, and when they are given up."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_SETTING = "API_CLIENT"
_SHORTEST = timedelta(milliseconds=1)


class APISettings(Section):
    """Limits of the client for other services."""

    prefix: ClassVar[str] = "API_CLIENT_"

    connect_timeout: timedelta = variable(
        timedelta(seconds=1),
        feeds=_SETTING,
        description="How long a connection to another service may take.",
        example="1s",
        ge=_SHORTEST,
    )
    read_timeout: timedelta = variable(
        timedelta(seconds=5),
        feeds=_SETTING,
        description="How long another service may be silent before it has answered.",
        example="5s",
        ge=_SHORTEST,
    )
    deadline: timedelta = variable(
        timedelta(seconds=10),
        feeds=_SETTING,
        description="How long a call may take in all, every attempt and pause included.",
        example="10s",
        ge=_SHORTEST,
    )
    attempts: int = variable(
        3, feeds=_SETTING, description="How often a call that may be repeated is tried.", example="3", ge=1, le=10
    )
    retry_ratio: float = variable(
        0.2,
        feeds=_SETTING,
        description="Second attempts per call that are allowed over time, so that retries never multiply an outage.",
        example="0.2",
        ge=0,
        le=1,
    )
    breaker_window: timedelta = variable(
        timedelta(seconds=10),
        feeds=_SETTING,
        description="How far back failures of a service are counted.",
        example="10s",
        ge=timedelta(seconds=1),
    )
    breaker_calls: int = variable(
        10, feeds=_SETTING, description="Calls within that time from which on failures count.", example="10", ge=1
    )
    breaker_failures: float = variable(
        0.5,
        feeds=_SETTING,
        description="Share of failed calls at which a service is left alone for a while.",
        example="0.5",
        gt=0,
        le=1,
    )
    breaker_pause: timedelta = variable(
        timedelta(seconds=5),
        feeds=_SETTING,
        description="How long a failing service is left alone before it is tried again.",
        example="5s",
        ge=_SHORTEST,
    )

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # every section's signature
        """``API_CLIENT``, with durations in seconds.

        Args:
            context: Not needed.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            _SETTING: {
                name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in values.items()
            }
        }

    @rule("api.deadline")
    def deadline_leaves_room(self, context: RuleContext) -> Iterator[Problem]:
        """A timeout that is longer than the deadline never ends anything."""
        for name, timeout in (
            ("API_CLIENT_CONNECT_TIMEOUT", self.connect_timeout),
            ("API_CLIENT_READ_TIMEOUT", self.read_timeout),
        ):
            if timeout > self.deadline:
                yield context.problem(
                    name,
                    f"{timeout.total_seconds():g} seconds are more than a call may take in all"
                    f" (API_CLIENT_DEADLINE, {self.deadline.total_seconds():g} seconds).",
                )
