"""The workflows: safe by construction, and their scripts do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from release import index_page
from release.__main__ import main
from tests.conftest import clean_environment
from tests.release.conftest import ROOT, VERSION, commit, git

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
ADDRESS = "https://git.example.com"


def load(name: str) -> dict[str, Any]:
    """A workflow; YAML takes the key ``on`` for a boolean."""
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    return {"on" if key is True else key: value for key, value in yaml.safe_load(text).items()}


def scripts(workflow: dict[str, Any]) -> list[str]:
    """Every script of a workflow."""
    return [step["run"] for job in workflow["jobs"].values() for step in job.get("steps", ()) if "run" in step]


def last_script(job: dict[str, Any]) -> str:
    """The last script of a job: what it is there for."""
    return str([step["run"] for step in job["steps"] if "run" in step][-1])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    """A tag of somebody else's can be moved, a commit cannot; the version stands beside it for people."""
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_value_of_an_event_is_pasted_into_a_script(path: Path) -> None:
    """A branch or tag with a quote in its name is data: scripts get it through the environment."""
    assert [script for script in scripts(load(path.stem)) if "${{" in script] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_are_sound(path: Path) -> None:
    """Each script is valid, and each target of make in it exists."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for script in scripts(load(path.stem)):
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0  # noqa: S607  # any bash
        assert set(re.findall(r"\bmake ([a-z-]+)", script)) <= targets


@pytest.mark.parametrize("tag", ["v$(touch owned)", 'v"; touch owned; "', "v$(shell touch owned)", "v`touch owned`"])
def test_a_tag_is_text_for_make_and_the_shell(tag: str, clone: Path) -> None:
    """A tag whose name looks like a command is refused as a tag, and is not run."""
    (clone / ".venv").symlink_to(Path(sys.prefix))
    # Without setting up .venv, which is the one of these tests.
    command = ["make", "--assume-old=.venv/.ready", "release-check"]
    environment = {**clean_environment(), "TAG": tag}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"the tag is {tag}, and the version" in done.stderr
    assert not (clone / "owned").exists()


def test_jobs_may_do_what_they_need_and_no_more() -> None:
    """Nothing is allowed by default; writing is, to the two jobs that publish."""
    workflow = load("release")
    assert workflow["permissions"] == {}
    allowed = {name: job["permissions"]["contents"] for name, job in workflow["jobs"].items()}
    assert {name for name, level in allowed.items() if level == "write"} == {"release", "index"}
    assert all(set(job["permissions"]) == {"contents"} for job in workflow["jobs"].values())
    assert load("ci")["permissions"] == {"contents": "read"}


def test_nothing_is_published_before_everything_holds() -> None:
    """A release waits for the whole suite, its own check and the wheel on every Python."""
    jobs = load("release")["jobs"]
    assert set(jobs["release"]["needs"]) == {"everything", "build", "wheel"}
    assert jobs["index"]["needs"] == "release"
    assert jobs["everything"]["uses"] == "./.github/workflows/ci.yml"
    assert "workflow_call" in load("ci")["on"]
    assert load("release")["on"] == {"push": {"tags": ["v*"]}}


def test_the_wheel_is_tried_on_every_python_that_is_promised() -> None:
    """The classifiers, CI and the release name the same versions of Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = {match[1] for line in project["classifiers"] if (match := re.search(r":: (3\.\d+)$", line))}
    assert set(load("release")["jobs"]["wheel"]["strategy"]["matrix"]["python"]) == promised
    steps = load("ci")["jobs"]["everything"]["steps"]
    (installed,) = [given.split() for step in steps if (given := step.get("with", {}).get("python-version"))]
    assert set(installed) == promised
    suite = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert set(re.findall(r'^    "(3\.\d+) ', suite, re.MULTILINE)) == promised


def run(script: str, folder: Path, **variables: str) -> str:
    """Run a script as the workflow does, in a clone whose ``.venv`` is the one of these tests."""
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(Path(sys.prefix))
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],  # noqa: S607  # any bash
        cwd=folder,
        env={**clean_environment(), "GITHUB_SERVER_URL": ADDRESS, "GITHUB_REPOSITORY": "team/dj", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_index_job_adds_a_line_to_the_published_page(clone: Path, tmp_path: Path) -> None:
    """The job's own script, with a real branch to push to: the page names the files of the release by their address."""
    assert main(["prepare", VERSION], clone) == 0
    commit(clone)
    assert main(["check", "--skip-install"], clone) == 0
    hub = tmp_path / "hub.git"
    git(tmp_path, "init", "--quiet", "--bare", str(hub))
    git(tmp_path, "clone", "--quiet", str(hub), str(clone / "pages"))
    git(clone / "pages", "checkout", "--quiet", "-b", "gh-pages")
    git(clone / "pages", "commit", "--quiet", "--allow-empty", "--message", "the branch")
    git(clone / "pages", "push", "--quiet", "--set-upstream", "origin", "gh-pages")
    run(last_script(load("release")["jobs"]["index"]), clone, TAG=f"v{VERSION}", GITHUB_ACTOR="somebody")
    git(tmp_path, "clone", "--quiet", "--branch", "gh-pages", str(hub), "published")
    links = index_page.links_of(tmp_path / "published" / "simple" / "dj-core-utils" / "index.html")
    folder = f"{ADDRESS}/team/dj/releases/download/v{VERSION}/dj_core_utils-{VERSION}"
    assert sorted(link.address.partition("#")[0] for link in links) == [
        f"{folder}-py3-none-any.whl",
        f"{folder}.tar.gz",
    ]


@pytest.mark.parametrize(("version", "kind"), [("1.0.0rc1", "prerelease"), ("1.0.0", "release")])
def test_a_tag_of_a_pre_release_makes_a_pre_release(version: str, kind: str, clone: Path) -> None:
    """What kind of release it is comes from the version, by the script of the workflow."""
    assert main(["prepare", version], clone) == 0
    (step,) = [step for step in load("release")["jobs"]["build"]["steps"] if step.get("id") == "kind"]
    output = clone / "output"
    run(step["run"], clone, GITHUB_OUTPUT=os.fspath(output))
    assert output.read_text(encoding="utf-8") == f"kind={kind}\n"
    created = last_script(load("release")["jobs"]["release"])
    command = f'gh() {{ printf "%s\\n" "$@"; }}; mkdir -p dist; {created}'
    assert ("--prerelease" in run(command, clone, KIND=kind, TAG=f"v{version}").split()) == (kind == "prerelease")
