"""What this installation lets the sources of a tenant reach, by the operator's settings."""

from __future__ import annotations

from django.conf import settings

from governance import tenants
from governance.fetching import Guard
from governance.scope import Scope
from governance.sentence import phrase
from ingestion.connectors.base import Ground

REMEDY = phrase(
    "If it is your own, the operator of this installation has to list it in CHANCERY_SOURCE_INTERNAL_HOSTS."
)
EVERYBODY = "*"


def of(scope: Scope) -> Ground:
    slug = tenants.current(scope).slug
    folders: dict[str, list[str]] = settings.SOURCE_FOLDERS
    return Ground(
        guard=Guard(settings.SOURCE_INTERNAL_HOSTS, REMEDY, settings.SOURCE_CA_FILE, allows_plain=True),
        folders=(*folders.get(slug, ()), *folders.get(EVERYBODY, ())),
        item_bytes=settings.UPLOAD_MAX_BYTES,
        archive_bytes=settings.SOURCE_ARCHIVE_MAX_BYTES,
        item_seconds=settings.SOURCE_ITEM_SECONDS,
        list_seconds=settings.SOURCE_LIST_SECONDS,
        items=settings.SOURCE_ITEMS_MAX,
    )
