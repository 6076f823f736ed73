"""What a start prints when its environment is broken: the real report, made on purpose."""

from dataclasses import dataclass
from pathlib import Path

from dj_core_utils.settings.loading import load
from dj_core_utils.settings.report import configuration_error, next_step, write_report
from shop.settings import ShopSettings

ENV_FILE = Path(__file__).with_name("broken.env")
PROJECT = Path(__file__).parents[1]
NARROW = 46


@dataclass(frozen=True)
class BrokenStart:
    """A file full of mistakes, and what a start with it prints: as on a wide and on a narrow terminal."""

    file: str
    lines: list[str]
    command: str
    wide: str
    narrow: str


def broken_start() -> BrokenStart:
    """Load the settings class as a start does, from a broken ``.env`` and an empty environment."""
    file = ENV_FILE.relative_to(PROJECT).as_posix()
    loaded = load(ShopSettings, environ={}, project_dir=PROJECT, env_file=ENV_FILE)
    error = configuration_error(loaded, module="shop.settings")
    wide = str(error)
    headline = wide.partition("\n")[0]
    return BrokenStart(
        file=file,
        lines=ENV_FILE.read_text(encoding="utf-8").splitlines(),
        command=f"DJANGO_ENV_FILE={file} python manage.py check",
        wide=wide,
        narrow=write_report(headline, error.problems, next_step("shop.settings"), width=NARROW),
    )
