"""``python -m release``: prepare a release, check everything about it, write its files, notes and index page."""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from release import changelog, contents, index_page, installing, metadata, versions
from release.distributions import Commit, Distributions, build, differences, digest
from release.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).parents[2]
NOTES = "NOTES.md"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run one command.

    Args:
        arguments: What stands behind the name of the program.
        root: The clone.

    Returns:
        The exit status: 0, or 1 for what cannot be released.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(root, options)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m release", description="From a commit to a release.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    prepare = commands.add_parser("prepare", help="set the version, and move what is unreleased to its section")
    prepare.add_argument("version")
    prepare.set_defaults(run=_prepare)

    check = commands.add_parser("check", help="everything but publishing; the files are left in a folder")
    check.add_argument("--tag", default="", help="the tag that is released; by default the one the version will get")
    check.add_argument("--out", type=Path, default=Path("dist"), help="where the files go (default: dist)")
    check.add_argument("--repository-url", default="", help="address of the repository, for the links in the notes")
    check.add_argument(
        "--skip-install", action="store_true", help="install nothing, where no package index is within reach"
    )
    check.set_defaults(run=_check)

    smoke = commands.add_parser("smoke", help="install the wheel with and without each extra, and try it")
    smoke.add_argument("dist", type=Path, help="the folder that check wrote")
    smoke.set_defaults(run=_smoke)

    index = commands.add_parser("index", help="add the files to the page of an index")
    index.add_argument("dist", type=Path, help="the folder that check wrote")
    index.add_argument("folder", type=Path, help="the folder of the index, served as .../simple/")
    index.add_argument("--files-url", default="", help="where the files lie; by default they are copied to the index")
    index.set_defaults(run=_index)

    kind = commands.add_parser("kind", help="say whether the version is a release or a prerelease")
    kind.set_defaults(run=_kind)
    return parser


def _prepare(root: Path, options: argparse.Namespace) -> None:
    path = root / "CHANGELOG.md"
    today = datetime.now(tz=UTC).date()
    versions.parse(options.version)
    text = changelog.release(path.read_text(encoding="utf-8"), options.version, today)
    versions.write(root, options.version)
    path.write_text(text, encoding="utf-8")
    tag = versions.tag_of(options.version)
    _say(
        f"wrote pyproject.toml and CHANGELOG.md for {options.version}; look at them (git diff), then\n\n"
        f'  git commit --all --message "release: {options.version}"\n'
        f"  make release-check\n"
        f'  git tag --annotate {tag} --message "Version {options.version}"\n'
        f"  git push --follow-tags"
    )


def _check(root: Path, options: argparse.Namespace) -> None:
    version = versions.read(root)
    kind = "a pre-release" if versions.parse(version).is_prerelease else "a release"
    commit = Commit.of(root)
    history = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    agreement = [*_tag_problems(options.tag, version), *changelog.problems(history, version)]
    agreement += [f"{name} is not committed, so it would not be released" for name in commit.uncommitted()]
    _judge(f"{version} is {kind}; tag, version and changelog agree", agreement)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        files = build(commit.export(scratch / "sources"), scratch / "first", commit.epoch)
        built = _distributions(scratch / "first")
        _judge("built again they are the same, the wheel from the sdist too", differences(commit, built, scratch))
        _judge("metadata", metadata.problems(built, scratch / "sources" / "pyproject.toml"))
        problems = [
            *contents.wheel_problems(built.wheel, commit.files),
            *contents.sdist_problems(built.sdist, commit.files),
        ]
        _judge(f"contents: {len(contents.files_in_wheel(built.wheel))} files in the wheel", problems)
        if not options.skip_install:
            _try_everywhere(built.wheel)
        notes = changelog.notes(history, version, options.repository_url)
        _write(root / options.out, [(path.name, path.read_bytes()) for path in files], built, notes)


def _tag_problems(tag: str, version: str) -> list[str]:
    if tag in ("", versions.tag_of(version)):
        return []
    return [f"the tag is {tag}, and the version in pyproject.toml is {version}"]


def _try_everywhere(wheel: Path) -> None:
    for extras in installing.combinations(wheel):
        with tempfile.TemporaryDirectory() as folder:
            python = installing.install(wheel, extras, Path(folder))
            what = f"with {', '.join(extras)}" if extras else "without extras"
            _judge(f"installed {what}: modules, commands, a project", installing.smoke(python, extras))


def _write(out: Path, files: list[tuple[str, bytes]], built: Distributions, notes: str) -> None:
    """Write what is published; what an earlier run left there goes, so that it cannot be published by mistake."""
    out.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.whl", "*.whl.metadata", "*.tar.gz", NOTES):
        for old in out.glob(pattern):
            old.unlink()
    files.append((f"{built.wheel.name}.metadata", metadata.metadata_bytes(built.wheel)))
    files.append((NOTES, notes.encode()))
    for name, data in files:
        (out / name).write_bytes(data)
        _say(f"wrote {out / name}")
    for path in built:
        _say(f"sha256 {digest(path)}  {path.name}")


def _smoke(_root: Path, options: argparse.Namespace) -> None:
    _try_everywhere(_distributions(options.dist.resolve()).wheel)


def _index(_root: Path, options: argparse.Namespace) -> None:
    page = index_page.publish(options.folder, _distributions(options.dist), options.files_url)
    _say(f"wrote {page}: {len(index_page.links_of(page))} files")


def _kind(root: Path, _options: argparse.Namespace) -> None:
    _say("prerelease" if Version(versions.read(root)).is_prerelease else "release")


def _distributions(folder: Path) -> Distributions:
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        raise ReleaseError(f"{folder} must hold one wheel and one source distribution: run  make release-check")
    return Distributions(wheels[0], sdists[0])


def _judge(what: str, problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise ReleaseError("\n".join([f"FAIL  {what}", *(f"  - {problem}" for problem in found)]))
    _say(f"ok    {what}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
