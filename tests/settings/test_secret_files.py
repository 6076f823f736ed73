"""Secrets in files: what is read, and what is refused without showing it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.secret_files import MAX_BYTES, read_secret_file, read_secrets_directory

CANARY = "c4n4ry-53cr3t"


def read(path: Path) -> str:
    """The value of DB_PASSWORD in a file."""
    return read_secret_file(path, variable="DB_PASSWORD")


def refusal(path: Path) -> PydanticCustomError:
    """The error that a file is refused with."""
    with pytest.raises(PydanticCustomError) as caught:
        read(path)
    return caught.value


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A path for a secret file."""
    return tmp_path / "db_password"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"s", "s"),
        (b"s\n", "s"),
        (b"s\r\n", "s"),
        (b"s\n\n", "s\n"),
        (b"s\r\n\r\n", "s\r\n"),
        (b"s\r", "s\r"),
        (b" s \n", " s "),
        (b"\ts", "\ts"),
        (b"'s'", "'s'"),
        (b"a\nb\n", "a\nb"),
        (b"", ""),
        (b"\n", ""),
        (b"\xef\xbb\xbfs", "s"),
        ("pä$$\u2028".encode(), "pä$$\u2028"),
    ],
)
def test_one_newline_is_dropped(secret: Path, data: bytes, value: str) -> None:
    """A file is its value, but for one newline at the end and a byte order mark at the beginning."""
    secret.write_bytes(data)
    assert read(secret) == value


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.sampled_from(["\n", "\r\n"]))
def test_values_come_back(tmp_path_factory: pytest.TempPathFactory, value: str, end: str) -> None:
    """Any text without a NUL, written with a newline after it, is read exactly."""
    path = tmp_path_factory.getbasetemp() / "value"
    path.write_bytes(f"{value}{end}".encode())
    assert read(path) == (value if end == "\r\n" or not value.endswith("\r") else value[:-1]).removeprefix("\ufeff")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """No content makes anything happen but a value or a refusal for its encoding, and the refusal holds none of it."""
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(CANARY.encode() + data)
    try:
        assert read(path).startswith(CANARY)
    except PydanticCustomError as error:
        problem = error
    else:
        return
    assert problem.type == "secret_file.encoding"
    assert CANARY not in problem.message()
    assert problem.__context__ is None


def test_the_largest_file(secret: Path) -> None:
    """A file of 64 KiB is read, one byte more is too much."""
    secret.write_bytes(b"s" * MAX_BYTES)
    assert read(secret) == "s" * MAX_BYTES
    secret.write_bytes(b"s" * (MAX_BYTES + 1))
    assert refusal(secret).type == "secret_file.size"
    assert str(secret) in refusal(secret).message()


@pytest.mark.parametrize(
    ("data", "what"), [(b"a\0b", "holds a NUL byte"), (b"\xff\xfes\0", "NUL"), (b"\xff", "not UTF-8")]
)
def test_what_is_not_text(secret: Path, data: bytes, what: str) -> None:
    """A file that is not UTF-8 text is refused with the way out."""
    secret.write_bytes(data)
    assert refusal(secret).type == "secret_file.encoding"
    assert what in refusal(secret).message()


def test_a_missing_file(secret: Path) -> None:
    """A missing file is an error that says where it was looked for and what belongs in the variable."""
    assert refusal(secret).type == "secret_file.missing"
    assert refusal(secret).message() == (
        f"the file for DB_PASSWORD (looked for in {secret.parent}) does not exist.\n"
        "it takes the path of a file that holds the value and nothing else"
    )


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        f"/{CANARY}/x",
        f"/usr/{CANARY}/+{CANARY}",
        f"-----BEGIN KEY-----\n{CANARY * 1000}/==",
        f"{CANARY}\0",
        "/",
    ],
)
def test_a_secret_in_place_of_a_path_is_not_shown(tmp_path: Path, value: str) -> None:
    """Who writes the secret itself where its path belongs does not find it in the log."""
    for path in (Path(value), tmp_path / value):
        assert CANARY not in refusal(path).message()
        assert refusal(path).__context__ is None


def test_a_path_that_leads_nowhere() -> None:
    """A path without any folder that exists is refused like any other."""
    assert refusal(Path("\0")).type == "secret_file.unreadable"
    assert "its path is not valid" in refusal(Path("\0")).message()


def test_a_directory(tmp_path: Path) -> None:
    """A directory, which Docker makes for a missing file, is refused by that name."""
    assert refusal(tmp_path).type == "secret_file.kind"
    assert refusal(tmp_path).message().startswith(f"the file for DB_PASSWORD ({tmp_path}) is a directory, not a file.")


def test_a_pipe_is_not_waited_for(secret: Path) -> None:
    """A named pipe without a writer is refused at once."""
    os.mkfifo(secret)
    assert refusal(secret).type == "secret_file.kind"
    assert "is a named pipe" in refusal(secret).message()


def test_devices_and_sockets(secret: Path) -> None:
    """A device without end is not read, a socket cannot be opened."""
    assert refusal(Path("/dev/zero")).type == "secret_file.kind"
    assert "is a device" in refusal(Path("/dev/zero")).message()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(secret))
        assert refusal(secret).type == "secret_file.unreadable"


def test_links(secret: Path) -> None:
    """A link is followed to its file; one that leads to itself is refused in the words of the system."""
    secret.write_bytes(b"s\n")
    (secret.parent / "link").symlink_to(secret)
    (secret.parent / "loop").symlink_to("loop")
    assert read(secret.parent / "link") == "s"
    assert refusal(secret.parent / "loop").type == "secret_file.unreadable"
    assert "cannot be read: too many" in refusal(secret.parent / "loop").message()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A secrets directory with a file for two variables and more beside them."""
    folder = tmp_path / "secrets"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "NESTED").write_bytes(b"n")
    (folder / ".HIDDEN").write_bytes(b"h")
    for name in ("DB_PASSWORD", "JWT_SIGNING_KEY", "db_user", "DB-HOST", "Readme.md", "_X"):
        (folder / name).write_text(f"{name}\n")
    return folder


def test_a_directory_is_listed(directory: Path) -> None:
    """Files named like variables are listed, others are named but not read; folders and hidden files are left alone."""
    secrets = read_secrets_directory(directory)
    assert list(secrets.files) == ["DB_PASSWORD", "JWT_SIGNING_KEY", "db_user"]
    assert secrets.others == ("DB-HOST", "Readme.md", "_X")
    assert secrets.problems == ()
    assert secrets.path == directory


def test_a_file_is_read_when_it_is_asked_for(directory: Path) -> None:
    """The file of a variable is read on demand, by the rules of every secret file."""
    secrets = read_secrets_directory(directory)
    (path,) = secrets.paths_for("DB_PASSWORD")
    assert path == directory / "DB_PASSWORD"
    assert secrets.paths_for("DB_NAME") == ()
    assert secrets.paths_for("DB_USER") == (directory / "db_user",)
    assert secrets.read(path) == "DB_PASSWORD"
    path.write_bytes(b"\xff")
    with pytest.raises(PydanticCustomError, match=r"the file for DB_PASSWORD .* is not UTF-8 text"):
        secrets.read(path)


def test_one_secret_in_two_spellings(directory: Path) -> None:
    """Docker writes names small, Kubernetes as it is told; both beside each other are an error."""
    (directory / "db_password").write_text("other")
    (problem,) = read_secrets_directory(directory).problems
    assert (problem.id, problem.variable) == ("secret_file.twice", "DB_PASSWORD")


def test_a_folder_named_like_a_variable(directory: Path) -> None:
    """A folder in place of a variable's file is not passed over in silence."""
    (directory / "DATABASE_URL").mkdir()
    secrets = read_secrets_directory(directory)
    with pytest.raises(PydanticCustomError, match="is a directory, not a file"):
        secrets.read(*secrets.paths_for("DATABASE_URL"))


def test_kubernetes_layout(tmp_path: Path) -> None:
    """Links through ``..data`` to a folder with a date are followed, and an update in between changes nothing."""
    for version in ("..2026_01", "..2026_02"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "DB_PASSWORD").write_text(version)
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "DB_PASSWORD").symlink_to("..data/DB_PASSWORD")
    secrets = read_secrets_directory(tmp_path)
    (tmp_path / "..new").symlink_to("..2026_02")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert secrets.problems == ()
    assert secrets.read(*secrets.paths_for("DB_PASSWORD")) == "..2026_01"
    again = read_secrets_directory(tmp_path)
    assert again.read(*again.paths_for("DB_PASSWORD")) == "..2026_02"


def test_links_that_lead_out(directory: Path, tmp_path: Path) -> None:
    """A link out of the directory, by itself or through ``..data``, is a problem and is not read."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "VIA_DATA").write_text(CANARY)
    (directory / "..data").symlink_to(tmp_path / "outside")
    (directory / "VIA_DATA").symlink_to("..data/VIA_DATA")
    (directory / "RELATIVE").symlink_to("../outside/VIA_DATA")
    (directory / "SIBLING").symlink_to(f"../{directory.name}-other/X")
    (directory / "other").symlink_to(tmp_path / "outside" / "VIA_DATA")
    secrets = read_secrets_directory(directory)
    assert [(problem.id, problem.variable, problem.origin) for problem in secrets.problems] == [
        ("secret_file.escape", name, str(directory / name)) for name in ("RELATIVE", "SIBLING", "VIA_DATA", "other")
    ]
    assert secrets.paths_for("VIA_DATA") == ()
    assert "name it with VIA_DATA_FILE" in secrets.problems[2].hint


def test_links_within(directory: Path, tmp_path: Path) -> None:
    """Links that stay inside are followed, also when the directory is reached by a link; one to nothing is missing."""
    (tmp_path / "link").symlink_to(directory)
    (directory / "INSIDE").symlink_to("sub/NESTED")
    (directory / "BROKEN").symlink_to("sub/NOTHING")
    (directory / "LOOP").symlink_to("LOOP")
    secrets = read_secrets_directory(tmp_path / "link")
    assert secrets.problems == ()
    assert secrets.read(*secrets.paths_for("INSIDE")) == "n"
    for name, reason in (("BROKEN", "does not exist"), ("LOOP", "cannot be read")):
        with pytest.raises(PydanticCustomError, match=f"the file for {name} .* {reason}"):
            secrets.read(*secrets.paths_for(name))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "the secrets directory (looked for in {root}) does not exist."),
        ("file", "the secrets directory ({root}/file) cannot be listed: not a directory."),
        ("a\0b", "the secrets directory (looked for in {root}) cannot be listed: its path is not valid."),
    ],
)
def test_a_directory_that_cannot_be_listed(tmp_path: Path, name: str, message: str) -> None:
    """A directory that is not there, or none, is an error: somebody named it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PydanticCustomError) as caught:
        read_secrets_directory(tmp_path / name)
    assert caught.value.type == "secret_file.directory"
    assert caught.value.message() == message.format(root=tmp_path)
    assert caught.value.__context__ is None
