"""Settings that the framework has fields for: which field says them, and what goes to ``.env``."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from dj_core_utils.cli.init.databases import say_databases
from dj_core_utils.cli.init.literals import quoted
from dj_core_utils.cli.init.plan import Leaf
from dj_core_utils.cli.init.reads import MISSING, value_without
from dj_core_utils.cli.init.terms import Term, term
from dj_core_utils.settings.variables import is_secret_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.cli.init.literals import Literals
    from dj_core_utils.cli.init.plan import Plan
    from dj_core_utils.cli.init.planner import Planner
    from dj_core_utils.settings.variables import Variable

_ENABLED = {
    "enable_admin": "django.contrib.admin",
    "enable_sessions": "django.contrib.sessions",
    "enable_messages": "django.contrib.messages",
    "enable_static_files": "django.contrib.staticfiles",
    "enable_rest_framework": "rest_framework",
}
_FRAMEWORK_ORDER = (
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
)
_ALWAYS = ("django.contrib.auth", "django.contrib.contenttypes")
_PROCESSORS = (
    "django.template.context_processors.debug",
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
)
_MAIL = {
    "django.core.mail.backends.console.EmailBackend": "console://",
    "django.core.mail.backends.locmem.EmailBackend": "memory://",
    "django.core.mail.backends.dummy.EmailBackend": "dummy://",
    "django.core.mail.backends.smtp.EmailBackend": "smtp://localhost:25",
}


class Handler(Protocol):
    """Says one setting."""

    def __call__(self, planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
        """Put it into the plan.

        Args:
            planner: What is known.
            name: The setting.
            plan: The plan.
            literals: Writes values.
            is_needed: Whether it would be another one otherwise.

        Returns:
            Whether that was possible.
        """


def base_leaves(planner: Planner, plan: Plan) -> None:
    """What every class says, and what every ``.env`` has.

    Args:
        planner: What is known.
        plan: The plan.
    """
    plan.leaves["service_name"] = Leaf("service_name", "str", quoted(planner.service))
    planner.set_dotenv(plan, "DJANGO_PROFILE", "development", "This is a developer's machine; elsewhere: production.")


def leaf(planner: Planner, row: Variable, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
    """Say a setting by the leaf that has its name.

    Args:
        planner: What is known.
        row: The leaf.
        name: The setting.
        plan: The plan.
        literals: Writes values.
        is_needed: Whether it would be another one otherwise.
    """
    if not is_needed:
        return True
    value = _own_value(planner, name)
    if value is None:
        return False
    if is_secret_type(row.annotation):
        if value.content:
            planner.set_dotenv(plan, row.name, str(value.content), is_everywhere=True)
        return True
    written = _written(planner, row, value, literals)
    if written is None:
        return False
    if len(row.path) == 1:
        statement = planner.first_value(name)
        remarks = statement.remarks if statement is not None else ()
        plan.leaves[row.path[0]] = Leaf(row.path[0], _annotation(row.annotation), written, remarks)
    else:
        plan.sections.setdefault(row.path[0], {})[row.path[1]] = written
    return True


def _own_value(planner: Planner, name: str) -> Term | None:
    """What the class has to say: what the module says, before statements or another file change it."""
    statement = planner.first_value(name)
    value = planner.before.values[name]
    if statement is None or statement.value is None:
        return value if not planner.source.givers(name) else None
    reads = planner.reads.within(statement.value, name)
    try:
        if len(reads) == 1:
            default = value_without(statement.value, reads[0])
            return value if default is MISSING else term(default)
        return term(ast.literal_eval(statement.value))
    except ValueError:
        return None if reads or planner.is_changed_later(name) else value


def _written(planner: Planner, row: Variable, value: Term, literals: Literals) -> str | None:
    kind = str(row.annotation)
    if "timedelta" in kind and value.kind == "int":
        value = term(timedelta(seconds=int(str(value.content))))
    if "Path" in kind:
        return _folders(planner, value, literals)
    if value.kind == "tuple":
        value = Term("list", value.content)
    written = literals.write(value, column=len(row.path[-1]) + 20)
    return None if written is None or "BASE_DIR" in written else written


def _folders(planner: Planner, value: Term, literals: Literals) -> str | None:
    if value.kind in {"list", "tuple"}:
        found = [_folders(planner, part, literals) for part in value.parts]
        return None if None in found else f"[{', '.join(map(str, found))}]"
    if value.kind == "none" or value == Term("str", ""):
        return "None"
    text = str(value.content)
    if value.kind not in {"str", "path"}:
        return None
    literals.imports.add("from pathlib import Path")
    return f"Path({quoted(text.removeprefix(f'{planner.folder}/'))})"


def _annotation(annotation: object) -> str:
    return (
        annotation.__name__
        if isinstance(annotation, type) and not hasattr(annotation, "__origin__")
        else str(annotation)
    )


def _apps(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
    value = _own_value(planner, name) if is_needed else None
    if value is None:
        return not is_needed
    apps = [str(part.content) for part in value.parts]
    shipped = [app for app in _FRAMEWORK_ORDER if app in apps or app in _ALWAYS]
    own = [app for app in apps if app not in shipped]
    if [*own, *shipped] != apps:
        own = apps
    off = {switch: "False" for switch, app in _ENABLED.items() if app not in apps or app == "rest_framework"}
    plan.sections.setdefault("apps", {}).update(off)
    if own:
        written = literals.write(term(own), column=32)
        plan.leaves["installed_apps"] = Leaf("installed_apps", "list[str]", written or "[]")
    return True


def _templates(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
    value = _own_value(planner, name) if is_needed else None
    if value is None or len(value.parts) != 1:
        return not is_needed
    engine = value.parts[0].entries
    options = engine.get("OPTIONS", Term("dict", ())).entries
    if engine.get("APP_DIRS") != term(True) or options.keys() - {"context_processors"}:  # noqa: FBT003  # a value
        return False
    folders = _folders(planner, engine.get("DIRS", Term("list", ())), literals)
    if folders is None:
        return False
    if folders != '[Path("templates")]':
        plan.sections.setdefault("apps", {})["template_dirs"] = folders
    processors = options.get("context_processors", Term("list", ())).parts
    extra = [str(one.content) for one in processors if one.content not in _PROCESSORS]
    if extra:
        written = literals.write(term(extra), column=40)
        plan.sections.setdefault("apps", {})["template_context_processors"] = written or "[]"
    return True


def _secret_key(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:  # noqa: ARG001  # the form of a handler
    _retire_reads(planner, name, plan, "DJANGO_SECRET_KEY")
    text = str(planner.before.values[name].content or "")
    planner.set_dotenv(plan, "DJANGO_SECRET_KEY", text, is_everywhere=True)
    plan.secrets.setdefault(text, name)
    return True


def _debug(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:  # noqa: ARG001  # the form of a handler
    _retire_reads(planner, name, plan, "DEBUG")
    if planner.before.values[name].content is not True:
        planner.set_dotenv(plan, "DEBUG", "false")
    return True


def _hosts(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
    row = planner.table[name]
    _retire_reads(planner, name, plan, row.name)
    if is_needed:
        hosts = [str(part.content) for part in planner.before.values[name].parts]
        planner.set_dotenv(plan, name, ",".join(hosts) or "[]")
        value = _own_value(planner, name)
        if value is not None and value.parts:
            plan.leaves["allowed_hosts"] = Leaf("allowed_hosts", "list[str]", literals.write(value, column=32) or "[]")
    return True


def _caches(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:  # noqa: ARG001  # the form of a handler
    statement = planner.first_value(name)
    reads = planner.reads.within(statement.value) if statement is not None and statement.value else []
    if len(reads) == 1 and reads[0].cast == "cache" and not planner.is_changed_later(name):
        planner.retire(plan, "CACHE_URL", reads[0].name)
        return True
    return not is_needed


def _mail(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:  # noqa: ARG001  # the form of a handler
    if not is_needed:
        return True
    declared = {one for one in planner.before.declared if one.startswith("EMAIL_")} - {name, "EMAIL_SUBJECT_PREFIX"}
    statement = planner.first_value(name)
    reads = planner.reads.within(statement.value) if statement is not None and statement.value else []
    url = _MAIL.get(str(planner.before.values[name].content))
    if url is None or declared or reads or planner.is_changed_later(name):
        return False
    planner.set_dotenv(plan, "EMAIL_URL", url, "As before; without this line, mail is printed in a terminal.")
    return True


def _exempt(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
    """No address is exempt where there is no health check."""
    if not is_needed or planner.source.givers(name):
        return leaf(planner, planner.table[name], name, plan, literals, is_needed=is_needed)
    plan.sections.setdefault("security", {})["health_path"] = '""'
    return True


def _tokens(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:
    """Additions to what ``CoreSettings`` had are defaults of the section; a mapping of its own stays as it is."""
    statement = planner.first_value(name)
    if not is_needed or statement is None or statement.is_movable or not isinstance(statement.value, ast.Dict):
        return not is_needed
    values = planner.before.values[name].entries
    for key in (key.value for key in statement.value.keys if isinstance(key, ast.Constant)):
        row = planner.table.at(("jwt", str(key).lower()))
        written = _written(planner, row, values[str(key)], literals) if row is not None else None
        if written is None:
            return False
        plan.sections.setdefault("jwt", {})[str(key).lower()] = written
    return True


def _by_hand(planner: Planner, name: str, plan: Plan, literals: Literals, *, is_needed: bool) -> bool:  # noqa: ARG001  # the form of a handler
    """A whole configuration in one setting stays as it is."""
    return not is_needed


def _retire_reads(planner: Planner, name: str, plan: Plan, variable: str) -> None:
    statement = planner.first_value(name)
    if statement is not None and statement.value is not None:
        for read in planner.reads.within(statement.value, name)[:1]:
            planner.retire(plan, variable, read.name)


HANDLERS: Mapping[str, Handler] = {
    "ALLOWED_HOSTS": _hosts,
    "CACHES": _caches,
    "DATABASES": say_databases,
    "DEBUG": _debug,
    "EMAIL_BACKEND": _mail,
    "INSTALLED_APPS": _apps,
    "LANGUAGES": _by_hand,
    "LOGGING": _by_hand,
    "REST_FRAMEWORK": _by_hand,
    "SECRET_KEY": _secret_key,
    "SECURE_REDIRECT_EXEMPT": _exempt,
    "SIMPLE_JWT": _tokens,
    "TEMPLATES": _templates,
}
"""Settings that need more than a leaf of their name."""
