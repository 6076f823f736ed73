"""The page of the index: what pip makes of it, and what it keeps."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from release import index_page
from release.distributions import Distributions
from release.errors import ReleaseError
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Address of the folder ``simple`` of the test, over HTTP."""
    (tmp_path / "simple").mkdir()
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


def made(folder: Path, version: str, python: str = ">=3.11") -> Distributions:
    """The smallest distributions of a version."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"dj_core_utils-{version}-py3-none-any.whl"
    info = f"dj_core_utils-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.4\nName: dj-core-utils\nVersion: {version}\n"
                         f"Requires-Python: {python}\n")  # fmt: skip
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    sdist = folder / f"dj_core_utils-{version}.tar.gz"
    sdist.write_bytes(version.encode())
    return Distributions(wheel, sdist)


def download(index: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Let pip fetch the package from an index, and from nowhere else."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"]
    return subprocess.run(
        [*command, "--index-url", index, "--dest", str(folder), *options, "dj_core_utils"],
        env={**clean_environment(), "PIP_CONFIG_FILE": "/dev/null"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pip_takes_the_newest_release(served: str, tmp_path: Path) -> None:
    """Installers find the project by its normalised name, and take a pre-release only when asked to."""
    for version in ("1.10.0", "1.9.0", "2.0.0rc1"):
        index_page.publish(tmp_path / "simple", made(tmp_path / "dist", version))
    assert download(served, tmp_path / "stable").returncode == 0
    assert download(served, tmp_path / "pre", "--pre").returncode == 0
    assert [path.name for path in (tmp_path / "stable").iterdir()] == ["dj_core_utils-1.10.0-py3-none-any.whl"]
    assert [path.name for path in (tmp_path / "pre").iterdir()] == ["dj_core_utils-2.0.0rc1-py3-none-any.whl"]


def test_pip_refuses_a_file_that_was_changed(served: str, tmp_path: Path) -> None:
    """The hash on the page holds: another file under the same name is not installed."""
    built = made(tmp_path / "dist", "1.0.0")
    page = index_page.publish(tmp_path / "simple", built)
    with zipfile.ZipFile(page.parent / built.wheel.name, "a") as archive:
        archive.writestr("evil.py", "")
    done = download(served, tmp_path / "got")
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_pip_leaves_out_what_this_python_cannot_run(served: str, tmp_path: Path) -> None:
    """A release for newer versions of Python is passed over: the page says so, escaped as HTML."""
    index_page.publish(tmp_path / "simple", made(tmp_path / "dist", "1.0.0"))
    page = index_page.publish(tmp_path / "simple", made(tmp_path / "dist", "2.0.0", python=">=3.99"))
    assert 'data-requires-python="&gt;=3.99"' in page.read_text(encoding="utf-8")
    assert download(served, tmp_path / "got").returncode == 0
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["dj_core_utils-1.0.0-py3-none-any.whl"]


def test_metadata_lies_beside_the_wheel(tmp_path: Path) -> None:
    """Installers read the metadata without the wheel, and can trust it."""
    built = made(tmp_path / "dist", "1.0.0")
    page = index_page.publish(tmp_path / "simple", built)
    text = (page.parent / f"{built.wheel.name}.metadata").read_bytes()
    assert b"Name: dj-core-utils" in text
    wheel = next(link for link in index_page.links_of(page) if link.text.endswith(".whl"))
    assert ("data-core-metadata", f"sha256={hashlib.sha256(text).hexdigest()}") in wheel.attributes


def test_what_was_published_stays(tmp_path: Path) -> None:
    """Older files, what somebody noted on them by hand, and other projects are kept."""
    folder = tmp_path / "simple"
    page = index_page.publish(folder, made(tmp_path / "dist", "1.0.0"))
    yanked = page.read_text(encoding="utf-8").replace("<a href", '<a data-yanked="leaks &quot;x&quot;" href')
    page.write_text(yanked, encoding="utf-8")
    root = folder / "index.html"
    root.write_text(
        root.read_text(encoding="utf-8").replace("<a", '<a href="other/">other</a>\n<a', 1), encoding="utf-8"
    )
    index_page.publish(folder, made(tmp_path / "dist", "1.0.1"))
    links = index_page.links_of(page)
    assert [link.text.split("-")[1].removesuffix(".tar.gz") for link in links] == ["1.0.0", "1.0.0", "1.0.1", "1.0.1"]
    assert [("data-yanked", 'leaks "x"') in link.attributes for link in links] == [True, True, False, False]
    assert [link.address for link in index_page.links_of(root)] == ["dj-core-utils/", "other/"]


def test_publishing_twice_changes_nothing(tmp_path: Path) -> None:
    """A release that is published again leaves the same page."""
    built = made(tmp_path / "dist", "1.0.0")
    page = index_page.publish(tmp_path / "simple", built)
    before = page.read_bytes()
    index_page.publish(tmp_path / "simple", built)
    assert page.read_bytes() == before
    assert b'<meta name="pypi:repository-version" content="1.0">' in before


def test_a_name_never_gets_other_contents(tmp_path: Path) -> None:
    """A file that was published cannot be replaced, and the page stays as it was."""
    built = made(tmp_path / "dist", "1.0.0")
    page = index_page.publish(tmp_path / "simple", built)
    before = page.read_bytes()
    built.sdist.write_bytes(b"other")
    with pytest.raises(ReleaseError, match="with other contents"):
        index_page.publish(tmp_path / "simple", built)
    assert page.read_bytes() == before


def test_files_may_lie_elsewhere(tmp_path: Path) -> None:
    """With an address of the files the page links to them, and nothing is copied."""
    built = made(tmp_path / "dist", "1.0.0")
    page = index_page.publish(tmp_path / "simple", built, "https://git.example.com/dj/releases/download/v1.0.0/")
    sdist, wheel = sorted(link.address for link in index_page.links_of(page))[::-1]
    assert wheel.startswith(f"https://git.example.com/dj/releases/download/v1.0.0/{built.wheel.name}#sha256=")
    assert sdist.startswith(f"https://git.example.com/dj/releases/download/v1.0.0/{built.sdist.name}#sha256=")
    assert [path.name for path in page.parent.iterdir()] == ["index.html"]


def test_a_foreign_file_on_the_page_is_refused(tmp_path: Path) -> None:
    """A page that lists files of another project is not ours to write."""
    page = index_page.publish(tmp_path / "simple", made(tmp_path / "dist", "1.0.0"))
    page.write_text(page.read_text(encoding="utf-8").replace(">dj_core_utils-", ">other-"), encoding="utf-8")
    with pytest.raises(ReleaseError, match="belongs to other"):
        index_page.publish(tmp_path / "simple", made(tmp_path / "dist", "1.0.1"))
