"""Wrong calls are answered with the word that was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.management.base import CommandError

from dj_core_utils.__main__ import main
from dj_core_utils.management.commands.config import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

CALLS = [
    (["config", "shwo"], "Did you mean show?"),
    (["config", "show", "--josn"], "unrecognized arguments: --josn. Did you mean --json?"),
    (["config", "keygen", "djnago"], "Did you mean django?"),
    (["config", "explain", "DEBUG", "--revael"], "Did you mean --reveal?"),
    (["config", "keygen"], "are required: KIND. What there is to choose:  "),
]


def _complaint(call: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        main(list(call))
    assert caught.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "said"),
    [
        *CALLS,
        (["init", "--dryrun"], "Did you mean --dry-run?"),
        (["confg"], "Did you mean config?"),
        (["show"], "Did you mean config show?"),
        (["--versoin"], "Did you mean --version?"),
    ],
)
def test_the_nearest_word_is_named(call: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands, also those of the other level, options and kinds of keys."""
    assert said in _complaint(call, capsys)


@pytest.mark.parametrize(("call", "said"), CALLS)
def test_manage_names_it_too(call: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``manage.py config`` has the same commands; called from code, Django's error carries the text."""
    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", *call])
    assert said in capsys.readouterr().err
    parser = Command().create_parser("manage.py", "config")
    with pytest.raises(CommandError) as caught:
        parser.parse_args(call[1:])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "call", [["config", "xyzzy"], ["config", "show", "--xyzzy"], ["config", "show", "--section"]], ids=" ".join
)
def test_nothing_is_guessed(call: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What resembles nothing, and an option that only lacks its value, get the plain message."""
    assert "Did you mean" not in _complaint(call, capsys)
