"""What each sentence stood on, and what was asked in vain: words alone, and none that one person alone has asked with."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from governance import rls

SUPPORT = [
    ("neutral", "Neutral"),
    ("supported", "Supported"),
    ("moved", "Moved"),
    ("unsupported", "Unsupported"),
    ("extract", "Extract"),
]

# `closed` says since when a term is none. A value holds the term, a blank, and the word as it was written.
GAPS = """
WITH asked_in_vain AS (
    SELECT a.id, a.person_id, a.created_at, split_part(kept, ' ', 1) AS term, split_part(kept, ' ', 2) AS word
    FROM public.answer a, unnest(a.gap_terms) AS kept
    WHERE a.tenant_id = chancery.tenant() AND asked = ANY (a.gap_collections) AND a.status = 'refused'
      AND a.client <> 'evaluation'
      AND (asked IN (SELECT chancery.collections(3)) OR chancery.has_role('tenant_admin'))
), standing AS (
    SELECT * FROM asked_in_vain v
    WHERE v.created_at > coalesce((closed ->> v.term)::timestamptz, '-infinity'::timestamptz)
), told AS (
    SELECT s.term, mode() WITHIN GROUP (ORDER BY s.word) AS word, count(DISTINCT s.person_id) AS people,
           count(DISTINCT s.id) AS questions, max(s.created_at) AS last_at
    FROM standing s GROUP BY s.term HAVING count(DISTINCT s.person_id) >= 2
), pairs AS (
    SELECT one.term, other.term AS beside FROM standing one JOIN standing other ON other.id = one.id
    WHERE other.term <> one.term
    GROUP BY one.term, other.term HAVING count(DISTINCT one.person_id) >= 2
)
SELECT t.term, t.word, t.people, t.questions, t.last_at,
       ARRAY(SELECT p.beside FROM pairs p WHERE p.term = t.term ORDER BY p.beside)
FROM told t ORDER BY t.people DESC, t.questions DESC, t.term LIMIT 200
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0010_question_set_isolation")]

    operations = [
        migrations.AddField(
            "segment",
            "support",
            models.CharField(blank=True, choices=SUPPORT, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            "answer", "gap_terms", ArrayField(models.CharField(max_length=80), db_default=[], default=list)
        ),
        migrations.AddField("answer", "gap_collections", ArrayField(models.UUIDField(), db_default=[], default=list)),
        rls.door(
            "chancery.gaps(asked uuid, closed jsonb)",
            GAPS,
            returns="TABLE (term text, word text, people bigint, questions bigint, last_at timestamptz, beside text[])",
        ),
    ]
