"""Reads of the environment in the old settings: found, with the default that they have."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.init.reads import MISSING, Reads, value_without
from dj_core_utils.cli.init.source import read_source

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
import os
import environ
import dj_database_url
from decouple import config, Csv
from configurations import values
env = environ.Env(DEBUG=(bool, False), PAGES=int, SCHEME=(int, 3))
"""


def _read(expression: str, tmp_path: Path) -> tuple[list[tuple[str, str]], object]:
    file = tmp_path / "settings.py"
    file.write_text(f"{HEAD}\nVALUE = {expression}\n", encoding="utf-8")
    statements = read_source(file, tmp_path).statements
    node = statements[-1].value
    assert node is not None
    found = Reads(statements).within(node, "VALUE")
    default: object = value_without(node, found[0]) if len(found) == 1 else None
    return [(read.name, read.cast) for read in found], default


@pytest.mark.parametrize(
    ("expression", "name", "default"),
    [
        ('os.getenv("A")', "A", None),
        ('os.getenv("A", "b")', "A", "b"),
        ('os.environ["A"]', "A", MISSING),
        ('os.environ.get("A", "b")', "A", "b"),
        ('int(os.environ.get("A", "5"))', "A", 5),
        ('os.getenv("A", "False") == "True"', "A", False),
        ('os.getenv("A", "1").lower() in ("1", "true")', "A", True),
        ('os.getenv("A", "b,c").split(",")', "A", ["b", "c"]),
        ('[one.strip() for one in os.getenv("A", "b, c").split(",")]', "A", ["b", "c"]),
        ('os.getenv("A") or "b"', "A", "b"),
        ('env("A")', "A", MISSING),
        ('env("A", default="b")', "A", "b"),
        ('env("DEBUG")', "DEBUG", False),
        ('env("SCHEME")', "SCHEME", 3),
        ('env.int("A", 5)', "A", 5),
        ('env.list("A", default=["b"])', "A", ["b"]),
        ('env.bool("A", default="yes")', "A", True),
        ("env.db()", "DATABASE_URL", MISSING),
        ('env.cache_url("REDIS_URL", default="locmemcache://")', "REDIS_URL", "locmemcache://"),
        ('config("A", default="3", cast=int)', "A", 3),
        ('config("A", default="b,c", cast=Csv())', "A", ["b", "c"]),
        ('config("A", default="1.5", cast=float)', "A", 1.5),
        ('dj_database_url.config(default="sqlite://")', "DATABASE_URL", "sqlite://"),
        ("values.IntegerValue(5)", "DJANGO_VALUE", 5),
        ('values.Value("b", environ_name="A")', "DJANGO_A", "b"),
        ('values.Value("b", environ_prefix="SHOP")', "SHOP_VALUE", "b"),
        ('values.Value(environ_prefix="")', "VALUE", MISSING),
        ("values.DatabaseURLValue()", "DATABASE_URL", MISSING),
    ],
)
def test_reads_and_their_defaults(expression: str, name: str, default: object, tmp_path: Path) -> None:
    """Each usual way to read is understood, with its default."""
    found, value = _read(expression, tmp_path)
    assert [one for one, _ in found] == [name]
    assert value is default or value == default


@pytest.mark.parametrize(
    "expression",
    [
        'os.getenv("A", "b c").split()',
        'bool(os.getenv("A"))',
        'open(os.getenv("A", "b"))',
        'os.getenv("A", compute())',
        'int(os.getenv("A"))',
        'os.getenv("A", "b") + "c"',
        'os.environ["A"] + "c"',
    ],
)
def test_what_a_class_does_not_do_by_itself_is_refused(expression: str, tmp_path: Path) -> None:
    """An expression that would be read in another way is left to the project."""
    with pytest.raises(ValueError, match=r"settings class|cannot be computed"):
        _read(expression, tmp_path)


@pytest.mark.parametrize(
    "expression",
    ["env.path('A')", "os.getenv(name)", "compute('A')", "env(name)", "values.PathValue('a')", "config(name)"],
)
def test_what_is_not_a_known_read(expression: str, tmp_path: Path) -> None:
    """Names that are computed, and readers that nobody knows, are not taken for reads."""
    assert _read(expression, tmp_path)[0] == []


def test_several_reads_in_one_expression(tmp_path: Path) -> None:
    """All of them are found."""
    found, _ = _read('{"a": os.getenv("A"), "b": env.str("B")}', tmp_path)
    assert found == [("A", ""), ("B", "str")]


def test_a_default_that_is_no_expression_is_none() -> None:
    """``os.getenv`` without a second argument gives None."""
    node = ast.parse('os.getenv("A")', mode="eval").body
    assert value_without(node, Reads(()).within(node)[0]) is None
