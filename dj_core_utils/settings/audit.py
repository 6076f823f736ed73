"""What the audit trail records."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator

from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_PART = r"(?:\*|[^\W\d]\w*)"
_PATTERN = rf"{_PART}\.{_PART}(?:\.{_PART})?"


def _pattern(text: str) -> str:
    if not re.fullmatch(_PATTERN, text):
        refuse("audit.pattern", "this names no model and no field.", "such as shop.Order, shop.Order.note, shop.*")
    return text


AuditPattern = Annotated[str, AfterValidator(_pattern)]


class AuditSettings(Section):
    """Which models are recorded, what is kept out of the record, and when it is written.

    Patterns are dotted: ``app_label.Model`` or ``app_label.Model.field``, with ``*`` for any one part.
    """

    prefix: ClassVar[str] = "AUDIT_"

    include: list[AuditPattern] = variable(
        [],
        feeds="AUDIT",
        description="Models to record; unset, every model of the project.",
        example="shop.*,users.Profile",
    )
    exclude: list[AuditPattern] = variable(
        [],
        feeds="AUDIT",
        description="Models and fields not to record.",
        example="shop.Visit,users.Profile.last_seen",
    )
    sensitive: list[AuditPattern] = variable(
        [],
        feeds="AUDIT",
        description="Models and fields whose values are left out of the record; that they changed is recorded.",
        example="users.Profile.tax_number,*.*.iban",
    )
    capture: Literal["python", "trigger"] = variable(
        "python",
        feeds="AUDIT",
        description="Who notices changes: python (Django's own writes) or trigger (the database, raw SQL included).",
    )
    write: Literal["commit", "immediate"] = variable(
        "commit",
        feeds="AUDIT",
        description="When the record is written: once before the commit, or immediately with each change.",
    )

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # every section's signature
        """``AUDIT``.

        Args:
            context: Not needed.
        """
        return {"AUDIT": {name: getattr(self, name) for name in type(self).model_fields}}

    @rule("audit.contradiction")
    def lists_agree(self, context: RuleContext) -> Iterator[Problem]:
        """Nothing is included and excluded at once."""
        for pattern in self.include:
            if pattern in self.exclude:
                yield context.problem(
                    "AUDIT_EXCLUDE", f'"{pattern}" stands in AUDIT_INCLUDE, too.', hint="remove it from one of the two"
                )
