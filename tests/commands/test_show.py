"""``config show``: every value in use with its origin."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.settings.errors import Problem

if TYPE_CHECKING:
    from tests.commands.conftest import Inspect, Run

ENVIRON = {
    "ALLOWED_HOSTS": "shop.example,www.shop.example",
    "DATABASE_URL": "postgresql://shop:canary-pw@localhost:5432/shop",
    "DJANGO_SECRET_KEY": "canary-" + "k3J9-" * 12,
    "JWT_ACCESS_TOKEN_LIFETIME": "10m",
}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def test_what_is_set(inspect: Inspect, run: Run) -> None:
    """A pipe gets one aligned line for each variable that somebody set."""
    output = run(inspect(ENVIRON), "show")
    lines = output.text.splitlines()
    assert output.status == 0
    assert re.fullmatch(r"UsersSettings · profiles monolith, development · \d+ variables, \d+ set", lines[0])
    assert lines[2].split() == ["variable", "value", "origin", "sets"]
    assert re.search(
        r"\n  DATABASE_URL +postgresql://shop:\*\*\*@localhost:5432/shop +environment +DATABASES\n",
        output.text,
    )
    assert re.search(
        r"\n  DJANGO_SECRET_KEY +\*\*\* \(67 characters\) +environment +SECRET_KEY +\(profile", output.text
    )
    assert re.search(r"\n  JWT_ACCESS_TOKEN_LIFETIME +10m +environment +SIMPLE_JWT\n", output.text)
    assert re.search(r"\n  PAGE_SIZE +50 +UsersSettings\n", output.text)
    assert re.search(
        r"\n  ALLOWED_HOSTS +shop\.example, www\.shop\.example +environment +\(profile development: ",
        output.text,
    )
    assert "JWT_LEEWAY" not in output.text
    assert lines[-1].startswith("--all shows defaults too")
    columns = {line.index("  environment") for line in lines if "environment" in line}
    assert len(columns) == 1


@pytest.mark.parametrize(
    ("environ", "shown", "idle"),
    [
        ({"DATABASE_URL": "postgres://db/shop"}, "DATABASE_URL", "DATABASE_FALLBACK_URL"),
        ({"DB_NAME": "shop"}, "DB_NAME", "DATABASE_FALLBACK_URL"),
        ({}, "DATABASE_FALLBACK_URL", "DATABASE_URL"),
        ({}, "DJANGO_SECRET_KEY", "USERS_SECRET_KEY"),
        ({"IS_MICROSERVICE": "true"}, "USERS_SECRET_KEY", "DJANGO_SECRET_KEY"),
    ],
)
def test_what_has_no_effect_is_not_listed(
    inspect: Inspect, run: Run, environ: dict[str, str], shown: str, idle: str
) -> None:
    """A fallback behind a database, and the key of the other topology, appear with ``--all`` alone."""
    text = run(inspect(environ), "show").text
    assert f" {shown} " in text
    assert f" {idle} " not in text
    assert f" {idle} " in run(inspect(environ), "show", "--all").text


def test_defaults_too(inspect: Inspect, run: Run) -> None:
    """``--all`` shows every variable."""
    inspection = inspect(ENVIRON)
    assert inspection.loaded is not None
    assert inspection.loaded.table is not None
    text = run(inspection, "show", "--all").text
    assert [name for name in inspection.loaded.table if f" {name} " not in text] == []


def test_nothing_is_set(inspect: Inspect, run: Run) -> None:
    """Where everything is at its default, that is said."""
    inspection = inspect()
    assert inspection.loaded is not None
    untouched = inspection.loaded._replace(traces={"USE_TZ": inspection.loaded.traces["USE_TZ"]})
    text = run(Inspection(module="m", loaded=untouched, namespace={}), "show").text
    assert "1 variable, 0 set" in text
    assert "everything is at its default" in text


def test_one_section(inspect: Inspect, run: Run) -> None:
    """``--section`` shows all of one section, and nothing else."""
    output = run(inspect(ENVIRON), "show", "--section", "jwt")
    assert "--all shows" not in output.text
    assert "JWT_LEEWAY" in output.text
    assert "DATABASE_URL" not in output.text
    assert "PAGE_SIZE" in run(inspect(ENVIRON), "show", "--section", "core").text


def test_a_section_that_does_not_exist(inspect: Inspect, run: Run) -> None:
    """A wrong section is answered with the nearest one and the list, and with status 2."""
    output = run(inspect(), "show", "--section", "databse")
    assert (output.status, output.text) == (2, "")
    assert 'no section "databse". Did you mean database?' in output.complaints
    assert "jwt" in output.complaints
    assert "Did you mean" not in run(inspect(), "show", "--section", "zzz").complaints


def test_a_name_is_for_another_command(inspect: Inspect, run: Run) -> None:
    """Who asks for one variable is told the command that answers, ready to be copied."""
    output = run(inspect(), "show", "PAGE_SIZE", "it's")
    assert (output.status, output.text) == (2, "")
    assert "  python -m dj_core_utils config explain PAGE_SIZE 'it'\"'\"'s'" in output.complaints


def test_for_machines(inspect: Inspect, run: Run) -> None:
    """``--json`` lists every variable with the promised keys."""
    inspection = inspect(ENVIRON)
    rows = json.loads(run(inspection, "show", "--json").text)
    assert inspection.loaded is not None
    assert [row["variable"] for row in rows] == list(inspection.loaded.table or ())
    assert {tuple(row) for row in rows} == {("variable", "settings", "value", "origin", "secret", "shadowed")}
    only = json.loads(run(inspection, "show", "--json", "--section", "jwt").text)
    assert {row["variable"] for row in only} < {row["variable"] for row in rows}


@pytest.mark.parametrize("columns", [0, 60, 80, 100, 120, 160, 200])
@pytest.mark.parametrize("arguments", [(), ("--all",), ("--json",)])
def test_no_secret_is_shown_at_any_width(inspect: Inspect, run: Run, columns: int, arguments: tuple[str, ...]) -> None:
    """However a value is laid out, nothing secret is in it, and no line is wider than the terminal."""
    output = run(inspect(ENVIRON), "show", *arguments, columns=columns)
    assert "canary" not in output.text + output.complaints
    if columns and arguments != ("--json",):
        assert max(map(len, ANSI.sub("", output.text).splitlines())) <= columns


@pytest.mark.parametrize("columns", [0, 60, 200])
def test_a_list_that_nobody_reads_to_its_end(inspect: Inspect, run: Run, columns: int) -> None:
    """Its first items stand for it, wherever it stands; machines, and who reveals, get it whole."""
    hosts = [f"h{number}.shop.example" for number in range(5000)]
    inspection = inspect({"ALLOWED_HOSTS": ",".join(hosts)})
    for call in (("show",), ("explain", "ALLOWED_HOSTS"), ("diff", "production", "--all")):
        text = " ".join(ANSI.sub("", run(inspection, *call, columns=columns).text).split())
        assert "h0.shop.example, h1.shop.example, h2.shop.example, ... 4,997 more" in text
        assert "h3.shop.example" not in text
    for call in (("show",), ("explain", "ALLOWED_HOSTS")):
        assert hosts[-1] in run(inspection, *call, "--json").text
        assert ", ".join(hosts) in run(inspection, *call, "--reveal", columns=columns).text
    few = ",".join(hosts[:50])
    assert "49.shop.example" in run(inspect({"ALLOWED_HOSTS": few}), "show").text


def test_secrets_on_request(inspect: Inspect, run: Run) -> None:
    """``--reveal`` is explicit, for people and for machines."""
    assert ENVIRON["DJANGO_SECRET_KEY"] in run(inspect(ENVIRON), "show", "--reveal").text
    assert ENVIRON["DATABASE_URL"] in run(inspect(ENVIRON), "show", "--reveal", "--json").text


def test_a_wide_terminal_gets_a_table(inspect: Inspect, run: Run) -> None:
    """Four columns where they fit, with what lost below the value, and no blanks at the end of a line."""
    text = ANSI.sub("", run(inspect(ENVIRON), "show", columns=160).text)
    assert re.search(r"\n  variable +value +origin +sets\n", text)
    assert re.search(r"\n  ALLOWED_HOSTS +shop.example, www.shop.example +environment\n", text)
    assert re.search(r"\n +instead of localhost, .* \(profile development\)\n", text)
    assert re.search(r"\n  JWT_ACCESS_TOKEN_LIFETIME +10m +environment +SIMPLE_JWT\n", text)
    assert not [line for line in text.splitlines() if line.endswith(" ")]


def test_a_terminal_of_eighty_columns(inspect: Inspect, run: Run) -> None:
    """Three columns where four do not fit; what a variable sets stands behind its value."""
    text = ANSI.sub("", run(inspect(ENVIRON), "show", columns=80).text)
    assert re.search(r"\n  variable +value +origin\n", text)
    assert re.search(r"\n  JWT_ACCESS_TOKEN_LIFETIME +10m  -> SIMPLE_JWT +environment\n", text)


def test_a_narrow_terminal_gets_a_list(inspect: Inspect, run: Run) -> None:
    """Two columns where three do not fit: the origin stands behind the value, or below it."""
    text = ANSI.sub("", run(inspect(ENVIRON), "show", columns=60).text)
    assert re.search(r"\n  JWT_ACCESS_TOKEN_LIFETIME +10m  environment  -> SIMPLE_JWT\n", text)
    assert re.search(r"\n  PAGE_SIZE +50  UsersSettings\n", text)
    assert re.search(r"\n  DJANGO_SECRET_KEY +\*\*\* \(67 characters\)\n +environment  -> SECRET_KEY\n", text)


def test_long_words_go_on_behind_a_dot(inspect: Inspect, run: Run) -> None:
    """Dotted paths that are wider than their column are not cut within a name, if there is another place."""
    long = {"WSGI_APPLICATION": "shop.deployment_of_the_gateway.wsgi.application", "DATABASE_TEST_NAME": "t" * 60}
    text = ANSI.sub("", run(inspect({**ENVIRON, **long}), "show", columns=60).text)
    assert re.search(r"\n  WSGI_APPLICATION +shop\.deployment_of_the_gateway\.\n +wsgi\.application", text)
    (first, second) = re.findall(r"\bt+\b", text.partition("DATABASE_TEST_NAME")[2])[:2]
    assert len(first) + len(second) == len(long["DATABASE_TEST_NAME"])


def test_sections_have_headings_where_everything_is_shown(inspect: Inspect, run: Run) -> None:
    """``--all`` on a terminal is arranged by section."""
    text = ANSI.sub("", run(inspect(ENVIRON), "show", "--all", columns=120).text)
    assert re.search(r"\n\n  jwt\n  REST_FRAMEWORK_AUTHENTICATION ", text)


@pytest.mark.parametrize("columns", [0, 60, 100])
def test_a_revealed_secret_is_in_one_piece(inspect: Inspect, run: Run, columns: int) -> None:
    """What is shown in clear is to be copied, so no table breaks it."""
    assert ENVIRON["DJANGO_SECRET_KEY"] in run(inspect(ENVIRON), "show", "--reveal", columns=columns).text


def test_colour_is_for_terminals(inspect: Inspect, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with colours gets them, a pipe does not, and both can be told otherwise; ``NO_COLOR`` comes first."""
    inspection = inspect(ENVIRON)
    assert "\x1b[" in run(inspection, "show", columns=120).text
    assert "\x1b[" not in run(inspection, "show").text
    assert "\x1b[" not in run(inspection, "show", columns=120, colour=False).text
    assert "\x1b[" in run(inspection, "show", colour=True).text
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in run(inspection, "show", columns=120).text
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run(inspection, "show", columns=120).text
    assert "\x1b[" in run(inspection, "show").text
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run(inspection, "show", columns=120).text


def test_a_setting_that_the_module_changed(inspect: Inspect, run: Run) -> None:
    """A value that the settings module overrules is marked, because Django uses another one."""
    inspection = inspect(ENVIRON, namespace={"DEBUG": False})
    assert re.search(r"\n  DEBUG +True .*\(the settings module assigns DEBUG itself\)", run(inspection, "show").text)
    assert "the settings module assigns DEBUG itself" in run(inspection, "show", columns=120).text


@pytest.mark.parametrize("columns", [0, 60, 120])
def test_a_broken_configuration_is_shown_as_far_as_it_goes(inspect: Inspect, run: Run, columns: int) -> None:
    """What is wrong is marked where it stands, the rest is shown, and the next command is named."""
    output = run(inspect({**ENVIRON, "DEBUG": "Flase"}), "show", columns=columns)
    assert output.status == 1
    assert "Flase" in output.text
    assert "not usable" in output.text
    assert "shop.example" in output.text
    assert "Not usable: 1 problem" in output.complaints
    assert "config check --settings users.settings" in output.complaints
    assert ("\n  python -m" in output.complaints) is (columns == 60)


def test_a_module_that_cannot_be_imported(inspect: Inspect, run: Run) -> None:
    """What keeps the module from being imported is told in full, beside what is known; JSON stays JSON."""
    fault = Problem(
        id="settings.import", variable="users.settings", origin="users/settings.py:3", message="No, because."
    )
    inspection = inspect(ENVIRON, problems=[fault])
    output = run(inspection, "show", "--json")
    assert output.status == 1
    assert json.loads(output.text)
    assert "users/settings.py:3" in output.complaints
    assert "No, because." in output.complaints


def test_a_load_that_broke(inspect: Inspect, run: Run) -> None:
    """Where the load itself failed there are no rows, only the reason."""
    fault = Problem(id="internal", variable="dj_core_utils", origin="vault.py:3", message="It could not be read.")
    loaded = inspect().loaded
    assert loaded is not None
    broken = loaded._replace(settings=None, problems=(fault,))
    output = run(Inspection(module="m", loaded=broken, namespace={}), "show")
    assert (output.status, output.text) == (1, "")
    assert "It could not be read." in output.complaints


def test_nothing_is_known(run: Run) -> None:
    """Without any settings class there are no rows, only the reason."""
    fault = Problem(id="settings.module", variable="DJANGO_SETTINGS_MODULE", origin="nope", message="there is none.")
    inspection = Inspection(module="nope", loaded=None, problems=(fault,), namespace={})
    output = run(inspection, "show")
    assert (output.status, output.text) == (1, "")
    assert "there is none." in output.complaints
    assert json.loads(run(inspection, "show", "--json").text) == []
