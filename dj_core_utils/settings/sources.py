"""The text sources: process environment, secret files, secrets directory and ``.env``, each read once per load."""

from __future__ import annotations

from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from dj_core_utils.settings.decoding import is_unset
from dj_core_utils.settings.dotenv import Dotenv, read_dotenv
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.origins import ENVIRONMENT, Candidate, Layer, Origin
from dj_core_utils.settings.secret_files import SecretsDirectory, read_secret_file, read_secrets_directory
from dj_core_utils.settings.unknown_names import service_link_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dj_core_utils.settings.variables import Variable, VariableTable

ENV_FILE_VARIABLE = "DJANGO_ENV_FILE"
SECRETS_DIRECTORY_VARIABLE = "DJANGO_SECRETS_DIR"

EnvFile = Path | str | EllipsisType | None


class Sources:
    """Everything that offers text for variables.

    Args:
        environ: The process environment; read, never changed.
        project_dir: Where ``.env`` is looked for, and what relative paths are relative to.
        env_file: The ``.env`` to read; ``...`` looks for the default one, None reads none.

    Attributes:
        looked_at: Every file and directory that was read, or was looked for.
    """

    def __init__(self, environ: Mapping[str, str], project_dir: Path, env_file: EnvFile = ...) -> None:
        """Read the files that are named; secret files are read with their variables."""
        self.problems: list[Problem] = []
        self.looked_at: set[Path] = set()
        # A copy, for another thread may change it while it is read.
        self.environ = {name: text for name in list(environ) if (text := environ.get(name)) is not None}
        self.project_dir = project_dir
        self.env_file: Path | None = None
        self.dotenv = self._open_dotenv(env_file)
        self.secrets = self._open_secrets()
        self._named = self.environ.keys() | self.dotenv.entries.keys()

    def setting(self, name: str) -> tuple[str, str]:
        """The text and origin of a variable that steers the load itself, such as ``DJANGO_PROFILE``.

        Returns:
            Two empty strings when it is not set.
        """
        if text := self.environ.get(name, ""):
            return text, ENVIRONMENT.label
        text, line = self.dotenv.entries.get(name, ("", 0))
        return (text, f"{self.dotenv.label}:{line}") if text else ("", "")

    @property
    def names(self) -> dict[str, str]:
        """Every name that is set anywhere, ours or not, with its origin."""
        return {
            **{name: f"{self.dotenv.label}:{entry.line}" for name, entry in self.dotenv.entries.items()},
            **({name: str(self.secrets.path / name) for name in self.secrets.files} if self.secrets else {}),
            **dict.fromkeys(self.environ, ENVIRONMENT.label),
        }

    def candidates(self, variable: Variable, table: VariableTable) -> Iterator[Candidate]:
        """What the sources offer for a variable, highest first; what is not usable becomes a problem."""
        retired_names = table.retired_names(variable.name)
        if not self.secrets and self._named.isdisjoint((variable.name, variable.file_name, *retired_names)):
            return  # as it is with most variables
        file_name = "" if variable.file_name in table else variable.file_name
        yield from self._from_environment(variable, file_name)
        yield from self._from_secrets(variable)
        yield from self._from_dotenv(variable, file_name)
        for name in retired_names:
            yield from self._from_retired(variable, name)

    def _from_environment(self, variable: Variable, file_name: str) -> Iterator[Candidate]:
        text = self.environ.get(variable.name, "")
        path = self.environ.get(file_name, "")
        if text and path:
            self._both(variable, ENVIRONMENT.label)
        if text and (problem := service_link_problem(variable, text, self.environ)) is not None:
            self.problems.append(problem)
        elif not self._is_unset(variable, variable.name in self.environ, text):
            yield Candidate(ENVIRONMENT, text, variable.name)
        if path:
            yield from self._from_file(variable, path, ENVIRONMENT.label)

    def _from_retired(self, variable: Variable, name: str) -> Iterator[Candidate]:
        """What stands under an earlier name; within a layer it comes behind the name of today."""
        if not self._is_unset(variable, name in self.environ, text := self.environ.get(name, "")):
            yield Candidate(ENVIRONMENT, text, name)
        text, line = self.dotenv.entries.get(name, ("", 0))
        if not self._is_unset(variable, line > 0, text):
            yield Candidate(Origin(Layer.DOTENV, f"{self.dotenv.label}:{line}"), text, name)

    def _from_dotenv(self, variable: Variable, file_name: str) -> Iterator[Candidate]:
        text, line = self.dotenv.entries.get(variable.name, ("", 0))
        path, path_line = self.dotenv.entries.get(file_name, ("", 0))
        if text and path:
            self._both(variable, f"{self.dotenv.label}:{line}")
        if path:
            yield from self._from_file(variable, path, f"{self.dotenv.label}:{path_line}")
        if not self._is_unset(variable, line > 0, text):
            yield Candidate(Origin(Layer.DOTENV, f"{self.dotenv.label}:{line}"), text, variable.name)

    def _from_file(self, variable: Variable, path: str, named_by: str) -> Iterator[Candidate]:
        file = self.project_dir / path
        self.looked_at.add(file)
        try:
            text = read_secret_file(file, variable=variable.name)
        except PydanticCustomError as error:
            self._invalid(error, variable.file_name, named_by)
            return
        if not self._is_unset(variable, True, text):  # noqa: FBT003  # the file is there
            yield Candidate(Origin(Layer.FILE, path), text, variable.file_name)

    def _from_secrets(self, variable: Variable) -> Iterator[Candidate]:
        if self.secrets is None:
            return
        for path in self.secrets.paths_for(variable.name):
            self.looked_at.add(path)
            try:
                text = self.secrets.read(path)
            except PydanticCustomError as error:
                self._invalid(error, variable.name, str(path))
                continue
            if not self._is_unset(variable, True, text):  # noqa: FBT003  # the file is there
                yield Candidate(Origin(Layer.FILE, str(path)), text, variable.name)

    def _open_dotenv(self, env_file: EnvFile) -> Dotenv:
        named = self.environ.get(ENV_FILE_VARIABLE, "") if env_file is ... else env_file
        if named is None:
            return Dotenv.empty()
        self.env_file = path = self.project_dir / (named or ".env")
        self.looked_at.add(path)
        label = str(path.relative_to(self.project_dir)) if path.is_relative_to(self.project_dir) else str(path)
        found = read_dotenv(path, label=label)
        if found is None:
            if named:
                self._missing_env_file(label, is_from_environment=env_file is ...)
            return Dotenv.empty()
        self.problems += found.problems
        return found

    def _missing_env_file(self, label: str, *, is_from_environment: bool) -> None:
        self.problems.append(
            Problem(
                id="dotenv.missing",
                variable=ENV_FILE_VARIABLE if is_from_environment else "env_file",
                origin=ENVIRONMENT.label if is_from_environment else "export_settings",
                message=f"there is no file {label}.",
                hint=f"relative paths start at {self.project_dir}",
            )
        )

    def _open_secrets(self) -> SecretsDirectory | None:
        text, origin = self.setting(SECRETS_DIRECTORY_VARIABLE)
        if not text:
            return None
        directory = self.project_dir / text
        self.looked_at.add(directory)
        try:
            found = read_secrets_directory(directory)
        except PydanticCustomError as error:
            self._invalid(error, SECRETS_DIRECTORY_VARIABLE, origin)
            return None
        self.problems += found.problems
        return found

    def _invalid(self, error: PydanticCustomError, name: str, origin: str) -> None:
        message, _, hint = error.message().partition("\n")
        self.problems.append(Problem(id=error.type, variable=name, origin=origin, message=message, hint=hint))

    def _both(self, variable: Variable, origin: str) -> None:
        self.problems.append(
            Problem(
                id="variable.both",
                variable=variable.name,
                origin=origin,
                message=f"{variable.name} and {variable.file_name} are both set, and only one can be meant.",
                hint="remove one of them",
            )
        )

    @staticmethod
    def _is_unset(variable: Variable, is_present: bool, text: str) -> bool:  # noqa: FBT001  # private, read in place
        return not is_present or (not text and is_unset(text, variable.annotation))
