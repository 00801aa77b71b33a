"""A conversation shared inside the organisation: with whom, taken back, and what its person sees of that.

It is shared as far as it has come. What is asked afterwards is its person's alone until they share it again.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from assistant import conversations, models
from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.grants import Holder
from governance.scope import Scope
from governance.sentence import phrase

KIND = "conversation"
_NOBODY = phrase("There is no such person or group.")


def listed(scope: Scope, conversation: uuid.UUID) -> list[models.Share]:
    """With whom one's own is shared. Raises NotFound."""
    access.require(scope, Action.ASK)
    conversations.get(scope, conversation)
    with scope.transaction():
        rows = models.Share.objects.filter(conversation=conversation, person=scope.person)
        return list(rows.select_related("reader", "group").order_by("created_at"))


def share(scope: Scope, conversation: uuid.UUID, holder: Holder) -> models.Share:
    """To read, up to now; said again it reaches up to then. Raises NotFound, InvalidInput, Conflict where nothing was asked."""
    access.require(scope, Action.ASK)
    conversations.get(scope, conversation)
    if (holder.person is None) == (holder.group is None):
        raise InvalidInput("Choose a person or a group to share with.")
    if holder.person == scope.person:
        raise InvalidInput("It is yours already. Choose somebody else to share it with.")
    try:
        with scope.transaction(), transaction.atomic():
            if not models.Answer.objects.filter(conversation=conversation, superseded_at=None).exists():
                raise Conflict("Ask something first.")
            who: dict[str, Any] = {"reader_id": holder.person, "group_id": holder.group}
            mine: dict[str, Any] = {
                "tenant_id": scope.tenant,
                "person_id": scope.person,
                "conversation_id": conversation,
            }
            row, _is_new = models.Share.objects.update_or_create(**mine, **who, defaults={"until": timezone.now()})
            events.record(scope, Event.CONVERSATION_SHARED, resource=(KIND, conversation), facts=_whom(row))
    except IntegrityError:
        raise NotFound(_NOBODY) from None
    return row


def unshare(scope: Scope, conversation: uuid.UUID, share: uuid.UUID) -> None:
    """From this commit on they find nothing there. Raises NotFound."""
    access.require(scope, Action.ASK)
    conversations.get(scope, conversation)
    with scope.transaction():
        row = models.Share.objects.filter(pk=share, conversation=conversation, person=scope.person).first()
        if row is None:
            raise access.unseen(Action.ASK, "share", share, "It is not shared with them.")
        facts = _whom(row)
        models.Share.objects.filter(pk=share).delete()
        events.record(scope, Event.CONVERSATION_UNSHARED, resource=(KIND, conversation), facts=facts)


def _whom(row: models.Share) -> dict[str, uuid.UUID | None]:
    return {"person": row.reader_id, "group": row.group_id}
