"""manage.py ask_demo: one real question through the whole pipeline, its answer printed as it comes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.demo import material, seeding, telling


class Command(BaseCommand):
    help = "Ask the demo's first question as one of its people, and print the streamed answer with its citations."

    def handle(self, *args: Any, **options: Any) -> None:
        first = material.first_question()
        scope = seeding.scope_for(first.tenant, first.asker)
        self.stdout.write(f"\n{first.asker} asks: {first.question}\n")
        answer = telling.ask(scope, first.question, lambda text: self.stdout.write(text, ending=""))
        for line in telling.citations(answer):
            self.stdout.write(line)
        if not answer.is_final:
            raise CommandError("The model is still writing. The portal shows the answer once it is there.")
        if answer.status != "answered":
            raise CommandError(f"It ended as {answer.status}: {answer.notice}")
