"""From a draft to what is in force, and back to what was.

A version is published when the test texts of all its rules come out as they say; where the tenant wants a second person,
by one who neither wrote nor submitted it. Both are asked in the transaction that publishes, of the rules it publishes.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from governance import access, models, tenants
from governance.actions import Action as Permission
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden
from governance.policy import builtin, fixtures, versions
from governance.policy.versions import State
from governance.scope import Scope
from governance.sentence import sentence


class FixturesFail(Conflict):
    """Carries the report, which says which."""

    code = "fixtures_fail"

    def __init__(self, message: str, report: fixtures.Report) -> None:
        super().__init__(message)
        self.report = report

    def details(self) -> dict[str, object]:
        return {"report": self.report.as_json()}


class SecondPersonNeeded(Forbidden):
    code = "second_person_needed"


def tried(scope: Scope, number: int) -> fixtures.Report:
    """What comes of a version's test texts, whatever its state. Raises Forbidden, NotFound."""
    return fixtures.run(versions.rules_of(versions.get(scope, number)), tenant=scope.tenant)


def submit(scope: Scope, number: int) -> models.PolicyVersion:
    """Ask for another person to publish it. Raises Forbidden, NotFound, Conflict, FixturesFail."""
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        row = versions.open_draft(scope, number)
        if row.submitted_at is not None:
            return row
        report = _checked(row)
        row.submitted_by, row.submitted_at = scope.actor, timezone.now()
        row.save(update_fields=["submitted_by", "submitted_at"])
        versions.record(scope, Event.POLICY_SUBMITTED, row, versions.told(row) | {"fixtures": len(report.outcomes)})
    return row


def publish(scope: Scope, number: int, sha256: str = "") -> models.PolicyVersion:
    """Put a draft into force. `sha256` is that of the rules which the publisher saw: others are not published by mistake.

    Its number may rise, where another was published while it was written. Raises Forbidden, SecondPersonNeeded, NotFound,
    Conflict, FixturesFail.
    """
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        versions.one_at_a_time(scope)
        row = versions.open_draft(scope, number)
        if sha256 and sha256 != row.sha256:
            raise Conflict("The draft was changed since you looked at it. Look again before you publish it.")
        _check_second(scope, row)
        report = _checked(row)
        if row.number < (following := versions.next_number()) - 1:
            row.number = following
        _put_in_force(scope, row, report)
    return row


def restore(scope: Scope, number: int, note: str = "") -> models.PolicyVersion:
    """Publish an older version's rules again, under a new number, beside any draft.

    Where the tenant wants a second person it is submitted instead, and takes the draft's place. Raises Forbidden, NotFound,
    InvalidInput, Conflict, FixturesFail.
    """
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        versions.one_at_a_time(scope)
        old = versions.get(scope, number)
        if old.state != State.SUPERSEDED:
            raise Conflict("Only a version that was in force, and is no longer, can be published again.")
        row = versions.new(scope, builtin.equipped(versions.rules_of(old)), note=note, based_on=number)
        row.restores = number
        report = _checked(row)
        if not tenants.current(scope).policy_needs_second:
            _put_in_force(scope, row, report)
            return row
        versions.check_no_draft()
        row.submitted_by, row.submitted_at = scope.actor, timezone.now()
        row.save(force_insert=True)
        facts = versions.told(row) | {"restores": number, "fixtures": len(report.outcomes)}
        versions.record(scope, Event.POLICY_SUBMITTED, row, facts)
    return row


def require_second(scope: Scope, is_needed: bool) -> models.Tenant:
    """Whether nobody may publish what they wrote. Raises Forbidden."""
    access.require(scope, Permission.POLICY_MANAGE)
    return tenants.write(scope, {"policy_needs_second": is_needed})


def may_publish(scope: Scope, row: models.PolicyVersion) -> bool:
    """As far as a second person is concerned."""
    if not tenants.current(scope).policy_needs_second or scope.is_system:
        return True
    return row.submitted_at is not None and scope.actor not in {*row.authors, row.submitted_by}


def _check_second(scope: Scope, row: models.PolicyVersion) -> None:
    if may_publish(scope, row):
        return
    if row.submitted_at is None:
        raise SecondPersonNeeded("Another person must publish this policy. Submit it first.")
    raise SecondPersonNeeded("You wrote or submitted this policy, so another person must publish it.")


def _checked(row: models.PolicyVersion) -> fixtures.Report:
    report = fixtures.run(versions.rules_of(row), tenant=row.tenant_id)
    if report.passes:
        return report
    if not report.is_whole:
        raise FixturesFail("The test texts did not end in time. Use fewer or shorter ones.", report)
    names = sorted({one.rule for one in report.failed} | set(report.untried))
    raise FixturesFail(
        sentence(
            "The test texts of these rules are missing or do not come out as they say: %(names)s.",
            names=", ".join(names),
        ),
        report,
    )


def _put_in_force(scope: Scope, row: models.PolicyVersion, report: fixtures.Report) -> None:
    before = models.PolicyVersion.objects.select_for_update().filter(state=State.PUBLISHED).first()
    now = timezone.now()
    if before is not None:
        before.state, before.superseded_at = State.SUPERSEDED, now
        before.save(update_fields=["state", "superseded_at"])
    row.state, row.published_by, row.published_at = State.PUBLISHED, scope.actor, now
    row.save()
    facts: dict[str, Any] = versions.told(row) | {
        "supersedes": before.number if before else None,
        "rules": [rule["name"] for rule in row.rules],
        "fixtures": len(report.outcomes),
    }
    event = Event.POLICY_PUBLISHED if row.restores is None else Event.POLICY_ROLLED_BACK
    facts |= {} if row.restores is None else {"restores": row.restores}
    versions.record(scope, event, row, facts, {"note": row.note, "rules": row.rules})
