"""``config explain``: the whole history of one variable."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar

import pytest

from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.loading import load
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Inspect, Run


class PartSettings(Section):
    """A section of which everything is the project's."""

    word: str = "a"
    word_file: str = "b"


class PartedSettings(CoreSettings):
    """A class with a field that needs a value."""

    part: PartSettings = PartSettings()
    needed: int


class ChildSettings(PartedSettings):
    """A class that gives that field one, in a project whose deployments set older names."""

    retired_names: ClassVar[dict[str, str]] = {"DJANGO_DEBUG": "DEBUG", "OLD_DEBUG": "DEBUG"}

    needed: int = 3


KEY = "canary-" + "k3J9-" * 12


def layers(text: str) -> list[tuple[str, str]]:
    """The lines of the layers: place and what it says."""
    block = text.split("\n\n")[1]
    return [(line[2:].split("  ")[0], line[2:].split("  ", 1)[1].strip()) for line in block.splitlines()]


def test_every_layer_in_order(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """Highest first, with the one in use marked, and those that say nothing among them."""
    (tmp_path / ".env").write_text("\n\nALLOWED_HOSTS=localhost,127.0.0.1\n")
    output = run(inspect(), "explain", "ALLOWED_HOSTS")
    assert (output.status, output.complaints) == (0, "")
    assert output.text.startswith("ALLOWED_HOSTS = localhost, 127.0.0.1\nHost names this service answers to.")
    assert layers(output.text) == [
        ("environment", "not set"),
        ("ALLOWED_HOSTS_FILE", "not set"),
        (".env:3", "localhost,127.0.0.1  <- used"),
        ("profile development", "localhost, .localhost, 127.0.0.1, [::1]"),
        ("profile monolith", "not set"),
        ("CoreSettings", "(empty)"),
    ]


def test_what_else_is_known(inspect: Inspect, run: Run) -> None:
    """Type, default, example, field, setting with Django's check, who requires it, and the rules that look at it."""
    text = run(inspect(), "explain", "ALLOWED_HOSTS").text
    for line in (
        r"type +list",
        r"default +empty",
        r"example +shop\.example\.com,www\.shop\.example\.com",
        r"in code +allowed_hosts",
        r"Django +ALLOWED_HOSTS; check security\.W020",
        r"secret +no",
        r"required by +profile production",
        r"not read +DJANGO_ALLOWED_HOSTS",
        r"(?:rules)? +security\.allowed_hosts: Without a list of hosts every request is refused\. \(policy\)",
    ):
        assert re.search(rf"\n  {line}\n", text), line
    assert re.search(r"\n  type +integer, at least 1, at most 500\n", run(inspect(), "explain", "PAGE_SIZE").text)


@pytest.mark.parametrize(
    "name",
    [
        "JWT_ACCESS_TOKEN_LIFETIME",
        "jwt_access_token_lifetime",
        "jwt.access_token_lifetime",
        "JWT.Access_Token_Lifetime",
    ],
)
def test_a_variable_by_any_of_its_names(inspect: Inspect, run: Run, name: str) -> None:
    """A variable and the path of its field mean the same, in any case."""
    assert run(inspect(), "explain", name).text.startswith("JWT_ACCESS_TOKEN_LIFETIME = ")


def test_names_that_are_not_read(inspect: Inspect, run: Run) -> None:
    """A name from elsewhere, and one that names a file, lead to the variable, and say so."""
    assert run(inspect(), "explain", "django_debug").text.startswith("DJANGO_DEBUG is not read; DEBUG is.\n\nDEBUG = ")
    text = run(inspect(), "explain", "DB_PASSWORD_FILE").text
    assert text.startswith("DB_PASSWORD_FILE names a file that holds DB_PASSWORD.\n\nDB_PASSWORD = ")


def test_a_setting_that_is_made_from_several(inspect: Inspect, run: Run) -> None:
    """What is set is explained, and the others are listed."""
    text = run(inspect({"DATABASE_URL": "sqlite:///a.db"}), "explain", "Databases").text
    assert re.match(r"DATABASES is made from \d+ variables, 1 set\.\n\nDATABASE_URL = sqlite:///a\.db\n", text)
    assert re.search(r"\n\nAt their defaults: .*DB_NAME, ", text)
    assert "\nDB_NAME = " not in text


def test_a_section(inspect: Inspect, run: Run) -> None:
    """A section is explained like a setting; ``core`` are the fields of the class itself."""
    text = run(inspect({"JWT_LEEWAY": "5s"}), "explain", "jwt").text
    assert re.match(r"jwt is a section of \d+ variables, 1 set\.\n\nJWT_LEEWAY = 5s\n", text)
    assert "\nPAGE_SIZE = 50\n" in run(inspect(), "explain", "core").text


def test_several_names(inspect: Inspect, run: Run) -> None:
    """They are explained one after the other."""
    text = run(inspect(), "explain", "USE_TZ", "PAGE_SIZE").text
    assert re.match(r"USE_TZ = True\n(?:.|\n)*\n\nPAGE_SIZE = 50\n", text)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ALLOWED_HOST", "ALLOWED_HOSTS"),
        ("jwt.acces_token_lifetime", "jwt.access_token_lifetime"),
        ("TOKEN_LIFETIME", "JWT_ACCESS_TOKEN_LIFETIME or JWT_REFRESH_TOKEN_LIFETIME"),
        ("SECRETKEY", "SECRET_KEY"),
    ],
)
def test_a_misspelt_name(inspect: Inspect, run: Run, name: str, near: str) -> None:
    """It is answered with what resembles it, and with status 2."""
    output = run(inspect(), "explain", "PAGE_SIZE", name)
    assert (output.status, output.text) == (2, "")
    assert f'There is no variable, setting, field or section "{name}". Did you mean {near}' in output.complaints


def test_a_name_like_no_other(inspect: Inspect, run: Run) -> None:
    """Where nothing resembles it, nothing is suggested; what stands there is no way to steer a terminal."""
    output = run(inspect(), "explain", "xyzzy\x1b[2J")
    assert output.status == 2
    assert "Did you mean" not in output.complaints
    assert "\x1b" not in output.complaints


def test_what_steers_the_load(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """The profiles with their files, the file and the folder that are read."""
    text = run(inspect(), "explain", "django_profile").text
    assert text.startswith("DJANGO_PROFILE = monolith, development\nProfiles to apply")
    assert re.search(r"\n  development +One developer's machine: .*\(.*development\.toml\)\n  monolith ", text)
    assert run(inspect(), "explain", "DJANGO_ENV_FILE").text.startswith(f"DJANGO_ENV_FILE = {tmp_path / '.env'}\n")
    assert run(inspect(), "explain", "DJANGO_SECRETS_DIR").text.startswith("DJANGO_SECRETS_DIR = not set\n")
    (tmp_path / "mounted").mkdir()
    inspection = inspect({"DJANGO_SECRETS_DIR": "mounted"})
    assert run(inspection, "explain", "DJANGO_SECRETS_DIR").text.startswith(
        f"DJANGO_SECRETS_DIR = {tmp_path / 'mounted'}\n"
    )
    assert (str(tmp_path / "mounted" / "DB_NAME"), "not set") in layers(run(inspection, "explain", "DB_NAME").text)


@pytest.mark.parametrize(
    ("name", "profiles"),
    [
        ("DATABASE_URL", ["microservice", "monolith", "production"]),
        ("JWT_ALGORITHM", ["microservice"]),
        ("CACHE_URL", ["production"]),
        ("DB_HOST", []),
    ],
)
def test_what_rules_require(inspect: Inspect, run: Run, name: str, profiles: list[str]) -> None:
    """A profile requires what it lists, and what a start under it fails without."""
    inspection = inspect({"DATABASE_URL": "sqlite:///db.sqlite3"})
    (found,) = json.loads(run(inspection, "explain", name, "--json").text)
    assert found["required_by"] == profiles


def test_what_steers_the_load_for_machines(inspect: Inspect, run: Run) -> None:
    """It is among the objects, with its value or null."""
    found = json.loads(run(inspect(), "explain", "django_secrets_dir", "page_size", "DJANGO_PROFILE", "--json").text)
    assert [(one["variable"], one["value"]) for one in found] == [
        ("DJANGO_SECRETS_DIR", None),
        ("DJANGO_PROFILE", "monolith, development"),
        ("PAGE_SIZE", 50),
    ]
    assert found[1]["section"] == "loading"


def test_secret_files(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """A secret that a file holds is masked, and the file is named in its layer."""
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / "DJANGO_SECRET_KEY").write_text(KEY)
    environ = {"DJANGO_SECRET_KEY_FILE": "key", "DJANGO_SECRETS_DIR": "mounted"}
    text = run(inspect(environ), "explain", "secret_key").text
    assert "canary" not in text
    assert re.search(r"\n  key +\*\*\*  <- used\n +\S+mounted/DJANGO_SECRET_KEY +\*\*\*\n", text)
    assert re.search(r"\n  secret +yes\n", text)
    assert KEY in run(inspect(environ), "explain", "DJANGO_SECRET_KEY", "--reveal").text
    assert KEY in run(inspect(environ), "explain", "DJANGO_SECRET_KEY", "--reveal", columns=60).text


def test_a_default_that_another_class_replaced(inspect: Inspect, run: Run) -> None:
    """Below the default in use stand those of the classes that it replaced."""
    assert layers(run(inspect(), "explain", "SERVICE_NAME").text)[-2:] == [
        ("UsersSettings", "users  <- used"),
        ("CoreSettings", "app"),
    ]


def test_settings_with_parts_of_other_variables(inspect: Inspect, run: Run) -> None:
    """A variable that shares its setting with others names them."""
    assert re.search(r"\n  together with +.*ENABLE_ADMIN", run(inspect(), "explain", "INSTALLED_APPS").text)


def test_places_that_do_not_exist(run: Run, tmp_path: Path) -> None:
    """A layer that cannot say anything is not listed: a file under a name that is taken, a .env that is not read."""
    loaded = load(PartedSettings, environ={}, project_dir=tmp_path, env_file=None, profiles=["development"])
    inspection = Inspection(module="parted.settings", loaded=loaded, namespace={})
    text = run(inspection, "explain", "part").text
    assert text.startswith("part is a section of 2 variables, 2 set.\n\nPART_WORD = a\n\n  environment ")
    assert layers(text.removeprefix("part is a section of 2 variables, 2 set.\n\n")) == [
        ("environment", "not set"),
        ("profile development", "not set"),
        ("PartSettings", "a  <- used"),
    ]
    assert "At their defaults" not in text
    needed = run(inspection, "explain", "needed").text
    assert "\nrequired, and nothing sets it. [variable.required]\nset " in needed
    assert re.search(r"\n  PartedSettings +-  <- used\n\n  type +integer\n  default +required\n", needed)


def test_a_default_where_there_was_none(run: Run, tmp_path: Path) -> None:
    """A class that demands a value has no default to list."""
    loaded = load(ChildSettings, environ={}, project_dir=tmp_path, env_file=None, profiles=["development"])
    text = run(Inspection(module="child.settings", loaded=loaded, namespace={}), "explain", "needed").text
    assert layers(text)[-1] == ("ChildSettings", "3  <- used")


def test_earlier_names(run: Run, tmp_path: Path) -> None:
    """A name from earlier days leads to the variable, and is told where it is in use."""
    environ = {"DJANGO_DEBUG": "true"}
    loaded = load(ChildSettings, environ=environ, project_dir=tmp_path, profiles=["monolith"])
    inspection = Inspection(module="child.settings", loaded=loaded, namespace={})
    text = run(inspection, "explain", "django_debug").text
    assert text.startswith("DJANGO_DEBUG is an earlier name of DEBUG, and still read.\n\nDEBUG = True\n")
    assert "\n  environment (DJANGO_DEBUG)  true  <- used\n" in text
    assert re.search(r"\n  earlier names +DJANGO_DEBUG, OLD_DEBUG\n", text)
    assert not re.search(r"\n  not read", text)
    found = json.loads(run(inspection, "explain", "DEBUG", "--json").text)[0]
    assert (found["retired_names"], found["not_read"]) == (["DJANGO_DEBUG", "OLD_DEBUG"], [])
    assert "\nStill read under an earlier name: `DJANGO_DEBUG`, `OLD_DEBUG`.\n" in run(inspection, "docs").text


def test_a_value_without_effect(inspect: Inspect, run: Run) -> None:
    """The key of the other topology, and a setting that the module assigns itself, are marked."""
    assert "It has no effect now" in run(inspect(), "explain", "USERS_SECRET_KEY").text
    changed = inspect(namespace={"DEBUG": False})
    assert "the settings module assigns DEBUG itself" in run(changed, "explain", "DEBUG").text


def test_a_value_that_is_wrong(inspect: Inspect, run: Run) -> None:
    """What is wrong with it is said at once; the status is that of a configuration that cannot be used."""
    output = run(inspect({"PAGE_SIZE": "many"}), "explain", "PAGE_SIZE")
    assert output.status == 1
    assert '\n"many" is not an integer; use digits only, such as 10. [value.integer]\n' in output.text
    assert "Not usable: 1 problem" in output.complaints
    hinted = run(inspect({"DATABASE_URL": "postgres://shop:canary-pw@db:54x2/shop"}), "explain", "DATABASE_URL")
    assert "[database.url]\nexpected" in hinted.text
    assert "canary" not in hinted.text + hinted.complaints


def test_for_machines(inspect: Inspect, run: Run) -> None:
    """``--json`` has the keys of ``config show --json`` and the rest of the history."""
    output = run(inspect({"PAGE_SIZE": "25"}), "explain", "page_size", "--json")
    found = json.loads(output.text)
    assert [one["variable"] for one in found] == ["PAGE_SIZE"]
    assert (found[0]["value"], found[0]["origin"], found[0]["field"]) == (25, "environment", "page_size")
    assert found[0]["type"] == "integer, at least 1, at most 500"
    assert found[0]["default"] == "50"
    assert found[0]["layers"][0] == {"origin": "environment", "value": "25", "used": True}
    assert found[0]["layers"][1] == {"origin": "PAGE_SIZE_FILE", "value": None, "used": False}
    hosts = json.loads(run(inspect(), "explain", "ALLOWED_HOSTS", "--json").text)[0]
    assert hosts["required_by"] == ["production"]
    rules = {rule["id"]: rule for rule in hosts["rules"]}
    assert rules["security.allowed_hosts"]["strength"] == "policy"
    assert rules["security.allowed_hosts"]["checks"] == ["security.W020"]


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(inspect: Inspect, run: Run, columns: int) -> None:
    """Whatever is explained fits, with what was found in the environment."""
    environ = {"ALLOWED_HOSTS": ",".join(f"host-{number}.example.com" for number in range(20))}
    text = run(inspect(environ), "explain", "ALLOWED_HOSTS", "DATABASES", "DJANGO_PROFILE", columns=columns).text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= columns
    assert "\x1b[" in text


def test_nothing_is_known(run: Run) -> None:
    """Without a settings class there is nothing to explain, only the reason."""
    fault = Problem(id="settings.module", variable="DJANGO_SETTINGS_MODULE", origin="nope", message="there is none.")
    inspection = Inspection(module="nope", loaded=None, problems=(fault,), namespace={})
    output = run(inspection, "explain", "DEBUG")
    assert (output.status, output.text) == (1, "")
    assert "there is none." in output.complaints
    assert json.loads(run(inspection, "explain", "DEBUG", "--json").text) == []


def test_the_address_of_a_service_that_nothing_sets(inspect: Inspect, run: Run) -> None:
    """What the name would say is told, for a service that the configuration knows."""
    output = run(inspect({"SERVICES": "orders"}), "explain", "orders_service_url", "ORDRES_SERVICE_URL")
    assert output.status == 2
    assert output.complaints.splitlines() == [
        "ORDERS_SERVICE_URL is not set. It would say where orders lives, before SERVICE_URLS does.",
        'There is no variable, setting, field or section "ORDRES_SERVICE_URL".',
    ]
