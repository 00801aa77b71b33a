"""What was refused to a directory: on the record, and for a day on the page of whoever is to mend it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from governance import access, models
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import ChanceryError
from governance.identity import refusals
from governance.identity.directories import entries
from governance.identity.directories.entries import Taken
from governance.scope import Scope

KEPT = timedelta(days=1)
KEPT_MOST = 500  # a directory: one that asks the same every minute must not fill a table


def note(scope: Scope, method: str, kind: str, target: str, fault: ChanceryError) -> None:
    """After whatever was refused has been rolled back, in a transaction of its own. `scope` is the directory's."""
    now = timezone.now()
    about = fault.about if isinstance(fault, Taken) else None
    target, detail = (refusals.storable(text) for text in (target, str(fault.message)[:500]))
    with scope.transaction():
        mine = models.DirectoryFault.objects.filter(directory=scope.actor)
        mine.filter(created_at__lt=now - KEPT).delete()
        newest = mine.order_by("-created_at").values_list("pk", flat=True)[KEPT_MOST - 1 :]
        mine.filter(pk__in=list(newest)).delete()
        models.DirectoryFault.objects.create(
            tenant_id=scope.tenant,
            directory_id=entries.its(scope),
            method=method,
            kind=kind,
            target=target,
            status=fault.status,
            detail=detail,
            about=about,
        )
        facts = {"method": method, "kind": kind, "status": fault.status, "code": fault.code}
        payload = {"detail": detail, "target": target}
        events.record(
            scope,
            Event.DIRECTORY_REFUSED,
            resource=("directory", entries.its(scope)),
            facts=facts,
            payload=payload,
            subject=scope.tenant,
        )


def listed(scope: Scope, directory: uuid.UUID) -> list[models.DirectoryFault]:
    """Of the last day, newest first. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.DirectoryFault.objects.filter(directory=directory, created_at__gt=timezone.now() - KEPT)
        return list(rows.order_by("-created_at")[:KEPT_MOST])
