"""What ``init`` found, wrote and proved: lines for people, an object for machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.cli.init.literals import Literals
from dj_core_utils.cli.init.secrecy import is_secret, secrets_in
from dj_core_utils.cli.init.starting import NotStarted, Started
from dj_core_utils.cli.init.terms import Term
from dj_core_utils.settings.middleware_order import violations
from dj_core_utils.settings.quoting import without_password
from dj_core_utils.settings.report import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dj_core_utils.cli.init.comparison import Difference
    from dj_core_utils.cli.init.migration import Attempt
    from dj_core_utils.cli.screen import Screen

_WORD = 8
_GAP = "  "
_WIDEST_SUBJECT, _NARROWEST_TEXT = 34, 40
_LONGEST = 160
_NOWHERE = Path("/nowhere")
_NOTHING = Term("none", None)
_COLOURS = {
    "found": "1",
    "wrote": "1;32",
    "would": "1;33",
    "equal": "1;32",
    "FAIL": "1;31",
    "differs": "1;31",
    "must": "1;33",
}


class Line(NamedTuple):
    """A line of the report.

    Attributes:
        word: What kind it is.
        subject: A file, a setting, a variable.
        text: What is said of it.
    """

    word: str
    subject: str
    text: str = ""


def write_lines(screen: Screen, lines: Sequence[Line]) -> None:
    """Write lines in three columns.

    Args:
        screen: Where to.
        lines: The lines.
    """
    width = min(max((len(line.subject) for line in lines if line.text), default=0), _WIDEST_SUBJECT)
    column = _WORD + width + len(_GAP)
    is_wide = not screen.is_terminal or screen.width - column >= _NARROWEST_TEXT
    for line in lines:
        word = screen.paint(line.word.ljust(_WORD), _COLOURS.get(line.word, "1")) if line.word else " " * _WORD
        is_beside = bool(line.text) and is_wide and (len(line.subject) <= width or not screen.is_terminal)
        indent = column if is_beside else _WORD + len(_GAP) if line.text else _WORD
        texts = list(_fitted(line.text or line.subject, screen, indent))
        subject = f"{line.subject.ljust(width)}{_GAP}" if is_beside else f"{line.subject}\n{' ' * indent}"
        screen.write(f"{word}{subject if line.text else ''}{texts.pop(0)}".rstrip())
        for text in texts:
            screen.write(f"{' ' * indent}{text}")


def _fitted(text: str, screen: Screen, indent: int) -> Iterator[str]:
    """The lines of a text; on a terminal they end before its edge, and commands stay whole."""
    for line in text.split("\n"):
        yield from wrapped(line, max(screen.width - indent, 1)) if screen.is_terminal else [line]


def outcome_lines(attempt: Attempt) -> Iterator[Line]:
    """What became of the settings that were brought over.

    Args:
        attempt: The attempt that changes nothing; nothing is said of one that did not start.
    """
    comparison = attempt.comparison
    if comparison is None:
        return
    counts = [f"{comparison.same} the same"]
    counts += [f"{len(comparison.noted)} as noted"] if comparison.noted else []
    total = comparison.same + len(comparison.differences)
    yield Line("equal", f"{total} settings compared: {', '.join([*counts, 'none changed'])}")
    for difference in comparison.noted:
        yield Line("noted", difference.name, difference.note)
    plan = attempt.plan
    doubtful = {variable for variables in plan.unheard.values() for variable in variables}
    for old, new in sorted(plan.retired.items()):
        if old not in doubtful:
            yield Line("names", old, f"still read, for {new}: deployments that set it need no change")
    for name, variables in plan.unheard.items():
        text = f"follows {', '.join(variables)}" if variables else "follows what it was computed from"
        yield Line("LOOK", name, f"{text} in another way than before: compare it where another value is set")
    for message, hint in _disorder(attempt):
        yield Line("LOOK", "MIDDLEWARE", f"as before, {message}\nmanage.py check refuses that: {hint}")
    yield from (Line("noted", name, "is another one at each start, as before") for name in plan.volatile)
    yield from (Line("fixed", name, "was computed; now it has the value of this start") for name in attempt.plan.fixed)
    text = "holds a secret, which stays in the code: give it a field of its own, or read it"
    yield from (Line("LOOK", name, text) for name in in_code(attempt))
    everywhere = [line.name for line in attempt.plan.dotenv.values() if line.is_everywhere]
    if everywhere:
        text = (
            "stood in the code so far; every deployment sets it now,\nby a variable, a secret file or a .env of its own"
        )
        yield from (Line("must", name, text if name == everywhere[-1] else "") for name in everywhere)


def _disorder(attempt: Attempt) -> list[tuple[str, str]]:
    """What stands where it must not in a list that is kept as it was."""
    values = attempt.after.values if isinstance(attempt.after, Started) else {}
    entries = [str(part.content) for part in values.get("MIDDLEWARE", _NOTHING).parts]
    return [(message, hint) for strength, message, hint in violations(entries) if strength == "must"]


def in_code(attempt: Attempt) -> list[str]:
    """Settings that are kept as they are with a secret written into them.

    Args:
        attempt: The attempt.
    """
    kept = {name: one.text for one in attempt.plan.tail for name in one.settings}
    values = attempt.after.values if isinstance(attempt.after, Started) else {}
    return sorted(
        name for name, text in kept.items() if any(one in text for one in secrets_in(name, values.get(name, _NOTHING)))
    )


def as_json(attempt: Attempt | None, files: Sequence[Path], *, is_dry: bool, error: str = "") -> dict[str, object]:
    """The report as data, without values of secrets.

    Args:
        attempt: The last attempt, if it came to one.
        files: What was written.
        is_dry: Whether nothing was written.
        error: Why nothing was written.
    """
    comparison = attempt.comparison if attempt is not None else None
    return {
        "ok": not error,
        "error": error,
        "dry_run": is_dry,
        "files": [str(path) for path in files],
        "same": comparison.same if comparison else 0,
        "differences": [_difference(one) for one in comparison.differences] if comparison else [],
        "added": list(comparison.added) if comparison else [],
        "refused": _refused(attempt),
        "retired_names": attempt.plan.retired if attempt else {},
        "unheard": attempt.plan.unheard if attempt else {},
        "secrets_in_code": in_code(attempt) if attempt else [],
        "set_everywhere": [one.name for one in attempt.plan.dotenv.values() if one.is_everywhere] if attempt else [],
    }


def _refused(attempt: Attempt | None) -> list[dict[str, str]]:
    after = attempt.after if attempt else None
    return [one._asdict() for one in after.problems] if isinstance(after, NotStarted) else []


def _difference(difference: Difference) -> dict[str, object]:
    return {
        "setting": difference.name,
        "before": shown(difference.name, difference.before),
        "after": shown(difference.name, difference.after),
        "note": difference.note,
    }


def narrowed(before: Term | None, after: Term | None) -> tuple[Term | None, Term | None]:
    """Two values without the entries that they have in common, which would hide the one that differs.

    Args:
        before: A value.
        after: Another one.
    """
    if before is None or after is None or not (before.entries and after.entries):
        return before, after
    entries = {
        key: narrowed(before.entries.get(key), after.entries.get(key))
        for key in before.entries | after.entries
        if before.entries.get(key) != after.entries.get(key)
    }
    # Where only keys that are no texts differ, all of it is shown.
    return (_mapping(entries, 0), _mapping(entries, 1)) if entries else (before, after)


def _mapping(entries: Mapping[str, tuple[Term | None, Term | None]], side: int) -> Term:
    pairs = ((Term("str", key), pair[side]) for key, pair in entries.items())
    return Term("dict", tuple(Term("entry", (key, value)) for key, value in pairs if value is not None))


def shown(name: str, value: Term | None) -> str:
    """A value on one line, without what may be secret.

    Args:
        name: The setting or key that it belongs to.
        value: The value.
    """
    if value is None:
        return "not set"
    text = _masked(name, value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _masked(name: str, value: Term) -> str:
    if is_secret(name, value):
        return "***"
    if value.kind == "dict":
        return "{" + ", ".join(f"{key}: {_masked(key, item)}" for key, item in value.entries.items()) + "}"
    if value.parts and value.kind in {"list", "tuple", "set"}:
        return "[" + ", ".join(_masked("", item) for item in value.parts) + "]"
    if value.kind == "str":
        return without_password(repr(value.content))
    if value.kind == "object":
        kind, text = (str(part.content) for part in value.parts)
        return without_password(f"{text or 'an object'} ({kind})")
    return Literals(_NOWHERE).write(value) or value.kind
