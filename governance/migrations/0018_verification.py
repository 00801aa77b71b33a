"""What verifying the record reads beside the tree's own doors: heads first to last, events in no tree, and how many rows
there are of each kind."""

from __future__ import annotations

from django.db import migrations

from governance import rls

MAY = "(chancery.is_system() OR chancery.has_role('compliance_officer'))"

SIGNED = """
SELECT c.number, c.at, c.size, c.root, c.note, c.is_witnessed FROM audit.checkpoint c
WHERE c.tenant_id = chancery.tenant() AND c.number > after
ORDER BY c.number LIMIT least(greatest(amount, 1), 1000)
"""

COVERING = """
SELECT c.number, c.at, c.size, c.root, c.note, c.is_witnessed FROM audit.checkpoint c
WHERE c.tenant_id = chancery.tenant() AND c.size > place ORDER BY c.number LIMIT 1
"""
A_HEAD = "TABLE (number bigint, at timestamptz, size bigint, root bytea, note text, is_witnessed boolean)"

# With the columns of audit.stretch, so that an event is looked at in the same way wherever it stands.
LOOSE = f"""
SELECT NULL::bigint, e.id, NULL::bytea, NULL::bytea, e.leaf, e.writer, e.number, e.recorded_at, e.at, e.action, e.actor_id,
       e.subject_id, e.interaction, e.resource_id, e.outcome, e.mentions, sha256(p.ciphertext)
FROM audit.event e
LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id
WHERE e.tenant_id = chancery.tenant() AND {MAY} AND e.id > after
  AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)
ORDER BY e.id LIMIT least(greatest(amount, 1), 10000)
"""
STRETCHED = """TABLE (index bigint, event_id uuid, hash bytea, chain bytea, leaf bytea, writer uuid, number bigint,
    recorded_at timestamptz, at timestamptz, action text, actor_id uuid, subject_id uuid, interaction uuid,
    resource_id uuid, outcome text, mentions uuid[], payload_hash bytea)"""

EXTENT = f"""
SELECT (SELECT count(*) FROM audit.leaf WHERE tenant_id = chancery.tenant()),
       (SELECT coalesce(max(index) + 1, 0) FROM audit.leaf WHERE tenant_id = chancery.tenant()),
       (SELECT count(*) FROM audit.event WHERE tenant_id = chancery.tenant()),
       (SELECT count(*) FROM audit.payload WHERE tenant_id = chancery.tenant()),
       (SELECT count(*) FROM audit.node WHERE tenant_id = chancery.tenant())
WHERE {MAY}
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0017_lifecycle_doors")]

    operations = [
        rls.door("audit.signed(after bigint, amount integer)", SIGNED, returns=A_HEAD),
        rls.door("audit.covering(place bigint)", COVERING, returns=A_HEAD),
        rls.door("audit.loose(after uuid, amount integer)", LOOSE, returns=STRETCHED),
        rls.door(
            "audit.extent()",
            EXTENT,
            returns="TABLE (leaves bigint, ends bigint, events bigint, payloads bigint, nodes bigint)",
        ),
    ]
