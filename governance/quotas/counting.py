"""What is set aside and what was used, counted in one statement each: the reservation, and the sums of everything it counts for.

The tenant's row of the day is always changed first, so that of two at once one waits for the other, and no two wait in a ring;
and whoever has waited sees what the other has taken. Each statement gives back the limits that hold, with their sums after it.
"""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from governance.quotas import subjects
from governance.quotas.bounds import Bound
from governance.quotas.models import ALERT_AT, Measure, Per
from governance.scope import Scope

LEASE = timedelta(
    minutes=15
)  # longer than any call that holds one beside an answer, whose own lease says who works on it

OLD = """
old AS (
    SELECT id, reserved, reserved_ms, reserved_nanos FROM reservation
    WHERE tenant_id = %(tenant)s AND interaction = %(interaction)s AND used IS NULL FOR UPDATE
)"""
PRICED = """
priced AS (
    SELECT coalesce(sum(p.read * %(read)s + p.written * %(written)s), 0)::bigint AS nanos
    FROM price p WHERE p.tenant_id = %(tenant)s AND p.model = %(model)s
)"""
RAISED = """
raised AS (
    UPDATE reservation r SET reserved = %(read)s + %(written)s, reserved_ms = %(ms)s, reserved_nanos = priced.nanos,
        is_asked = r.is_asked OR %(is_asked)s, owner = %(owner)s, lease_until = now() + %(lease)s
    FROM old, priced WHERE r.id = old.id RETURNING r.*
)"""
MADE = """
made AS (
    INSERT INTO reservation (id, created_at, tenant_id, person_id, interaction, day, key, groups, model, reserved, reserved_ms,
        reserved_nanos, used_ms, used_nanos, is_asked, owner, lease_until)
    SELECT gen_random_uuid(), now(), %(tenant)s, %(person)s, %(interaction)s, (now() AT TIME ZONE 'UTC')::date, %(key)s,
        %(groups)s::uuid[], %(model)s, %(read)s + %(written)s, %(ms)s, priced.nanos, 0, 0, %(is_asked)s, %(owner)s,
        now() + %(lease)s
    FROM priced WHERE NOT EXISTS (SELECT FROM old)
    ON CONFLICT (tenant_id, interaction) DO NOTHING RETURNING *
)"""
HELD = """
changed AS (
    SELECT r.*, 0::bigint AS tokens, 0::bigint AS ms, 0::bigint AS nanos, r.reserved - coalesce(old.reserved, 0) AS held_tokens,
        r.reserved_ms - coalesce(old.reserved_ms, 0) AS held_ms, r.reserved_nanos - coalesce(old.reserved_nanos, 0) AS held_nanos
    FROM (SELECT * FROM raised UNION ALL SELECT * FROM made) r LEFT JOIN old ON old.id = r.id
)"""
# Where nobody knows what it used, and a model was asked, all that was set aside counts; where none was, nothing does.
SETTLED = """
done AS (
    UPDATE reservation r SET lease_until = NULL,
        used = CASE WHEN %(is_known)s THEN %(read)s + %(written)s WHEN r.is_asked THEN r.reserved ELSE 0 END,
        used_ms = CASE WHEN %(is_known)s THEN %(ms)s WHEN r.is_asked THEN r.reserved_ms ELSE 0 END,
        used_nanos = CASE WHEN NOT %(is_known)s THEN CASE WHEN r.is_asked THEN r.reserved_nanos ELSE 0 END
            ELSE coalesce((SELECT p.read * %(read)s + p.written * %(written)s FROM price p
                           WHERE p.tenant_id = r.tenant_id AND p.model = r.model), 0) END
    WHERE r.tenant_id = %(tenant)s AND r.interaction = %(interaction)s AND r.used IS NULL RETURNING r.*
), changed AS (
    SELECT r.*, r.used::bigint AS tokens, r.used_ms AS ms, r.used_nanos AS nanos, -r.reserved::bigint AS held_tokens,
        -r.reserved_ms AS held_ms, -r.reserved_nanos AS held_nanos
    FROM done r
)"""
COUNTED = """
counted AS (
    INSERT INTO spent (id, created_at, tenant_id, day, kind, subject, tokens, ms, nanos, held_tokens, held_ms, held_nanos)
    SELECT gen_random_uuid(), now(), c.tenant_id, c.day, s.kind, s.subject, c.tokens, c.ms, c.nanos,
        c.held_tokens, c.held_ms, c.held_nanos
    FROM changed c CROSS JOIN LATERAL (
        VALUES ('tenant', ''), ('person', c.person_id::text), ('key', c.key::text), ('model', nullif(c.model, ''))
        UNION ALL SELECT 'group', g::text FROM unnest(c.groups) g
    ) s(kind, subject)
    WHERE s.subject IS NOT NULL ORDER BY s.kind <> 'tenant', s.kind, s.subject
    ON CONFLICT (tenant_id, kind, subject, day) DO UPDATE SET
        tokens = spent.tokens + excluded.tokens, ms = spent.ms + excluded.ms, nanos = spent.nanos + excluded.nanos,
        held_tokens = spent.held_tokens + excluded.held_tokens, held_ms = spent.held_ms + excluded.held_ms,
        held_nanos = spent.held_nanos + excluded.held_nanos
    RETURNING *
)"""
# Who is asked about, where nothing is counted: the subjects of a scope, with what they have used today.
ASKED = """
asked AS (
    SELECT %(groups)s::uuid[] AS groups, (now() AT TIME ZONE 'UTC')::date AS day
), counted AS (
    SELECT s.kind, s.subject, a.day, coalesce(t.tokens, 0) AS tokens, coalesce(t.ms, 0) AS ms, coalesce(t.nanos, 0) AS nanos,
        coalesce(t.held_tokens, 0) AS held_tokens, coalesce(t.held_ms, 0) AS held_ms, coalesce(t.held_nanos, 0) AS held_nanos
    FROM asked a CROSS JOIN LATERAL (
        VALUES ('tenant', ''), ('person', %(person)s::text), ('key', %(key)s::text), ('model', nullif(%(model)s::text, ''))
        UNION ALL SELECT 'group', g::text FROM unnest(a.groups) g
    ) s(kind, subject)
    LEFT JOIN spent t ON t.tenant_id = %(tenant)s AND t.kind = s.kind AND t.subject = s.subject AND t.day = a.day
    WHERE s.subject IS NOT NULL
)"""
LIMITS = f"""
limits AS (
    SELECT a.id, a.measure, a.per, a.most, a.alert_at, a.is_each,{subjects.OF_A_LIMIT}
    FROM allowance a WHERE a.tenant_id = %(tenant)s
    UNION ALL SELECT NULL, 'tokens', 'day', t.tokens_per_day, ARRAY{list(ALERT_AT)}, false, 'tenant', ''
    FROM tenant t WHERE t.id = %(tenant)s AND t.tokens_per_day IS NOT NULL
)"""
HOLDING = f"""
SELECT l.id, l.kind, l.is_each, l.measure, l.per, l.most, l.alert_at, c.kind, c.subject, w.since,
    ({subjects.measured("c")} + e.used)::bigint,
    ({subjects.measured("c", "held_")} + e.held)::bigint,
    ARRAY(SELECT q.percent FROM quota_alert q WHERE q.tenant_id = %(tenant)s AND q.kind = c.kind AND q.subject = c.subject
          AND q.measure = l.measure AND q.per = l.per AND q.since = w.since AND q.most = l.most),
    (SELECT t.currency FROM tenant t WHERE t.id = %(tenant)s)
FROM counted c
JOIN limits l ON NOT l.is_each AND l.kind = c.kind AND l.subject = c.subject
    OR l.is_each AND c.kind = 'person'
       AND (l.kind = 'tenant' OR l.subject = ANY (SELECT unnest(x.groups)::text FROM {{groups}} x))
CROSS JOIN LATERAL (SELECT CASE l.per WHEN 'day' THEN c.day ELSE date_trunc('month', c.day)::date END AS since) w
CROSS JOIN LATERAL (
    SELECT coalesce(sum({subjects.measured("s")}), 0) AS used, coalesce(sum({subjects.measured("s", "held_")}), 0) AS held
    FROM spent s WHERE l.per = 'month' AND s.tenant_id = %(tenant)s AND s.kind = c.kind AND s.subject = c.subject
        AND s.day >= w.since AND s.day <> c.day AND s.day < w.since + interval '1 month'
) e
"""

RESERVE = f"WITH {', '.join((OLD, PRICED, RAISED, MADE, HELD, COUNTED, LIMITS))} {HOLDING.format(groups='changed')}"
SETTLE = f"WITH {', '.join((SETTLED, COUNTED, LIMITS))} {HOLDING.format(groups='changed')}"
LOOK = f"WITH {', '.join((ASKED, LIMITS))} {HOLDING.format(groups='asked')}"


@dataclass(frozen=True)
class Use:
    """Of one interaction: tokens read and written by the model, and milliseconds that it was at work."""

    read: int = 0
    written: int = 0
    ms: int = 0

    @property
    def tokens(self) -> int:
        return self.read + self.written


def reserve(scope: Scope, interaction: uuid.UUID, use: Use, model: str, *, is_asked: bool) -> list[Bound]:
    """Set it aside, or set aside so much instead; nothing where it is settled. In the scope's transaction."""
    lease: dict[str, Any] = {"owner": owner(), "lease": LEASE, "is_asked": is_asked, "interaction": interaction}
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, _of(scope, model) | _used(use) | lease)
        return [_bound(row) for row in cursor.fetchall()]


def settle(scope: Scope, interaction: uuid.UUID, use: Use | None) -> list[Bound]:
    """What it used instead of what was set aside; None where nobody knows. Nothing where it is settled, or was never begun."""
    known = {"is_known": use is not None, "tenant": scope.tenant, "interaction": interaction}
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, _used(use or Use()) | known)
        return [_bound(row) for row in cursor.fetchall()]


def look(scope: Scope, model: str = "") -> list[Bound]:
    with connection.cursor() as cursor:
        cursor.execute(LOOK, _of(scope, model))
        return [_bound(row) for row in cursor.fetchall()]


def owner() -> str:
    """This process, for whoever looks for what became of it."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def _of(scope: Scope, model: str) -> dict[str, Any]:
    return {
        "tenant": scope.tenant,
        "person": scope.actor,
        "key": scope.charged,
        "groups": sorted(scope.groups),
        "model": model,
    }


def _used(use: Use) -> dict[str, Any]:
    return {"read": use.read, "written": use.written, "ms": use.ms}


def _bound(row: tuple[Any, ...]) -> Bound:
    limit, of, is_each, measure, per, most, alert_at, kind, subject, since, used, held, told, currency = row
    whose, what = (limit, of, is_each, kind, subject), (Measure(measure), Per(per), most, tuple(alert_at))
    return Bound(*whose, *what, since, used, held, frozenset(told), currency)
