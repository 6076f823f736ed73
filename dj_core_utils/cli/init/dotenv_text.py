"""The new ``.env`` and ``.gitignore``: what was there stays, what is missing is added at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.value_text import env_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dj_core_utils.cli.init.plan import Secret

_HEAD = "# Values of this machine, secrets among them. Not for the repository: .env.example lists what can be set.\n"
_AS_GOOD = {".env": {".env", "*.env", ".env*"}}


def dotenv_text(old: str, lines: Iterable[Secret]) -> str:
    """The text of ``.env``.

    Args:
        old: What it is now; empty for none.
        lines: What is added.
    """
    added = [
        f"# {line.remark}\n{env_line(line.name, line.text)}" if line.remark else env_line(line.name, line.text)
        for line in lines
    ]
    if not added:
        return old
    head = f"{old.rstrip()}\n\n" if old.strip() else _HEAD
    return head + "\n".join(added) + "\n"


def is_in_repository(folder: Path) -> bool:
    """Whether git knows a folder.

    Args:
        folder: The folder.
    """
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


def gitignore_text(file: Path, *names: str) -> str | None:
    """The text of a ``.gitignore`` with names in it; None when they are there already.

    Args:
        file: The file.
        *names: What is to be ignored.
    """
    old = file.read_text(encoding="utf-8", errors="surrogateescape") if file.is_file() else ""
    lines = {line.strip().strip("/") for line in old.splitlines()}
    missing = [name for name in names if not lines & _AS_GOOD.get(name, {name.strip("/")})]
    if not missing:
        return None
    return "\n".join([*([old.removesuffix("\n")] if old else []), *missing, ""])
