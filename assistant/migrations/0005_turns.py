"""A turn that a later question replaced is kept and no longer shown; one's own conversations are found by their words."""

from __future__ import annotations

from django.db import migrations, models

from governance import rls

# ILIKE is not leakproof: under row-level security no index would serve it, hence a door. Both extensions are trusted, so
# that a database's owner may create them. Tenant and person come first in each index: others' rows are never touched.
INDEXES = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX conversation_words ON conversation USING gin (tenant_id, person_id, title gin_trgm_ops);
CREATE INDEX answer_words ON answer USING gin (tenant_id, person_id, question gin_trgm_ops);
CREATE INDEX segment_words ON segment USING gin (tenant_id, person_id, text gin_trgm_ops);
GRANT SELECT ON conversation, segment TO chancery_door;
"""
BACK = """
REVOKE SELECT ON conversation, segment FROM chancery_door;
DROP INDEX conversation_words, answer_words, segment_words;
"""

# The conversations that hold every one of the patterns, in their title, their questions or their answers, and of each the
# turn that holds most of them: no turn where only the title does. The newest first.
WITH_WORDS = """
WITH me AS MATERIALIZED (SELECT chancery.tenant() AS tenant, chancery.person() AS person),
wanted AS (SELECT pattern, at FROM unnest(patterns) WITH ORDINALITY AS listed (pattern, at)),
held AS (
    SELECT w.at, c.id AS conversation, NULL::uuid AS turn, NULL::timestamptz AS created
    FROM me, wanted w, public.conversation c
    WHERE c.tenant_id = me.tenant AND c.person_id = me.person AND c.title ILIKE w.pattern
    UNION
    SELECT w.at, a.conversation_id, a.id, a.created_at
    FROM me, wanted w, public.answer a
    WHERE a.tenant_id = me.tenant AND a.person_id = me.person AND a.superseded_at IS NULL AND a.question ILIKE w.pattern
    UNION
    SELECT w.at, a.conversation_id, a.id, a.created_at
    FROM me, wanted w, public.segment s JOIN public.answer a ON a.tenant_id = s.tenant_id AND a.id = s.answer_id
    WHERE s.tenant_id = me.tenant AND s.person_id = me.person AND a.superseded_at IS NULL AND s.text ILIKE w.pattern
),
turns AS (
    SELECT conversation, turn, max(created) AS created, count(*) AS words FROM held GROUP BY conversation, turn
),
whole AS (SELECT conversation FROM held GROUP BY conversation HAVING count(DISTINCT at) = cardinality(patterns))
SELECT c.id, (SELECT t.turn FROM turns t WHERE t.conversation = c.id AND t.turn IS NOT NULL
              ORDER BY t.words DESC, t.created DESC LIMIT 1)
FROM whole JOIN public.conversation c ON c.id = whole.conversation, me
WHERE c.tenant_id = me.tenant AND c.person_id = me.person AND c.deleted_at IS NULL AND c.is_listed
ORDER BY c.updated_at DESC LIMIT most
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0004_clients")]

    operations = [
        migrations.AddField("answer", "superseded_at", models.DateTimeField(null=True)),
        migrations.RunSQL(INDEXES, BACK),
        rls.door(
            "chancery.conversations_with(patterns text[], most integer)",
            WITH_WORDS,
            returns="TABLE (conversation_id uuid, answer_id uuid)",
        ),
    ]
