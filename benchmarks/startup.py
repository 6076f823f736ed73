"""CPU time of a process that does ``django.setup()``, against peers, in one run.

    python benchmarks/startup.py [--rounds 15] [--json FILE]

Every variant sets up the same Django: the same apps, middleware and settings. The first variant is a settings module
written by hand, generated from what ours renders, so that the results are equal by construction; only our own app,
which does nothing in a hand-written project, is left out. Variants are started in turn, so that a change in the
machine's speed meets them all; the ratio of the minima is the figure to quote.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import dedent

ENVIRONMENT = {
    "DJANGO_PROFILE": "monolith,development",
    "DATABASE_URL": "sqlite:///db.sqlite3",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "CORS_ALLOWED_ORIGINS": "http://localhost:3000",
    "LOG_LEVEL": "INFO",
    "PAGE_SIZE": "25",
    "PYDJANTIC_ALLOWED_HOSTS": '["localhost", "127.0.0.1"]',
    "PYDJANTIC_PAGE_SIZE": "25",
    "PYDJANTIC_DEBUG": "true",
    "BENCH_PAGE_SIZE": "25",
}
OURS = """
    from pydantic import Field
    from dj_core_utils.settings import CoreSettings, export_settings

    class BenchSettings(CoreSettings):
        service_name: str = "bench"
        root_urlconf: str = "urls"
        page_size: int = Field(default=50, ge=1, le=500)

    export_settings(globals())
"""
ENVIRON = """
    import environ
    from hand import *
    env = environ.Env(DEBUG=(bool, False), PAGE_SIZE=(int, 50))
    DEBUG = env.bool("DEBUG", True)
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
    DATABASES = {"default": {**DATABASES["default"], **env.db()}}
    CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS")
    PAGE_SIZE = env("PAGE_SIZE")
    SECRET_KEY = env("DJANGO_SECRET_KEY", default=SECRET_KEY)
    LOG_LEVEL = env("LOG_LEVEL", default="INFO")
    TIME_ZONE = env("TIME_ZONE", default=TIME_ZONE)
"""
PYDJANTIC = """
    from typing import Any
    from pydantic import Field
    from pydjantic import BaseDBConfig, to_django
    from pydantic_settings import BaseSettings
    import hand

    class General(BaseSettings, env_prefix="PYDJANTIC_"):
{fields}

    class ProjectSettings(General):
        pass

    to_django(ProjectSettings())
"""
# The fields of all our sections, declared in pydantic-settings alone: what any class of that size costs.
LEAVES = """
    import pathlib, types, typing
    from dj_core_utils.settings import CoreSettings

    def source(kind):
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return source(arguments[0])
        if origin is typing.Literal:
            return f"typing.Literal[{', '.join(map(repr, arguments))}]"
        if origin in (typing.Union, types.UnionType):
            return " | ".join(map(source, arguments))
        if origin is not None:
            return f"{origin.__name__}[{', '.join(map(source, arguments))}]"
        if kind is type(None):
            return "None"
        if kind.__module__ in ("datetime", "pathlib", "pydantic.types"):
            return f"{kind.__module__}.{kind.__name__}"
        return kind.__name__ if kind.__module__ == "builtins" else "pydantic.types.SecretStr"

    lines = ["import datetime, pathlib, typing", "import pydantic.types", "from pydantic import Field"]
    lines += ["from pydantic_settings import BaseSettings", "from hand import *"]
    sections = {name: field.annotation for name, field in CoreSettings.model_fields.items()}
    sections = {name: kind for name, kind in sections.items() if hasattr(kind, "model_fields")}
    for name, section in sections.items():
        lines.append(f"class {section.__name__}(BaseSettings, env_prefix='leaves_{name}_', validate_default=False):")
        for leaf, field in section.model_fields.items():
            default = "default_factory=list" if typing.get_origin(field.annotation) is list else "default=None"
            text = field.description
            lines.append(f"    {leaf}: {source(field.annotation)} = Field({default}, description={text!r})")
        lines.append(f"{section.__name__}()")
    pathlib.Path("with_leaves.py").write_text("\\n".join(lines) + "\\n")
"""
DYNACONF = """
    from hand import *
    import dynaconf
    settings = dynaconf.DjangoDynaconf(
        __name__, ENVVAR_PREFIX_FOR_DYNACONF="BENCH", SETTINGS_FILE_FOR_DYNACONF=["settings.toml"]
    )
"""
DUMP = """
    import datetime, pathlib
    import ours
    lines = ["import datetime", "import pathlib", "from pathlib import PosixPath"]
    def plain(value):
        if isinstance(value, str): return str(value)
        if isinstance(value, dict): return {plain(key): plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)): return type(value)(map(plain, value))
        return value
    from dj_core_utils.settings.export import last_export
    for name, value in last_export().loaded.rendered.items():
        if name == "INSTALLED_APPS":
            value = [app for app in value if app != "dj_core_utils"]
        lines.append(f"{name} = {plain(value)!r}")
    pathlib.Path("hand.py").write_text("\\n".join(lines) + "\\n")
"""
VARIANTS = {
    "hand": "hand-written",
    "floor": "hand-written + import pydantic_settings",
    "ours": "dj_core_utils",
    "with_leaves": "pydantic-settings, the same fields",
    "with_environ": "django-environ",
    "with_pydjantic": "pydjantic",
    "with_dynaconf": "dynaconf",
}


def environment(settings: str) -> dict[str, str]:
    """What a variant is started with; bytecode is kept, as on every machine that serves."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **ENVIRONMENT, "DJANGO_SETTINGS_MODULE": settings}


def prepare(folder: Path) -> None:
    """Write one settings module for each variant."""
    (folder / "manage.py").touch()
    (folder / "urls.py").write_text("urlpatterns = []\n")
    (folder / "ours.py").write_text(dedent(OURS))
    run(folder, dedent(DUMP))
    run(folder, dedent(LEAVES))
    (folder / "floor.py").write_text("import pydantic_settings\nfrom hand import *\n")
    (folder / "with_environ.py").write_text(dedent(ENVIRON))
    names = [line.split(" = ")[0] for line in (folder / "hand.py").read_text().splitlines() if " = " in line]
    types = {"ALLOWED_HOSTS": "list[str]", "PAGE_SIZE": "int", "DEBUG": "bool"}
    fields = "\n".join(f"        {name}: {types.get(name, 'Any')} = hand.{name}" for name in names)
    (folder / "with_pydjantic.py").write_text(dedent(PYDJANTIC.replace("{fields}", fields)))
    (folder / "with_dynaconf.py").write_text(dedent(DYNACONF))
    (folder / "settings.toml").write_text('[default]\npage_size = 25\nbench_name = "x"\n')


def run(folder: Path, code: str, settings: str = "ours") -> float:
    """Run code in a fresh interpreter and return its CPU seconds."""
    env = environment(settings)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every variant, started in turn, after one round that fills the bytecode caches."""
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for turn in range(rounds + 1):
        for name in VARIANTS:
            spent = run(folder, "import django; django.setup()", name)
            if turn:
                seconds[name].append(spent)
    return seconds


# What a start of Django with Pydantic has loaded before it reaches the settings module.
FLOOR = "import django.conf, django.core.validators, logging.config, pydantic_settings"
IMPORT = f"""
{FLOOR}
import time
start = time.process_time()
import ours
print((time.process_time() - start) * 1e3)
"""
READ = """
import timeit
from django.conf import settings
settings.PAGE_SIZE
seconds = timeit.repeat("settings.PAGE_SIZE", globals={"settings": settings}, number=200_000, repeat=7)
print(min(seconds) / 200_000 * 1e9)
"""


def figure(folder: Path, code: str, settings: str, rounds: int) -> float:
    """The least of the figures that a program prints in several fresh interpreters."""
    env = environment(settings)
    command = [sys.executable, "-c", code]
    return min(
        float(subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True).stdout)
        for _ in range(rounds)
    )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        seconds = measure(Path(folder), options.rounds)
        imported = figure(Path(folder), IMPORT, "ours", options.rounds)
        read = {name: figure(Path(folder), READ, name, 3) for name in ("hand", "ours", "with_dynaconf")}
    hand, floor = min(seconds["hand"]), min(seconds["floor"])
    print(f"{'CPU of django.setup()':44}{'min ms':>8}{'median':>8}{'/ hand':>8}{'/ floor':>9}")
    for name, label in VARIANTS.items():
        least, middle = min(seconds[name]), statistics.median(seconds[name])
        print(f"{label:44}{least * 1e3:8.0f}{middle * 1e3:8.0f}{least / hand:8.2f}{least / floor:9.3f}")
    print(f"\nimport of our settings module alone, once Pydantic is there: {imported:.1f} ms")
    print(
        "reading settings.PAGE_SIZE: " + ", ".join(f"{VARIANTS[name]} {value:.0f} ns" for name, value in read.items())
    )
    if options.json:
        options.json.write_text(json.dumps(seconds, indent=1))


if __name__ == "__main__":
    main()
