"""Profiles: named, composable sets of values and requirements, written as TOML data."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.field_paths import no_such_leaf, walk_leaves
from dj_core_utils.settings.origins import Candidate, Layer, Origin
from dj_core_utils.settings.quoting import printable, quoted
from dj_core_utils.settings.spelling import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dj_core_utils.settings.variables import Variable, VariableTable

PROFILE_VARIABLE = "DJANGO_PROFILE"
DEFAULT_PROFILE = "monolith"

POLICY_FLAGS = {
    "hardened": "The strict rules apply: what is a warning elsewhere stops a start.",
    "local": "The process serves one developer or one test run.",
    "build": "The process builds an image and never serves; what is required may be missing.",
}
_POLICIES = (*POLICY_FLAGS, "waivers")
_LONGEST_NAME = 40
_MAX_BYTES = 1024 * 1024
_EXPECTATION = r"[A-Za-z /]*'[^\w\s']{1,2}'[A-Za-z /]*"
_SEPARATORS = r"[\s;|+]"
_FILE_STEM = r"[a-z][a-z0-9_]{1,30}"
_KEYS = ("description", "extends", "conflicts", "require", "settings", "policy")


class Profile(NamedTuple):
    """One TOML file.

    Attributes:
        name: The file's name without ``.toml``.
        path: The file.
        description: One sentence for people.
        extends: Profiles that are applied before this one.
        conflicts: Profiles that cannot be active together with this one.
        require: Variables that a real source must set; ``A|B`` is satisfied by either.
        settings: The values, a tree of field names.
        policy: ``hardened``, ``local``, ``build`` and the waivers.
    """

    name: str
    path: Path
    description: str = ""
    extends: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    settings: Mapping[str, object] = MappingProxyType({})
    policy: Mapping[str, object] = MappingProxyType({})

    @property
    def origin(self) -> Origin:
        """How values of this profile name their origin."""
        return Origin(Layer.PROFILE, f"profile {self.name}")


class ActiveProfiles(NamedTuple):
    """The profiles of one load.

    Attributes:
        requested: The names as they were asked for, those that do not exist included.
        layers: The profiles with what they extend, lowest first.
        guesses: What names that do not exist were probably meant to be. The start fails, but the rest of its report
            is about the profiles that were meant.
    """

    requested: tuple[str, ...]
    layers: tuple[Profile, ...]
    guesses: Mapping[str, str] = MappingProxyType({})

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the active profiles, lowest first, each once."""
        return tuple(dict.fromkeys(profile.name for profile in self.layers))

    @property
    def is_hardened(self) -> bool:
        """Whether the strict rule set applies."""
        return self._has("hardened")

    @property
    def is_local(self) -> bool:
        """Whether the process serves one developer or one test run; whatever is hardened does not."""
        return self._has("local") and not self.is_hardened

    @property
    def is_build(self) -> bool:
        """Whether the process only builds an image and may never serve."""
        return self._has("build")

    @property
    def waivers(self) -> dict[str, str]:
        """Ids of waived rules with the reason; the last profile that names one wins."""
        merged: dict[str, str] = {}
        for profile in self.layers:
            merged.update(cast("Mapping[str, str]", profile.policy.get("waivers", {})))
        return merged

    @property
    def display(self) -> str:
        """The names for a headline; a question mark stands behind one that is guessed, or does not exist at all."""
        known = set(self.names)
        shown = (name if name in known else f"{self.guesses.get(name, name)}?" for name in self.requested)
        return printable(
            ", ".join(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in shown)
        )

    def _has(self, policy: str) -> bool:
        return any(profile.policy.get(policy) is True for profile in self.layers)


def builtin_folder() -> Path:
    """The folder of the profiles that ship with the package, installed or in a checkout.

    Raises:
        FileNotFoundError: The installation is broken.
    """
    package = Path(__file__).resolve().parent.parent
    for folder, proof in (
        (package / "_profiles", package),
        (package.parent / "profiles", package.parent / "pyproject.toml"),
    ):
        if folder.is_dir() and proof.exists():
            return folder
    message = f"the built-in profiles of dj_core_utils are missing from {package}: install the package again"
    raise FileNotFoundError(message)


def split_names(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list, trimmed, empty ones dropped."""
    return tuple(name for part in text.split(",") if (name := part.strip()))


class ProfileLibrary:
    """The profiles that can be asked for: the built-in ones and the project's own.

    A project's file with the name of a built-in profile is applied on top of it, so that it cannot lose what the
    built-in one guarantees.

    Args:
        folders: Where to look, lowest first.

    Attributes:
        problems: What is wrong with the files that were read.
        looked_at: These files, and the folders.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        """List the folders; files are read when they are asked for."""
        self.problems: list[Problem] = []
        self.looked_at: set[Path] = set()
        self._paths: dict[str, list[Path]] = {}
        self._guesses: dict[str, str] = {}
        for folder in folders:
            for path in self._files(folder):
                self._paths.setdefault(path.stem, []).append(path)

    def _files(self, folder: Path) -> list[Path]:
        self.looked_at.add(folder)
        try:
            return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:  # passed over, it would take away what the project's own production.toml demands
            reason = (error.strerror or type(error).__name__).lower()
            what = f"the folder of profiles cannot be read: {reason}."
            self.problems.append(Problem(id="profile.unreadable", variable=str(folder), origin="", message=what))
            return []

    @property
    def names(self) -> list[str]:
        """Every name that can be asked for, sorted."""
        return sorted(self._paths)

    def activate(self, requested: Sequence[str], origin: str) -> ActiveProfiles:
        """Resolve names to profiles with what they extend.

        Args:
            requested: The names in the order they were listed.
            origin: Where the list comes from, for the report.

        Returns:
            What could be activated; everything else is in ``problems``.
        """
        layers: list[Profile] = []
        names = tuple(dict.fromkeys(requested))
        for name in names:
            self._add(name, origin, layers, ())
        active = ActiveProfiles(names, tuple(layers), self._guesses)
        self.problems += _conflicts(active, origin)
        for profile in layers:
            for name in profile.conflicts:
                if name not in self._paths:
                    self._unknown(name, profile.origin.label, ", which its conflicts name,")
        return active

    def _add(self, name: str, origin: str, layers: list[Profile], children: tuple[str, ...]) -> None:
        if any(profile.name == name for profile in layers):
            return
        if name in children:
            chain = " -> ".join((*children, name))
            self._refuse("profile.cycle", f"profiles extend each other in a circle: {chain}", origin)
            return
        if name not in self._paths:
            guess = self._unknown(name, origin, f", which profile {children[-1]} extends," if children else "")
            if guess is not None:
                self._guesses[name] = guess
                self._add(guess, origin, layers, children)
            return
        for path in self._paths[name]:
            profile = self._read(name, path)
            for parent in profile.extends:
                self._add(parent, f"profile {name}", layers, (*children, name))
            layers.append(profile)

    def _unknown(self, name: str, origin: str, role: str) -> str | None:
        guess = nearest(name, self.names)
        hint = f"known: {', '.join(map(printable, self.names))}"
        if re.search(_SEPARATORS, name):
            hint = f"several names are separated by commas; {hint}"
        elif guess is None and re.fullmatch(_FILE_STEM, name):
            hint = f"{hint}\none of your own is a file:  profiles/{name}.toml"
        self._refuse(
            "profile.unknown", f"{quoted(name)}{role} is not a profile.{did_you_mean(name, self.names)}", origin, hint
        )
        return guess

    def _refuse(self, problem_id: str, message: str, origin: str, hint: str = "") -> None:
        self.problems.append(
            Problem(id=problem_id, variable=PROFILE_VARIABLE, origin=origin, message=message, hint=hint)
        )

    def _read(self, name: str, path: Path) -> Profile:
        self.looked_at.add(path)
        data, problem = _parse(path)
        problems = [problem] if problem else list(_shape_problems(data, path))
        self.problems += problems
        if problems:
            return Profile(name, path)
        return Profile(
            name,
            path,
            description=data.get("description", ""),  # type: ignore[arg-type]  # _shape_problems looked at every key
            extends=tuple(data.get("extends", ())),  # type: ignore[arg-type]  # the same
            conflicts=tuple(data.get("conflicts", ())),  # type: ignore[arg-type]  # the same
            require=tuple(data.get("require", ())),  # type: ignore[arg-type]  # the same
            settings=data.get("settings", {}),  # type: ignore[arg-type]  # the same
            policy=data.get("policy", {}),  # type: ignore[arg-type]  # the same
        )


def project_library(project_dir: Path) -> ProfileLibrary:
    """The profiles of this package, and those of a project on top of them.

    Args:
        project_dir: The folder that holds its ``profiles``.
    """
    # In a checkout of this package they are one folder.
    return ProfileLibrary(dict.fromkeys((builtin_folder(), (project_dir / "profiles").resolve())))


def profile_candidates(profile: Profile, table: VariableTable) -> Iterator[tuple[Variable, Candidate] | Problem]:
    """The values of a profile by variable.

    Args:
        profile: The profile.
        table: The variables of the settings class that its keys must name.

    Yields:
        A variable with its candidate, or a problem for a key that no field has.
    """
    for path, known, value in walk_leaves(profile.settings, table):
        if known is not None:
            yield known, Candidate(profile.origin, value, known.name)
        else:
            yield Problem(
                id="profile.key",
                variable=".".join(("settings", *path)),
                origin=profile.origin.label,
                message=no_such_leaf(path, table),
                hint=f"in {profile.path}",
            )


def _parse(path: Path) -> tuple[dict[str, object], Problem | None]:
    import tomllib  # noqa: PLC0415  # only a start that reads profiles pays for it

    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            return {}, _file_problem("profile.unreadable", path, "the profile is larger than 1 MiB.")
        return _toml(data.decode("utf-8-sig")), None
    except (OSError, UnicodeDecodeError) as error:
        what = (error.strerror or type(error).__name__).lower() if isinstance(error, OSError) else "it is not UTF-8"
        return {}, _file_problem("profile.unreadable", path, f"the profile cannot be read: {what}.")
    except tomllib.TOMLDecodeError as error:
        return {}, _file_problem("profile.syntax", path, f"not valid TOML: {_position(str(error))}.")
    except (ValueError, RecursionError):
        what = "not usable: it is nested too deeply, or holds a number with thousands of digits."
        return {}, _file_problem("profile.syntax", path, what)


@lru_cache(maxsize=32)  # a process that loads again reads the same profiles
def _toml(text: str) -> dict[str, object]:
    import tomllib  # noqa: PLC0415  # the same

    return tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n"))


def _position(text: str) -> str:
    # The parser's message may quote what it met; its reason and position are enough to find the line. What it expected
    # are signs, and stay.
    reason, found, position = text.rpartition(" (at ")
    reason = re.sub(r"(?s)\(.*\)", "a name", reason)
    if re.fullmatch(_EXPECTATION, reason) is None:
        reason = re.sub(r"(?s)\s*['\"].*", "", reason)
    return f"{reason} (at {position}" if found else "the end of the file is missing something"


def _shape_problems(data: Mapping[str, object], path: Path) -> Iterator[Problem]:
    expected: dict[str, tuple[type, str]] = {
        "description": (str, "text"),
        "extends": (list, "a list of profile names"),
        "conflicts": (list, "a list of profile names"),
        "require": (list, "a list of variables"),
        "settings": (dict, "a table"),
        "policy": (dict, "a table"),
    }
    for key, value in data.items():
        if key not in expected:
            yield _unknown_key(path, key, _KEYS)
            continue
        kind, words = expected[key]
        is_wrong = not isinstance(value, kind) or (kind is list and not all(isinstance(item, str) for item in value))  # type: ignore[attr-defined]  # a list here
        if is_wrong:
            yield _file_problem("profile.value", path, f"{key} must be {words}.")
    policy = data.get("policy", {})
    yield from _policy_problems(policy if isinstance(policy, dict) else {}, path)


def _policy_problems(policy: Mapping[str, object], path: Path) -> Iterator[Problem]:
    for key, value in policy.items():
        if key not in _POLICIES:
            yield _unknown_key(path, f"policy.{key}", tuple(f"policy.{name}" for name in _POLICIES))
        elif key == "waivers":
            reasons = value.values() if isinstance(value, dict) else (None,)
            if not all(isinstance(reason, str) and reason.strip() for reason in reasons):
                yield _file_problem(
                    "profile.value", path, 'policy.waivers must give a reason for each rule: "rule.id" = "why".'
                )
        elif not isinstance(value, bool):
            yield _file_problem("profile.value", path, f"policy.{key} must be true or false.")


def _unknown_key(path: Path, key: str, known: tuple[str, ...]) -> Problem:
    message = f'"{key}" means nothing here.{did_you_mean(key, known)}'
    return _file_problem("profile.key", path, message, f"known: {', '.join(known)}")


def _file_problem(problem_id: str, path: Path, message: str, hint: str = "") -> Problem:
    return Problem(id=problem_id, variable=path.name, origin=str(path), message=message, hint=hint)


def _conflicts(active: ActiveProfiles, origin: str) -> Iterator[Problem]:
    names = set(active.names)
    seen: set[frozenset[str]] = set()
    for profile in active.layers:
        for other in profile.conflicts:
            pair = frozenset((profile.name, other))
            if other in names and pair not in seen:
                seen.add(pair)
                yield Problem(
                    id="profile.conflict",
                    variable=PROFILE_VARIABLE,
                    origin=origin,
                    message=f"{profile.name} and {other} cannot be active together.",
                    hint="choose one of them",
                )
