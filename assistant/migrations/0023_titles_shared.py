"""A reader is told a title only where its words are told them, or where its owner gave it: it is cut from a question."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# As in 0013.
REACH = """
SELECT s.tenant_id, s.conversation_id, max(s.until) AS until
FROM public.share s
WHERE s.tenant_id = chancery.tenant() AND s.person_id <> chancery.person()
  AND (s.reader_id = chancery.person() OR EXISTS (
      SELECT FROM public.membership m
      WHERE m.tenant_id = s.tenant_id AND m.group_id = s.group_id AND m.person_id = chancery.person()))
GROUP BY s.tenant_id, s.conversation_id
"""
SHOWN = "a.superseded_at IS NULL AND a.created_at <= w.until"
# A title of more than 80 characters is cut at a word, see assistant.conversations.titles.
NAMED = "(a.question = w.title OR right(w.title, 1) = '…' AND starts_with(a.question, left(w.title, -1)))"
OF_IT = "FROM public.answer a WHERE a.tenant_id = w.tenant_id AND a.conversation_id = w.id"
# The words of a question that this reader is not shown give way to those of the first that they are; to nothing without one.
WITH_ME = f"""
WITH reach AS ({REACH}), w AS (
    SELECT c.tenant_id, c.id, c.title, c.person_id, r.until
    FROM reach r JOIN public.conversation c ON c.tenant_id = r.tenant_id AND c.id = r.conversation_id
    WHERE c.deleted_at IS NULL AND (wanted IS NULL OR c.id = wanted) ORDER BY r.until DESC LIMIT most
)
SELECT w.id,
    CASE WHEN (SELECT bool_or({NAMED}) AND NOT bool_or({NAMED} AND {SHOWN}) {OF_IT}) THEN coalesce((
        SELECT CASE WHEN length(a.question) <= 80 THEN a.question
                    ELSE regexp_replace(left(a.question, 79), ' [^ ]*$', '') || '…' END
        {OF_IT} AND {SHOWN} ORDER BY a.created_at LIMIT 1), '')
    ELSE w.title END::varchar,
    w.person_id, w.until
FROM w ORDER BY w.until DESC
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0022_answer_label")]

    operations = [
        migrations.RunSQL("DROP FUNCTION chancery.shared_with_me(integer)", migrations.RunSQL.noop),
        # One is looked for where it is reached, and not among the titles of all.
        rls.door(
            "chancery.shared_with_me(most integer, wanted uuid)",
            WITH_ME,
            returns="TABLE (conversation_id uuid, title varchar, owner_id uuid, until timestamptz)",
        ),
    ]
