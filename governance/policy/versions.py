"""Versions of a tenant's policy: one is in force, at most one is a draft, the others are what was.

A draft is written rule by rule, tried, submitted where a second person must publish it, and published. Going back is
publishing an older version's rules again, under a new number.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from governance import access, models
from governance.actions import Action as Permission
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import ChanceryError, Conflict, InvalidInput
from governance.policy import builtin, documents
from governance.policy.rules import Policy, Rule, Stamp
from governance.scope import Scope
from governance.sentence import sentence

NOTE_MAX = 500
MOST_COMPILED = 64  # versions whose rules this process keeps


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


class PolicyDamaged(ChanceryError):
    """What is stored is not what was published."""

    code = "policy_damaged"
    status = 503


_compiled: dict[str, tuple[Rule, ...]] = {}


def compiled(version: models.PolicyVersion) -> Policy:
    """The version ready to run, a draft as well. Raises PolicyDamaged where its rules do not have its hash."""
    return Policy(Stamp(version.number, version.sha256), rules_of(version))


def rules_of(version: models.PolicyVersion) -> tuple[Rule, ...]:
    """By name, switched on or not. Raises PolicyDamaged."""
    kept = _compiled.get(version.sha256)
    if kept is None:
        kept = _read(version)
        while len(_compiled) >= MOST_COMPILED:
            _compiled.pop(next(iter(_compiled)), None)
        _compiled[version.sha256] = kept
    return kept


def _read(version: models.PolicyVersion) -> tuple[Rule, ...]:
    try:
        rules = documents.read_all(version.rules)
        is_whole = documents.sha256(rules) == version.sha256
    except InvalidInput:
        is_whole = False
    if not is_whole:
        raise PolicyDamaged(
            "The policy that is stored is not the one that was published, so nothing is answered. Tell your operator."
        )
    return rules


def in_force(scope: Scope) -> Policy:
    """What the engine evaluates: the published version, the built-in policy where a tenant has none.

    Reads the version's number and hash each time, and its rules once a process. Raises PolicyDamaged.
    """
    with scope.transaction():
        published = models.PolicyVersion.objects.filter(state=State.PUBLISHED)
        head = published.values_list("number", "sha256").first()
        if head is None:
            return builtin.policy()
        number, sha256 = head
        rules = _compiled.get(sha256)
        return Policy(Stamp(number, sha256), rules) if rules is not None else compiled(published.get())


def listed(scope: Scope) -> list[models.PolicyVersion]:
    """The newest first. Raises Forbidden."""
    access.require(scope, Permission.POLICY_SEE)
    with scope.transaction():
        return list(models.PolicyVersion.objects.order_by("-number"))


def get(scope: Scope, number: int) -> models.PolicyVersion:
    """Raises Forbidden, NotFound."""
    access.require(scope, Permission.POLICY_SEE)
    with scope.transaction():
        return _found(scope, number)


def rule_of(scope: Scope, number: int, name: str) -> dict[str, Any]:
    """One rule of a version as it is stored. Raises Forbidden, NotFound."""
    row = get(scope, number)
    found: dict[str, Any] | None = next((rule for rule in row.rules if rule["name"] == name), None)
    if found is None:
        raise access.unseen(Permission.POLICY_SEE, "rule", row.pk, "There is no such rule.")
    return found


def draft(scope: Scope, note: str = "", documented: Iterable[Mapping[str, Any]] | None = None) -> models.PolicyVersion:
    """A new draft: of what is in force, or of these rules. Raises Forbidden, InvalidInput, Conflict (there is one)."""
    access.require(scope, Permission.POLICY_MANAGE)
    wanted = None if documented is None else documents.read_all(documented)
    with scope.transaction():
        one_at_a_time(scope)
        before = in_force(scope)
        check_no_draft()
        rules = builtin.equipped(before.rules if wanted is None else wanted)
        row = new(scope, rules, note=note, based_on=before.stamp.number)
        row.save(force_insert=True)
        facts = told(row) | {"based_on": row.based_on}
        record(scope, Event.POLICY_DRAFTED, row, facts, {"note": row.note} if row.note else None)
    return row


def put_rule(
    scope: Scope,
    number: int,
    document: Mapping[str, Any],
    *,
    replaces: str | None = None,
    is_new: bool = False,
) -> models.PolicyVersion:
    """Write one rule of a draft: under its name, in the place of `replaces` where that is another, beside all where it
    `is_new`.

    Raises Forbidden, NotFound, InvalidInput, Conflict (no draft, or the name is taken).
    """
    access.require(scope, Permission.POLICY_MANAGE)
    rule = documents.read(document)
    with scope.transaction():
        row = open_draft(scope, number)
        rules = {one.name: one for one in rules_of(row)}
        before = None if is_new else rules.pop(replaces if replaces is not None else rule.name, None)
        if replaces is not None and before is None:
            raise access.unseen(Permission.POLICY_MANAGE, "rule", row.pk, "There is no such rule.")
        if rule.name in rules:
            raise Conflict(sentence("There is a rule called %(name)s already.", name=rule.name))
        return _write(scope, row, [*rules.values(), rule], before, rule)


def remove_rule(scope: Scope, number: int, name: str) -> models.PolicyVersion:
    """Raises Forbidden, NotFound, Conflict (no draft)."""
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        row = open_draft(scope, number)
        rules = {one.name: one for one in rules_of(row)}
        before = rules.pop(name, None)
        if before is None:
            raise access.unseen(Permission.POLICY_MANAGE, "rule", row.pk, "There is no such rule.")
        return _write(scope, row, list(rules.values()), before, None)


def describe(scope: Scope, number: int, note: str) -> models.PolicyVersion:
    """The draft's note: why it is written. Raises Forbidden, NotFound, InvalidInput, Conflict."""
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        row = open_draft(scope, number)
        row.note = noted(note)
        row.save(update_fields=["note"])
        record(scope, Event.POLICY_CHANGED, row, told(row) | {"changed": ["note"]}, {"note": row.note})
    return row


def discard(scope: Scope, number: int) -> models.PolicyVersion:
    """The draft is given up; it stays in the list. Raises Forbidden, NotFound, Conflict."""
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        row = open_draft(scope, number)
        row.state = State.DISCARDED
        row.save(update_fields=["state"])
        record(scope, Event.POLICY_DISCARDED, row, told(row))
    return row


def found(scope: Scope) -> models.PolicyVersion:
    """A new tenant's first version: the built-in rules of the day it is made."""
    with scope.transaction():
        row = new(scope, builtin.rules())
        row.state, row.published_at = State.PUBLISHED, timezone.now()
        row.save(force_insert=True)
    return row


# What publishing needs too.


def new(scope: Scope, rules: Iterable[Rule], *, note: str = "", based_on: int | None = None) -> models.PolicyVersion:
    """Not saved yet, a draft under the next number. Raises InvalidInput."""
    rules = list(rules)
    documents.check_size(rules)
    return models.PolicyVersion(
        tenant_id=scope.tenant,
        number=next_number(),
        state=State.DRAFT,
        rules=documents.all_of(rules),
        sha256=documents.sha256(rules),
        note=noted(note),
        based_on=based_on,
        made_by=scope.actor,
        authors=[scope.actor] if scope.actor else [],
    )


def next_number() -> int:
    highest = models.PolicyVersion.objects.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def one_at_a_time(scope: Scope) -> None:
    """Until the end of the transaction nobody else of the tenant drafts or publishes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [str(scope.tenant)])


def check_no_draft() -> None:
    if number := models.PolicyVersion.objects.filter(state=State.DRAFT).values_list("number", flat=True).first():
        raise Conflict(
            sentence("Version %(number)s is a draft already. Go on with it, publish it or discard it.", number=number)
        )


def open_draft(scope: Scope, number: int) -> models.PolicyVersion:
    """Locked until the end of the transaction. Raises NotFound, Conflict."""
    row = _found(scope, number, is_locked=True)
    if row.state != State.DRAFT:
        raise Conflict(sentence("Version %(number)s is no draft, so it stays as it is.", number=number))
    return row


def noted(note: str) -> str:
    note = " ".join(note.replace("\x00", "").split())
    if len(note) > NOTE_MAX:
        raise InvalidInput(sentence("A note has at most %(most)s characters.", most=NOTE_MAX), param="note")
    return note


def told(row: models.PolicyVersion) -> dict[str, Any]:
    return {"number": row.number, "sha256": row.sha256}


def record(
    scope: Scope,
    event: Event,
    row: models.PolicyVersion,
    facts: dict[str, Any],
    payload: dict[str, Any] | None = None,
) -> None:
    """Under the tenant's key: what the policy was outlives whoever wrote it."""
    events.record(scope, event, resource=("policy_version", row.pk), facts=facts, payload=payload, subject=scope.tenant)


def _found(scope: Scope, number: int, *, is_locked: bool = False) -> models.PolicyVersion:
    rows = models.PolicyVersion.objects.all()
    row = (rows.select_for_update() if is_locked else rows).filter(number=number).first()
    if row is None:
        missing = uuid.uuid5(scope.tenant, f"policy {number}")
        raise access.unseen(Permission.POLICY_SEE, "policy_version", missing, "There is no such version.")
    return row


def _write(
    scope: Scope, row: models.PolicyVersion, rules: list[Rule], before: Rule | None, after: Rule | None
) -> models.PolicyVersion:
    """A draft that changes is nobody's to approve any longer: it must be submitted again."""
    documents.check_size(rules)
    one = after or before
    if before == after or one is None:
        return row
    row.rules, row.sha256 = documents.all_of(rules), documents.sha256(rules)
    row.submitted_by = row.submitted_at = row.restores = None
    if scope.actor and scope.actor not in row.authors:
        row.authors = [*row.authors, scope.actor]
    row.save(update_fields=["rules", "sha256", "submitted_by", "submitted_at", "restores", "authors"])
    was, is_now = (documents.of(rule) if rule else {} for rule in (before, after))
    changed = [field for field in (was | is_now) if was.get(field) != is_now.get(field)]
    facts = told(row) | {"rule": one.name, "changed": sorted(changed)}
    record(scope, Event.POLICY_CHANGED, row, facts, {"before": was, "after": is_now})
    return row
