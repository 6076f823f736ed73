r"""The ``.env`` file: python-dotenv's grammar without ``$`` expansion, and every bad line a problem with its number.

The grammar, in short: ``NAME=value`` or ``export NAME=value``. A value in quotes keeps its spaces and may go over
several lines; in single quotes only ``\\`` and ``\'`` are escapes, in double quotes ``\n``, ``\t`` and their kin too.
Behind a value without quotes a ``#`` begins a comment only after a space. A ``$`` is a ``$``.

A problem never quotes the line it is about: the line may be half of a secret.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from dotenv.parser import Reader, parse_binding

from dj_core_utils.settings.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dotenv.parser import Binding

MAX_BYTES = 1024 * 1024

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_CAPITAL_NAME = r"[A-Z_][A-Z0-9_]*"
_OPENS_QUOTE = r"\s*(?:export[^\S\n]+)?[^=#\s]+[^\S\n]*=[^\S\n]*['\"]"

_SEVERAL_LINES = "a value of several lines stands in quotes"


class Entry(NamedTuple):
    """One assignment of a ``.env`` file.

    Attributes:
        value: The text, quotes and escapes undone.
        line: The number of the line that the name stands on, from 1.
    """

    value: str
    line: int

    def __repr__(self) -> str:
        """Never the value: it may be secret."""
        return f"Entry(line={self.line})"


class Dotenv(NamedTuple):
    """What one ``.env`` file says.

    Attributes:
        label: How the file is shown; a value's origin is ``label:line``.
        entries: The assignments by name, in the order of the file.
        problems: What could not be read.
    """

    label: str
    entries: Mapping[str, Entry] = MappingProxyType({})
    problems: tuple[Problem, ...] = ()

    @classmethod
    def empty(cls) -> Dotenv:
        """What stands for a file that is not there."""
        return cls("")


def read_dotenv(path: Path, *, label: str) -> Dotenv | None:
    """Read a ``.env`` file, once and no more than 1 MiB of it.

    A named pipe is waited for, because password managers hand out a ``.env`` that way.

    Args:
        path: The file.
        label: How the file is shown in origins and problems.

    Returns:
        Its entries and problems; None when there is no such file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        hint = "Docker makes a directory where the file to mount is missing"
        return _refused(label, "dotenv.unreadable", "this is a directory, not a file.", hint)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return _refused(label, "dotenv.unreadable", f"the file cannot be read: {reason}.")
    except ValueError:  # a path that no file can have
        return _refused(label, "dotenv.unreadable", "the file cannot be read: its path is not valid.")
    return parse_dotenv(data, label=label)


@lru_cache(maxsize=4)  # a process that loads again reads the same file
def parse_dotenv(data: bytes, *, label: str) -> Dotenv:
    """Parse the content of a ``.env`` file; never fails.

    A file that is too large or not UTF-8 is refused whole. Of a name that is set twice the last value is kept, beside
    the problem.

    Args:
        data: The content; a byte order mark and any kind of line end are fine.
        label: How the file is shown in origins and problems.
    """
    if len(data) > MAX_BYTES:
        return _refused(label, "dotenv.size", "the file is larger than 1 MiB.", "is this the right file?")
    if data.startswith(_UTF16_MARKS):
        return _refused(label, "dotenv.encoding", "the file is UTF-16.", "save it as UTF-8")
    # The same line ends that Python sees in a text file, also inside of quotes.
    data = data.removeprefix(_UTF8_MARK).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        return _refused(label, "dotenv.encoding", "the line holds a NUL byte.", "save it as UTF-8 text", line=line)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _refused(label, "dotenv.encoding", "the line is not UTF-8.", "save it as UTF-8", line=line)
    return _Reading(label).read(text)


class _Reading:
    """One pass over a file.

    After a line that cannot be read the parser is perhaps in the middle of a value, of a private key for instance,
    and what looks like a name may be a piece of it. So a line counts again only when its name is in capitals and it
    has a value; until then all is one broken stretch with one problem, and no piece of it becomes a name.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._entries: dict[str, Entry] = {}
        self._problems: list[Problem] = []
        self._broken: list[int] = []
        self._fault = ("", "")

    def read(self, text: str) -> Dotenv:
        for line, binding in _bindings(text):
            if fault := _fault(binding):
                self._fault = self._fault if self._broken else fault
                self._broken.append(line)
            elif self._broken and not _is_beyond_doubt(binding):
                self._broken.append(line)
            else:
                self._end_broken_stretch()
                self._add(str(binding.key), Entry(str(binding.value), line))
        self._end_broken_stretch()
        return Dotenv(self._label, self._entries, tuple(self._problems))

    def _end_broken_stretch(self) -> None:
        if not self._broken:
            return
        first, last = self._broken[0], self._broken[-1]
        message, hint = self._fault
        until = f" Nor can what follows be read, up to line {last}." if last > first else ""
        self._problem("dotenv.syntax", first, message + until, hint)
        self._broken.clear()

    def _add(self, name: str, entry: Entry) -> None:
        if known := self._entries.get(name):
            message = f"{name} is set twice, on lines {known.line} and {entry.line}."
            self._problem("dotenv.duplicate", entry.line, message, "remove one of them", name)
        self._entries[name] = entry

    def _problem(self, problem_id: str, line: int, message: str, hint: str, name: str = "") -> None:
        origin = f"{self._label}:{line}"
        self._problems.append(Problem(id=problem_id, variable=name, origin=origin, message=message, hint=hint))


def _bindings(text: str) -> Iterator[tuple[int, Binding]]:
    """What the parser makes of the text, each with the number of its line."""
    reader = Reader(io.StringIO(text))
    while reader.has_next():
        binding = parse_binding(reader)
        if binding.key is None and not binding.error:  # blank lines and comments
            continue
        original = binding.original.string
        skipped = original[: len(original) - len(original.lstrip())]
        line = binding.original.line + skipped.count("\n")
        yield line, binding
        if binding.error:
            # A quote that was never closed swallows lines up to the next quote; go back to the line after it.
            line_end = reader.string.find("\n", reader.mark.chars + len(skipped))
            reader.position.chars = line_end + 1 if line_end >= 0 else len(reader.string)
            reader.position.line = line + 1


def _fault(binding: Binding) -> tuple[str, str] | None:
    """What is wrong with a line, and what to do; None when it is an assignment."""
    is_quoted = re.match(_OPENS_QUOTE, binding.original.string)
    if binding.error and is_quoted:
        return (
            "the quote that opens here is not closed, or more text follows the one that closes it.",
            "a quote inside of quotes is written with a backslash before it",
        )
    if binding.error or binding.key is None or binding.value is None:
        return "this line is not NAME=value.", f"a comment begins with #; {_SEVERAL_LINES}"
    if not re.fullmatch(_NAME, binding.key):
        return "what stands before the = is not a name.", "a name has letters, digits and underscores only"
    if not is_quoted and binding.value.startswith("-----BEGIN ") and "-----END " not in binding.value:
        return "a key begins here and does not end on the same line.", _SEVERAL_LINES
    return None


def _is_beyond_doubt(binding: Binding) -> bool:
    # The last line of a key in base64 ends with = or ==.
    return re.fullmatch(_CAPITAL_NAME, binding.key or "") is not None and binding.value not in ("", "=")


def _refused(label: str, problem_id: str, message: str, hint: str = "", *, line: int = 0) -> Dotenv:
    origin = f"{label}:{line}" if line else label
    return Dotenv(label, problems=(Problem(id=problem_id, origin=origin, message=message, hint=hint),))
