"""How many of the tenant's questions wait before one's own: row-level security hides the others', so a door counts."""

from __future__ import annotations

from django.db import migrations

from governance import rls

AHEAD = """
SELECT count(*) FROM public.answer mine
JOIN public.answer other ON other.tenant_id = mine.tenant_id AND other.status = 'queued'
    AND (other.created_at, other.id) < (mine.created_at, mine.id)
WHERE mine.tenant_id = chancery.tenant() AND mine.person_id = chancery.person() AND mine.id = wanted
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0002_isolation")]

    operations = [rls.door("chancery.answers_ahead(wanted uuid)", AHEAD, returns="bigint")]
