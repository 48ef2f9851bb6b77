"""`manage.py check_invariants`: does everything in the database still fit together?

Reads only, so it may run beside the open shop. After a backup was restored, let the sweeps run for
a minute first: holds that ran out in the meantime are offenders until then.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from livestream.selectors.invariant import ALL
from merchants.selectors.invariant import offenders


class Command(BaseCommand):
    help = "Print every row that breaks an invariant; exit 1 if there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(offenders(ALL, timezone.now()))
        for offender in found:
            self.stdout.write(str(offender))
        if found:
            self.stderr.write(f"{len(found)} rows break an invariant.")
            sys.exit(1)
        self.stdout.write(f"{len(ALL)} invariants hold.")
