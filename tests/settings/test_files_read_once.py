"""How often a settings module reads what it is configured by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject

pytestmark = pytest.mark.usefixtures("cold_starts")
FILES = {
    ".env": "DJANGO_PROFILE=development,mine\nDJANGO_SECRETS_DIR=secrets\nSERVICE_API_KEY_FILE=api_key\n",
    "api_key": "k3y-Zq8-vT0pW4mX7rB2nL9sD5fG1hJ6cA\n",
    "secrets/DJANGO_SECRET_KEY": "k3y-Zq8!vT0pW4mX7rB2nL9sD5fG1hJ6cA_yUeIoPqRtSwVxZ0123\n",
    "profiles/mine.toml": 'extends = ["development"]\n',
}
IMPORT = """
import json, os, sys
from collections import Counter
opened = Counter()
sys.addaudithook(lambda event, args: opened.update([str(args[0])]) if event == "open" else None)
before = dict(os.environ)
import settings
print(json.dumps([opened, dict(os.environ) == before]))
"""


def test_each_file_is_read_once(run_python: RunPython, project: WriteProject) -> None:
    """A settings module opens each of its files a single time, and leaves the environment as it was."""
    folder = project(FILES)
    done = run_python(["-c", IMPORT], cwd=folder)
    assert done.returncode == 0, done.stderr
    opened, is_untouched = json.loads(done.stdout)
    assert {name: opened.get(str(folder / name)) for name in FILES} == dict.fromkeys(FILES, 1)
    assert [count for name, count in opened.items() if name.endswith("development.toml")] == [1]
    assert is_untouched
