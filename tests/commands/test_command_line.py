"""The commands as a person calls them: ``python -m dj_core_utils config`` and ``manage.py config``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

import dj_core_utils
from dj_core_utils.__main__ import main
from dj_core_utils.cli.inspection import inspect_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject

CLASS = """
    from dj_core_utils.settings import CoreSettings, export_settings


    class UsersSettings(CoreSettings):
        root_urlconf: str = "urls"
        page_size: int = 50


"""
SETTINGS = f"{CLASS}    export_settings(globals())\n"
DEVELOPMENT = {"DJANGO_PROFILE": "development"}
MODULE = ("-m", "dj_core_utils", "config")
KEY = "canary-" + "k3J9-" * 12


def test_version_and_help(run_python: RunPython) -> None:
    """The program says what it is and what it can do."""
    assert run_python(["-m", "dj_core_utils", "--version"]).stdout == f"dj-core-utils {dj_core_utils.__version__}\n"
    told = run_python(["-m", "dj_core_utils", "config", "--help"]).stdout
    assert "\nMake a new secret: a key of Django," in run_python([*MODULE, "keygen", "--help"]).stdout
    assert [name for name in ("show", "check", "env", "keygen") if not re.search(rf"\n    {name} +\w", told)] == []


@pytest.mark.parametrize("arguments", [(), ("config",)])
def test_a_call_without_a_command(run_python: RunPython, arguments: tuple[str, ...]) -> None:
    """Half a call is answered with help, and with status 2."""
    done = run_python(["-m", "dj_core_utils", *arguments])
    assert (done.returncode, done.stdout) == (2, "")
    assert "commands:" in done.stderr


def test_both_ways_show_the_same(run_python: RunPython, project: WriteProject) -> None:
    """``manage.py config`` and ``python -m dj_core_utils config`` are one command."""
    folder = project({"settings.py": SETTINGS})
    env = {**DEVELOPMENT, "DJANGO_SECRET_KEY": KEY}
    ours = run_python([*MODULE, "show"], env=env)
    manage = run_python([folder / "manage.py", "config", "show"], env=env)
    named = run_python([folder / "manage.py", "config", "show", "--settings", "settings"], env=env)
    assert (ours.returncode, ours.stderr) == (0, "")
    assert ours.stdout == manage.stdout == named.stdout
    assert "SECRET_KEY" in ours.stdout
    assert "canary" not in ours.stdout


def test_manage_without_a_command(run_python: RunPython, project: WriteProject) -> None:
    """``manage.py config`` alone is answered with its help; colours can be asked for."""
    folder = project()
    done = run_python([folder / "manage.py", "config"], env=DEVELOPMENT)
    assert done.returncode == 2
    assert "usage: manage.py config" in done.stdout
    coloured = run_python([folder / "manage.py", "config", "--force-color", "check"], env=DEVELOPMENT)
    assert "\x1b[" in coloured.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("show",), 1),
        (("show", "--json"), 1),
        (("check",), 1),
        (("check", "--json"), 1),
        (("diff", "production"), 1),
        (("docs", "--section", "own"), 0),
        (("explain", "debugg"), 2),
    ],
)
def test_a_broken_configuration_from_manage(
    run_python: RunPython, project: WriteProject, arguments: tuple[str, ...], status: int
) -> None:
    """Django does not come to the command, which answers all the same, as ``python -m dj_core_utils config`` does."""
    folder = project({"settings.py": SETTINGS, ".env": "DEBUG=Flase\n"})
    manage = run_python([folder / "manage.py", "config", *arguments], env=DEVELOPMENT)
    ours = run_python([*MODULE, *arguments], env=DEVELOPMENT)
    assert (manage.returncode, ours.returncode) == (status, status)
    assert (manage.stdout, manage.stderr) == (ours.stdout, ours.stderr)
    assert "Traceback" not in manage.stderr


def test_other_commands_of_a_broken_configuration(run_python: RunPython, project: WriteProject) -> None:
    """They print the report, as does a program of another kind whose first argument is the word config."""
    folder = project({"settings.py": SETTINGS, "serve.py": "import settings\n"})
    for call in (("manage.py", "migrate"), ("serve.py", "config")):
        done = run_python(call, env={**DEVELOPMENT, "DEBUG": "Flase"}, cwd=folder)
        assert "[value.boolean]" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_options_of_manage_behind_a_command(run_python: RunPython, project: WriteProject) -> None:
    """The options that every command of ``manage.py`` takes may stand where one types them, at the end."""
    folder = project({"settings.py": "", "inner/other.py": SETTINGS})
    options = ("--settings", "other", "--pythonpath", "inner", "--force-color", "--traceback")
    for debug in ("true", "Flase"):
        done = run_python([folder / "manage.py", "config", "show", *options], env={**DEVELOPMENT, "DEBUG": debug})
        assert "UsersSettings" in done.stdout, done.stderr
        assert "\x1b[" in done.stdout


def test_a_broken_configuration_is_inspected(run_python: RunPython, project: WriteProject) -> None:
    """Without Django the same configuration can be looked at: values, origins, problems, template."""
    project({"settings.py": SETTINGS, ".env": "DEBUG=Flase\nALLOWED_HOSTS=shop.example\n"})
    shown = run_python([*MODULE, "show"], env=DEVELOPMENT)
    assert shown.returncode == 1
    assert re.search(r"DEBUG +Flase +\.env:1 +\(not usable; profile development: True\)", shown.stdout)
    assert re.search(r"ALLOWED_HOSTS +shop\.example +\.env:2", shown.stdout)
    checked = run_python([*MODULE, "check", "--json"], env=DEVELOPMENT)
    assert checked.returncode == 1
    assert [problem["id"] for problem in json.loads(checked.stdout)] == ["value.boolean"]
    template = run_python([*MODULE, "env"], env=DEVELOPMENT)
    assert template.returncode == 0
    assert "#PAGE_SIZE=50" in template.stdout


def test_which_settings(run_python: RunPython, project: WriteProject, tmp_path: Path) -> None:
    """The option counts before the environment, and that before manage.py; without any the program says what to do."""
    nowhere = run_python([*MODULE, "show"], env=DEVELOPMENT)
    assert (nowhere.returncode, nowhere.stdout) == (2, "")
    assert "Which settings?" in nowhere.stderr
    assert "config show --settings users.settings" in nowhere.stderr
    assert nowhere.stderr.endswith("  python -m dj_core_utils init\n")
    assert run_python([*MODULE, "env"]).stdout.startswith("# Variables of CoreSettings.")
    inner = tmp_path / "users"
    inner.mkdir()
    project({"settings.py": SETTINGS, "other.py": SETTINGS.replace("Users", "Other")})
    (tmp_path / "third.py").write_text((tmp_path / "other.py").read_text().replace("Other", "Third"))
    assert run_python([*MODULE, "check"], env=DEVELOPMENT).returncode == 0
    assert "Go to the folder of manage.py (cd ..), or name" in run_python([*MODULE, "show"], cwd=inner).stderr
    named = {**DEVELOPMENT, "DJANGO_SETTINGS_MODULE": "other"}
    assert run_python([*MODULE, "show"], env=named).stdout.startswith("OtherSettings")
    assert run_python([*MODULE, "show", "--settings", "third"], env=named).stdout.startswith("ThirdSettings")
    assert run_python([*MODULE, "--settings", "third", "show"], env=named).stdout.startswith("ThirdSettings")


def test_the_folder_is_searched_whatever_python_says(run_python: RunPython, project: WriteProject) -> None:
    """A project is found in the current folder also where Python leaves that out of its path."""
    project({"settings.py": SETTINGS})
    assert run_python(["-P", *MODULE, "check"], env=DEVELOPMENT).returncode == 0


def test_the_program_can_be_called_from_python(capsys: pytest.CaptureFixture[str]) -> None:
    """Its function hands back the exit status."""
    assert main(["config"]) == 2
    assert "commands:" in capsys.readouterr().err


def test_a_manage_that_names_no_settings(run_python: RunPython, project: WriteProject) -> None:
    """A manage.py of another kind is no reason to fail."""
    project({"manage.py": "print('hello')"})
    assert run_python([*MODULE, "check"]).returncode == 2


FAILING = {
    "ImportError": ("import not_installed_anywhere", "ModuleNotFoundError: No module named 'not_installed_anywhere'"),
    "SyntaxError": ("x = (", "SyntaxError: '(' was never closed"),
    "KeyError": ('import os; os.environ["NOT_THERE"]', "KeyError: 'NOT_THERE'"),
    "ValueError": (f'int("{KEY}")', "ValueError."),
    "secret": ('import os; {}[os.environ["DJANGO_SECRET_KEY"]]', "KeyError: '***'"),
    "exit": ("raise SystemExit", "SystemExit."),
    "unnamed": (
        "from dj_core_utils.settings import get_settings; get_settings()",
        "ConfigurationError: No settings have been exported in this process.",
    ),
}


@pytest.mark.parametrize("kind", FAILING)
def test_a_module_that_fails(run_python: RunPython, project: WriteProject, kind: str) -> None:
    """Whatever keeps the module from being imported is told with its place and no secret, and values are shown."""
    statement, reason = FAILING[kind]
    project({"settings.py": f"{CLASS}    {statement}\n    export_settings(globals())\n"})
    done = run_python([*MODULE, "show"], env={**DEVELOPMENT, "DJANGO_SECRET_KEY": KEY})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stdout + done.stderr
    assert reason in " ".join(done.stderr.split())
    assert "settings.py:9" in done.stderr
    assert re.search(r"DJANGO_SECRET_KEY +\*\*\* \(67 characters\) +environment +SECRET_KEY", done.stdout)
    # A file with a syntax error has no class to look at, every other one has.
    assert done.stdout.startswith("CoreSettings" if kind == "SyntaxError" else "UsersSettings")


def test_a_failure_in_a_library(run_python: RunPython, project: WriteProject) -> None:
    """The place that is named is the project's own line, not the library's."""
    project({"settings.py": f"{CLASS}    import json; json.loads('')\n"})
    done = run_python([*MODULE, "check"], env=DEVELOPMENT)
    assert "settings.py:9" in done.stdout
    assert "JSONDecodeError." in done.stdout


def test_a_module_that_is_not_there(run_python: RunPython, project: WriteProject) -> None:
    """A wrong name is answered with where it was looked for, and nothing else is made up."""
    project()
    for module in ("nope", "nope.settings", "settings.nope"):
        done = run_python([*MODULE, "show", "--settings", module], env=DEVELOPMENT)
        assert (done.returncode, done.stdout) == (1, "")
        assert "there is no module" in done.stderr


def test_a_failure_after_the_export(run_python: RunPython, project: WriteProject) -> None:
    """What was exported before the module failed is what is shown."""
    project({"settings.py": f"{SETTINGS}    import not_installed_anywhere\n"})
    done = run_python([*MODULE, "show"], env=DEVELOPMENT)
    assert done.returncode == 1
    assert "not_installed_anywhere" in done.stderr
    assert done.stdout.startswith("UsersSettings")


def test_a_module_without_an_export(run_python: RunPython, project: WriteProject) -> None:
    """A class that is never exported is shown, and the missing call named; without a class there is nothing to show."""
    folder = project({"settings.py": CLASS, "plain.py": "SECRET_KEY = 'x'\nINSTALLED_APPS = ['dj_core_utils']\n"})
    done = run_python([*MODULE, "show"], env=DEVELOPMENT)
    assert done.returncode == 1
    assert done.stdout.startswith("UsersSettings")
    assert "export_settings(globals())" in done.stderr
    plain = run_python([*MODULE, "show", "--settings", "plain"], env=DEVELOPMENT)
    assert (plain.returncode, plain.stdout) == (1, "")
    assert "python -m dj_core_utils init" in plain.stderr
    manage = run_python([folder / "manage.py", "config", "check", "--settings", "plain"], env=DEVELOPMENT)
    assert manage.returncode == 1
    assert "[export.missing]" in manage.stdout


def test_apps_of_the_project_alone(run_python: RunPython, project: WriteProject) -> None:
    """Where the module lists its apps without this one, there is no ``manage.py config``, and ``check`` says why."""
    project({"settings.py": f"{SETTINGS}    INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes']\n"})
    (found,) = json.loads(run_python([*MODULE, "check", "--json"], env=DEVELOPMENT).stdout)
    assert (found["id"], found["severity"], found["hint"]) == ("apps.not_installed", "warning", 'add  "dj_core_utils"')


@pytest.mark.parametrize("path", ["shop/settings.py", "./shop/settings.py", ".shop.settings", "shop.settings.py"])
def test_a_path_is_no_module(path: str) -> None:
    """Who names the file is told how the module is called, whatever stands in the folder."""
    (problem,) = inspect_module(path).problems
    assert (problem.id, problem.hint) == ("settings.module", "for example  shop.settings")


def test_several_classes(run_python: RunPython, project: WriteProject) -> None:
    """What ``export_settings`` cannot decide is told with its own words."""
    other = "    class OtherSettings(CoreSettings):\n        pass\n\n\n    export_settings(globals())\n"
    project({"settings.py": CLASS + other})
    done = run_python([*MODULE, "check", "--json"], env=DEVELOPMENT)
    assert done.returncode == 1
    assert [problem["id"] for problem in json.loads(done.stdout)] == ["class.several"]


def test_what_the_module_changes(run_python: RunPython, project: WriteProject) -> None:
    """Settings that the module changes after the export are among the problems, both ways."""
    folder = project({"settings.py": f"{SETTINGS}    DEBUG = False\n"})
    for call in (MODULE, (folder / "manage.py", "config")):
        done = run_python([*call, "check", "--json"], env=DEVELOPMENT)
        assert done.returncode == 0
        assert [problem["id"] for problem in json.loads(done.stdout)] == ["setting.reassigned"]


@pytest.mark.parametrize("call", [MODULE, ("manage.py", "config")], ids=["module", "manage.py"])
def test_a_reader_that_goes_away(project: WriteProject, run_python: RunPython, call: tuple[str, ...]) -> None:
    """A pipe that is closed early, as by head, is no error worth a traceback."""
    folder = project({"settings.py": SETTINGS})
    code = f"""
        import os, subprocess, sys

        command = [sys.executable, *{list(call)!r}, "show", "--all", "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        sys.exit(f"{{process.wait()}} {{process.stderr.read().decode()}}")
    """
    done = run_python(code, env=DEVELOPMENT, cwd=folder)
    assert done.stderr.strip() == "1"


ANSWERS = {
    ("show", "--all"): 0,
    ("show", "--all", "--json"): 0,
    ("check",): 0,
    ("env",): 0,
    ("explain", "email", "cors"): 0,
    ("diff", "development", "production", "--all"): 1,
    ("docs",): 0,
    ("schema",): 0,
}


@pytest.mark.parametrize("arguments", ANSWERS)
def test_a_stream_that_lacks_letters(run_python: RunPython, project: WriteProject, arguments: tuple[str, ...]) -> None:
    """Where the terminal or pipe is ASCII, what it lacks is escaped, and nothing steers it."""
    folder = project({"settings.py": SETTINGS})
    env = {**DEVELOPMENT, "PYTHONIOENCODING": "ascii", "LANGUAGE_CODE": "en-us", "ADMINS": "é\x1b[2J <a@shop.example>"}
    for call in ([*MODULE], [folder / "manage.py", "config"]):
        done = run_python([*call, *arguments], env=env)
        assert (done.returncode, done.stderr) == (ANSWERS[arguments], ""), done.stderr
        assert done.stdout.isascii()
        assert "\x1b" not in done.stdout


@pytest.mark.parametrize("call", [MODULE, ("manage.py", "config")], ids=["module", "manage.py"])
def test_a_real_terminal(project: WriteProject, run_python: RunPython, call: tuple[str, ...]) -> None:
    """A terminal gets its table in colour, both ways the same, and within its width."""
    folder = project({"settings.py": SETTINGS})
    code = f"""
        import os, pty, subprocess, sys

        ours, theirs = pty.openpty()
        process = subprocess.Popen([sys.executable, *{list(call)!r}, "show"], stdout=theirs)
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 65536):
                text += piece
        except OSError:  # how a terminal ends on Linux
            pass
        sys.stdout.write(text.decode())
        sys.exit(process.wait())
    """
    done = run_python(code, env={**DEVELOPMENT, "TERM": "xterm-256color", "COLUMNS": "80"}, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines()
    assert "\x1b[" in done.stdout
    assert max(map(len, lines)) <= 80
    assert lines[1] == ""
    assert lines[2].split() == ["variable", "value", "origin"]
