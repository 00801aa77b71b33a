"""`manage.py record_fields`: the table of what each event says, as Markdown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from governance.audit.fields import page


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(page.lines()))
