"""manage.py seed_demo: the two demo tenants, once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from assistant.demo import seeding


class Command(BaseCommand):
    help = "Create the demo tenants and upload their documents. Only where demo logins are allowed."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_LOGINS:
            raise CommandError("The demo's logins are known to everybody: they exist with the embedded database only.")
        seeding.seed(self.stdout.write)
        seeding.await_handbooks(self.stdout.write)
