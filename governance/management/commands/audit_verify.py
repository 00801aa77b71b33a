"""manage.py audit_verify: is the record whole, is it what was signed, and does it lead on from what you saw last?"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import tenants
from governance.audit import events, verifying
from governance.audit.checks.growth import Kept
from governance.audit.tree import heads
from governance.audit.tree.verifier import Checkpoint
from governance.audit.tree.witnessing import Memory
from governance.audit.verifying import Report
from governance.errors import RecordUnavailable
from governance.management import named

INSTALLATION = "installation"
WIDTH = 30
SHOWN_MOST = 50


class Command(BaseCommand):
    help = (
        "Verify the record from end to end, and put the result on it. Ends with 1 where anything is wrong. Keep a head "
        "outside this machine with --save-head, and verify from it the next time with --head: that shows what was rebuilt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help=f"short name, or “{INSTALLATION}” for its own log; all of them by default")
        parser.add_argument("--head", "--from-head", type=Path, help="a file with a head that was saved before")
        parser.add_argument("--save-head", type=Path, help="where to write the last signed head; of one tenant")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = _read(options["head"]) if options["head"] else None
        chosen = _chosen(options["tenant"], kept)
        if options["save_head"] and len(chosen) != 1:
            raise CommandError("--save-head takes the head of one tenant: name it with --tenant.")
        reports = [self._verify(name, tenant, kept) for name, tenant in chosen]
        if options["save_head"]:
            self._save(reports[0], options["save_head"])
        if not all(report.is_sound for report in reports):
            sys.exit(1)

    def _verify(self, name: str, tenant: uuid.UUID, kept: Checkpoint | None) -> Report:
        began = time.monotonic()
        report = verifying.verify(
            tenant,
            kept=[Kept("you", kept)] if kept else [],
            witness=Memory(Path(settings.WITNESS_HOME) / "heads"),
            progress=self._bar(name),
        )
        self._tell(name, report, time.monotonic() - began)
        try:
            verifying.note(report)
        except RecordUnavailable as fault:
            self.stderr.write(f"{name}: the result could not be put on the record: {fault.message}")
        return report

    def _tell(self, name: str, report: Report, seconds: float) -> None:
        head = f"the last over {report.head.size}" if report.head else "none yet"
        cosigned = f", cosigned up to {report.witnessed}" if report.witnessed else ""
        self.stdout.write(
            f"{name}: {report.leaves} leaves, {report.waiting} events waiting, {report.heads} heads, {head}{cosigned};"
            f" {seconds:.1f} s"
        )
        if report.is_sound:
            self.stdout.write(f"{name}: sound")
            return
        first = "" if report.first is None else f", the first bad index is {report.first}"
        self.stdout.write(f"{name}: NOT SOUND: {report.amount} findings{first}")
        for finding in report.findings[:SHOWN_MOST]:
            self.stdout.write(f"  {finding}")
        if report.amount > SHOWN_MOST:
            self.stdout.write(f"  and {report.amount - SHOWN_MOST} more")

    def _bar(self, name: str) -> Callable[[int, int], None]:
        """On a terminal alone: in a log it would be noise."""
        is_shown = bool(getattr(self.stderr, "isatty", lambda: False)())

        def show(done: int, whole: int) -> None:
            if is_shown:
                filled = WIDTH * done // max(whole, 1)
                end = "\n" if done >= whole else ""
                self.stderr.write(f"\r{name} [{'#' * filled:<{WIDTH}}] {done}/{whole}", ending=end)

        return show

    def _save(self, report: Report, path: Path) -> None:
        if not report.is_sound:
            self.stderr.write("The head was not saved: keep the one you have, and find out what happened.")
        elif report.head is None:
            raise CommandError("There is no signed head to save yet.")
        else:
            path.write_text(report.head.note, encoding="utf-8")
            self.stdout.write(f"The head over {report.head.size} leaves is in {path}: keep it away from this machine.")


def _read(path: Path) -> Checkpoint:
    try:
        return Checkpoint.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise CommandError(f"{path} is no head that was saved: {fault}") from None


def _chosen(name: str | None, kept: Checkpoint | None) -> list[tuple[str, uuid.UUID]]:
    """(what it is called, its id) of each log: that of the head, where no tenant is named."""
    if name is None and kept is None:
        return [(INSTALLATION, events.INSTALLATION), *((str(one), one) for one in tenants.every())]
    if name is None and kept is not None:
        return [(kept.origin, _tenant_of(kept))]
    if name == INSTALLATION:
        return [(INSTALLATION, events.INSTALLATION)]
    found = named.tenant(str(name))
    return [(found.slug, found.id)]


def _tenant_of(kept: Checkpoint) -> uuid.UUID:
    try:
        tenant = uuid.UUID(kept.origin.rpartition("/")[2])
    except ValueError:
        raise CommandError(f"The head is of a log that is none of ours: {kept.origin}.") from None
    if kept.origin not in heads.origins(tenant):
        raise CommandError(f"The head is of a log that is none of ours: {kept.origin}.")
    return tenant
