"""manage.py model_quantise: a model's file with fewer bits a weight, or with others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import ChanceryError
from inference import quantising, sizing


class Command(BaseCommand):
    help = "Write a GGUF file anew as Q4_K_M, Q8_0 or another kind, to compare them by `benchmark_models`."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="a GGUF file, best of 16 bits a weight")
        parser.add_argument("kind", help=", ".join(quantising.KINDS))
        parser.add_argument("target", type=Path)
        parser.add_argument("--threads", type=int, default=sizing.cores())

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = quantising.quantise(options["source"], options["kind"], options["target"], options["threads"])
        except ChanceryError as fault:
            raise CommandError(fault.message) from None
        size = options["target"].stat().st_size
        self.stdout.write(f"{options['target']}: {size:,} bytes, {told}.")
