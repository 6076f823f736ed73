"""``DATABASES``: as a URL in ``.env``, or in parts that keep the names of today's variables."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from dj_core_utils.cli.init.database_url import database_url
from dj_core_utils.cli.init.reads import MISSING, value_without
from dj_core_utils.cli.init.terms import term

if TYPE_CHECKING:
    from dj_core_utils.cli.init.literals import Literals
    from dj_core_utils.cli.init.plan import Plan
    from dj_core_utils.cli.init.planner import Planner
    from dj_core_utils.cli.init.source import Statement

_LEAVES = {
    "ENGINE": "engine",
    "NAME": "name",
    "USER": "user",
    "PASSWORD": "password",
    "HOST": "host",
    "PORT": "port",
}
_POSTGRESQL = "django.db.backends.postgresql"


def say_databases(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
    """Say ``DATABASES`` by the variables of the section.

    Args:
        planner: What is known.
        name: The setting.
        plan: The plan.
        literals: Writes values.
        is_needed: Whether it would be another one otherwise.

    Returns:
        Whether that was possible.
    """
    statement = planner.first_value(name)
    if statement is None or statement.value is None or planner.is_changed_later(name):
        return not is_needed and not planner.source.givers(name)
    reads = planner.reads.within(statement.value, name)
    if any(read.cast == "db" for read in reads):
        if len(reads) > 1:
            return False
        planner.retire(plan, "DATABASE_URL", reads[0].name)
    elif reads:
        return _say_parts(planner, statement, plan, literals)
    url = database_url(planner.before.values[name], planner.folder)
    if url is None:
        return False
    remark = "As before; without the options, SQLite gets faster and safer ones." if url.startswith("sqlite") else ""
    planner.set_dotenv(plan, "DATABASE_URL", url, remark, is_everywhere=True)
    return True


def stand_in_database(plan: Plan) -> None:
    """Where ``DATABASES`` is assigned by hand, say so to the rule that asks for one.

    Args:
        plan: The plan.
    """
    plan.imports.add("from dj_core_utils.settings.secret_url import SecretURL")
    plan.sections["database"] = {"fallback_url": 'SecretURL("sqlite://:memory:")'}


def _say_parts(planner: Planner, statement: Statement, plan: Plan, literals: Literals) -> bool:
    """A database whose parts are read one by one: ``DB_NAME`` and the like, under the names that are set today."""
    if planner.before.values["DATABASES"].entries.keys() != {"default"}:
        return False
    found = _parts_of(statement.value)
    if not statement.is_movable:  # what it takes over from CoreSettings comes by itself
        found.pop("", None)
    schemas = _schemas(found.get("OPTIONS"))
    if schemas:
        del found["OPTIONS"]
    try:
        parts = {_LEAVES[key]: _part(planner, expression) for key, expression in found.items()}
    except (KeyError, ValueError):
        return False
    arguments = {"db_schema": literals.write(term(schemas)) or ""} if schemas else {}
    for leaf, (default, read) in parts.items():
        if read:
            planner.retire(plan, f"DB_{leaf.upper()}", read)
        if default in (MISSING, None, "") or (leaf == "engine" and str(default).startswith(_POSTGRESQL)):
            continue
        if leaf == "password":
            planner.set_dotenv(plan, "DB_PASSWORD", str(default), is_everywhere=True)
        else:
            arguments[leaf] = literals.write(term(int(str(default)) if leaf == "port" else default)) or ""
    plan.sections["database"] = arguments
    return True


def _part(planner: Planner, expression: ast.expr) -> tuple[object, str]:
    """What a part is by default, and the variable that it is read from.

    Raises:
        ValueError: More is done than a section does by itself.
    """
    reads = planner.reads.within(expression)
    if len(reads) > 1:
        raise ValueError("several variables make one part")
    default = value_without(expression, reads[0]) if reads else ast.literal_eval(expression)
    return default, reads[0].name if reads else ""


def _schemas(options: ast.expr | None) -> list[str]:
    """The schemas of PostgreSQL, where options say nothing but where to look."""
    try:
        text = ast.literal_eval(options)["options"] if isinstance(options, ast.Dict) and len(options.keys) == 1 else ""
    except (KeyError, ValueError):
        return []
    found = re.fullmatch(r"-c\s*search_path=([\w,]+)", str(text))
    return found[1].split(",") if found else []


def _parts_of(value: ast.expr | None) -> dict[str, ast.expr]:
    """The parts of the database ``default``, where they are written as one mapping in another."""
    for _ in range(2):
        if not isinstance(value, ast.Dict):
            return {"?": ast.Constant(None)}
        names = [key.value if isinstance(key, ast.Constant) else "" for key in value.keys]
        parts = dict(zip(map(str, names), value.values, strict=True))
        value = parts.get("default", value)
    return parts
