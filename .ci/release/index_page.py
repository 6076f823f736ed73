"""A page that pip can install from: the simple repository API in HTML (PEP 503), with hashes and metadata (PEP 658)."""

from __future__ import annotations

import hashlib
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from release import metadata
from release.distributions import digest
from release.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from packaging.version import Version

    from release.distributions import Distributions

PROJECT = "dj-core-utils"
API_VERSION = "1.0"


class Link(NamedTuple):
    """One link of a page.

    Attributes:
        text: What is shown: a file's name, or a project's.
        address: Where it leads, with its hash.
        attributes: Everything else on it, such as ``data-requires-python`` or ``data-yanked``.
    """

    text: str
    address: str
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def hash(self) -> str:
        """The part that says what the file must be."""
        return urlsplit(self.address).fragment

    def html(self) -> str:
        """The link as it stands on the page."""
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes)
        return f'    <a href="{escape(self.address)}"{attributes}>{escape(self.text)}</a><br>\n'


class _Links(HTMLParser):
    """Collects the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._attributes: dict[str, str] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._attributes, self._text = {name: value or "" for name, value in attrs}, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._attributes is not None:
            address = self._attributes.pop("href", "")
            self.links.append(Link(self._text.strip(), address, tuple(self._attributes.items())))
            self._attributes = None


def links_of(page: Path) -> list[Link]:
    """The links of a page; none when there is no page yet."""
    if not page.exists():
        return []
    parser = _Links()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.close()
    return parser.links


def publish(folder: Path, built: Distributions, files_url: str = "") -> Path:
    """Add the files of a release to an index; what it had before stays as it is, hand-made ``data-yanked`` included.

    Args:
        folder: The folder of the index, which is served as ``.../simple/``; made when it is missing.
        built: The files.
        files_url: Where the files lie, with their ``.metadata`` beside them. Empty: they are copied next to the page.

    Returns:
        The page of the project.

    Raises:
        ReleaseError: A file of that name is there already, with other contents. What was installed once under a name
            must never become something else.
    """
    home = folder / PROJECT
    home.mkdir(parents=True, exist_ok=True)
    page = home / "index.html"
    links = {link.text: link for link in links_of(page)}
    for link in _links_to(built, files_url):
        known = links.setdefault(link.text, link)
        if known.hash != link.hash:
            raise ReleaseError(f"{link.text} is in the index already, with other contents: take another version")
    if not files_url:
        for path in built:
            (home / path.name).write_bytes(path.read_bytes())
        (home / f"{built.wheel.name}.metadata").write_bytes(metadata.metadata_bytes(built.wheel))
    page.write_text(_page(f"Links for {PROJECT}", sorted(links.values(), key=_order)), encoding="utf-8")
    projects = {link.text: link for link in (*links_of(folder / "index.html"), Link(PROJECT, f"{PROJECT}/"))}
    (folder / "index.html").write_text(_page("Simple index", sorted(projects.values())), encoding="utf-8")
    return page


def _links_to(built: Distributions, files_url: str) -> Iterable[Link]:
    found = metadata.read(built.wheel)
    about = metadata.metadata_bytes(built.wheel)
    base = f"{files_url.rstrip('/')}/" if files_url else ""
    for path in built:
        attributes = [("data-requires-python", str(found.requires_python))]
        if path == built.wheel:
            attributes.append(("data-core-metadata", f"sha256={hashlib.sha256(about).hexdigest()}"))
        yield Link(path.name, f"{base}{quote(path.name)}#sha256={digest(path)}", tuple(attributes))


def _order(link: Link) -> tuple[Version, str]:
    """Older releases first, as people read them; pip sorts for itself."""
    name = unquote(link.text)
    project, version = parse_wheel_filename(name)[:2] if name.endswith(".whl") else parse_sdist_filename(name)
    if project != canonicalize_name(PROJECT):
        raise ReleaseError(f"{name} is on the page of {PROJECT}, and belongs to {project}")
    return version, name


def _page(title: str, links: Sequence[Link]) -> str:
    body = "".join(link.html() for link in links)
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n'
        "  <head>\n"
        '    <meta charset="utf-8">\n'
        f'    <meta name="pypi:repository-version" content="{API_VERSION}">\n'
        f"    <title>{escape(title)}</title>\n"
        "  </head>\n"
        "  <body>\n"
        f"    <h1>{escape(title)}</h1>\n"
        f"{body}"
        "  </body>\n"
        "</html>\n"
    )
