"""What a start prints when its environment is broken: the real report, made on purpose."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from dj_core_utils.settings.loading import load
from dj_core_utils.settings.report import configuration_error, write_report
from shop.settings import ShopSettings

ENV_FILE = Path(__file__).with_name("broken.env")
PROJECT = Path(__file__).parents[1]
NARROW = 42  # what a phone shows without breaking a line once more
COLOURS = {"1": "bold", "1;31": "error", "1;33": "warning", "2": "dim"}


@dataclass(frozen=True)
class BrokenStart:
    """A file full of mistakes, and what a start with it prints: on a wide and on a narrow terminal."""

    file: str
    lines: list[str]
    command: str
    wide: SafeString
    narrow: SafeString


def broken_start() -> BrokenStart:
    """Load the settings class as a start does, from a broken ``.env`` and an empty environment."""
    file = ENV_FILE.relative_to(PROJECT).as_posix()
    loaded = load(ShopSettings, environ={}, project_dir=PROJECT, env_file=ENV_FILE)
    error = configuration_error(loaded, module="shop.settings")
    headline, *_, footer = str(error).split("\n")
    return BrokenStart(
        file=file,
        lines=ENV_FILE.read_text(encoding="utf-8").splitlines(),
        command=f"DJANGO_ENV_FILE={file} python manage.py check",
        wide=_as_html(write_report(headline, error.problems, footer, has_colour=True)),
        narrow=_as_html(write_report(headline, error.problems, footer, width=NARROW, has_colour=True)),
    )


def _as_html(text: str) -> SafeString:
    """Text with the colours of a terminal, as spans."""

    def span(code: re.Match[str]) -> str:
        return f'<span class="{COLOURS[code[1]]}">' if code[1] in COLOURS else "</span>"

    return mark_safe(re.sub("\033\\[([0-9;]+)m", span, escape(text)))  # noqa: S308  # escaped, but for our own spans
