"""manage.py replay_answer TENANT ANSWER: run an answer again from its capsule, as whoever asked it, and say what has changed.

No word of either text is printed: they are its person's, and stand on the record.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant import models, replaying
from governance import people
from governance.errors import ChanceryError
from governance.management import named
from governance.scope import Scope


class Command(BaseCommand):
    help = "Run an answer again from its capsule, with the rights of whoever asked it, and compare the two."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the short name of the organisation")
        parser.add_argument("answer", type=uuid.UUID, help="the answer's number on the record")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = replaying.replay(_asker(options["tenant"], options["answer"]), options["answer"])
        except ChanceryError as fault:
            raise CommandError(fault.message) from fault
        self.stdout.write("identical" if found.is_identical else "different")
        for one in found.changed:
            self.stdout.write(f"changed: {one.ingredient} {one.then or '–'} → {one.now or '–'}")
        if found.was_promised and not found.is_identical:
            raise CommandError("Nothing that is known of has changed, and yet it is another text.")


def _asker(slug: str, answer: uuid.UUID) -> Scope:
    tenant = named.tenant(slug)
    system = Scope.system(tenant.id)
    with system.transaction():
        row = models.Answer.objects.filter(pk=answer).first()
    if row is None:
        raise CommandError("There is no such answer.")
    return people.scope_in(tenant.id, row.person_id, key=row.key)
