"""Questions to begin with: the demo's own for its people, else about what the readable documents have headings for."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.utils.translation import gettext as _

from assistant import models
from assistant.demo import material
from governance.scope import Scope
from ingestion.search import topics

MOST = 4
NEXT = 3


def follow_ups(scope: Scope, answer: models.Answer) -> list[str]:
    """What stands near the passages that an answer cites, as questions. None where it cites nothing."""
    cited = [uuid.UUID(str(one["chunk_id"])) for segment in answer.segments.all() for one in segment.citations]
    if not cited:
        return []
    return [_about(name) for name in topics.near(scope, list(dict.fromkeys(cited)), NEXT)]


def questions(scope: Scope, email: str) -> list[str]:
    """None where nothing is ready to read."""
    if settings.DEMO_LOGINS:
        asked = [one.question for one in material.questions() if one.asker == email]
        if asked:
            return asked[:MOST]
    return [_about(name) for name in topics.headings(scope, MOST)]


def _about(heading: str) -> str:
    return _("What do the documents say about “%(heading)s”?") % {"heading": heading}
