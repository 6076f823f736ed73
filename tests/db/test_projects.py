"""The models in projects of their own: added to tables that exist, with other users and keys, without the app."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject

TEST = {"DJANGO_PROFILE": "test", "DATABASE_URL": "sqlite:///shop.db", "DJANGO_SETTINGS_MODULE": "settings"}
SETTINGS = """
    from dj_core_utils.settings import CoreSettings, export_settings


    class ProjectSettings(CoreSettings):
        root_urlconf: str = "urls"
        installed_apps: list[str] = [{apps}]
        {more}


    export_settings(globals())
"""
BEFORE = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=50)
"""
AFTER = """
    from django.db import models

    from dj_core_utils.db.models import Status, StatusMixin, UserTrackedModel


    class Product(UserTrackedModel, StatusMixin):
        name = models.CharField(max_length=50)

        class Meta:
            db_table = "shop_product"
"""
SET_UP = "import django; django.setup(); from django.core.management import call_command as manage"


def settings(*apps: str, more: str = "") -> str:
    """Settings with these apps of the project's own."""
    return SETTINGS.format(apps=", ".join(f'"{app}"' for app in apps), more=more)


def run(run_python: RunPython, folder: Path, code: str) -> str:
    """What some code in the project prints."""
    done = run_python(f"{SET_UP}\n{dedent(code)}", cwd=folder, env=TEST)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_table_that_exists_becomes_a_tracked_one(project: WriteProject, run_python: RunPython) -> None:
    """Nobody is asked for a default, the rows have stamps, the migration names Django alone, and nothing is missing."""
    folder = project({"settings.py": settings("shop"), "shop/models.py": BEFORE, "shop/__init__.py": ""})
    code = """
        from shop.models import Product
        manage("makemigrations", "shop")
        manage("migrate", verbosity=0)
        Product.objects.create(name="old")
    """
    run(run_python, folder, code)
    project({"settings.py": settings("shop"), "shop/models.py": AFTER, "shop/__init__.py": ""})
    code = """
        manage("makemigrations", "shop", "--no-input", name="tracked")
        manage("migrate", verbosity=0)
        manage("makemigrations", "--check", "--dry-run")
        from datetime import timedelta

        from django.utils import timezone
        from shop.models import Product

        old = Product.objects.active().get()
        assert timezone.now() - old.created_at < timedelta(minutes=5), old.created_at
        assert (old.created_by, old.status) == (None, "active")
        old.terminate()
        manage("migrate", "shop", "zero", verbosity=0)
    """
    run(run_python, folder, code)
    assert "dj_core_utils" not in (folder / "shop/migrations/0002_tracked.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", ["BigAutoField", "SmallAutoField"])
def test_the_tables_of_the_package_are_the_same_everywhere(
    field: str, project: WriteProject, run_python: RunPython
) -> None:
    """Whatever keys a project has by default, no migration is missing; and they can be taken back."""
    more = f'default_auto_field: str = "django.db.models.{field}"'
    folder = project({"settings.py": settings("dj_core_utils.db", more=more)})
    code = """
        manage("makemigrations", "--check", "--dry-run")
        manage("migrate", "dj_core_utils_db", verbosity=0)
        manage("migrate", "dj_core_utils_db", "zero", verbosity=0)
        manage("migrate", "dj_core_utils_db", verbosity=0)
        manage("check", fail_level="WARNING")
    """
    run(run_python, folder, code)


def test_users_of_the_project_are_tracked_themselves(project: WriteProject, run_python: RunPython) -> None:
    """A user model with UUID keys that inherits from ours: made before there is anybody, and deleted."""
    users = """
        import uuid

        from django.contrib.auth.models import AbstractUser, UserManager
        from django.db import models

        from dj_core_utils.db.models import UserTrackedModel
        from dj_core_utils.db.querysets import StampingQuerySet


        class Users(UserManager.from_queryset(StampingQuerySet)):
            pass


        class User(AbstractUser, UserTrackedModel):
            id = models.UUIDField(primary_key=True, default=uuid.uuid4)
            objects = Users()
    """
    more = 'auth_user_model: str = "users.User"'
    files = {"settings.py": settings("users", "dj_core_utils.db", more=more), "users/models.py": users}
    folder = project({**files, "users/__init__.py": ""})
    code = """
        manage("makemigrations", "users")
        manage("migrate", verbosity=0)
        manage("makemigrations", "--check", "--dry-run")
        manage("check", fail_level="WARNING")
        from dj_core_utils.db.models import OperationLog
        from dj_core_utils.middleware.context import acting_as
        from users.models import User

        root = User.objects.create_user("root")
        with acting_as(root):
            ada = User.objects.create_user("ada")
            entry = OperationLog.objects.create(model_changed="users.User", id_instance=ada.pk, operation_type="create")
            root.delete()
            ada.save()
        ada.refresh_from_db()
        assert ada.created_by is None and ada.created_by_id and ada.updated_by_id == ada.created_by_id
        assert OperationLog.objects.for_object(ada).get() == entry
        assert OperationLog.objects.by(ada.created_by_id).get().actor == "root"
    """
    run(run_python, folder, code)


def test_without_the_app_only_the_log_is_missing(project: WriteProject, run_python: RunPython) -> None:
    """The abstract models work; the log says what to do, and never reaches the database."""
    # Where users sign in with tokens, the app is there by itself.
    files = {"settings.py": settings("shop"), ".env": "ENABLE_REST_FRAMEWORK=false"}
    folder = project({**files, "shop/models.py": AFTER, "shop/__init__.py": ""})
    code = """
        manage("makemigrations", "--dry-run", verbosity=3)
        from dj_core_utils.db.errors import MissingTableError
        from dj_core_utils.db.models import OperationLog

        for use in (OperationLog.objects.all, OperationLog(model_changed="a.B", id_instance="1").save):
            try:
                use()
            except MissingTableError as error:
                print(error)
    """
    printed = run(run_python, folder, code)
    assert "operationlog" not in printed.lower()
    expected = "The operation log has no table: add dj_core_utils.db to the installed apps, then run manage.py migrate."
    assert printed.splitlines()[-2:] == [expected] * 2
