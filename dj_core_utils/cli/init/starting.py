"""Starts settings in a process of their own: the old ones as they are, the new ones also before they are written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.cli.init.child import EARLIER, HALF_WAY
from dj_core_utils.cli.init.terms import Term

if TYPE_CHECKING:
    from collections.abc import Mapping

_EARLIER = re.compile(r"non-annotated attribute|'?CoreSettings'? has no |AttributeError: [A-Z_]+$|django_core_utils")
# What django-configurations says where nothing has installed it.
_HALF_WAY = re.compile(r"settings importer wasn't correctly installed")
_SECONDS = 120
_LAST_LINES = 12


class Started(NamedTuple):
    """Settings as Django has them after a start.

    Attributes:
        module: Name of the settings module.
        file: Its file.
        folder: Where it was started.
        declared: Settings that the project declares itself.
        django: Settings that Django knows.
        values: Every setting, also those at Django's default.
        configuration: The class that django-configurations uses, if it does.
        template: Of new settings the template of ``.env``.
        is_earlier: Whether they add to attributes that ``CoreSettings`` had in an earlier library.
    """

    module: str
    file: Path
    folder: Path
    declared: frozenset[str]
    django: frozenset[str]
    values: Mapping[str, Term]
    configuration: str = ""
    template: str = ""
    is_earlier: bool = False


class Refusal(NamedTuple):
    """One error of our own settings.

    Attributes:
        id: The id of the problem.
        variable: The variable that it is about.
        message: What was found.
        hint: What to do.
    """

    id: str
    variable: str
    message: str
    hint: str = ""


class NotStarted(NamedTuple):
    """Settings that do not start.

    Attributes:
        reason: What was raised and where, without a value.
        problems: Of our own settings: each error.
        missing: The environment variable that is needed, when that is known.
        raised: All that was said with it; to learn from, not to be shown.
    """

    reason: str
    problems: tuple[Refusal, ...] = ()
    missing: str = ""
    raised: str = ""


class Trial(NamedTuple):
    """New files that are not written yet.

    Attributes:
        module: Name of the settings module.
        text: Its new text.
        dotenv: The new ``.env``.
    """

    module: str
    text: str
    dotenv: str


def start(
    folder: Path, module: str, *, trial: Trial | None = None, environ: Mapping[str, str] | None = None
) -> Started | NotStarted:
    """Start the settings of a project.

    Args:
        folder: The project's folder, with ``manage.py``.
        module: Name of the settings module.
        trial: Files to use in place of those that are there; nothing is written into the project.
        environ: Variables beside those of this process.
    """
    found = _start(folder, module, trial, environ or {}, "")
    if trial is not None or isinstance(found, Started):
        return found
    if _EARLIER.search(found.raised):
        found = _start(folder, module, None, environ or {}, EARLIER)
        return found._replace(is_earlier=True) if isinstance(found, Started) else found
    return _start(folder, module, None, environ or {}, HALF_WAY) if _HALF_WAY.search(found.raised) else found


def _start(
    folder: Path, module: str, trial: Trial | None, environ: Mapping[str, str], form: str
) -> Started | NotStarted:
    with TemporaryDirectory(prefix="dj-core-utils-") as name:
        box = Path(name)
        answer = box / "answer"
        # An own cache of bytecode, so that a look leaves nothing behind.
        environment = {
            **os.environ,
            **environ,
            "DJANGO_SETTINGS_MODULE": module,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]).strip(
                os.pathsep
            ),
        }
        arguments = [str(answer), form]
        if trial is not None:
            (box / "settings.py").write_text(trial.text, encoding="utf-8")
            (box / ".env").write_text(trial.dotenv, encoding="utf-8")
            environment["DJANGO_ENV_FILE"] = str(box / ".env")
            arguments += [trial.module, str(box / "settings.py")]
        return _run(folder, answer, arguments, environment)


def _run(folder: Path, answer: Path, arguments: list[str], environment: Mapping[str, str]) -> Started | NotStarted:
    command = [sys.executable, "-W", "ignore", "-m", "dj_core_utils.cli.init.child", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # this very interpreter and program
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return NotStarted(f"the settings did not start within {_SECONDS} seconds")
    if not answer.exists():
        last = done.stdout.decode(errors="replace").splitlines()[-_LAST_LINES:]
        return NotStarted("\n".join([f"the process ended with status {done.returncode}", *last]))
    found = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in found:
        problems = tuple(Refusal(*map(str, one)) for one in found["problems"])
        return NotStarted(found["error"], problems, found["missing"], found["raised"])
    return Started(
        module=found["module"],
        file=Path(found["file"]),
        folder=folder,
        declared=frozenset(found["declared"]),
        django=frozenset(found["django"]),
        configuration=found["configuration"],
        template=found["template"],
        values={name: Term.from_json(data) for name, data in found["values"].items()},
    )
