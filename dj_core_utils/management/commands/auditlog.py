"""``manage.py auditlog``: keep the operation log."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Count, Max, Min
from django.utils import timezone

from dj_core_utils.audit.chain import seal, verify
from dj_core_utils.audit.erasure import entries_of, erase, person
from dj_core_utils.audit.errors import AuditError
from dj_core_utils.audit.export import export, exported_keys
from dj_core_utils.audit.pruning import keys_of, prune
from dj_core_utils.audit.retention import outdated, read_limits
from dj_core_utils.audit.triggers.installation import differences, left_to_python, put_right
from dj_core_utils.conf import conf
from dj_core_utils.db.entries import require_table
from dj_core_utils.db.errors import ModelError
from dj_core_utils.db.models import OperationLog, OperationSeal

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

    from dj_core_utils.db.entries import OperationLogQuerySet

_BATCH = 5000
_ERASED = 500
_INTERRUPTED = 130
_RANGE = 10_000
_WAIT = 5.0


class Command(BaseCommand):
    """The commands under ``auditlog``."""

    help = "Keep the operation log: prune, erase a person, seal, verify, and the triggers that write it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the commands."""
        commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
        own = commands.add_parser("prune", help="delete entries that need not be kept")
        own.set_defaults(run=self._prune)
        own.add_argument(
            "--keep",
            action="append",
            metavar="MODELS=LIMIT",
            help="such as shop.Order=5y, shop.*=1000 rows or *=90d; once for each; instead of AUDIT_RETENTION",
        )
        own.add_argument("--dry-run", action="store_true", help="say what would be deleted, and delete nothing")
        own.add_argument(
            "--export",
            type=Path,
            metavar="FILE",
            help="first write the entries to this new file, as JSON lines; .gz packs",
        )
        own.add_argument("--batch", type=int, default=_BATCH, metavar="N", help=f"entries in a transaction ({_BATCH})")
        _add_database(own)
        own = commands.add_parser("erase", help="erase a person: their name, and the values of records about them")
        own.set_defaults(run=self._erase)
        own.add_argument("--user", metavar="KEY", help="primary key of their account, which may be deleted already")
        own.add_argument(
            "--record",
            action="append",
            default=[],
            metavar="MODEL:KEY",
            help="another row about them, such as shop.Customer:7; once for each",
        )
        own.add_argument(
            "--keep", action="append", default=[], metavar="FIELD", help="a field whose values stay, such as is_staff"
        )
        own.add_argument("--reason", required=True, help="why, for the log; without their name")
        own.add_argument("--dry-run", action="store_true", help="say what would be erased, and erase nothing")
        own.add_argument(
            "--batch", type=int, default=_ERASED, metavar="N", help=f"entries in a transaction ({_ERASED})"
        )
        _add_database(own)
        own = commands.add_parser("seal", help="seal the entries that have come since the last seal")
        own.set_defaults(run=self._seal)
        own.add_argument("--range", type=int, default=_RANGE, metavar="N", help=f"entries in a seal ({_RANGE})")
        own.add_argument(
            "--wait", type=float, default=_WAIT, metavar="SECONDS", help=f"wait for open transactions ({_WAIT:g})"
        )
        _add_database(own)
        self._add_verify(commands.add_parser)
        self._add_triggers(commands.add_parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Run one of them.

        Raises:
            CommandError: It cannot be done.
        """
        try:
            require_table(OperationLog)
            options["run"](options)
        except (AuditError, ModelError) as error:
            raise CommandError(str(error)) from error

    def _add_verify(self, add_parser: Callable[..., ArgumentParser]) -> None:
        own = add_parser("verify", help="hold the entries against their seals; status 1 if they differ")
        own.set_defaults(run=self._verify)
        own.add_argument("--expect", metavar="DIGEST", help="a digest noted before, which has to be in the chain")
        own.add_argument("--json", action="store_true", help="print one JSON object")
        _add_database(own)

    def _add_triggers(self, add_parser: Callable[..., ArgumentParser]) -> None:
        own = add_parser("triggers", help="bring the triggers that record changes to what the settings say")
        own.set_defaults(run=self._triggers)
        how = own.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="print the SQL, and run nothing")
        how.add_argument("--check", action="store_true", help="run nothing; status 1 if there is something to do")
        _add_database(own)

    def _prune(self, options: dict[str, Any]) -> None:
        given = options["keep"]
        retention = conf.audit.retention if given is None else dict(_pair(text) for text in given)
        if options["batch"] < 1:
            raise CommandError("--batch must be 1 or more.")
        limits = read_limits(retention)
        using, size = options["database"], options["batch"]
        entries = outdated(using, limits, timezone.now())
        if options["dry_run"]:
            self._preview(entries)
            return
        keys = keys_of(entries, size)
        if (file := options["export"]) is not None:
            count = export(entries.order_by("id").iterator(chunk_size=size), file)
            self.stdout.write(f"{count} entries written to {file}")
            keys = exported_keys(file)
        reason = "retention: " + ", ".join(f"{pattern}={limit}" for pattern, limit in retention.items())
        self._run(prune(using, keys, size=size, reason=reason), "deleted")

    def _erase(self, options: dict[str, Any]) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch must be 1 or more.")
        using, size = options["database"], options["batch"]
        records = [_record(text) for text in options["record"]]
        whom = person(user=options["user"], records=records, keep=options["keep"])
        if not options["dry_run"]:
            self._run(erase(using, whom, reason=options["reason"], size=size), "erased")
        else:
            found = Counter(entry.model_changed for entry in entries_of(using, whom, size=size))
            self._report(found, "would be erased")
        accounts = get_user_model()._default_manager  # Django documents _default_manager
        if whom.key is not None and accounts.filter(pk=whom.key).exists():
            self.stderr.write("Their account still exists: what they do from now on is recorded with their name.")

    def _run(self, batches: Iterator[Counter[str]], done: str) -> None:
        total: Counter[str] = Counter()
        try:
            for batch in batches:
                total += batch
        except KeyboardInterrupt:
            self._report(total, done)
            raise CommandError(
                f"Interrupted: what is said above is {done}, the rest is not. Run it again.", returncode=_INTERRUPTED
            ) from None
        self._report(total, done)

    def _seal(self, options: dict[str, Any]) -> None:
        if options["range"] < 1:
            raise CommandError("--range must be 1 or more.")
        made = None
        for made in seal(options["database"], size=options["range"], wait=options["wait"]):
            self.stdout.write(f"{made.count:>12} entries sealed, {made.first_id} to {made.last_id}")
        self.stdout.write(f"last seal {made.digest}" if made else "nothing to seal")

    def _verify(self, options: dict[str, Any]) -> None:
        using, expected = options["database"], options["expect"]
        seals = OperationSeal.objects.using(using)
        newest = seals.order_by("-id").first()
        anew = seals.exclude(cause=OperationSeal.Cause.SEAL)
        end = seals.aggregate(last=Max("last_id"))["last"] or 0
        report = {
            "findings": [finding._asdict() for finding in verify(using)],
            "is_expected_found": None if expected is None else seals.filter(digest=expected).exists(),
            "seals": seals.count(),
            "sealed_anew": dict(anew.values_list("cause").annotate(Count("id")).order_by("cause")),
            "unsealed": OperationLog.objects.using(using).filter(id__gt=end).count(),
            "digest": newest.digest if newest else "",
        }
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self._tell(report)
        if report["findings"] or report["is_expected_found"] is False:
            self.stdout.flush()  # what was found stands before the error
            raise CommandError("The operation log is not what was sealed.", returncode=1)

    def _triggers(self, options: dict[str, Any]) -> None:
        using = options["database"]
        is_run = not (options["dry_run"] or options["check"])
        found = put_right(using) if is_run else differences(using)
        for difference in found:
            line = f"{difference.kind:>9} {difference.label}"
            self.stdout.write(f"-- {line.strip()}" if options["dry_run"] else line)
            if options["dry_run"]:
                self.stdout.write("\n".join(f"{statement};" for statement in difference.statements))
        for label, reason in left_to_python(using).items():
            self.stdout.write(f"{'-- ' if options['dry_run'] else '':>3}python {label}: {reason}")
        if not options["dry_run"]:
            self.stdout.write(f"{len(found)} tables {'put right' if is_run else 'to put right'}")
        if options["check"] and found:
            self.stdout.flush()  # what was found stands before the error
            raise CommandError("The triggers are not what the settings say.", returncode=1)

    def _tell(self, report: dict[str, Any]) -> None:
        for finding in report["findings"]:
            numbers = "" if finding["kind"] == "chain" else ": {expected} entries were sealed, {found} are there"
            self.stdout.write("{kind:>8} {first_id} to {last_id}".format(**finding) + numbers.format(**finding))
        if report["is_expected_found"] is False:
            self.stdout.write("The expected digest is not in the chain: seals at its end were taken away.")
        anew = "".join(f", {count} of them after {cause}" for cause, count in report["sealed_anew"].items())
        self.stdout.write(f"{report['seals']} seals{anew}, {report['unsealed']} entries not sealed yet")
        if report["digest"]:
            self.stdout.write(f"last seal {report['digest']}")

    def _preview(self, entries: OperationLogQuerySet[OperationLog]) -> None:
        models = entries.order_by("model_changed").values("model_changed")
        found = list(models.annotate(count=Count("id"), first=Min("date"), last=Max("date")))
        for row in found:
            self.stdout.write(
                f"{row['count']:>12} {row['model_changed']}, {row['first']:%Y-%m-%d} to {row['last']:%Y-%m-%d}"
            )
        self.stdout.write(f"{sum(row['count'] for row in found):>12} entries would be deleted")

    def _report(self, counts: Counter[str], done: str) -> None:
        for label, count in sorted(counts.items()):
            self.stdout.write(f"{count:>12} {label}")
        self.stdout.write(f"{counts.total():>12} entries {done}")


def _pair(text: str) -> tuple[str, str]:
    pattern, equals, limit = text.partition("=")
    if not equals:
        raise CommandError(f'--keep "{text}" has no "=": write shop.Order=5y.')
    return pattern.strip(), limit.strip()


def _record(text: str) -> tuple[str, str]:
    model, colon, key = text.partition(":")
    if not colon:
        raise CommandError(f'--record "{text}" has no ":": write shop.Customer:7.')
    return model, key


def _add_database(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections), help="alias of the database"
    )
