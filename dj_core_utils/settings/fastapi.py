"""The FastAPI application that may run beside Django."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext


class FastAPISettings(Section):
    """Whether FastAPI is served, where, and under which path."""

    prefix: ClassVar[str] = "FASTAPI_"

    enabled: bool = variable(
        False,
        name="ENABLE_FASTAPI",
        feeds="FASTAPI",
        description="Serve a FastAPI application beside Django.",
        example="true",
        other_names=("FASTAPI_ENABLED",),
    )
    host: str = variable(
        "127.0.0.1",
        feeds="FASTAPI",
        description="Address that FastAPI listens on; 0.0.0.0 for every one of the machine, as in a container.",
        example="0.0.0.0",  # noqa: S104  # the example of .env, not a socket
        pattern=r"^[A-Za-z0-9_.:-]+$",
    )
    port: int = variable(
        8001, feeds="FASTAPI", description="Port that FastAPI listens on.", example="8001", ge=1, le=65_535
    )
    root_path: str = variable(
        "",
        feeds="FASTAPI",
        description="Path under which a proxy serves FastAPI, if it takes that path off.",
        example="/api",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
    )

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # every section's signature
        """``FASTAPI``.

        Args:
            context: Not needed.
        """
        return {"FASTAPI": {"enabled": self.enabled, "host": self.host, "port": self.port, "root_path": self.root_path}}

    @rule("fastapi.package")
    def package_is_there(self, context: RuleContext) -> Iterator[Problem]:
        """What is turned on is installed."""
        if self.enabled and find_spec("fastapi") is None:
            yield context.problem(
                "ENABLE_FASTAPI", "the package fastapi is not installed.", hint="pip install fastapi, or turn it off"
            )
