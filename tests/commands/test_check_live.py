"""``config check --live``, as a person or a cluster calls it."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.listeners import http, silent

if TYPE_CHECKING:
    from tests.commands.conftest import Inspect, Run
    from tests.conftest import RunPython, WriteProject

CANARY = "canary-Vq2w8RtLp0x"
LIVE = ("-m", "dj_core_utils", "config", "check", "--live")
DEVELOPMENT = {"DJANGO_PROFILE": "development"}


def test_a_deployment_that_works(run_python: RunPython, project: WriteProject, valkey_url: str) -> None:
    """One line for each connection, a total, and status 0."""
    folder = project()
    with http({"/healthz": (200, {}, b"ok")}) as server:
        env = {**DEVELOPMENT, "CACHE_URL": valkey_url, "SERVICE_URLS": f"orders={server.url}"}
        assert run_python([folder / "manage.py", "migrate", "--verbosity", "0"], env=env).returncode == 0
        done = run_python(LIVE, env=env)
        manage = run_python([folder / "manage.py", "config", "check", "--live"], env=env)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [re.sub(r"\d+ ms", "N ms", line) for line in done.stdout.splitlines()]
    assert re.fullmatch(r"ok      configuration     \d+ variables, 0 problems, 0 warnings", lines[0])
    assert re.fullmatch(r"ok      database default  SQLite \S+, migrations up to date \(N ms\)", lines[1])
    assert re.fullmatch(r"ok      cache default     Valkey \S+ \(N ms\)", lines[2])
    assert lines[3:] == [
        "ok      mail default      mail is printed; there is no server to connect to",
        "ok      events local      events stay in the database of this service, which is tried as such",
        f"ok      service orders    {server.url}/healthz answers 200 (N ms)",
        "0 failures, 0 warnings",
    ]
    assert (manage.returncode, manage.stderr) == (0, "")
    assert [re.sub(r"\d+ ms", "N ms", line) for line in manage.stdout.splitlines()] == lines


def test_a_deployment_that_does_not(run_python: RunPython, project: WriteProject, free_port: int) -> None:
    """What fails is named, hints stand below, the rest is tried all the same; status 1, and no secret anywhere."""
    project({"settings.py": "LOGGING_CONFIG = None\n" + SETTINGS})
    env = {
        **DEVELOPMENT,
        "DATABASE_URL": f"postgres://shop:{CANARY}@127.0.0.1:{free_port}/shop",
        "CACHE_URL": f"redis://:{CANARY}@127.0.0.1:{free_port}/0",
        "EMAIL_URL": f"smtp://shop:{CANARY}@127.0.0.1:{free_port}",
        "EVENT_BUS_URL": f"nats://shop:{CANARY}@nope.invalid",
        "SERVICE_URLS": f"orders=http://127.0.0.1:{free_port},users=http://127.0.0.1:{free_port}",
    }
    done = run_python(LIVE, env=env)
    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines() if line.startswith("FAIL")] == [
        ["FAIL", "database", "default"],
        ["FAIL", "cache", "default"],
        ["FAIL", "mail", "default"],
        ["FAIL", "events", "nats"],
        ["FAIL", "service", "orders"],
        ["FAIL", "service", "users"],
    ]
    assert done.stdout.count("nobody listens there") + done.stdout.count("Connection refused") == 5
    assert done.stdout.endswith("6 failures, 0 warnings\n")


SETTINGS = """
from dj_core_utils.settings import CoreSettings, export_settings


class ProjectSettings(CoreSettings):
    root_urlconf: str = "urls"


export_settings(globals())
"""


@pytest.mark.parametrize("manage", [False, True])
def test_nothing_hangs(run_python: RunPython, project: WriteProject, manage: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Servers that accept and say nothing hold up neither each other nor the end of the process."""
    folder = project()
    command = [folder / "manage.py", "config", "check", "--live"] if manage else list(LIVE)
    with silent() as port:
        address = f"127.0.0.1:{port}"
        env = {
            **DEVELOPMENT,
            "DATABASE_URL": f"postgres://shop:{CANARY}@{address}/shop",
            "CACHE_URL": f"redis://{address}/0",
            "EMAIL_URL": f"smtp://{address}",
            "EVENT_BUS_URL": f"nats://{address}",
            "SERVICE_URLS": f"orders=http://{address},users=https://{address}",
        }
        started = time.monotonic()
        done = run_python([*command, "--timeout", "1", "--json"], env=env)
    assert time.monotonic() - started < 20
    assert done.returncode == 1
    assert done.stderr == ""
    probes = json.loads(done.stdout)["probes"]
    assert [probe["status"] for probe in probes] == ["fail"] * 6
    assert all("no answer within 1 s" in probe["message"] for probe in probes)


def test_for_machines(run_python: RunPython, project: WriteProject) -> None:
    """``--json`` prints problems and probes, and nothing else, whatever is logged."""
    project()
    env = {**DEVELOPMENT, "LOG_LEVEL": "DEBUG", "JWT_ACCESS_TOKEN_LIFETIME": "20m"}
    done = run_python([*LIVE, "--json"], env=env)
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert tuple(found) == ("problems", "probes")
    assert [problem["id"] for problem in found["problems"]] == ["jwt.lifetime"]
    assert {tuple(probe) for probe in found["probes"]} == {
        ("kind", "name", "status", "message", "hint", "milliseconds", "variable")
    }
    assert [(probe["kind"], probe["status"]) for probe in found["probes"]] == [
        ("database", "fail"),
        ("cache", "ok"),
        ("mail", "ok"),
        ("events", "ok"),
    ]


def test_a_broken_configuration_connects_to_nothing(run_python: RunPython, project: WriteProject) -> None:
    """What cannot be used is reported as ever, and nothing is tried with it."""
    project()
    with http({}) as server:
        env = {**DEVELOPMENT, "DEBUG": "Flase", "SERVICE_URLS": f"orders={server.url}"}
        done = run_python(LIVE, env=env)
        machine = run_python([*LIVE, "--json"], env=env)
    assert done.returncode == machine.returncode == 1
    assert "[value.boolean]" in done.stdout
    found = json.loads(machine.stdout)
    assert [problem["id"] for problem in found["problems"]] == ["value.boolean"]
    assert found["probes"] == []
    assert server.asked == []


def test_plain_settings(run_python: RunPython, project: WriteProject) -> None:
    """Settings that the module takes away are not tried, and are no reason to fail."""
    lines = (
        "del EVENT_BUS, SERVICE_URLS, SIMPLE_JWT\nDATABASES = {'default': {**DATABASES['default'], 'NAME': ':memory:'}}"
    )
    project({"settings.py": f"{SETTINGS}{lines}\n"})
    done = run_python([*LIVE, "--json"], env=DEVELOPMENT)
    assert done.returncode == 0, done.stderr
    assert [probe["kind"] for probe in json.loads(done.stdout)["probes"]] == ["database", "cache", "mail"]


def test_other_settings_than_those_of_the_process(inspect: Inspect, run: Run) -> None:
    """Django has one configuration in a process; another one is not tried by mistake."""
    output = run(inspect(), "check", "--live")
    assert (output.status, output.text) == (2, "")
    assert "python -m dj_core_utils config check --live --settings users.settings" in output.complaints
    assert run(inspect({"DEBUG": "Flase"}), "check", "--live").status == 1


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "4000", "soon"])
def test_limits_that_are_none(inspect: Inspect, run: Run, seconds: str) -> None:
    """A limit is a number of seconds."""
    with pytest.raises(SystemExit) as exit_:
        run(inspect(), "check", "--live", "--timeout", seconds)
    assert exit_.value.code == 2
