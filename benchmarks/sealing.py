"""How many entries of the operation log are sealed and verified in a second.

python benchmarks/sealing.py [--entries 50000] [--database sqlite:////tmp/log.sqlite3]
"""

from __future__ import annotations

import argparse
import time
from tempfile import TemporaryDirectory
from uuid import uuid4

import dj_database_url
import django
from django.conf import settings
from django.core.management import call_command

ENTRIES = 50_000
RANGE = 10_000


def main() -> None:
    """Fill a new database, seal it, verify it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    with TemporaryDirectory() as folder:
        parser.add_argument("--database", default=f"sqlite:///{folder}/log.sqlite3", help="an empty one")
        options = parser.parse_args()
        settings.configure(
            DATABASES={"default": dict(dj_database_url.parse(options.database))},
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "dj_core_utils.db"],
            USE_TZ=True,
        )
        django.setup()
        call_command("migrate", verbosity=0)
        measure(options.entries)


def measure(entries: int) -> None:
    """Print entries a second."""
    from dj_core_utils.audit.chain import seal, verify  # noqa: PLC0415  # Django is set up by now
    from dj_core_utils.db.models import OperationLog  # noqa: PLC0415  # as above

    changes = {name: {"before": f"{name} before", "after": f"{name} after"} for name in ("note", "price", "quantity")}
    OperationLog.objects.bulk_create(
        (
            OperationLog(
                model_changed="shop.Order",
                id_instance=str(number),
                operation_type="update",
                changes=changes,
                actor="ann",
                transaction_id=uuid4(),
            )
            for number in range(entries)
        ),
        batch_size=500,
    )
    start = time.perf_counter()
    seals = len(list(seal("default", size=RANGE, wait=1)))
    sealed = time.perf_counter()
    findings = len(list(verify("default")))
    verified = time.perf_counter()
    print(f"{entries} entries, {seals} seals, {findings} findings")
    print(f"seal    {entries / (sealed - start):>10,.0f} entries/s")
    print(f"verify  {entries / (verified - sealed):>10,.0f} entries/s")


if __name__ == "__main__":
    main()
