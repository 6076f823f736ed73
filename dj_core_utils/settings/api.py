"""Calls to other services: how long they may take, how often they are tried, and when they are given up."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

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

    largest_answer: int = variable(
        10_485_760,
        feeds=_SETTING,
        description="Bytes from which on an answer is refused, so that no service can fill the memory of another.",
        example="10485760",
        ge=1024,
    )
    ca_file: str = variable(
        "",
        feeds=_SETTING,
        description="Certificates of the authorities that sign for services, instead of those that the machine trusts.",
        example="/etc/ssl/internal-ca.pem",
    )
    local_path: str = variable(
        "/",
        feeds=_SETTING,
        description="Path under which a service of this process is found; {service} stands for its name.",
        example="/{service}/",
    )
    transaction: Literal["join", "refuse"] = variable(
        "join",
        feeds=_SETTING,
        description="What becomes of calls inside of a transaction; refuse, in tests, shows code that depends on it.",
        example="refuse",
    )

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """``API_CLIENT``, with durations in seconds and a file that does not depend on where a process is started.

        Args:
            context: The folder of the project is read.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        if self.ca_file:
            values["ca_file"] = str(context.project_dir / self.ca_file)
        return {
            _SETTING: {
                name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in values.items()
            }
        }

    @rule("api.ca_file")
    def authorities_are_there(self, context: RuleContext) -> Iterator[Problem]:
        """A file of certificates that cannot be read would fail the first call, not the start."""
        if self.ca_file and not context.profiles.is_build and not (context.project_dir / self.ca_file).is_file():
            yield context.problem(
                "API_CLIENT_CA_FILE", "there is no such file.", hint=f"relative paths start at {context.project_dir}"
            )

    @rule("api.local_path")
    def local_path_is_a_path(self, context: RuleContext) -> Iterator[Problem]:
        """The path of the services of this process is a path, with one placeholder at most."""
        if not re.fullmatch(r"/(?:[\w.~-]+/|\{service\}/)*", self.local_path):
            yield context.problem(
                "API_CLIENT_LOCAL_PATH",
                "this is no path that begins and ends with a slash.",
                hint='such as  /api/  or, where each service is mounted under its name,  "/{service}/"',
            )

    @rule("api.transaction")
    def switch_stays_in_tests(self, context: RuleContext) -> Iterator[Problem]:
        """Refusing calls inside of a transaction is for tests; in production it would fail what works."""
        if context.is_hardened and self.transaction == "refuse":
            yield context.warning(
                "API_CLIENT_TRANSACTION",
                "calls inside of a transaction are refused; this is meant for tests.",
                hint="leave it out here",
            )

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
