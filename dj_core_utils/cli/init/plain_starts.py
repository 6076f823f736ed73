"""``manage.py`` and its like, freed from django-configurations: in two steps, so that each moment has a start."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_IMPORT = re.compile(r"^([ \t]*)from[ \t]+configurations\.(management|wsgi|asgi)[ \t]+import[ \t]+(.+)$", re.MULTILINE)
_EXPORTS = "export_settings(globals())"
# What stands in the file from the first step to the second one, with the lines of before in its last branch.
_BOTH = """\
{indent}settings = __import__("pathlib").Path(__file__).resolve().parent / {file!r}
{indent}if {exports!r} in settings.read_text(encoding="utf-8"):  # dj_core_utils init is at work
{indent}    from django.core.{module} import {names}
{indent}else:
{indent}    from configurations.{module} import {names}"""
_FOUND = re.compile(
    r"^([ \t]*)settings = [^\n]+\n[ \t]*if [^\n]+  # dj_core_utils init is at work\n[^\n]+\n[^\n]+\n"
    r"[ \t]*from configurations\.(\w+) import ([^\n]+)$",
    re.MULTILINE,
)


class Start(NamedTuple):
    """A file that starts Django.

    Attributes:
        path: The file.
        both: Its text while the settings are exchanged: it starts the old ones and the new ones.
        plain: Its text afterwards.
    """

    path: Path
    both: str
    plain: str


def plain_starts(folder: Path, settings: Path) -> Iterator[Start]:
    """The files that start Django through django-configurations.

    Args:
        folder: The project's folder.
        settings: The settings module.
    """
    beside = (parent / name for parent in (settings.parent, settings.parent.parent) for name in ("wsgi.py", "asgi.py"))
    for path in dict.fromkeys((folder / "manage.py", *beside)):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        before = _FOUND.sub(r"\1from configurations.\2 import \3", text)
        plain = _IMPORT.sub(r"\1from django.core.\2 import \3", before)
        if plain != text:
            yield Start(path, _IMPORT.sub(partial(_for_both, settings=settings, path=path), before), plain)


def _for_both(found: re.Match[str], *, settings: Path, path: Path) -> str:
    indent, module, names = found.groups()
    file = os.path.relpath(settings, path.resolve().parent)
    return _BOTH.format(indent=indent, exports=_EXPORTS, file=file, module=module, names=names)
