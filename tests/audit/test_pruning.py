"""What the operation log keeps, and for how long."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.audit import pruning
from dj_core_utils.audit.errors import RetentionError
from dj_core_utils.audit.retention import limit_of, read_limits
from dj_core_utils.db.models import OperationLog
from dj_core_utils.management.commands.auditlog import Command
from dj_core_utils.settings.retention import Limit, read_limit
from tests.audit.conftest import by_python

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_django import Settings

of_the_log = by_python("it is about entries, whoever has written them")
# What Python decides, the same whatever the database; what databases do differently is tested on each.
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def fill(model: str, ages: list[int]) -> None:
    """Entries that are so many days old."""
    now = timezone.now()
    OperationLog.objects.bulk_create(
        OperationLog(
            model_changed=model,
            id_instance="1",
            operation_type="update",
            date=now - timedelta(days=age),
            changes={"name": {"after": "ü\n"}},
        )
        for age in ages
    )


def prune(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command(Command(), "prune", *arguments, stdout=out)
    return out.getvalue()


def kept() -> list[tuple[str, int]]:
    """Model and age in days of what is in the log, without what it says of itself."""
    now = timezone.now()
    entries = OperationLog.objects.exclude(operation_type="prune").order_by("id")
    return [(entry.model_changed, (now - entry.date).days) for entry in entries]


class TestLimits:
    """What a limit is."""

    @pytest.mark.parametrize(
        ("text", "limit"),
        [
            ("90d", Limit(age=timedelta(days=90))),
            (" 2 w ", Limit(age=timedelta(days=14))),
            ("5y", Limit(age=timedelta(days=5 * 366))),
            ("1000 rows", Limit(rows=1000)),
            ("1row", Limit(rows=1)),
            ("0 rows", Limit(rows=0)),
            *((text, None) for text in ("", "0d", "5", "-5y", "5 years", "1.5y", "rows", "٣d", "99999999y", "5y 3d")),
        ],
    )
    def test_texts(self, text: str, limit: Limit | None) -> None:
        """Days, weeks, years of 366 days, or rows; nothing else."""
        assert read_limit(text) == limit

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """A text is a limit or it is none; it never fails, and never keeps for less than a day."""
        limit = read_limit(text)
        assert limit is None or limit.rows is not None or (limit.age or timedelta()) >= timedelta(days=1)

    def test_the_nearest_pattern_counts(self) -> None:
        """The model, then its app, then all; what the log says of itself is meant by its name alone."""
        limits = read_limits({"*": "1 rows", "shop.*": "2 rows", "shop.Order": "3 rows"})
        labels = ["shop.Order", "shop.Item", "users.User", "dj_core_utils_db.OperationLog"]
        found = [limit_of(label, limits) for label in labels]
        assert found == [Limit(rows=3), Limit(rows=2), Limit(rows=1), None]

    @pytest.mark.parametrize("retention", [{}, {"shop": "5y"}, {"shop.Order": "5 years"}])
    def test_what_is_refused(self, retention: dict[str, str]) -> None:
        """Plain settings are read as strictly as variables."""
        with pytest.raises(RetentionError):
            read_limits(retention)


@of_the_log
@pytest.mark.usefixtures("database")
class TestOnEveryDatabase:
    """What is deleted."""

    def test_age_and_count(self, settings: Settings) -> None:
        """Of each model what its limit keeps; of a model without one everything."""
        settings.AUDIT = {
            "retention": {"shop.Order": "30d", "shop.*": "2 rows", "old.Gone": "0 rows", "users.*": "9999w"}
        }
        fill("shop.Order", [100, 29, 31])
        fill("shop.Item", [9, 8, 7, 1])
        fill("users.User", [5000])
        fill("old.Gone", [1, 2])
        assert prune("--batch=3") == (
            "           2 old.Gone\n           2 shop.Item\n           2 shop.Order\n           6 entries deleted\n"
        )
        assert kept() == [("shop.Order", 29), ("shop.Item", 7), ("shop.Item", 1), ("users.User", 5000)]
        said = OperationLog.objects.filter(operation_type="prune").order_by("id")
        assert [entry.changes for entry in said] == [
            {"shop.Item": {"deleted": 1}, "shop.Order": {"deleted": 2}},
            {"old.Gone": {"deleted": 2}, "shop.Item": {"deleted": 1}},
        ]
        assert said[0].reason == "retention: shop.Order=30d, shop.*=2 rows, old.Gone=0 rows, users.*=9999w"
        assert prune() == "           0 entries deleted\n"
        assert said.count() == 2


@one_database
@pytest.mark.usefixtures("database")
class TestCommand:
    """The command."""

    def test_a_dry_run(self) -> None:
        """It says how many of which time, and deletes nothing."""
        moment = datetime(2020, 5, 17, tzinfo=UTC)
        for days in (0, 3):
            OperationLog.objects.create(model_changed="shop.Order", date=moment + timedelta(days=days))
        fill("shop.Item", [1])
        expected = "           2 shop.Order, 2020-05-17 to 2020-05-20\n           2 entries would be deleted\n"
        assert prune("--dry-run", "--keep", "shop.* = 1y") == expected
        assert len(kept()) == 3

    @pytest.mark.parametrize("name", ["old.jsonl", "old.jsonl.gz"])
    def test_export(self, tmp_path: Path, name: str) -> None:
        """What is deleted is in the file, one entry a line, with every column."""
        fill("shop.Order", [100, 1, 200])
        before = list(OperationLog.objects.order_by("id").values())
        target = tmp_path / name
        assert f"2 entries written to {target}\n" in prune("--keep=*=90d", f"--export={target}", "--batch=1")
        content = gzip.decompress(target.read_bytes()) if name.endswith("gz") else target.read_bytes()
        rows = [json.loads(line) for line in content.decode().splitlines()]
        assert [row["id"] for row in rows] == [before[0]["id"], before[2]["id"]]
        assert rows[0].keys() == before[0].keys()
        assert datetime.fromisoformat(rows[0]["date"]) == before[0]["date"]
        assert rows[0]["changes"] == {"name": {"after": "ü\n"}}
        assert [age for _, age in kept()] == [1]
        assert [path.name for path in tmp_path.iterdir()] == [name]
        assert target.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("name", ["old.jsonl", "old.jsonl.part"])
    def test_a_file_that_exists(self, tmp_path: Path, name: str) -> None:
        """Nothing is overwritten, neither a file nor what another run is writing, and nothing is deleted."""
        fill("shop.Order", [100])
        (tmp_path / name).write_text("precious")
        with pytest.raises(CommandError, match="exists"):
            prune("--keep=*=90d", f"--export={tmp_path}/old.jsonl")
        assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]
        assert len(kept()) == 1

    def test_a_file_that_cannot_be_written(self, tmp_path: Path) -> None:
        """Without the file nothing is deleted."""
        fill("shop.Order", [100])
        with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
            prune("--keep=*=90d", f"--export={tmp_path}/missing/old.jsonl")
        assert len(kept()) == 1

    def test_an_export_that_fails_half_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Half a file is none: no name, no rest of it, and nothing is deleted."""

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        fill("shop.Order", [100])
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(CommandError, match="No space left"):
            prune("--keep=*=90d", f"--export={tmp_path}/old.jsonl")
        assert list(tmp_path.iterdir()) == []
        assert len(kept()) == 1

    def test_entries_that_come_meanwhile(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only what is in the file is deleted, whatever has come since."""
        fill("shop.Order", [100])
        original = pruning.prune

        def late(*args: Any, **kwargs: Any) -> Iterator[Counter[str]]:
            fill("shop.Order", [300])
            return original(*args, **kwargs)

        monkeypatch.setattr("dj_core_utils.management.commands.auditlog.prune", late)
        prune("--keep=*=90d", f"--export={tmp_path}/old.jsonl")
        assert [age for _, age in kept()] == [300]

    def test_interrupted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is deleted is said; another run deletes the rest."""
        fill("shop.Order", [100, 200, 300])
        original: Callable[..., Iterator[Counter[str]]] = pruning.prune

        def interrupted(*args: Any, **kwargs: Any) -> Iterator[Counter[str]]:
            yield next(original(*args, **kwargs))
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("dj_core_utils.management.commands.auditlog.prune", interrupted)
            out = StringIO()
            with pytest.raises(CommandError, match="Run it again") as caught:
                call_command(Command(), "prune", "--keep=*=90d", "--batch=2", stdout=out)
        assert caught.value.returncode == 130
        assert out.getvalue() == "           2 shop.Order\n           2 entries deleted\n"
        assert prune("--keep=*=90d") == "           1 shop.Order\n           1 entries deleted\n"

    @pytest.mark.parametrize(
        ("argument", "message"),
        [("--keep=shop.Order", 'has no "="'), ("--keep=*=soon", "90d"), ("--batch=0", "1 or more")],
    )
    def test_what_is_refused(self, argument: str, message: str) -> None:
        """What cannot be read deletes nothing."""
        with pytest.raises(CommandError, match=message):
            prune(argument)

    def test_no_limit_at_all(self) -> None:
        """Who has not said what to keep keeps everything."""
        with pytest.raises(CommandError, match="AUDIT_RETENTION"):
            prune()

    def test_what_another_run_has_deleted(self) -> None:
        """Nothing is deleted twice, or said twice."""
        fill("shop.Order", [100])
        keys = list(OperationLog.objects.values_list("id", flat=True))
        assert [list(pruning.prune("default", keys, size=9, reason="")) for _ in range(2)] == [
            [{"shop.Order": 1}],
            [{}],
        ]
        assert OperationLog.objects.count() == 1
