"""What is kept of the caller, for themselves: how much and until when, and all of it to take away as a zip of JSON files."""

from __future__ import annotations

import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Count, Min

from assistant import models
from governance import access, keys, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.lifecycle import erasure, own, retention
from governance.audit.lifecycle.classes import Class
from governance.audit.lifecycle.models import Erasure
from governance.audit.lifecycle.own import Look
from governance.audit.lifecycle.retention import Kept
from governance.audit.vocabulary import Event
from governance.models import AccessRequest, Acting, Identity, Membership, Person
from governance.requests import deciding
from governance.scope import Scope
from governance.service_accounts import acting
from governance.support import looks as support_looks
from governance.support.looks import Look as SupportLook

IN_MEMORY = 4 * 2**20
A_PAGE = 100


@dataclass(frozen=True)
class Part:
    """One kind of what is kept: how much there is of it, since when, and how long it stays."""

    kept: Kept
    amount: int
    since: datetime | None = None


@dataclass(frozen=True)
class Overview:
    parts: list[Part]
    keys: int
    looks: list[
        tuple[Look, models.Conversation | None]
    ]  # with the conversation it was about, where that is there still
    erasure: Erasure | None
    acted: list[Acting]  # service accounts that acted for them
    supported: list[SupportLook]  # what support looked at of what they uploaded


def overview(scope: Scope) -> Overview:
    """Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    periods, counted = retention.periods(scope), own.counted(scope)
    with scope.transaction():
        mine = models.Conversation.objects.filter(person=scope.person).aggregate(
            amount=Count("pk"), since=Min("updated_at")
        )
    parts = [Part(periods[Class.CONVERSATIONS], mine["amount"], mine["since"])]
    parts += [Part(kept, counted.get(of, 0)) for of, kept in periods.items() if of is not Class.CONVERSATIONS]
    looked, supported = _placed(scope, own.looks(scope)), support_looks.at_mine(scope)
    return Overview(parts, len(keys.mine(scope)), looked, erasure.own(scope), acting.for_me(scope), supported)


def _placed(scope: Scope, looks: list[Look]) -> list[tuple[Look, models.Conversation | None]]:
    with scope.transaction():
        rows = models.Answer.objects.filter(pk__in={look.interaction for look in looks if look.interaction})
        live = rows.filter(conversation__deleted_at=None).select_related("conversation")
        places = {row.pk: row.conversation for row in live}
    return [(look, places.get(look.interaction) if look.interaction else None) for look in looks]


def export(scope: Scope) -> IO[bytes]:
    """A zip of JSON files, at its beginning; that it was taken is on the record first. Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    events.record(scope, Event.PERSON_EXPORTED, resource=("person", scope.person))
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  whoever sends it closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        _write(packed, "profile.json", _profile(scope))
        _write(packed, "periods.json", [_period(kept) for kept in retention.periods(scope).values()])
        _write(packed, "acted-for.json", [_acted(one) for one in acting.for_me(scope)])
        _write(packed, "access-requests.json", _requests(scope))
        _write(packed, "looked-at.json", [_look(look) for look in own.looks(scope)])
        _write(packed, "support-looked-at.json", [_supported(look) for look in support_looks.at_mine(scope)])
        _write_lines(packed, "conversations.jsonl", _conversations(scope))
        _write(packed, "prompts.json", _prompts(scope))
        _write_lines(packed, "record.jsonl", own.recorded(scope))
    file.seek(0)
    return file


def as_json(found: Overview) -> dict[str, Any]:
    """For programs: the same as the page tells."""
    return {
        "kept": [_period(part.kept) | {"amount": part.amount} for part in found.parts],
        "looked_at": [_look(look) for look, _place in found.looks],
        "erasure": erasure_as_json(found.erasure) if found.erasure else None,
        "acted_for": [_acted(one) for one in found.acted],
        "supported": [_supported(look) for look in found.supported],
    }


def _supported(look: SupportLook) -> dict[str, Any]:
    """Which of their documents an operator saw for a support case, and whether its words too (`text`)."""
    return {
        "at": look.at,
        "what": look.what,
        "document": look.facts.get("document"),
        "operator": look.operator,
        "ticket": look.ticket,
    }


def erasure_as_json(row: Erasure) -> dict[str, Any]:
    return {
        "id": row.pk,
        "status": row.status,
        "requested_at": row.created_at,
        "note": row.note,
        "decided_at": row.decided_at,
        "answer": row.answer,
    }


def _write(packed: zipfile.ZipFile, name: str, content: object) -> None:
    packed.writestr(name, json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))


def _write_lines(packed: zipfile.ZipFile, name: str, lines: Iterable[object]) -> None:
    """One at a time: a person may have years of them."""
    with packed.open(name, "w", force_zip64=True) as file:
        for line in lines:
            file.write(json.dumps(line, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n")


def _profile(scope: Scope) -> dict[str, Any]:
    tenant = tenants.current(scope)
    with scope.transaction():
        person = Person.objects.get(pk=scope.person)
        groups = Membership.objects.filter(person=person.pk).select_related("group")
        identities = Identity.objects.filter(person=person.pk)
        return {
            "id": person.pk,
            "name": person.name,
            "email": person.email,
            "created_at": person.created_at,
            "last_sign_in_at": person.last_login,
            "organisation": tenant.name,
            "roles": sorted(scope.roles),
            "groups": [one.group.name for one in groups],
            "identities": [{"issuer": one.issuer, "subject": one.subject} for one in identities],
            "keys": [_key(row) for row in keys.mine(scope)],
        }


def _key(row: Any) -> dict[str, Any]:
    names = ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    return {name: getattr(row, name) for name in names}


def _conversations(scope: Scope) -> Iterator[dict[str, Any]]:
    """With those that were deleted: they are shown to nobody, and kept."""
    with scope.transaction():
        mine = models.Conversation.objects.filter(person=scope.person)
        found: list[uuid.UUID] = list(mine.order_by("created_at").values_list("pk", flat=True))
    for at in range(0, len(found), A_PAGE):
        with scope.transaction():
            rows = models.Conversation.objects.filter(pk__in=found[at : at + A_PAGE]).order_by("created_at")
            told = [_conversation(row) for row in rows]
        yield from told


def _prompts(scope: Scope) -> list[dict[str, Any]]:
    with scope.transaction():
        mine = models.SavedPrompt.objects.filter(person=scope.person).order_by("created_at")
        return [dict(row) for row in mine.values("name", "text", "is_shared", "created_at", "updated_at")]


def _conversation(row: models.Conversation) -> dict[str, Any]:
    answers = row.answers.order_by("created_at").prefetch_related(models.ordered_segments())
    names = ("title", "created_at", "updated_at", "is_pinned", "deleted_at")
    shares = row.shares.order_by("created_at").values("reader", "group", "until")
    told = {"id": row.pk} | {name: getattr(row, name) for name in names} | {"shared_with": list(shares)}
    return told | {"answers": [_answer(one) for one in answers]}


def _answer(row: models.Answer) -> dict[str, Any]:
    names = ("question", "client", "status", "notice", "created_at", "finished_at", "superseded_at", "feedback")
    more = ("feedback_reason", "brought", "sampler", "receipt", "times", "passages", "capsule")
    segments = [{"text": one.text, "citations": one.citations, "support": one.support} for one in row.segments.all()]
    return {"id": row.pk} | {name: getattr(row, name) for name in (*names, *more)} | {"segments": segments}


def _requests(scope: Scope) -> list[dict[str, Any]]:
    with scope.transaction():
        mine = AccessRequest.objects.filter(person=scope.person).order_by("created_at")
        return [deciding.told(row) for row in mine]


def _period(kept: Kept) -> dict[str, Any]:
    return {
        "class": kept.of,
        "name": kept.name,
        "days": kept.days,
        "next_days": kept.next_days,
        "next_at": kept.next_at,
    }


def _acted(row: Acting) -> dict[str, Any]:
    return {"service": row.service_id, "name": row.service.name, "last_at": row.last_at, "times": row.times}


def _look(look: Look) -> dict[str, Any]:
    return {
        "at": look.at,
        "event": look.action,
        "who": look.who or None,
        "reason": look.reason or None,
        "interaction": look.interaction,
    }
