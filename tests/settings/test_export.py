"""``export_settings`` and ``get_settings``: from a settings module to Django and back to a typed object."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject

DEVELOPMENT = {"DJANGO_PROFILE": "development"}

SETTINGS = """
    from pydantic import Field
    from dj_core_utils.settings import CoreSettings, export_settings


    class UsersSettings(CoreSettings):
        service_name: str = "users"
        root_urlconf: str = "urls"
        page_size: int = Field(default=50, ge=1, le=500)


    exported = export_settings(globals())
"""


def run(run_python: RunPython, folder: Path, code: str, env: dict[str, str] | None = None) -> str:
    """Run code in a project and return what it printed."""
    done = run_python(
        dedent(code), cwd=folder, env={"DJANGO_SETTINGS_MODULE": "settings", **DEVELOPMENT, **(env or {})}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_settings_module_gets_plain_django_settings(run_python: RunPython, project: WriteProject) -> None:
    """After the call Django finds what it needs, and the project's own settings."""
    folder = project({"settings.py": SETTINGS})
    code = """
        import django, json
        from django.conf import settings
        django.setup()
        print(json.dumps([settings.PAGE_SIZE, settings.DEBUG, settings.ROOT_URLCONF, settings.SERVICE_NAME]))
    """
    assert json.loads(run(run_python, folder, code)) == [50, True, "urls", "users"]


def test_get_settings_hands_back_the_typed_instance(run_python: RunPython, project: WriteProject) -> None:
    """The exported object is found by its class and by its base class, wherever one is."""
    folder = project({"settings.py": SETTINGS})
    code = """
        import settings
        from dj_core_utils.settings import CoreSettings, get_settings
        found = get_settings(settings.UsersSettings)
        print(found is settings.exported, get_settings() is found, get_settings(CoreSettings).page_size)
    """
    assert run(run_python, folder, code) == "True True 50"


def test_get_settings_survives_a_reload_of_the_module(run_python: RunPython, project: WriteProject) -> None:
    """After a reload the class is another object with the same name, and is still found."""
    folder = project({"settings.py": SETTINGS})
    code = """
        import importlib, settings
        from dj_core_utils.settings import get_settings
        before = settings.UsersSettings
        importlib.reload(settings)
        print(before is settings.UsersSettings, get_settings(before).page_size)
    """
    assert run(run_python, folder, code) == "False 50"


def test_a_reload_reads_the_environment_again(run_python: RunPython, project: WriteProject) -> None:
    """An explicit reload is a new load, and replaces what the first one wrote."""
    folder = project({"settings.py": SETTINGS})
    code = """
        import importlib, os, settings
        os.environ["PAGE_SIZE"] = "7"
        importlib.reload(settings)
        print(settings.PAGE_SIZE)
    """
    assert run(run_python, folder, code) == "7"


def test_get_settings_before_an_export_says_what_to_do(run_python: RunPython, tmp_path: Path) -> None:
    """Without an export there is an error that names the remedy."""
    done = run_python("from dj_core_utils.settings import get_settings; get_settings()", cwd=tmp_path)
    assert done.returncode == 1
    assert "export_settings(globals())" in done.stderr


def test_get_settings_of_another_class_names_the_exported_one(run_python: RunPython, project: WriteProject) -> None:
    """Asking for a class that was not exported is an error."""
    folder = project({"settings.py": SETTINGS})
    code = """
        import settings
        from dj_core_utils.settings import CoreSettings, ConfigurationError, get_settings
        class Other(CoreSettings):
            pass
        try:
            get_settings(Other)
        except ConfigurationError as error:
            print(error)
    """
    assert run(run_python, folder, code) == "settings exported UsersSettings, which is not a Other."


def test_a_subclass_in_the_same_module_is_the_leaf(run_python: RunPython, project: WriteProject) -> None:
    """Of a class and its subclass in one module, the subclass is exported."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings
        class BaseSettings(CoreSettings):
            page_size: int = 1
        class LocalSettings(BaseSettings):
            page_size: int = 2
        export_settings(globals())
    """
    folder = project({"settings.py": settings})
    assert run(run_python, folder, "import settings; print(settings.PAGE_SIZE)") == "2"


def test_several_classes_in_one_module_are_an_error_that_names_them(
    run_python: RunPython, project: WriteProject
) -> None:
    """Two leaves cannot both be meant, unless one is named."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings
        class Users(CoreSettings):
            page_size: int = 1
        class Orders(CoreSettings):
            page_size: int = 2
        export_settings({})
    """
    folder = project({"settings.py": settings.replace("{}", "globals()")})
    done = run_python(["-c", "import settings"], cwd=folder, env=DEVELOPMENT)
    assert done.returncode == 1
    assert "Orders, Users" in done.stderr
    assert "[class.several]" in done.stderr
    assert "Traceback" not in done.stderr
    folder = project({"settings.py": settings.replace("{}", "globals(), Orders")})
    assert run(run_python, folder, "import settings; print(settings.PAGE_SIZE)") == "2"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("globals", "globals of the settings module, and was given something of type builtin_function_or_method."),
        ("globals(), Users()", "a class that inherits from CoreSettings, and was given something of type Users."),
        ("globals(), dict", "a class that inherits from CoreSettings, and was given the class dict."),
        ("globals(), profiles=5", "a list of names, each as text, and was given something of type int."),
        ("globals(), profiles=['test', 5]", "a list of names, each as text, and was given something of type list."),
        ("globals(), env_file=True", "a path, or None to read no file, and was given something of type bool."),
    ],
)
def test_an_argument_of_another_kind_is_refused(
    run_python: RunPython, project: WriteProject, call: str, expected: str
) -> None:
    """The report says what was given, without its value, and what the call looks like."""
    settings = f"""
        from dj_core_utils.settings import CoreSettings, export_settings
        class Users(CoreSettings):
            page_size: int = 1
        export_settings({call})
    """
    done = run_python(["-c", "import settings"], cwd=project({"settings.py": settings}), env=DEVELOPMENT)
    report = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert "Traceback" not in report
    assert expected in report
    assert "for example export_settings(globals()" in report
    assert report.count("[class.argument]") == 1


def test_profiles_can_be_given_as_text(run_python: RunPython, project: WriteProject) -> None:
    """To a type checker a text is a sequence of texts; nobody means its letters."""
    folder = project()
    code = "export_settings(globals(), profiles='monolith, development'); print(DEBUG)"
    assert run_python(f"from dj_core_utils.settings import export_settings; {code}", cwd=folder).stdout == "True\n"


def test_a_local_module_may_star_import_its_base_and_export_again(run_python: RunPython, project: WriteProject) -> None:
    """``from base import *`` and a second export keep the class of the base and warn of nothing."""
    local = """
        from base import *
        from dj_core_utils.settings import export_settings
        export_settings(globals())
    """
    folder = project({"base.py": SETTINGS, "settings.py": local})
    code = """
        import warnings; warnings.simplefilter("error")
        import settings
        print(settings.PAGE_SIZE, settings.exported.page_size)
    """
    assert run(run_python, folder, code) == "50 50"


def test_a_second_export_by_another_module_warns(run_python: RunPython, project: WriteProject) -> None:
    """Two modules that export different classes in one process are told apart from a star import."""
    other = """
        from dj_core_utils.settings import CoreSettings, export_settings
        class OrdersSettings(CoreSettings):
            service_name: str = "orders"
        export_settings(globals())
    """
    folder = project({"settings.py": SETTINGS, "other.py": other})
    code = """
        import warnings
        import settings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import other
        print(caught[0].message)
    """
    assert run(run_python, folder, code).startswith("other exports settings although settings has done so")


def test_without_a_class_the_base_settings_are_exported(run_python: RunPython, project: WriteProject) -> None:
    """A module may do with ``CoreSettings`` alone and plain Django settings around it."""
    settings = """
        from dj_core_utils.settings import export_settings
        ROOT_URLCONF = "urls"
        export_settings(globals())
        PAGE_SIZE = 5
    """
    folder = project({"settings.py": settings})
    code = """
        from django.conf import settings
        print(settings.ROOT_URLCONF, settings.PAGE_SIZE, settings.DEBUG)
    """
    assert run(run_python, folder, code) == "urls 5 True"


def test_a_setting_that_the_module_assigned_before_the_call_stands(
    run_python: RunPython, project: WriteProject
) -> None:
    """What a project writes at module level is its own word; it is remembered for the checks."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings
        TIME_ZONE = "Europe/Madrid"
        export_settings(globals(), CoreSettings)
    """
    folder = project({"settings.py": settings})
    code = """
        import settings
        from dj_core_utils.settings.export import last_export
        print(settings.TIME_ZONE, last_export().kept)
    """
    assert run(run_python, folder, code) == "Europe/Madrid ('TIME_ZONE',)"


def test_base_dir_names_the_project_folder(run_python: RunPython, project: WriteProject) -> None:
    """``BASE_DIR`` before the call decides where .env is looked for."""
    settings = """
        from pathlib import Path
        from dj_core_utils.settings import CoreSettings, export_settings
        BASE_DIR = Path(__file__).parent / "deep"
        export_settings(globals(), CoreSettings)
    """
    folder = project({"settings.py": settings, ".env": "TIME_ZONE=Asia/Tokyo", "deep/.env": "TIME_ZONE=Europe/Paris"})
    assert run(run_python, folder, "import settings; print(settings.TIME_ZONE)") == "Europe/Paris"


def test_the_env_file_can_be_named_or_left_out(run_python: RunPython, project: WriteProject) -> None:
    """``DJANGO_ENV_FILE`` and the argument name another file; a named file that is missing is an error."""
    folder = project({"settings.py": SETTINGS, ".env": "PAGE_SIZE=1", "other.env": "PAGE_SIZE=2"})
    code = "import settings; print(settings.PAGE_SIZE)"
    assert run(run_python, folder, code) == "1"
    assert run(run_python, folder, code, {"DJANGO_ENV_FILE": "other.env"}) == "2"
    done = run_python(["-c", code], cwd=folder, env={**DEVELOPMENT, "DJANGO_ENV_FILE": "missing.env"})
    assert "there is no file missing.env." in done.stderr
    folder = project({"settings.py": SETTINGS.replace("globals()", "globals(), env_file=None")})
    assert run(run_python, folder, code) == "50"


def test_profiles_can_be_given_in_code(run_python: RunPython, project: WriteProject) -> None:
    """``profiles=`` takes the place of the environment's choice."""
    folder = project({"settings.py": SETTINGS.replace("globals()", 'globals(), profiles=["test"]')})
    code = "import settings; print(settings.DEBUG, settings.DATABASES['default']['NAME'])"
    assert run(run_python, folder, code, {"DJANGO_PROFILE": "production"}) == "False :memory:"


def test_a_broken_module_is_loaded_once_however_often_django_runs_it(
    run_python: RunPython, project: WriteProject
) -> None:
    """The failed result is kept: the second import raises the same error without reading anything."""
    folder = project({"settings.py": SETTINGS, ".env": "PAGE_SIZE=x"})
    code = """
        import builtins, sys
        from dj_core_utils.settings import ConfigurationError
        errors = []
        for attempt in range(3):
            sys.modules.pop("settings", None)
            try:
                import settings
            except ConfigurationError as error:
                errors.append(error)
        print(len(errors), errors[0] is errors[1] is errors[2])
    """
    assert run(run_python, folder, code) == "3 True"


@pytest.mark.parametrize(
    ("files", "env", "repair"),
    [
        ({".env": "PAGE_SIZE=x"}, {}, {".env": "PAGE_SIZE=8 # repaired"}),
        ({".env": "PAGE_SIZE=xx"}, {}, {".env": "PAGE_SIZE=08"}),
        ({}, {"DJANGO_PROFILE": "development,own"}, {"profiles/own.toml": "settings.page_size = 8"}),
        (
            {"profiles/own.toml": "settings.page_size = 'x'"},
            {"DJANGO_PROFILE": "development,own"},
            {"profiles/own.toml": "settings.page_size = 8"},
        ),
        ({}, {"PAGE_SIZE_FILE": "secret"}, {"secret": "8"}),
        ({"secret": "x"}, {"PAGE_SIZE_FILE": "secret"}, {"secret": "8"}),
        ({"secrets/PAGE_SIZE": "x"}, {"DJANGO_SECRETS_DIR": "secrets"}, {"secrets/PAGE_SIZE": "8"}),
        ({}, {"DJANGO_SECRETS_DIR": "secrets"}, {"secrets/PAGE_SIZE": "8"}),
        (
            {"settings.py": SETTINGS.replace("page_size: int", "page_size: 'Row'")},
            {},
            {"settings.py": dedent(SETTINGS.replace("default=50", "default=8"))},
        ),
    ],
)
def test_what_was_repaired_is_read_again(
    run_python: RunPython,
    project: WriteProject,
    files: dict[str, str],
    env: dict[str, str],
    repair: dict[str, str],
) -> None:
    """A failed result is kept only as long as nothing has changed that it was made from."""
    folder = project({"settings.py": SETTINGS, **files})
    code = f"""
        import pathlib, shutil, sys
        sys.dont_write_bytecode = True
        from dj_core_utils.settings import ConfigurationError
        try:
            import settings
        except ConfigurationError:
            for name, text in {repair!r}.items():
                pathlib.Path(name).parent.mkdir(exist_ok=True)
                pathlib.Path(name).write_text(text)
        import settings
        print(settings.PAGE_SIZE)
    """
    assert run(run_python, folder, code, env) == "8"


def test_a_load_that_broke_off_is_tried_again(run_python: RunPython, project: WriteProject) -> None:
    """What it depends on is not known."""
    code = """
        import sys
        from dj_core_utils.settings import ConfigurationError, loading
        real, loading.merge = loading.merge, None
        try:
            import settings
        except ConfigurationError as error:
            print([problem.id for problem in error.problems])
        loading.merge = real
        import settings
        print(settings.PAGE_SIZE)
    """
    assert run(run_python, project({"settings.py": SETTINGS}), code) == "['internal']\n50"


def test_the_error_survives_pickling_and_needs_no_values(run_python: RunPython, project: WriteProject) -> None:
    """A worker process can hand the error on; args[0] is the report."""
    folder = project({"settings.py": SETTINGS, ".env": "PAGE_SIZE=x"})
    code = """
        import pickle
        from django.core.exceptions import ImproperlyConfigured
        try:
            import settings
        except ImproperlyConfigured as error:
            again = pickle.loads(pickle.dumps(error))
        print(again.problems[0].variable, str(again) == again.args[0], len(again.args))
    """
    assert run(run_python, folder, code) == "PAGE_SIZE True 1"


@pytest.mark.parametrize("foreign", [False, True])
def test_the_hook_prints_the_report_and_lets_a_foreign_hook_see_the_error(
    run_python: RunPython, project: WriteProject, *, foreign: bool
) -> None:
    """Without a foreign hook only the report appears; an error tracker's hook is still called."""
    folder = project({"settings.py": SETTINGS, ".env": "PAGE_SIZE=x"})
    hook = "sys.excepthook = lambda kind, error, trace: print('tracker saw', kind.__name__)" if foreign else ""
    done = run_python(["-c", f"import sys\n{hook}\nimport settings"], cwd=folder, env=DEVELOPMENT)
    assert done.returncode == 1
    assert ("tracker saw ConfigurationError" in done.stdout) is foreign
    assert done.stderr.startswith("Configuration of UsersSettings is not usable: 1 problem")
    assert "Traceback" not in done.stderr


def test_a_successful_start_touches_no_hook(run_python: RunPython, project: WriteProject) -> None:
    """Healthy programs keep their exception hook."""
    folder = project({"settings.py": SETTINGS})
    assert run(run_python, folder, "import sys, settings; print(sys.excepthook is sys.__excepthook__)") == "True"
