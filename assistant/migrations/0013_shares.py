"""A conversation may be read by others whom its person names. They reach it by these doors alone."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance import rls

KEY = {"db_constraint": False, "on_delete": django.db.models.deletion.DO_NOTHING, "related_name": "+"}

# What is shared with the person, or with a group they are in now: the furthest that any of these shares reaches.
REACH = """
SELECT s.tenant_id, s.conversation_id, max(s.until) AS until
FROM public.share s
WHERE s.tenant_id = chancery.tenant() AND s.person_id <> chancery.person()
  AND (s.reader_id = chancery.person() OR EXISTS (
      SELECT FROM public.membership m
      WHERE m.tenant_id = s.tenant_id AND m.group_id = s.group_id AND m.person_id = chancery.person()))
GROUP BY s.tenant_id, s.conversation_id
"""
WITH_ME = f"""
WITH reach AS ({REACH})
SELECT c.id, c.title, c.person_id, r.until
FROM reach r JOIN public.conversation c ON c.tenant_id = r.tenant_id AND c.id = r.conversation_id
WHERE c.deleted_at IS NULL ORDER BY r.until DESC LIMIT most
"""
# The line that its person shows, as far as it was shared. Neither receipts nor notices: they name what was searched.
ANSWERS = f"""
WITH reach AS ({REACH})
SELECT a.id, a.question, a.status, a.created_at, a.passages, a.is_model_only, a.capsule -> 'model' ->> 'name'
FROM reach r
JOIN public.conversation c ON c.tenant_id = r.tenant_id AND c.id = r.conversation_id AND c.deleted_at IS NULL
JOIN public.answer a ON a.tenant_id = r.tenant_id AND a.conversation_id = r.conversation_id
WHERE r.conversation_id = wanted AND a.superseded_at IS NULL AND a.created_at <= r.until
ORDER BY a.created_at
"""
SEGMENTS = f"""
WITH reach AS ({REACH})
SELECT s.answer_id, s.ordinal, s.text, s.citations, s.is_supported, s.support
FROM reach r
JOIN public.conversation c ON c.tenant_id = r.tenant_id AND c.id = r.conversation_id AND c.deleted_at IS NULL
JOIN public.answer a ON a.tenant_id = r.tenant_id AND a.conversation_id = r.conversation_id
JOIN public.segment s ON s.tenant_id = a.tenant_id AND s.answer_id = a.id
WHERE r.conversation_id = wanted AND a.superseded_at IS NULL AND a.created_at <= r.until
ORDER BY a.created_at, s.ordinal
"""
WITH_ME_ROW = "TABLE (conversation_id uuid, title varchar, owner_id uuid, until timestamptz)"
ANSWER_ROW = (
    "TABLE (id uuid, question text, status varchar, asked_at timestamptz, passages jsonb, alone boolean, name text)"
)
SEGMENT_ROW = (
    "TABLE (answer_id uuid, ordinal integer, said text, citations jsonb, is_supported boolean, support varchar)"
)


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0012_branches"),
        ("governance", "0032_one_append"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("until", models.DateTimeField()),
                (
                    "conversation",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="shares",
                        to="assistant.conversation",
                    ),
                ),
                ("group", models.ForeignKey(null=True, to="governance.group", **KEY)),
                ("person", models.ForeignKey(to=settings.AUTH_USER_MODEL, **KEY)),
                ("reader", models.ForeignKey(null=True, to=settings.AUTH_USER_MODEL, **KEY)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="governance.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "share",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reader__isnull", False), ("group__isnull", False), _connector="XOR"),
                        name="share_with_one",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "conversation", "reader", "group"), name="share_once", nulls_distinct=False
                    ),
                ],
            },
        ),
        migrations.RunSQL("GRANT SELECT ON share TO chancery_door", "REVOKE SELECT ON share FROM chancery_door"),
        rls.same_tenant("share", "conversation_id", "conversation", "CASCADE"),
        rls.same_tenant("share", "person_id", "person"),
        rls.same_tenant("share", "reader_id", "person"),
        rls.same_tenant("share", "group_id", '"group"', "CASCADE"),
        rls.isolate("share", read=rls.OWN, write=rls.OWN),
        rls.door("chancery.shared_with_me(most integer)", WITH_ME, returns=WITH_ME_ROW),
        rls.door("chancery.shared_answers(wanted uuid)", ANSWERS, returns=ANSWER_ROW),
        rls.door("chancery.shared_segments(wanted uuid)", SEGMENTS, returns=SEGMENT_ROW),
    ]
