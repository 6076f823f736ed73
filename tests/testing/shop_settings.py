"""A settings class of a project, with what a test of its configuration looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, SecretStr

from dj_core_utils.settings import CoreSettings, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dj_core_utils.settings import RenderContext, RuleContext


class ShopSettings(CoreSettings):
    """Settings of a shop."""

    service_name: str = "shop"
    root_urlconf: str = "tests.project.urls"
    page_size: int = Field(default=50, ge=1, le=500)
    colours: list[str] = ["red"]
    has_banner: bool = False
    search_key: SecretStr | None = None

    def render(self, context: RenderContext) -> Mapping[str, object]:
        """A setting that is there at times."""
        banner = {"BANNER": "hello"} if self.has_banner else {}
        return {**super().render(context), **banner}

    @rule("shop.round")
    def pages_are_round(self, context: RuleContext) -> Iterator[Problem]:
        """A rule of the project."""
        if self.page_size % 5:
            yield context.warning("PAGE_SIZE", "not a round number.")
