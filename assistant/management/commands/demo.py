"""manage.py demo: the main job from end to end, printed; exits 0, or says what broke."""

from __future__ import annotations

from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError

from assistant.configuration import env
from assistant.demo import scenes


class Command(BaseCommand):
    help = "Play the five scenes of the main job against the running stack."

    def handle(self, *args: Any, **options: Any) -> None:
        port = env.number("CHANCERY_PORT", 8000, least=1, most=65535)
        try:
            scenes.play(f"http://127.0.0.1:{port}", self.stdout.write)
        except (scenes.SceneBrokeError, httpx.HTTPError, LookupError) as fault:
            raise CommandError(f"This broke: {fault}") from None
        self.stdout.write("\nAll five scenes ended as they should.")
