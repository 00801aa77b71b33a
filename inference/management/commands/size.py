"""manage.py size: what this machine can carry, and what to expect of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import ChanceryError
from inference import registry, sizing
from inference.sizing import Advice, Machine, Speed

GB = 2**30


class Command(BaseCommand):
    help = "Look at the machine, and propose model, window, slots and threads for it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for a program")
        parser.add_argument(
            "--measure",
            action="store_true",
            help="time the proposed model here: a minute in which nothing else should run",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            on = sizing.machine()
            beside = registry.beside(settings.MODELS_BESIDE)
            advice = sizing.advise(on, settings.MODELS, (), beside)
            if options["measure"]:
                speed = self._measured(on, advice)
                advice = sizing.advise(on, settings.MODELS, [speed], beside)
        except ChanceryError as fault:
            raise CommandError(fault.message) from None
        if options["json"]:
            self.stdout.write(json.dumps(sizing.as_json(on, advice), indent=2))
            return
        for line in _told(on, advice):
            self.stdout.write(line)
        if options["measure"] and advice.speed is not None:
            self.stdout.write("\nAs a row of inference/measured.toml:\n\n[[speed]]")
            for name, value in asdict(advice.speed).items():
                self.stdout.write(f"{name} = {json.dumps(value)}")

    def _measured(self, on: Machine, advice: Advice) -> Speed:
        from inference.worker import measuring  # it carries an engine, which advice needs not

        path = registry.find(settings.MODELS, advice.model)
        if path is None:
            raise CommandError(f"{advice.model.file} is not there. Run `python manage.py model_fetch` first.")
        if not advice.fits:
            raise CommandError(f"{advice.model.name} does not fit into the memory that is free.")
        return measuring.measure(advice.model, path, on, advice.threads)


def _told(on: Machine, advice: Advice) -> list[str]:
    kind = f"{on.processor}, {on.instructions or 'no wide instructions'}"
    lines = [f"Machine: {on.cores} cores ({kind}), {on.free / GB:.1f} GB of memory free."]
    lines.append(
        f"Model: {advice.model.name}, {advice.quantisation}. It takes {advice.needs / GB:.1f} GB with these settings:"
    )
    lines += [f"  {name}={value}" for name, value in advice.settings().items()]
    if not advice.fits:
        least = ", ".join(f"{name} {needs / GB:.1f} GB" for name, needs in advice.others)
        lines.append(f"It does not fit. At the least, with 1 slot and beside some room for the app: {least}.")
    if advice.beside:
        sizes = ", ".join(f"{name} {needs / GB:.1f} GB" for name, needs in advice.beside)
        how = (
            "all of them stay in memory"
            if advice.all_fit
            else "not all fit at once, and they take turns (docs/engines.md)"
        )
        lines.append(f"Beside it: {sizes}; {how}.")
    if advice.model.notice:
        lines.append(advice.model.notice)
    if on.instructions in sizing.BEYOND_THE_WHEEL:
        lines.append(
            f"The default engine's wheel uses AVX2 alone. An engine compiled here would use {on.instructions}, and read "
            "about twice as fast (docs/engines.md)."
        )
    return lines + _expected(advice)


def _expected(advice: Advice) -> list[str]:
    if advice.speed is None:
        return ["Nothing was measured of this model: run this with --measure."]
    told, speed = advice.expected(), advice.speed
    source = (
        "measured here" if advice.is_measured else f"reckoned from {speed.where}, {speed.when}; --measure tells more"
    )
    pace = f"it reads {speed.reads:.0f} tokens a second and writes {speed.writes:.0f}"
    question = f"A question of {sizing.PROMPT} tokens: the first word after {told['first_word_s']} s"
    whole = f"the whole answer of {sizing.ANSWER} tokens after {told['whole_answer_s']} s"
    lines = [f"To expect ({source}): {pace}.", f"  {question}, {whole}; what was read before is not read again."]
    if speed.writes_together:
        many = f"{told['answers_a_minute']} answers a minute"
        lines.append(f"  With eight at once: {speed.writes_together:.0f} tokens a second together, {many}.")
    return lines
