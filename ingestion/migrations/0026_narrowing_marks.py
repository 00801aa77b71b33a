"""That something of a tenant's documents became narrower, or wider, told without a look at whose: for streams that are open."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# Of no order and no keys: one mark for all that `chancery.hidden_documents` goes by beside grants and groups.
MARKS = """
SELECT t.id, md5(concat_ws(':', t.clearance,
    (SELECT bit_xor(hashtextextended(concat_ws(':', d.id, d.is_restricted, d.label), 0)) FROM public.document d
     WHERE d.tenant_id = t.id AND (d.is_restricted OR d.label IS NOT NULL)),
    (SELECT bit_xor(hashtextextended(concat_ws(':', r.id, r.document_id, r.person_id, r.group_id), 0))
     FROM public.document_reader r WHERE r.tenant_id = t.id),
    (SELECT bit_xor(hashtextextended(concat_ws(':', c.id, c.label), 0)) FROM public.collection c
     WHERE c.tenant_id = t.id AND c.label > 0),
    (SELECT bit_xor(hashtextextended(concat_ws(':', e.id, e.rank), 0))
     FROM public.clearance e WHERE e.tenant_id = t.id)))
FROM public.tenant t WHERE t.id = ANY (wanted)
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0025_support"), ("governance", "0047_support")]

    operations = [
        rls.door("chancery.narrowings(wanted uuid[])", MARKS, returns="TABLE (tenant uuid, mark text)"),
    ]
