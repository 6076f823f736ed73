"""Settings before and after, one by one: the same, the same to Django, better by design, or different."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.cli.init.mail import in_the_form_of
from dj_core_utils.cli.init.terms import Term
from dj_core_utils.settings.middleware_order import repaired, violations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dj_core_utils.cli.init.starting import Started

_CONFIGURATIONS = ("CONFIGURATION", "DOTENV_LOADED")
"""What django-configurations adds for itself."""

OWN_APPS = ("corsheaders", "dj_core_utils")
"""Apps that every project with this framework has; the second one has ``manage.py config``."""

_FOLDER = ""
_LOCAL_HOSTS = (".localhost", "127.0.0.1", "[::1]")
_DEBUG_PROCESSOR = "django.template.context_processors.debug"
_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
# Options that the framework adds to connections of PostgreSQL and MySQL.
_HARMLESS = ("application_name", "connect_timeout", "program_name")
_DATABASE = {
    "ATOMIC_REQUESTS": Term("bool", False),  # noqa: FBT003  # a value
    "AUTOCOMMIT": Term("bool", True),  # noqa: FBT003  # a value
    "CONN_MAX_AGE": Term("int", 0),
    "CONN_HEALTH_CHECKS": Term("bool", False),  # noqa: FBT003  # a value
    "OPTIONS": Term("dict", ()),
    "TIME_ZONE": Term("none", None),
    "NAME": Term("str", ""),
    "USER": Term("str", ""),
    "PASSWORD": Term("str", ""),
    "HOST": Term("str", ""),
    "PORT": Term("str", ""),
    "TEST": Term("dict", ()),
    "DISABLE_SERVER_SIDE_CURSORS": Term("bool", False),  # noqa: FBT003  # a value
}
# What SQLite and Python's driver do when nothing is said.
_SQLITE_DEFAULTS = {"transaction_mode": (None, "DEFERRED"), "timeout": (5,), "init_command": ("",)}


class Difference(NamedTuple):
    """A setting that is not what it was.

    Attributes:
        name: The setting.
        before: What it was; None when there was none.
        after: What it is; None when there is none.
        note: Why that is meant to be; empty when it is not.
    """

    name: str
    before: Term | None
    after: Term | None
    note: str


class Comparison(NamedTuple):
    """The outcome.

    Attributes:
        same: How many settings are what they were.
        differences: The others.
        added: Settings that nothing of the project reads yet.
    """

    same: int
    differences: tuple[Difference, ...]
    added: tuple[str, ...]

    @property
    def changed(self) -> tuple[Difference, ...]:
        """The differences that matter."""
        return tuple(one for one in self.differences if not one.note)

    @property
    def noted(self) -> tuple[Difference, ...]:
        """The differences that come with the framework."""
        return tuple(one for one in self.differences if one.note)


def compare(before: Started, after: Started) -> Comparison:
    """Look at every setting of both starts.

    Args:
        before: The old settings.
        after: The new settings.
    """
    differences = []
    values = {**before.values, _FOLDER: Term("path", str(before.folder))}
    others = {**in_the_form_of(before.values, after.values), _FOLDER: Term("path", str(after.folder))}
    names = [name for name in before.values if not (before.configuration and name in _CONFIGURATIONS)]
    for name in names:
        old, new = values[name], others.get(name)
        if new is not None and _canonical(name, old, values) == _canonical(name, new, others):
            continue
        differences.append(Difference(name, old, new, _note(name, old, new, others)))
    added = tuple(name for name in after.values if name not in before.values)
    return Comparison(len(names) - len(differences), tuple(differences), added)


def _canonical(name: str, value: Term, values: Mapping[str, Term]) -> Term:
    """A value as Django understands it: what it takes for the same is the same."""
    if value.kind == "tuple":
        value = Term("list", value.content)
    known = _FORMS.get(name)
    return known(value, values) if known else value


def _hosts(value: Term, values: Mapping[str, Term]) -> Term:
    hosts = {part.content for part in value.parts}
    if not hosts and values["DEBUG"].content is True:
        hosts = set(_LOCAL_HOSTS)
    if ".localhost" in hosts:
        hosts.discard("localhost")
    return Term("list", tuple(Term("str", host) for host in sorted(map(str, hosts))))


def _databases(value: Term, values: Mapping[str, Term]) -> Term:
    folder = str(values[_FOLDER].content)
    return _each(value, lambda entries: _database(entries, folder))


def _database(entries: dict[str, Term], folder: str) -> dict[str, Term]:
    entries = {**_DATABASE, **entries}
    for name in ("NAME", "PORT"):
        entries[name] = Term("str", str(entries[name].content))
    if entries["CONN_MAX_AGE"].content == 0:
        del entries["CONN_HEALTH_CHECKS"]
    if str(entries.get("ENGINE", entries["NAME"]).content).endswith("sqlite3"):
        options = {
            name: option
            for name, option in entries["OPTIONS"].entries.items()
            if option.content not in _SQLITE_DEFAULTS.get(name, ())
        }
        entries["OPTIONS"] = mapping(options)
        name = str(entries["NAME"].content)
        if not name.startswith((":memory:", "file:")):  # a file is the same from wherever it is looked for
            entries["NAME"] = Term("str", str(Path(folder) / name))
    entries["OPTIONS"] = mapping(entries["OPTIONS"].entries)
    return entries


def _caches(value: Term, _: Mapping[str, Term]) -> Term:
    return _each(value, _cache)


def _cache(entries: dict[str, Term]) -> dict[str, Term]:
    if entries.get("TIMEOUT") == Term("int", 300):
        entries.pop("TIMEOUT")
    if entries.get("BACKEND") == Term("str", _MEMORY):  # gone with its process, and nobody else's
        entries.pop("KEY_PREFIX", None)
        if entries.get("LOCATION", Term("str", "default")).content in {"", "default"}:
            entries.pop("LOCATION", None)
    return entries


def _policy(value: Term, _: Mapping[str, Term]) -> Term:
    if value.kind != "str":
        return value
    return Term("list", tuple(Term("str", part.strip()) for part in str(value.content).split(",")))


def _templates(value: Term, values: Mapping[str, Term]) -> Term:
    is_debug_idle = not values["INTERNAL_IPS"].parts or values["DEBUG"].content is not True
    return Term("list", tuple(_engine(part, is_debug_idle=is_debug_idle) for part in value.parts))


def _engine(value: Term, *, is_debug_idle: bool) -> Term:
    entries = value.entries
    entries["DIRS"] = _texts(entries.get("DIRS", Term("list", ())))
    options = entries.get("OPTIONS", Term("dict", ())).entries
    processors = options.get("context_processors", Term("list", ())).parts
    kept = tuple(one for one in processors if not (is_debug_idle and one.content == _DEBUG_PROCESSOR))
    entries["OPTIONS"] = mapping({**options, "context_processors": Term("list", kept)})
    return mapping(entries)


def _texts(value: Term) -> Term:
    return Term("list", tuple(Term("str", str(part.content)) for part in value.parts))


_FORMS: Mapping[str, Callable[[Term, Mapping[str, Term]], Term]] = {
    "ALLOWED_HOSTS": _hosts,
    "CACHES": _caches,
    "DATABASES": _databases,
    "SECURE_REFERRER_POLICY": _policy,
    "TEMPLATES": _templates,
}


def _each(value: Term, change: Callable[[dict[str, Term]], dict[str, Term]]) -> Term:
    return mapping({alias: mapping(change(entry.entries)) for alias, entry in value.entries.items()})


def mapping(entries: Mapping[str, Term]) -> Term:
    """A dictionary with texts as keys, in the order of the keys."""
    return Term("dict", tuple(Term("entry", (Term("str", name), entries[name])) for name in sorted(entries)))


def _note(name: str, old: Term, new: Term | None, values: Mapping[str, Term]) -> str:  # noqa: PLR0911  # one line for each setting
    """Why a difference is one that comes with the framework."""
    if new is None:
        return ""
    if name == "INSTALLED_APPS":
        own = {part.content for part in old.parts}
        rest = tuple(part for part in new.parts if part.content in own or part.content not in OWN_APPS)
        added = [str(part.content) for part in new.parts if part not in rest]
        return f"{' and '.join(added)} added: commands and checks, no tables" if rest == old.parts else ""
    if name == "DEFAULT_EXCEPTION_REPORTER_FILTER" and str(new.content).startswith("dj_core_utils."):
        return "debug pages hide more" if str(old.content).startswith("django.") else ""
    if name == "EMAIL_TIMEOUT" and old.kind == "none":
        return f"a mail server that does not answer is given up after {float(str(new.content)):g} seconds"
    if name == "MIDDLEWARE":
        entries = [str(part.content) for part in old.parts]
        is_repaired = [str(part.content) for part in new.parts] == repaired(entries)
        wrong = [message for strength, message, _ in violations(entries) if strength == "must"]
        return f"put in order; so far {wrong[0]}" if is_repaired and wrong else ""
    if name == "DATABASES" and _without_limit(old, values) == _without_limit(new, values):
        return "connections are named after the service, and connecting is given up after 5 seconds"
    return ""


def _without_limit(value: Term, values: Mapping[str, Term]) -> Term:
    """Databases without the options that the framework adds."""

    def change(entries: dict[str, Term]) -> dict[str, Term]:
        options = {name: option for name, option in entries["OPTIONS"].entries.items() if name not in _HARMLESS}
        return {**entries, "OPTIONS": mapping(options)}

    return _each(_databases(value, values), change)
