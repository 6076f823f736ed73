"""``init``: brings a Django project over and proves that nothing changed; makes a small project where there is none."""

from __future__ import annotations

import json
import os
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.cli.elsewhere import project_elsewhere
from dj_core_utils.cli.init.comparison import compare
from dj_core_utils.cli.init.dotenv_text import gitignore_text, is_in_repository
from dj_core_utils.cli.init.failure import UNCHANGED, failure_lines
from dj_core_utils.cli.init.migration import Attempt, migrate
from dj_core_utils.cli.init.new_project import IGNORED, new_project, package_name
from dj_core_utils.cli.init.plain_starts import plain_starts
from dj_core_utils.cli.init.planner import Planner
from dj_core_utils.cli.init.report import Line, as_json, outcome_lines, write_lines
from dj_core_utils.cli.init.secrecy import secrets_in
from dj_core_utils.cli.init.source import read_source
from dj_core_utils.cli.init.starting import NotStarted, Started, start
from dj_core_utils.cli.init.variables import unheard
from dj_core_utils.cli.init.writing import NewFile, Written, free_name
from dj_core_utils.cli.inspection import find_module, path_problem
from dj_core_utils.redaction import MASK, exactly
from dj_core_utils.settings.dotenv import read_dotenv
from dj_core_utils.settings.quoting import without_password

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from dj_core_utils.cli.screen import Screen

NAME = "init"
HELP = "bring an existing Django project over, or make a new one"
DESCRIPTION = (
    "Starts the settings of the project in this folder, writes a typed settings class that gives the same ones, and "
    "proves it: every setting is compared before anything is written, and again afterwards. The old file is kept. "
    "Without a project, a small one is made."
)

_FAILED = 1


class _Output(NamedTuple):
    screen: Screen
    is_json: bool
    is_dry: bool

    @property
    def word(self) -> str:
        return "would" if self.is_dry else "wrote"

    def fail(self, text: str, hint: str = "") -> int:
        return self.fail_with([Line("FAIL", text), *([Line("next", hint)] if hint else [])], text)

    def fail_with(self, lines: Sequence[Line], text: str, attempt: Attempt | None = None) -> int:
        if self.is_json:
            self.screen.write(json.dumps(as_json(attempt, [], is_dry=self.is_dry, error=text), indent=2))
            return _FAILED
        write_lines(self.screen, [*lines, Line("", UNCHANGED)])
        return _FAILED


class _File(NamedTuple):
    new: NewFile
    remark: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--settings", metavar="MODULE", help="settings module to bring over; by default the one that manage.py uses"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be written and compared, write nothing")
    parser.add_argument("--json", action="store_true", help="print the outcome as an object for machines")


def run(options: argparse.Namespace, screen: Screen, folder: Path) -> int:
    """Bring the project in a folder over, or make one.

    Args:
        options: The parsed options.
        screen: Where to write.
        folder: The folder of ``manage.py``.

    Returns:
        0; 1 when nothing was written, because the settings do not start or would not be the same.
    """
    output = _Output(screen, options.json, options.dry_run)
    module = options.settings or find_module(folder)
    if problem := path_problem(module):
        return output.fail(f"{module}: {problem.message}", problem.hint)
    if module:
        return _bring_over(module, folder, output)
    if (folder / "manage.py").exists():
        return output.fail(
            "manage.py names no settings module.", "name it:  python -m dj_core_utils init --settings MODULE"
        )
    return _make(folder, output)


def _bring_over(module: str, folder: Path, output: _Output) -> int:
    before = start(folder, module)
    if isinstance(before, NotStarted):
        hint = "repair that first, until  python manage.py check  starts; then run init again"
        if before.missing:
            hint = f"they need the variable {before.missing}: set it as it is set where the project runs, and try again"
        return output.fail(f"{module} does not start.\n{before.reason}", hint)
    if before.template:
        return _finish_starts(before, folder, output)
    source = read_source(before.file, folder, before.configuration)
    written = {name for one in source.statements for name in one.settings}
    if before.configuration:  # it declares every setting, also at Django's default
        before = before._replace(declared=before.declared & written)
    if before.is_earlier:  # what the class does not say itself came from a library that is not here any more
        needed = {"BASE_DIR", "DEBUG", "INTERNAL_IPS"}
        values = {name: value for name, value in before.values.items() if name in written | needed}
        before = before._replace(values=values)
    dotenv = folder / ".env"
    found = read_dotenv(dotenv, label=".env")
    if found is not None and any(problem.severity == "error" for problem in found.problems):
        return output.fail("\n".join(map(str, found.problems)), "Repair .env first: every line of it is kept.")
    given = {name: entry.value for name, entry in found.entries.items()} if found is not None else {}
    again = start(folder, module)
    volatile = [one.name for one in compare(before, again).changed] if isinstance(again, Started) else []
    before = before._replace(values={name: value for name, value in before.values.items() if name not in volatile})
    planner = Planner(before, source, folder, environ=os.environ, dotenv=given, volatile=volatile)
    attempt = migrate(planner, folder, dotenv.read_text(encoding="utf-8") if found is not None else "")
    if not attempt.is_equal:
        lines = list(failure_lines(attempt, planner))
        status = output.fail_with(lines, "\n".join(filter(None, lines[0][1:])), attempt)
        if output.is_dry and not output.is_json:
            _show_diff(before, attempt, folder, output.screen)
        return status
    return _finish(planner, folder, attempt, output)


def _finish_starts(before: Started, folder: Path, output: _Output) -> int:
    """What a run that was cut off has left to do, if there was one."""
    left = list(plain_starts(folder, before.file.resolve()))
    if not left:
        return output.fail(
            f"{before.module} is a settings module of dj_core_utils already.", "python manage.py config show"
        )
    files = [NewFile(one.path, one.plain) for one in left]
    if not output.is_dry:
        Written(files).write()
    if output.is_json:
        shown = [file.path for file in files]
        output.screen.write(json.dumps(as_json(None, shown, is_dry=output.is_dry), indent=2))
        return 0
    lines = [Line("found", "an earlier run that was cut off behind the settings module")]
    lines += [
        Line(output.word, _relative(file.path, folder), "starts Django without django-configurations") for file in files
    ]
    write_lines(output.screen, [*lines, Line("next", "python manage.py config show")])
    return 0


def _finish(planner: Planner, folder: Path, attempt: Attempt, output: _Output) -> int:
    before, source = planner.original, planner.source
    attempt.plan.unheard = unheard(planner, attempt, folder)
    files = _files(before, folder, attempt)
    if not output.is_dry:
        problem = _write(before, folder, [file.new for file in files])
        if problem:
            return output.fail(problem)
    if output.is_json:
        shown = list(dict.fromkeys(file.new.path for file in files))
        output.screen.write(json.dumps(as_json(attempt, shown, is_dry=output.is_dry), indent=2))
        return 0
    written = {name for one in source.statements for name in one.settings}
    count = len(written & before.values.keys())
    lines = [Line("found", f"{_relative(before.file, folder)} ({count} settings)")]
    if before.is_earlier:
        lines.append(Line("found", "attributes of an earlier CoreSettings; its values are taken to be today's"))
    lines += [Line("found", f"{_relative(file, folder)}, which it imports: left as it is") for file in source.files[1:]]
    lines += [Line(output.word, _relative(file.new.path, folder), file.remark) for file in files if file.remark]
    lines += outcome_lines(attempt)
    lines.append(
        Line("next", "the same command without --dry-run" if output.is_dry else _show_command(attempt, before, folder))
    )
    write_lines(output.screen, lines)
    if output.is_dry:
        _show_diff(before, attempt, folder, output.screen)
    return 0


def _show_command(attempt: Attempt, before: Started, folder: Path) -> str:
    apps = attempt.after.values["INSTALLED_APPS"].parts if isinstance(attempt.after, Started) else ()
    has_command = any(app.content == "dj_core_utils" for app in apps)  # not where the old module had no apps at all
    is_found = find_module(folder) == before.module
    program = "manage.py" if has_command and is_found else "-m dj_core_utils"
    return f"python {program} config show{'' if is_found else f' --settings {before.module}'}"


def _files(before: Started, folder: Path, attempt: Attempt) -> list[_File]:
    """What is written, in an order that leaves a project that starts after each file."""
    file = before.file.resolve()
    kept = free_name(file)
    files = [_File(NewFile(kept, ""), "")]
    after = attempt.after
    example = folder / ".env.example"
    if isinstance(after, Started) and not example.exists():
        number = sum(line.startswith("#") and "=" in line.partition(" ")[0] for line in after.template.splitlines())
        files.append(_File(NewFile(example, after.template), f"{number} variables, commented out"))
    ignored = gitignore_text(folder / ".gitignore", ".env") if is_in_repository(folder) else None
    if ignored is not None:
        files.append(_File(NewFile(folder / ".gitignore", ignored), ".env is kept out of the repository"))
    if attempt.plan.dotenv:
        names = ", ".join(attempt.plan.dotenv)
        files.append(
            _File(NewFile(folder / ".env", attempt.dotenv, is_secret=True), f"{names}; for your eyes only (0600)")
        )
    starts = list(plain_starts(folder, file)) if before.configuration else []
    files += [_File(NewFile(one.path, one.both), "") for one in starts]
    files.append(_File(NewFile(file, attempt.text), f"the old file is kept as {kept.name}"))
    files += [_File(NewFile(one.path, one.plain), "starts Django without django-configurations") for one in starts]
    return files


def _write(before: Started, folder: Path, files: Sequence[NewFile]) -> str:
    """Write everything, start the result, and take it all back unless it is the same; why, or nothing."""
    kept, *rest = files
    try:
        written = Written([kept._replace(text=before.file.read_bytes().decode("utf-8", "surrogateescape")), *rest])
        written.write()
    except OSError as error:
        return _unwritable(error, folder)
    is_same = False
    try:
        after = start(folder, before.module)
        is_same = isinstance(after, Started) and not compare(before, after).changed
    finally:  # also when somebody gets impatient
        if not is_same:
            written.undo()
    return (
        ""
        if is_same
        else "the files were written, did not start to the same settings, and were put back."
        + (f"\n{after.reason}" if isinstance(after, NotStarted) else "")
    )


def _unwritable(error: OSError, folder: Path) -> str:
    reason = (error.strerror or type(error).__name__).lower()
    return f"{_relative(Path(error.filename or folder), folder)} cannot be written: {reason}."


def _show_diff(before: Started, attempt: Attempt, folder: Path, screen: Screen) -> None:
    name = _relative(before.file, folder)
    old = before.file.read_text(encoding="utf-8", errors="replace").splitlines()
    found = {one for name, value in before.values.items() for one in secrets_in(name, value)}
    secrets = exactly([*found, *(line.text for line in attempt.plan.dotenv.values() if line.is_everywhere)])
    screen.write("")
    for line in unified_diff(old, attempt.text.splitlines(), f"{name} (now)", f"{name} (then)", lineterm=""):
        screen.write(without_password(secrets.sub(MASK, line) if secrets else line))


def _make(folder: Path, output: _Output) -> int:
    way = project_elsewhere(folder)
    if way and any(folder.iterdir()):
        return output.fail(f"there is no manage.py here, but one in {way}", f"cd {way}, and run init there")
    name = package_name(folder)
    files = new_project(folder, name)
    taken = [file.path.relative_to(folder) for file in files if file.path.exists()]
    if taken:
        return output.fail(f"{taken[0]} exists, and there is no manage.py beside it.", "Choose an empty folder.")
    ignored = gitignore_text(folder / ".gitignore", *IGNORED)
    if ignored is not None:
        files.insert(0, NewFile(folder / ".gitignore", ignored))
    if not output.is_dry:
        try:
            Written(files).write()
        except OSError as error:
            return output.fail(_unwritable(error, folder))
        after = start(folder, f"{name}.settings")
        example = NewFile(folder / ".env.example", after.template if isinstance(after, Started) else "")
        if example.text and not example.path.exists():
            Written([example]).write()
            files.append(example)
    if output.is_json:
        shown = [file.path for file in files]
        output.screen.write(json.dumps(as_json(None, shown, is_dry=output.is_dry), indent=2))
        return 0
    lines = [Line("found", "no project here, so this is a new one")]
    lines += [Line(output.word, str(file.path.relative_to(folder))) for file in files]
    lines.append(Line("next", "python manage.py migrate && python manage.py runserver"))
    write_lines(output.screen, lines)
    return 0


def _relative(path: Path, folder: Path) -> str:
    path = path.resolve()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
