"""manage.py model_worker: the chat model behind an OpenAI-compatible address on loopback."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import ChanceryError
from inference import memory, registry
from inference.worker import engines, serving


class Command(BaseCommand):
    help = (
        "Serve the chat model. CHANCERY_MODEL names it, CHANCERY_ENGINE what it runs on; CHANCERY_MODEL_THREADS, _SLOTS "
        "and _WINDOW size it. CHANCERY_MODELS_BESIDE names further ones, CHANCERY_MODEL_MEMORY_MIB bounds all of them."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8801)
        parser.add_argument("--model", default=os.environ.get("CHANCERY_MODEL", ""), help="catalogue name or GGUF path")
        parser.add_argument(
            "--engine", default=settings.MODEL_ENGINE, help=f"{', '.join(engines.NAMES)}, or a class by its dotted path"
        )
        parser.add_argument(
            "--stamps", action="store_true", help="tell in the stream when the engine spoke, to measure"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sizes: dict[str, Any] = settings.MODEL_WORKER | {"stamps": options["stamps"]}
        sizes["memory_mib"] = settings.MODEL_MEMORY_MIB
        order = serving.Order(options["host"], options["port"], settings.MODEL_KEY, **sizes)
        try:
            wanted = options["model"]
            model = registry.resolve(wanted) if wanted else registry.default_chat(memory.free(), settings.MODELS)
            beside = registry.beside(settings.MODELS_BESIDE)
            serving.serve(model, settings.MODELS, engines.chosen(options["engine"]), order, beside)
        except ChanceryError as fault:
            raise CommandError(fault.message) from None
