"""The changelog: what is unreleased becomes the section of a version, and that section the notes of its release."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from release import versions
from release.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNRELEASED = "Unreleased"

_HEADING = re.compile(r"^## +(?P<title>.+?) *$", re.MULTILINE)
_DATED = re.compile(r"(?P<version>\S+) - (?P<day>\S+)")
_LINK = re.compile(r"\]\((?![a-z]+:|#)(?P<path>[^)\s]+)\)")


class Section(NamedTuple):
    """One section of the changelog.

    Attributes:
        name: ``Unreleased`` or a version.
        day: The date as it is written; empty where there is none.
        body: What changed.
    """

    name: str
    day: str
    body: str


def sections(text: str) -> list[Section]:
    """The sections of a changelog, in their order."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings), len(text)][1:]
    return [
        _section(heading["title"], text[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=True)
    ]


def _section(title: str, body: str) -> Section:
    dated = _DATED.fullmatch(title)
    return Section(dated["version"], dated["day"], body) if dated else Section(title, "", body)


def problems(text: str, version: str) -> Iterator[str]:
    """What keeps a changelog from describing the release of a version."""
    found = sections(text)
    unreleased = [section for section in found if section.name == UNRELEASED]
    released = [section for section in found if section.name != UNRELEASED]
    if len(unreleased) != 1 or found[0] != unreleased[0]:
        yield f"the changelog must begin with one section  ## {UNRELEASED}"
    if any(section.body for section in unreleased):
        yield f'"{UNRELEASED}" is not empty: make release-prepare VERSION={version}  moves it to the version'
    if not released or released[0].name != version:
        yield f"the newest section must be  ## {version} - YYYY-MM-DD"
    for section in released:
        yield from _problems_of(section)
    known = [versions.parse(section.name) for section in released if versions.is_semantic(section.name)]
    for newer, older in pairwise(known):
        if newer <= older:
            yield f"{newer} stands above {older} and is not newer"


def _problems_of(section: Section) -> Iterator[str]:
    if not versions.is_semantic(section.name):
        yield f'the section "{section.name}" is not named after a version'
    try:
        date.fromisoformat(section.day)
    except ValueError:
        yield f'the section "{section.name}" needs its date:  ## {section.name} - YYYY-MM-DD'
    if not section.body:
        yield f'the section "{section.name}" says nothing'


def release(text: str, version: str, day: date) -> str:
    """Make what is unreleased the section of a version.

    Returns:
        The text of the changelog, with an empty section for what comes next.

    Raises:
        ReleaseError: There is nothing to release, or that version was released before.
    """
    found = sections(text)
    if not found or found[0].name != UNRELEASED or not found[0].body:
        raise ReleaseError(f'the changelog says nothing under its first section, which must be "{UNRELEASED}"')
    released = [section.name for section in found[1:] if versions.is_semantic(section.name)]
    if released and versions.parse(version) <= versions.parse(released[0]):
        raise ReleaseError(f"{version} is not newer than {released[0]}, which the changelog has already")
    return _HEADING.sub(f"## {UNRELEASED}\n\n## {version} - {day.isoformat()}", text, count=1)


def notes(text: str, version: str, repository_url: str = "") -> str:
    """The notes of a release: its section, with links that work away from the repository.

    Args:
        text: The changelog.
        version: The version.
        repository_url: Address of the repository on its host; links to files lead there. Empty leaves them as they are.

    Raises:
        ReleaseError: The changelog has no such section.
    """
    base = f"{repository_url.rstrip('/')}/blob/{versions.tag_of(version)}/" if repository_url else ""
    for section in sections(text):
        if section.name == version:
            return _LINK.sub(lambda link: f"]({base}{link['path']})", section.body) + "\n"
    raise ReleaseError(f"the changelog has no section for {version}")
