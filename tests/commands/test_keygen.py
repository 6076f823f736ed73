"""``config keygen``: new secrets that the framework and its libraries accept."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import jwt
import pytest
from dotenv import dotenv_values
from jwt.algorithms import get_default_algorithms
from rest_framework_simplejwt.backends import TokenBackend

from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.cli.key_files import write_new
from dj_core_utils.cli.new_secrets import ALGORITHMS, PAIRS, jwk, signing_key
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.jwt_keys import is_pair, thumbprint
from dj_core_utils.settings.loading import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.commands.conftest import Inspect, Run
    from tests.conftest import RunPython

NOWHERE = Inspection(module="", loaded=None, namespace={})
PRODUCTION = {
    "ALLOWED_HOSTS": "users.example.com",
    "DATABASE_URL": "postgresql://users:Vq2w-8RtLp0x@db.internal/users?sslmode=require",
    "CACHE_URL": "rediss://cache.internal:6379/0",
    "SERVICE_NAME": "users",
    "ROOT_URLCONF": "users.urls",
    "ADMIN_URL": "backstage/",
}
SYMMETRIC = [name for name in ALGORITHMS if name not in PAIRS]


def complaints_of(environ: Mapping[str, str], folder: Path, *ids: str) -> list[str]:
    """What the framework says of keys in a microservice in production."""
    loaded = load(CoreSettings, environ=environ, project_dir=folder, profiles=("microservice", "production"))
    return [str(problem) for problem in loaded.problems if problem.id.startswith(ids)]


def mode(path: Path) -> int:
    """The bits of who may read and write."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("kind", "variable", "length"),
    [
        ("django", "DJANGO_SECRET_KEY", 67),
        ("service", "SERVICE_API_KEY", 43),
        ("jwt", "JWT_SIGNING_KEY", 43),
        ("HS256", "JWT_SIGNING_KEY", 43),
        ("hs384", "JWT_SIGNING_KEY", 64),
        ("hs512", "JWT_SIGNING_KEY", 86),
    ],
)
def test_text_is_printed_bare(run: Run, kind: str, variable: str, length: int) -> None:
    """Standard output is the secret alone, so that it can be sent into a file; what to set stands beside it."""
    output = run(NOWHERE, "keygen", kind)
    assert output.status == 0
    assert re.fullmatch(rf"[\w-]{{{length}}}\n", output.text, re.ASCII)
    assert f"  {variable}=(the secret)\n" in output.complaints
    assert output.text.strip() not in output.complaints
    assert run(NOWHERE, "keygen", kind).text != output.text


def test_keys_are_accepted_by_the_framework(run: Run, tmp_path: Path) -> None:
    """What the command makes passes every rule on keys that a microservice in production is held to."""
    environ = dict(PRODUCTION)
    for kind, options in (("django", ()), ("service", ()), ("es256", ("--kid", "2026-11"))):
        made = json.loads(run(NOWHERE, "keygen", kind, "--out", str(tmp_path / "keys"), "--json", *options).text)
        environ |= {
            name.replace("DJANGO_SECRET_KEY", "USERS_SECRET_KEY"): value for name, value in made["variables"].items()
        }
    assert set(environ) - set(PRODUCTION) == {
        *("USERS_SECRET_KEY_FILE", "SERVICE_API_KEY_FILE"),
        *("JWT_ALGORITHM", "JWT_SIGNING_KEY_FILE", "JWT_KEY_ID"),
    }
    loaded = load(CoreSettings, environ=environ, project_dir=tmp_path, profiles=("microservice", "production"))
    assert [str(problem) for problem in loaded.errors] == []
    assert complaints_of(environ, tmp_path, "secret", "jwt", "service.key") == []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tokens_are_signed_and_verified(algorithm: str, run: Run, tmp_path: Path) -> None:
    """For each algorithm the key is accepted by the rules, signs with simplejwt and is verified by PyJWT."""
    made = json.loads(run(NOWHERE, "keygen", algorithm.lower(), "--out", str(tmp_path), "--json").text)
    loaded = load(CoreSettings, environ=made["variables"], project_dir=tmp_path, profiles=("development",))
    assert [problem for problem in loaded.problems if problem.id.startswith("jwt.")] == []
    simple_jwt = loaded.rendered["SIMPLE_JWT"]
    assert isinstance(simple_jwt, dict)
    backend = TokenBackend(algorithm, str(simple_jwt["SIGNING_KEY"]), str(simple_jwt["VERIFYING_KEY"]))
    token = backend.encode({"sub": "7"})
    assert backend.decode(token) == {"sub": "7"}  # type: ignore[arg-type]  # the stubs ask for another class of the same
    key: object = str(simple_jwt["SIGNING_KEY"])
    if algorithm in PAIRS:
        key = jwt.PyJWK(made["jwk"]).key
        assert made["jwk"]["alg"] == algorithm
        assert made["jwk"]["kid"] == made["kid"] == loaded.settings.jwt.key_id  # type: ignore[union-attr]  # it loaded
    else:
        assert made["jwk"] is None
    # The least length that RFC 7518 asks for is enforced, not only warned of.
    decoded = jwt.decode(token, key, [algorithm], options={"enforce_minimum_key_length": True})  # type: ignore[arg-type]  # a key of any kind
    assert decoded == {"sub": "7"}


def test_every_algorithm_has_a_kind() -> None:
    """No algorithm that PyJWT knows and ``JWT_ALGORITHM`` takes is left out."""
    assert set(ALGORITHMS) <= set(get_default_algorithms())
    assert set(SYMMETRIC) == {"HS256", "HS384", "HS512"}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_verifiers_accept_the_public_key(algorithm: str, run: Run, tmp_path: Path) -> None:
    """A service with only the variables for verifiers is content, and cannot sign."""
    made = json.loads(run(NOWHERE, "keygen", algorithm.lower(), "--out", str(tmp_path), "--json").text)
    assert made["others"]["JWT_ISSUER"] == "SIGNER"
    loaded = load(CoreSettings, environ=made["others"], project_dir=tmp_path, profiles=("development",))
    assert [problem for problem in loaded.problems if problem.id.startswith("jwt.")] == []
    assert loaded.settings is not None
    assert not loaded.settings.jwt.issues_tokens


def test_a_pair_is_written(run: Run, tmp_path: Path) -> None:
    """Both halves become files: the private one for its owner, in a folder for its owner; nothing of it is printed."""
    folder = tmp_path / "new" / "keys"
    before = os.umask(0)
    try:
        output = run(NOWHERE, "keygen", "es256", "--kid", "2026-11", "--out", str(folder))
    finally:
        os.umask(before)
    private, public = folder / "jwt-2026-11.private.pem", folder / "jwt-2026-11.public.pem"
    assert (output.status, output.complaints) == (0, "")
    assert (mode(folder), mode(private), mode(public)) == (0o700, 0o600, 0o644)
    text = private.read_text()
    assert text.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert is_pair(text, public.read_text())
    assert not any(line in output.text for line in text.splitlines())
    assert output.text.splitlines() == [
        f"wrote  {private}  for you alone (0600); keep it out of the repository",
        f"wrote  {public}  its public key, for everybody",
        "",
        "first the services that verify its tokens:",
        "  JWT_ALGORITHM=ES256",
        f"  JWT_VERIFYING_KEY_FILE={public}",
        "  JWT_ISSUER=SIGNER",
        "then the service that signs users in:",
        "  JWT_ALGORITHM=ES256",
        f"  JWT_SIGNING_KEY_FILE={private}",
        "  JWT_KEY_ID=2026-11",
    ]


@pytest.mark.parametrize("taken", ["jwt-es256.private.pem", "jwt-es256.public.pem"])
def test_nothing_is_overwritten(run: Run, tmp_path: Path, taken: str) -> None:
    """Where one of the files exists, or a link to nowhere stands, nothing is written and nothing is left behind."""
    (tmp_path / taken).write_text("mine")
    output = run(NOWHERE, "keygen", "es256", "--out", str(tmp_path))
    assert (output.status, output.text) == (1, "")
    assert output.complaints == (
        f"{tmp_path / taken} exists and is kept. Give another folder, or name the key with --kid.\n"
    )
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(taken, "mine")]
    (tmp_path / taken).unlink()
    (tmp_path / taken).symlink_to(tmp_path / "elsewhere")
    assert run(NOWHERE, "keygen", "es256", "--out", str(tmp_path)).status == 1
    assert not (tmp_path / "elsewhere").exists()
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_one_of_many_at_once_wins(tmp_path: Path) -> None:
    """Two processes that make the same file at the same time do not mix: one of them is told that it exists."""
    arguments = [sys.executable, "-m", "dj_core_utils", "config", "keygen", "django", "--out", str(tmp_path / "keys")]
    started = [subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.DEVNULL) for _ in range(3)]
    assert sorted(process.wait() for process in started) == [0, 1, 1]
    assert re.fullmatch(r"[\w-]{67}\n", (tmp_path / "keys" / "django_secret_key").read_text())


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("file", "not a directory"), ("file/below", "not a directory"), ("x" * 300, "too long")],
)
def test_a_folder_that_cannot_be(run: Run, tmp_path: Path, folder: str, reason: str) -> None:
    """A wrong folder is said in words, with status 1."""
    (tmp_path / "file").write_text("mine")
    output = run(NOWHERE, "keygen", "django", "--out", f"{tmp_path}/{folder}")
    assert (output.status, output.text) == (1, "")
    assert "cannot be written: " in output.complaints
    assert reason in output.complaints
    assert "Traceback" not in output.complaints


def test_half_a_file_is_taken_back(tmp_path: Path) -> None:
    """Whatever goes wrong while files are written, none of them stays."""
    with pytest.raises(UnicodeEncodeError):
        write_new([(tmp_path / "first", "fine", 0o600), (tmp_path / "second", "é", 0o600)])
    assert list(tmp_path.iterdir()) == []


def test_a_private_key_is_printed_only_when_asked(run: Run) -> None:
    """Without a place a pair is refused with what to add; ``--stdout`` prints the private key alone."""
    output = run(NOWHERE, "keygen", "rs256")
    assert (output.status, output.text) == (2, "")
    assert "--out DIR" in output.complaints
    assert "--stdout" in output.complaints
    printed = run(NOWHERE, "keygen", "es256", "--stdout", "--kid", "a")
    assert printed.status == 0
    assert printed.text.startswith("-----BEGIN PRIVATE KEY-----\n")
    public = printed.complaints[: printed.complaints.index("first the services")]
    assert is_pair(printed.text, public)
    assert "PRIVATE" not in printed.complaints
    assert "  JWT_VERIFYING_KEY=(the public key)\n" in printed.complaints
    assert "  JWT_SIGNING_KEY=(the secret)\n  JWT_KEY_ID=a\n" in printed.complaints


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("django",), {"DJANGO_SECRET_KEY"}),
        (("service",), {"SERVICE_API_KEY"}),
        (("hs384", "--kid", "a.b"), {"JWT_ALGORITHM", "JWT_SIGNING_KEY", "JWT_KEY_ID"}),
        (("es256", "--stdout"), {"JWT_ALGORITHM", "JWT_SIGNING_KEY", "JWT_KEY_ID"}),
        (("rs256", "--out", "it's a \\ folder"), {"JWT_ALGORITHM", "JWT_SIGNING_KEY_FILE", "JWT_KEY_ID"}),
    ],
)
def test_lines_for_a_dotenv_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], names: set[str]
) -> None:
    """``--env`` prints lines that can be appended to ``.env`` as they are, and load."""
    monkeypatch.chdir(tmp_path)
    output = run(NOWHERE, "keygen", *arguments, "--env")
    assert (output.status, output.complaints) == (0, "")
    (tmp_path / ".env").write_text(output.text)
    assert set(dotenv_values(stream=io.StringIO(output.text))) == names
    loaded = load(CoreSettings, environ={}, project_dir=tmp_path, profiles=("development",))
    assert [str(problem) for problem in loaded.problems] == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("django", "--kid", "a"), "a django key has none"),
        (("service", "--json"), "--json never holds a secret"),
        (("es256", "--stdout", "--json"), "--json never holds a secret"),
    ],
)
def test_wrong_calls(run: Run, arguments: tuple[str, ...], complaint: str) -> None:
    """What makes no sense is refused with status 2 and the reason."""
    output = run(NOWHERE, "keygen", *arguments)
    assert (output.status, output.text) == (2, "")
    assert complaint in output.complaints


@pytest.mark.parametrize("arguments", [("es257",), ("es256", "--kid", "a/../b"), ("jwt", "--kid", ""), ()])
def test_calls_that_cannot_be_read(run: Run, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown kind and a name that could lead out of the folder are refused."""
    with pytest.raises(SystemExit) as exit_:
        run(NOWHERE, "keygen", *arguments)
    assert exit_.value.code == 2
    assert "keygen: error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (("django",), "django_secret_key"),
        (("service",), "service_api_key"),
        (("jwt",), "jwt_signing_key"),
        (("jwt", "--kid", "2026-11"), "jwt-2026-11"),
    ],
)
def test_json_never_holds_the_secret(run: Run, tmp_path: Path, arguments: tuple[str, ...], file: str) -> None:
    """``--json`` tells paths, names and variables."""
    output = run(NOWHERE, "keygen", *arguments, "--out", str(tmp_path), "--json")
    made = json.loads(output.text)
    assert tuple(made) == ("kind", "algorithm", "kid", "files", "variables", "others", "jwk", "error")
    assert made["files"] == {"secret": str(tmp_path / file)}
    assert (tmp_path / file).read_text().strip() not in output.text
    assert output.complaints == ""


def test_a_narrow_terminal(run: Run, tmp_path: Path) -> None:
    """What is said of a file stands below its path where it does not fit beside it."""
    lines = run(NOWHERE, "keygen", "django", "--out", str(tmp_path), columns=60).text.splitlines()
    assert lines[:2] == [
        f"wrote  {tmp_path / 'django_secret_key'}",
        "  for you alone (0600); keep it out of the repository",
    ]


def test_json_of_files_that_are_there(run: Run, tmp_path: Path) -> None:
    """Nothing is overwritten, and the reason is in the document."""
    (tmp_path / "django_secret_key").write_text("mine")
    output = run(NOWHERE, "keygen", "django", "--out", str(tmp_path), "--json")
    made = json.loads(output.text)
    assert (output.status, output.complaints, made["kind"], made["files"]) == (1, "", "django", {})
    assert "exists and is kept" in made["error"]


def test_callers_are_recognised_by_a_digest(run: Run, tmp_path: Path) -> None:
    """The services that are called get what recognises the key, not the key."""
    made = json.loads(run(NOWHERE, "keygen", "service", "--out", str(tmp_path), "--json").text)
    environ = {"SERVICE_KEYS": made["others"]["SERVICE_KEYS"].replace("CALLER", "users")}
    callee = load(CoreSettings, environ=environ, project_dir=tmp_path, profiles=("development",))
    caller = load(
        CoreSettings,
        environ={"SERVICE_KEYS": f"users={(tmp_path / 'service_api_key').read_text().strip()}"},
        project_dir=tmp_path,
        profiles=("development",),
    )
    assert callee.rendered["SERVICE_KEYS"] == caller.rendered["SERVICE_KEYS"]


def test_the_names_of_the_project_are_used(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """In a project the variables carry its names, and paths start at its folder."""
    monolith = inspect()
    service = inspect(profiles=("microservice", "development"))
    made = run(monolith, "keygen", "es256", "--out", str(tmp_path / "keys"), "--json")
    assert json.loads(made.text)["others"] == {
        "JWT_ALGORITHM": "ES256",
        "JWT_VERIFYING_KEY_FILE": "keys/jwt-es256.public.pem",
        "JWT_ISSUER": "users",
    }
    assert run(monolith, "keygen", "django", "--env").text.startswith("DJANGO_SECRET_KEY=")
    assert run(service, "keygen", "django", "--env").text.startswith("USERS_SECRET_KEY=")
    assert "SERVICE_KEYS=users=sha256:" in run(service, "keygen", "service").complaints


def test_it_works_without_settings(run_python: RunPython, tmp_path: Path) -> None:
    """Neither a settings module nor Django's settings are needed, and a module that fails does no harm."""
    code = """
        import sys
        from django.conf import settings
        from dj_core_utils.__main__ import main

        assert main(["config", "keygen", "django"]) == 0
        assert not settings.configured
        assert "cryptography" not in sys.modules
    """
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    (tmp_path / "broken.py").write_text("1 / 0")
    done = run_python(["-m", "dj_core_utils", "config", "keygen", "jwt", "--settings", "broken"])
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[\w-]{43}\n", done.stdout)


def test_the_thumbprint_is_the_standard_one() -> None:
    """The name of a pair is that of RFC 7638, whose own example it reproduces."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
        "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1"
        "n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    assert thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"}) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_a_secret_hides_itself() -> None:
    """A new secret does not appear where it is shown by accident."""
    for algorithm in ("HS256", "ES256"):
        secret = signing_key(algorithm, "a")
        assert repr(secret) == f"NewSecret({algorithm})"
    assert "d" not in jwk(signing_key("ES256"))


def test_a_service_gets_a_pair_for_its_calls(run: Run, inspect: Inspect, tmp_path: Path) -> None:
    """The private key goes into a file of the caller, the public one to those that it calls; both are accepted."""
    refused = run(NOWHERE, "keygen", "service-es256")
    assert (refused.status, "--out DIR" in refused.complaints) == (2, True)
    made = run(
        inspect(environ={"SERVICE_NAME": "orders"}),
        "keygen",
        "service-es256",
        "--out",
        str(tmp_path / "keys"),
        "--json",
    )
    told = json.loads(made.text)
    assert told["files"]["secret"].endswith("service-es256.private.pem")
    assert [*told["variables"]] == ["SERVICE_SIGNING_KEY_FILE"]
    assert told["others"]["SERVICE_PUBLIC_KEYS"].startswith("orders=-----BEGIN PUBLIC KEY-----")
    caller = {**PRODUCTION, "SERVICE_SIGNING_KEY_FILE": told["files"]["secret"]}
    assert complaints_of(caller, tmp_path, "service.") == []
    assert complaints_of({**PRODUCTION, **told["others"]}, tmp_path, "service.public", "secret.") == []
    assert run(NOWHERE, "keygen", "service-es256", "--stdout").complaints.count("CALLER=") == 1
