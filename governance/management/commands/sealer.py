"""manage.py sealer: the process that puts the record into its trees and signs their heads."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from governance.audit.tree import heads, notes
from governance.audit.tree.asking import HttpWitness
from governance.audit.tree.sealing import SEAL_EVERY_S, Sealer, Witness

LOG = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Seal the record. It connects by CHANCERY_SEALER_URL as chancery_sealer; CHANCERY_SEALER_KEY is the file of its key, "
        "made at the first start, and CHANCERY_WITNESS_URL the address of its witness."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SEALER["database"]:
            raise CommandError("CHANCERY_SEALER_URL is not set: the address of the database as chancery_sealer.")
        try:
            signer = notes.load(Path(settings.SEALER["key"]), settings.RECORD_ORIGIN)
            heads.publish(heads.SEALER, signer.verifier)
        except (OSError, ValueError) as fault:
            raise CommandError(f"The sealer's key cannot be used: {fault}") from None
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        alive = Path(settings.SEALER["key"]).with_name("alive")
        run(Sealer(settings.SEALER["database"], signer, settings.RECORD_ORIGIN), over, alive)


def run(sealer: Sealer, over: threading.Event, alive: Path) -> None:
    """Until `over`. A database that is away is waited for; a second sealer waits until the first has gone.

    `alive` is touched after each round, for whoever looks whether this process is well.
    """
    is_ours, was_said = False, ""
    while not over.wait(SEAL_EVERY_S):
        try:
            is_ours = (is_ours and sealer.is_connected) or sealer.is_the_only_one()
            if not is_ours:
                was_said = _say("another sealer is at work; this one waits", was_said)
                continue
            sealer.witness = sealer.witness or witness()
            sealer.tick()
            alive.touch()
            was_said = _say("sealing", was_said)
        except psycopg.Error as fault:
            was_said = _say(f"the database does not answer: {str(fault).strip()}", was_said)
            sealer.close()
    sealer.close()


def witness() -> Witness | None:
    """None where there is none, or while it has not started here for the first time and its key is not known."""
    url, verifier = settings.SEALER["witness"], heads.witness()
    return HttpWitness(url, verifier) if url and verifier else None


def _say(what: str, before: str) -> str:
    if what != before:
        LOG.info("%s", what)
    return what
