"""manage.py replay_erasures: after a database was restored from a backup. For operators."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from governance import tenants
from governance.audit import keyring
from governance.audit.lifecycle import erasing


class Command(BaseCommand):
    help = (
        "Erase once more whoever was erased after the backup was made that this database comes from. "
        "The list stands beside the record's keys, which are not part of that backup. It may be run at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = known = 0
        for tenant in tenants.every():
            for subject in keyring.ring().destroyed(tenant):
                known += 1
                done += erasing.again(tenant, subject)
        self.stdout.write(f"{done} erased once more; {known} keys are on the list of those destroyed.")
