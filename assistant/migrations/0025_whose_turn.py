"""Whose question is next is the database's choice: tenants in turn, each below its bound, and within one its people in turn."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

RIGHTS = "(status, notice, attempts, lease, lease_until, started_at) ON answer"

UNENDED = "a.status IN ('queued', 'running')"
HELD = "(a.status = 'running' AND a.lease_until >= now())"
# It waits for the answer before it.
BEHIND = """(a.after_id IS NOT NULL AND EXISTS (
    SELECT FROM public.answer b WHERE b.tenant_id = a.tenant_id AND b.id = a.after_id AND b.status IN ('queued', 'running')))"""
FREE = f"(a.lease_until IS NULL OR a.lease_until < now()) AND NOT {BEHIND}"

# The fewest under way first, of several that have as few whoever was served longest ago: so a thousand that wait of one
# do not hold up another's one, also where fewer are answered at once than there are tenants. One choice at a time, so that two
# at once cannot pass a bound: it is short. The next tenant has its turn where somebody changes all that the first one has.
TAKE = f"""
#variable_conflict use_column
DECLARE
    turn uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('chancery.take_answer', 0));
    FOR turn IN
        SELECT a.tenant_id FROM public.answer a JOIN public.tenant t ON t.id = a.tenant_id
        WHERE {UNENDED}
        GROUP BY a.tenant_id, t.answers_running_max
        HAVING count(*) FILTER (WHERE {HELD}) < t.answers_running_max AND bool_or({FREE})
        ORDER BY count(*) FILTER (WHERE {HELD}),
                 (SELECT max(s.started_at) FROM public.answer s WHERE s.tenant_id = a.tenant_id) NULLS FIRST,
                 min(a.created_at), a.tenant_id
    LOOP
        RETURN QUERY
        WITH people AS (
            SELECT a.person_id, count(*) FILTER (WHERE {HELD}) AS running,
                   (SELECT max(s.started_at) FROM public.answer s
                    WHERE s.tenant_id = turn AND s.person_id = a.person_id) AS last_served
            FROM public.answer a WHERE a.tenant_id = turn AND {UNENDED} GROUP BY a.person_id
        ), chosen AS (
            SELECT a.id FROM public.answer a JOIN people p ON p.person_id = a.person_id
            WHERE a.tenant_id = turn AND {UNENDED} AND {FREE}
            ORDER BY p.running, p.last_served NULLS FIRST, a.created_at, a.id
            LIMIT 1 FOR UPDATE OF a SKIP LOCKED
        )
        UPDATE public.answer a
        SET status = 'running', notice = '', attempts = a.attempts + 1, lease = taker,
            lease_until = clock_timestamp() + lasting, started_at = coalesce(a.started_at, clock_timestamp())
        FROM chosen WHERE a.tenant_id = turn AND a.id = chosen.id
        RETURNING a.tenant_id, a.id;
        IF FOUND THEN
            RETURN;
        END IF;
    END LOOP;
END
"""

# As the door above chooses, if none ends and none comes: a round of what each person has first, then of what each has second.
# Whoever has some under way comes in so many rounds later. What waits for the answer before it is passed over.
AHEAD = f"""
WITH unended AS MATERIALIZED (
    SELECT a.person_id, a.id, a.created_at, a.status = 'queued' AS waits, {BEHIND} AS is_behind
    FROM public.answer a WHERE a.tenant_id = chancery.tenant() AND {UNENDED}
), people AS (
    SELECT u.person_id, count(*) FILTER (WHERE NOT u.waits) AS running,
           (SELECT max(a.started_at) FROM public.answer a
            WHERE a.tenant_id = chancery.tenant() AND a.person_id = u.person_id) AS last_served
    FROM unended u GROUP BY u.person_id
), lines AS (
    SELECT u.id, u.person_id, row_number() OVER line AS nth, min(u.created_at) OVER line AS since
    FROM unended u
    WHERE u.waits AND (u.id = wanted OR NOT u.is_behind)
    WINDOW line AS (PARTITION BY u.person_id ORDER BY u.created_at, u.id)
), places AS (
    SELECT l.id, l.person_id,
           row_number() OVER (ORDER BY p.running + l.nth, l.nth, p.last_served NULLS FIRST, l.since, l.id) - 1 AS ahead
    FROM lines l JOIN people p ON p.person_id = l.person_id
)
SELECT coalesce((SELECT p.ahead FROM places p WHERE p.id = wanted AND p.person_id = chancery.person()), 0)
"""

# Of as many as are answered at once (`hands`, or what is seen to run), what one tenant has: `share` is its part beside the
# others that ask, or what it has already, and `room` how many more of its could begin at once. How many others there are, and
# how much they ask, does not leave this door.
SHARE = f"""
WITH unended AS (
    SELECT a.tenant_id, a.tenant_id = chancery.tenant() AS mine, {HELD} AS is_held
    FROM public.answer a
    WHERE {UNENDED} AND (a.status = 'running' OR a.lease_until IS NULL OR a.lease_until < now())
), counted AS (
    SELECT count(*) FILTER (WHERE u.is_held AND u.mine) AS running,
           greatest(hands, count(*) FILTER (WHERE u.is_held)) AS at_once,
           count(*) FILTER (WHERE u.is_held) AS held,
           1 + count(DISTINCT u.tenant_id) FILTER (WHERE NOT u.mine) AS tenants
    FROM unended u
)
SELECT least(t.answers_running_max, greatest(c.running, c.at_once::double precision / c.tenants)),
       least(t.answers_running_max - c.running, c.at_once - c.held)
FROM counted c, public.tenant t WHERE t.id = chancery.tenant()
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0024_set_runs_kept")]

    operations = [
        migrations.AddIndex(
            "answer",
            models.Index(
                fields=["tenant", "person"],
                condition=models.Q(status__in=["queued", "running"]),
                name="answer_unended",
            ),
        ),
        migrations.AddIndex("answer", models.Index(fields=["tenant", "started_at"], name="answer_served_tenant")),
        migrations.AddIndex(
            "answer", models.Index(fields=["tenant", "person", "started_at"], name="answer_served_person")
        ),
        migrations.RunSQL(f"GRANT UPDATE {RIGHTS} TO chancery_door", f"REVOKE UPDATE {RIGHTS} FROM chancery_door"),
        rls.door(
            "chancery.take_answer(taker uuid, lasting interval)",
            TAKE,
            returns="TABLE (tenant_id uuid, id uuid)",
            language="plpgsql",
            volatility="VOLATILE",
        ),
        migrations.RunSQL("DROP FUNCTION chancery.answers_ahead(uuid)", migrations.RunSQL.noop),
        rls.door("chancery.answers_ahead(wanted uuid)", AHEAD, returns="bigint"),
        rls.door("chancery.answers_share(hands integer)", SHARE, returns="TABLE (share double precision, room bigint)"),
    ]
