"""What the new files will say; made anew for each attempt, from what is known by then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_core_utils.cli.init.source import Statement


class Leaf(NamedTuple):
    """A line of the class.

    Attributes:
        name: The field.
        annotation: Its type.
        default: Its default as Python; empty when it is required.
        remarks: Comments above it.
    """

    name: str
    annotation: str
    default: str
    remarks: tuple[str, ...] = ()


class Secret(NamedTuple):
    """A line of ``.env``.

    Attributes:
        name: The variable.
        text: Its value.
        remark: What it is there for; empty for none.
        is_everywhere: Whether every deployment has to set it from now on.
    """

    name: str
    text: str
    remark: str = ""
    is_everywhere: bool = False


@dataclass(slots=True)
class Plan:
    """The parts of the new files.

    Attributes:
        service: Name of the service.
        docstring: Of the module.
        old_class: The class that the old settings were attributes of; empty for none.
        volatile: Settings that are other ones at each start.
        header: Comments at the top of the module.
        imports: Lines that values and the class need.
        head: Statements that stand before the class.
        leaves: Fields of the class.
        sections: Defaults of sections: the section, the leaf, its value as Python.
        tail: Statements that stand behind the export, as they were.
        values: Settings that are assigned behind the export because the class cannot say them.
        fixed: Settings that were computed, and now have the value of one start.
        has_mail_by_hand: Whether ``EMAIL_*`` are assigned, beside which Django allows no ``MAILERS``.
        secrets: Secrets that stood in the code, and the first setting that each one is the value of.
        twins: Settings whose secret is that of another setting, by the name of that one.
        dotenv: Lines for ``.env``.
        retired: Names that deployments set, and the variable that each one is now.
        unheard: Settings that follow their variables in another way than before, with these variables.
        allowed: Names in ``.env`` that the kept statements read.
    """

    service: str
    docstring: str
    old_class: str = ""
    volatile: Sequence[str] = ()
    header: tuple[str, ...] = ()
    imports: set[str] = field(default_factory=set)
    head: list[Statement] = field(default_factory=list)
    leaves: dict[str, Leaf] = field(default_factory=dict)
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    tail: list[Statement] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    has_mail_by_hand: bool = False
    secrets: dict[str, str] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)
    dotenv: dict[str, Secret] = field(default_factory=dict)
    retired: dict[str, str] = field(default_factory=dict)
    unheard: dict[str, tuple[str, ...]] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)

    @property
    def class_name(self) -> str:
        """The settings class: the project's own name for it, or one after the service."""
        if self.old_class:
            return self.old_class
        return "".join(part.capitalize() for part in self.service.replace("_", "-").split("-")) + "Settings"
