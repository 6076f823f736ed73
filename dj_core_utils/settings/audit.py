"""What the audit trail records."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator

from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.retention import ADVICE, is_retention_pattern, read_limit
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


def _retention_pattern(text: str) -> str:
    if not is_retention_pattern(text):
        refuse("audit.pattern", "this names no models.", "such as shop.Order, shop.* or * for all others")
    return text


def _limit(text: str) -> str:
    if read_limit(text) is None:
        refuse("audit.retention", "this says not how long or how many.", ADVICE)
    return text


AuditPattern = Annotated[str, AfterValidator(_pattern)]
RetentionPattern = Annotated[str, AfterValidator(_retention_pattern)]
RetentionLimit = Annotated[str, AfterValidator(_limit)]


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
        description="What records: Python, on every database, or triggers of PostgreSQL and SQLite, which see all SQL.",
    )
    write: Literal["commit", "immediate"] = variable(
        "commit",
        feeds="AUDIT",
        description="When the record is written: once before the commit, or immediately with each change.",
    )
    on_failure: Literal["refuse", "log"] = variable(
        "refuse",
        feeds="AUDIT",
        description="When an entry cannot be written: refuse the change, too, or log the loss and go on.",
    )
    unannounced: Literal["warn", "raise", "ignore"] = variable(
        "warn",
        feeds="AUDIT",
        description="What SQL by hand meets that writes a recorded table: warn, raise or ignore.",
    )

    retention: dict[RetentionPattern, RetentionLimit] = variable(
        {},
        feeds="AUDIT",
        description="What manage.py auditlog prune keeps, by age or count; of other models everything is kept.",
        example="shop.Order=5y,shop.*=1000 rows,*=90d",
    )

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # every section's signature
        """``AUDIT``.

        Args:
            context: Not needed.
        """
        return {"AUDIT": {name: getattr(self, name) for name in type(self).model_fields}}

    @rule("audit.capture")
    def databases_have_such_triggers(self, context: RuleContext) -> Iterator[Problem]:
        """Triggers that write the record exist for PostgreSQL and SQLite."""
        if self.capture != "trigger":
            return
        for alias, config in context.settings.database.configs(context.project_dir).items():
            if config.family in {"mysql", "oracle", "mssql"}:
                yield context.problem(
                    "AUDIT_CAPTURE",
                    f'triggers of {config.engine} cannot write the record, and the database "{alias}" is one.',
                    hint="set AUDIT_CAPTURE=python, which records on every database",
                )

    @rule("audit.capture_failure")
    def triggers_refuse(self, context: RuleContext) -> Iterator[Problem]:
        """What a trigger writes is a part of the statement: without its entry there is no change."""
        if self.capture == "trigger" and self.on_failure == "log":
            yield context.problem(
                "AUDIT_ON_FAILURE",
                "a trigger cannot go on without its entry, and AUDIT_CAPTURE is trigger.",
                hint="remove AUDIT_ON_FAILURE, or set AUDIT_CAPTURE=python",
            )

    @rule("audit.contradiction")
    def lists_agree(self, context: RuleContext) -> Iterator[Problem]:
        """Nothing is included and excluded at once."""
        for pattern in self.include:
            if pattern in self.exclude:
                yield context.problem(
                    "AUDIT_EXCLUDE", f'"{pattern}" stands in AUDIT_INCLUDE, too.', hint="remove it from one of the two"
                )
