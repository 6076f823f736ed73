"""The samples for Docker, Kubernetes, systemd and CI in the documentation, run as those would run them.

There is no cluster here. But what a sample gives to a process is known: its environment, mounted files and command.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.security import SecuritySettings
from dj_core_utils.settings.unknown_names import LOADER_NAMES
from dj_core_utils.settings.variables import VariableTable
from tests.conftest import clean_environment
from tests.test_docs import PAGES, ROOT, WRITTEN, Reader, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.warm_python import WarmPython

BLOCK = re.compile(r"^```(?P<language>yaml|dockerfile|ini)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
# Read by other programs in these samples.
FOREIGN = {"PIP_NO_CACHE_DIR", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_USER"}
SECRETS = {
    "DJANGO_SECRET_KEY": "kV3-9fQ0xZ7_uLw2RtYb8sNc5mJhGd1PaEoXiT6vUqKzWlBr4yCS",
    "DB_PASSWORD": "Nine-Lives-of-88-cats",
}


def unknown(text: str) -> set[str]:
    """Names of variables in a sample that nothing reads."""
    known = {*VariableTable(CoreSettings, "shop"), *LOADER_NAMES, *FOREIGN}
    return {name for name in NAME.findall(text) if name not in known and name.removesuffix("_FILE") not in known}


def sample(page: str, language: str) -> str:
    """The first sample of a page in a language."""
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    return next(match["text"] for match in BLOCK.finditer(text) if match["language"] == language)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_samples_name_variables_that_exist(page: Path) -> None:
    """Whatever looks like a variable in a sample is one, of ours or of a program that is known."""
    samples = BLOCK.findall(page.read_text(encoding="utf-8"))
    assert {name for _, text in samples for name in unknown(text)} == set()


@pytest.mark.parametrize(
    ("page", "language", "name"),
    [
        ("docker", "dockerfile", "DJANGO_PROFILE"),
        ("docker", "yaml", "DJANGO_SECRETS_DIR"),
        ("docker", "yaml", "ALLOWED_HOSTS"),
        ("kubernetes", "yaml", "DB_PASSWORD"),
        ("systemd", "ini", "DJANGO_SECRET_KEY"),
        ("ci", "yaml", "DJANGO_ENV_FILE"),
    ],
)
def test_a_misspelt_variable_is_found(page: str, language: str, name: str) -> None:
    """A sample with a letter too few in a name does not pass."""
    text = sample(page, language)
    assert name in text
    assert unknown(text.replace(name, f"{name[:-2]}{name[-1]}")) == {f"{name[:-2]}{name[-1]}"}


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_every_yaml_sample_is_yaml(page: Path) -> None:
    """Each one can be read, and says no key twice."""
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "yaml":
            assert [document for document in yaml.load_all(text, StrictLoader) if document is None] == []  # safe


class StrictLoader(yaml.SafeLoader):
    """Reads plain data, and refuses a key that stands twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401, FBT001, FBT002  # as its base
        """A mapping whose keys are all different."""
        keys = [key.value for key, _ in node.value if key.value != "<<"]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        return super().construct_mapping(node, deep)


class Shop:
    """The project of a page, and processes in it.

    Args:
        folder: Where it is.
        python: What ``python`` is in it.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = python

    def run(self, command: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command as in a container: with this environment and nothing else."""
        folders = (str(self.python.parent), str(Path(sys.executable).parent), os.environ["PATH"])
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env={**clean_environment(), "PATH": os.pathsep.join(folders), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path, python: WarmPython) -> Shop:
    """The project of somebody who followed a page, whose name the test gives."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for example in parse(ROOT / "docs" / "how-to" / f"{request.param}.md", Reader(folder, python.program)).examples():
        if example.region.lexemes.get("arguments") in {"python", *WRITTEN} or "startproject" in str(example.parsed):
            example.evaluate()
    return Shop(folder, python.program)


def mount(folder: Path, values: Mapping[str, str], version: str = "1") -> Path:
    """Mount a Secret as the kubelet does: files in a hidden folder, links to it through ``..data``, turned at once."""
    hidden = folder / f"..2026_11_22_{version}"
    hidden.mkdir(parents=True)
    for name, value in values.items():
        (hidden / name).write_text(value, encoding="utf-8")
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data", name))
    (folder / "..data_tmp").symlink_to(hidden.name)
    (folder / "..data_tmp").rename(folder / "..data")
    return folder


class Pod:
    """A pod of ``deployment.yaml``, on a machine without Kubernetes.

    Args:
        shop: The image.
        mounted: Where its Secret is mounted in truth.
    """

    def __init__(self, shop: Shop, mounted: Path) -> None:
        self.shop = shop
        self.mounted = mounted
        documents = list(yaml.safe_load_all((shop.folder / "deployment.yaml").read_text(encoding="utf-8")))
        self.maps = {document["metadata"]["name"]: document["data"] for document in documents if "data" in document}
        (self.secret,) = [document["stringData"] for document in documents if document["kind"] == "Secret"]
        (self.spec,) = [document["spec"] for document in documents if document["kind"] == "Deployment"]
        self.template = self.spec["template"]["spec"]
        (self.check,), (self.web,) = self.template["initContainers"], self.template["containers"]

    def environment(self, container: dict[str, Any]) -> dict[str, str]:
        """The environment of a container."""
        (at,) = [mount["mountPath"] for mount in container["volumeMounts"]]
        given = {
            name: value
            for source in container["envFrom"]
            for name, value in self.maps[source["configMapRef"]["name"]].items()
        }
        given |= {entry["name"]: entry["value"] for entry in container["env"]}
        return {name: value.replace(at, str(self.mounted)) for name, value in given.items()}

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in the container of the server."""
        return self.shop.run(shlex.join(command), self.environment(self.web))


@pytest.mark.parametrize("shop", ["kubernetes"], indirect=True)
def test_the_pod_passes_its_check(shop: Shop, tmp_path: Path) -> None:
    """With the Secret mounted as Kubernetes does it, the init container ends well, and the server sees the same."""
    pod = Pod(shop, mount(tmp_path / "secrets", SECRETS))
    assert set(pod.secret) == set(SECRETS)
    assert pod.environment(pod.check) == pod.environment(pod.web)
    done = pod.run(pod.check["command"])
    assert done.returncode == 0, done.stderr
    assert "0 problems, 0 warnings" in done.stdout
    rows = json.loads(pod.run(["python", "manage.py", "config", "show", "--json"]).stdout)
    origins = {row["variable"]: row["origin"] for row in rows}
    assert {name: origins[name] for name in SECRETS} == {name: str(pod.mounted / name) for name in SECRETS}


@pytest.mark.parametrize("shop", ["kubernetes"], indirect=True)
def test_a_broken_secret_keeps_the_pod_from_starting(shop: Shop, tmp_path: Path) -> None:
    """The check fails for a key that is missing or misspelt, so that the pods that are there go on."""
    broken = {"DJANGO_SECRET_KEYS": SECRETS["DJANGO_SECRET_KEY"], "DB_PASSWORD": SECRETS["DB_PASSWORD"]}
    pod = Pod(shop, mount(tmp_path / "secrets", broken))
    done = pod.run(pod.check["command"])
    assert done.returncode == 1
    assert "Did you mean DJANGO_SECRET_KEY?" in done.stdout
    assert SECRETS["DJANGO_SECRET_KEY"] not in done.stdout + done.stderr
    assert pod.spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("shop", ["kubernetes"], indirect=True)
def test_new_processes_read_the_new_secret(shop: Shop, tmp_path: Path) -> None:
    """After ``..data`` was turned to another folder, a new process has the new values, and only those."""
    pod = Pod(shop, mount(tmp_path / "secrets", SECRETS))
    code = "from shop.settings import DATABASES as all, SECRET_KEY as key; password = all['default']['PASSWORD']"
    show = ["python", "-c", f"{code}; print(str.__str__(password), str.__str__(key))"]
    renewed = {name: value[::-1] for name, value in SECRETS.items()}
    before = pod.run(show)
    mount(pod.mounted, renewed, version="2")
    after = pod.run(show)
    assert before.stdout.split() == [SECRETS["DB_PASSWORD"], SECRETS["DJANGO_SECRET_KEY"]], before.stderr
    assert after.stdout.split() == [renewed["DB_PASSWORD"], renewed["DJANGO_SECRET_KEY"]], after.stderr


@pytest.mark.parametrize("shop", ["kubernetes"], indirect=True)
def test_probes_ask_the_health_path(shop: Shop, tmp_path: Path) -> None:
    """Every probe asks the path that is answered without TLS and for any host, on the port of the server."""
    pod = Pod(shop, tmp_path)
    probes = [value["httpGet"] for name, value in pod.web.items() if name.endswith("Probe")]
    path = SecuritySettings().health_path
    assert probes == [{"path": path, "port": "http"}] * 3
    assert pod.template["enableServiceLinks"] is False
    assert pod.template["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize("shop", ["docker"], indirect=True)
def test_compose_starts_what_it_describes(shop: Shop, tmp_path: Path) -> None:
    """With the secrets of the file in place, the configuration of each container of the shop can be used."""
    compose = yaml.safe_load((shop.folder / "compose.yaml").read_text(encoding="utf-8"))
    web, migrate = compose["services"]["web"], compose["services"]["migrate"]
    assert web["environment"] == migrate["environment"]
    assert web["secrets"] == migrate["secrets"] == list(compose["secrets"])
    for name in compose["secrets"]:
        (tmp_path / name).write_text(f"{SECRETS[name.upper()]}\n", encoding="utf-8")
    environment = {name: value.replace("/run/secrets", str(tmp_path)) for name, value in web["environment"].items()}
    done = shop.run("python manage.py config check", environment)
    assert done.returncode == 0, done.stderr
    assert "the network of compose.yaml does not leave the machine" in done.stdout


def test_the_image_holds_no_secret_and_no_root() -> None:
    """The last stage runs as a user by number, names no secret, and asks the health path."""
    text = sample("docker", "dockerfile").replace("\\\n", "")
    table = VariableTable(CoreSettings, "shop")
    secrets = {name for name in table if table[name].is_secret}
    assert {name for name in NAME.findall(text) if name.removesuffix("_FILE") in secrets} == set()
    last = text.split("FROM ")[-1].splitlines()
    user = next(number for number, line in enumerate(last) if re.fullmatch(r"USER [1-9]\d+", line))
    start = next(number for number, line in enumerate(last) if line.startswith("CMD "))
    assert user < start
    assert f"127.0.0.1:8000{SecuritySettings().health_path}'" in text


@pytest.mark.parametrize("shop", ["docker"], indirect=True)
def test_the_image_is_built_without_secrets(shop: Shop) -> None:
    """The command of the build works with nothing set, and the server that the image runs then refuses to start."""
    (build,) = [
        line.removeprefix("RUN ") for line in sample("docker", "dockerfile").splitlines() if "manage.py" in line
    ]
    done = shop.run(build, {})
    assert done.returncode == 0, done.stderr
    assert (shop.folder / "staticfiles" / "staticfiles.json").exists()
    started = shop.run("python -c 'import shop.wsgi'", {"DJANGO_PROFILE": "production"})
    assert started.returncode == 3
    assert "DJANGO_SECRET_KEY" in started.stderr


@pytest.mark.parametrize("shop", ["systemd"], indirect=True)
def test_the_unit_starts_what_it_describes(shop: Shop, tmp_path: Path) -> None:
    """With the credentials where systemd puts them, and the file of the page, the configuration can be used."""
    values: dict[str, list[str]] = {}

    class Lists(dict[str, Any]):
        """Keeps every line of a key, as systemd does."""

        def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401  # as its base
            if isinstance(value, list) and key in {"environment", "loadcredential"}:
                values.setdefault(key, []).extend(value)
            super().__setitem__(key, value)

    unit = ConfigParser(interpolation=None, strict=False, dict_type=Lists)
    unit.read_string((shop.folder / "shop.service").read_text(encoding="utf-8"))
    for credential in values["loadcredential"]:
        name = credential.partition(":")[0]
        (tmp_path / name).write_text(SECRETS[name], encoding="utf-8")
    environment = dict(line.split("=", 1) for line in values["environment"])
    environment["DJANGO_SECRETS_DIR"] = environment["DJANGO_SECRETS_DIR"].replace("%d", str(tmp_path))
    environment["DJANGO_ENV_FILE"] = str(shop.folder / Path(environment["DJANGO_ENV_FILE"]).name)
    done = shop.run("python manage.py config check", environment)
    assert done.returncode == 0, done.stderr
    assert "0 problems, 0 warnings" in done.stdout
    refused = shop.run("python -c 'import dj_core_utils.wsgi as w; w.get_wsgi_application()'", {
        "DJANGO_SETTINGS_MODULE": "shop.settings", "DJANGO_PROFILE": "production",
    })  # fmt: skip
    assert str(refused.returncode) == unit["Service"]["RestartPreventExitStatus"]


def steps(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The commands of the pipelines, each with its environment."""
    blocks = [yaml.safe_load(match["text"]) for match in BLOCK.finditer(page) if match["language"] == "yaml"]
    for step in blocks[0]["jobs"]["test"]["steps"]:
        if "manage.py" in step.get("run", ""):
            yield step["run"], step.get("env", {})
    for job in blocks[1].values():
        for command in job.get("script", ()):
            yield command, job["variables"]


@pytest.mark.parametrize("shop", ["ci"], indirect=True)
def test_pipelines_pass(shop: Shop) -> None:
    """Each command of the pipelines succeeds with its environment; the database is that of the profile ``test``."""
    values = shop.folder / "deploy" / "production.env"
    assert "CORS_ALOWED_ORIGINS" in values.read_text(encoding="utf-8")
    values.write_text(values.read_text(encoding="utf-8").replace("ALOWED", "ALLOWED"), encoding="utf-8")
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    commands = list(steps(page))
    assert len(commands) == 6
    for command, given in commands:
        environment = {name: value for name, value in given.items() if name not in {"DATABASE_URL", *FOREIGN}}
        done = shop.run(command, environment)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
