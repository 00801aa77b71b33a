"""Questions to begin with: the demo's own for its people, else about what the readable documents have headings for."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from assistant.demo import material
from governance.scope import Scope
from ingestion import topics

MOST = 4


def questions(scope: Scope, email: str) -> list[str]:
    """None where nothing is ready to read."""
    if settings.DEMO_LOGINS:
        asked = [one.question for one in material.questions() if one.asker == email]
        if asked:
            return asked[:MOST]
    return [
        _("What do the documents say about “%(heading)s”?") % {"heading": name} for name in topics.headings(scope, MOST)
    ]
