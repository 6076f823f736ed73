"""Secrets in files: the file that a ``NAME_FILE`` variable names, and a directory of files named like variables."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.errors import Problem, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import PydanticCustomError

MAX_BYTES = 64 * 1024

_UTF8_MARK = b"\xef\xbb\xbf"
_NAME = r"[A-Z][A-Z0-9_]*"

# Nobody is waited for at the other end of a pipe, and no terminal is taken. Windows has neither, but a text mode.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFDIR: ("a directory", "Docker makes a directory where the file to mount is missing"),
    stat.S_IFIFO: ("a named pipe", "write the value to a file"),
}


def read_secret_file(path: Path, *, variable: str) -> str:
    """Read the one value that a file holds.

    One newline at the end is dropped, because editors and ``echo`` write it; nothing else is taken away.

    Args:
        path: The file; a link is followed.
        variable: The variable that gets the value, for messages.

    Returns:
        The text, without the byte order mark that some editors put before it.

    Raises:
        PydanticCustomError: ``secret_file.missing``, ``.unreadable``, ``.kind`` (a directory, a pipe, a device),
            ``.size`` (over 64 KiB) or ``.encoding`` (not UTF-8, or with a NUL). A path is shown only as far as it
            exists: people write the secret itself where its path belongs.
    """
    found = _read(path, f"the file for {variable}")
    if isinstance(found, str):
        return found
    raise found


class SecretsDirectory(NamedTuple):
    """A directory with one file for each variable, as Docker, Kubernetes and systemd mount them.

    Attributes:
        path: The directory.
        files: The files named like variables, in capitals or in small letters, and where each one really is.
        others: Names of other files: not read, but perhaps misspelt.
        problems: Files that may not be read.
    """

    path: Path
    files: Mapping[str, Path]
    others: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def paths_for(self, variable: str) -> tuple[Path, ...]:
        """The file for a variable, in a tuple that is empty when there is none: ``DB_PASSWORD`` or ``db_password``."""
        return tuple(self.path / name for name in (variable, variable.lower()) if name in self.files)[:1]

    def read(self, path: Path) -> str:
        """Read one of the files.

        Args:
            path: What ``paths_for`` gave.

        Returns:
            The text, by the rules of ``read_secret_file``.

        Raises:
            PydanticCustomError: As ``read_secret_file`` does.
        """
        return read_secret_file(self.files[path.name], variable=path.name)


def read_secrets_directory(directory: Path) -> SecretsDirectory:
    """List a secrets directory; the files themselves are read when a variable asks for them.

    Subdirectories and names that begin with a dot are left alone. A link must stay within the directory, as the links
    to ``..data`` that Kubernetes makes do; one that leads out is a problem and is not read.

    Args:
        directory: The directory.

    Returns:
        What is in it.

    Raises:
        PydanticCustomError: ``secret_file.directory`` when it does not exist or cannot be listed.
    """
    try:
        names = sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        reason = "does not exist"
    except (OSError, ValueError) as error:
        reason = f"cannot be listed: {_reason(error)}"
    else:
        return _sort(directory, names)
    raise invalid("secret_file.directory", f"the secrets directory{_shown(directory)} {reason}.")


def _sort(directory: Path, names: list[str]) -> SecretsDirectory:
    root = os.path.realpath(directory)
    files: dict[str, Path] = {}
    others: list[str] = []
    problems: list[Problem] = []
    for name in names:
        # Resolved here and opened there: what is read is what was looked at, and one version of all of them.
        target = Path(os.path.realpath(directory / name))
        is_folder = os.path.isdir(target)  # noqa: PTH112  # which unlike Path.is_dir() never fails
        if name.islower() and is_folder:
            continue
        if not re.fullmatch(_NAME, name.upper() if name.islower() else name):
            others += () if is_folder else (name,)
        elif not target.is_relative_to(root):
            problems.append(_escape(directory, name))
        elif name.islower() and name.upper() in files:
            problems.append(_twice(directory, name))
        else:
            files[name] = target
    return SecretsDirectory(directory, files, tuple(others), tuple(problems))


def _twice(directory: Path, name: str) -> Problem:
    return Problem(
        id="secret_file.twice",
        variable=name.upper(),
        origin=str(directory / name),
        message=f"{name.upper()} and {name} are both there, and only one can be meant.",
        hint="remove one of them",
    )


def _escape(directory: Path, name: str) -> Problem:
    return Problem(
        id="secret_file.escape",
        variable=name,
        origin=str(directory / name),
        message="this link leads out of the secrets directory, and is not followed.",
        hint=f"put the file itself there, or name it with {name}_FILE",
    )


def _read(path: Path, subject: str) -> str | PydanticCustomError:
    """The text or what is wrong: handed back, so that no traceback is made where the secret is a local."""
    data = _content(path, f"{subject}{_shown(path)}")
    if not isinstance(data, bytes):
        return data
    subject = f"{subject} ({path})"
    if len(data) > MAX_BYTES:
        return invalid("secret_file.size", f"{subject} holds more than 64 KiB.", "is this the right file?")
    if b"\0" in data:
        return invalid("secret_file.encoding", f"{subject} holds a NUL byte.", "write the value as UTF-8 text")
    try:
        text = data.removeprefix(_UTF8_MARK).decode()
    except UnicodeDecodeError:
        return invalid("secret_file.encoding", f"{subject} is not UTF-8 text.", "write a binary key as PEM or base64")
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")


def _content(path: Path, subject: str) -> bytes | PydanticCustomError:
    """At most one byte more than is allowed, of a regular file."""
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
            if kind == stat.S_IFREG:
                with open(descriptor, "rb", closefd=False) as file:
                    return file.read(MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        hint = "it takes the path of a file that holds the value and nothing else"
        return invalid("secret_file.missing", f"{subject} does not exist.", hint)
    except (OSError, ValueError) as error:
        return invalid("secret_file.unreadable", f"{subject} cannot be read: {_reason(error)}.")
    what, hint = _KINDS.get(kind, ("a device", "write the value to a file"))
    return invalid("secret_file.kind", f"{subject} is {what}, not a file.", hint)


def _reason(error: OSError | ValueError) -> str:
    """Why, in the words of the operating system, which do not hold the path."""
    strerror = error.strerror if isinstance(error, OSError) else None
    return (strerror or "its path is not valid").lower()


def _shown(path: Path) -> str:
    """The path when it exists, else the part of it that does: the rest may be a secret in the wrong place."""
    if os.path.lexists(path):
        return f" ({path})"
    folder = next((parent for parent in path.parents if os.path.lexists(parent)), None)
    return f" (looked for in {folder})" if folder else ""
