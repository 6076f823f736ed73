"""The metadata of the wheel: valid by the standard, and the same as in ``pyproject.toml``."""

from __future__ import annotations

import tomllib
import zipfile
from typing import TYPE_CHECKING

from packaging.metadata import Metadata
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.distributions import Distributions


def metadata_bytes(wheel: Path) -> bytes:
    """The file ``METADATA`` of a wheel."""
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(f"{name}-{version}.dist-info/METADATA")


def read(wheel: Path) -> Metadata:
    """The metadata of a wheel.

    Raises:
        ExceptionGroup: It breaks the standard; each field that does is one error in it.
    """
    return Metadata.from_email(metadata_bytes(wheel))


def problems(built: Distributions, pyproject: Path) -> Iterator[str]:
    """What is wrong with the metadata of the wheel, or with the names of the files.

    Args:
        built: The files.
        pyproject: The ``pyproject.toml`` that they were built from.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    try:
        found = read(built.wheel)
    except ExceptionGroup as group:
        yield from (f"METADATA: {error}" for error in group.exceptions)
        return
    declared = (project["name"], project["version"], project["requires-python"], project["license"])
    written = (found.name, str(found.version), str(found.requires_python), found.license_expression)
    yield from (
        f"METADATA says {there}, pyproject.toml {here}"
        for here, there in zip(declared, written, strict=True)
        if here != there
    )
    if set(found.provides_extra or ()) != set(project.get("optional-dependencies", {})):
        yield "METADATA has other extras than pyproject.toml"
    if found.description_content_type != "text/markdown" or not (found.description or "").strip():
        yield "METADATA lacks the README as its description, in text/markdown"
    if found.license_files != ["LICENSE"]:
        yield "METADATA does not name the file of the licence"
    named = {parse_wheel_filename(built.wheel.name)[:2], parse_sdist_filename(built.sdist.name)}
    if named != {(canonicalize_name(found.name), found.version)}:
        yield f"{built.wheel.name} and {built.sdist.name} are not named after {found.name} {found.version}"
