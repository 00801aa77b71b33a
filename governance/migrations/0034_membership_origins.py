"""A membership says whose word it is: a hand's, one provider's claim, or one directory's. Each is a row of its own."""

from __future__ import annotations

from django.db import migrations, models

# What a claim gave is the provider's whose issuer knows the person: the oldest, where one issuer has several. The owner is
# under row-level security too, and sees no row: for these statements, inside one transaction, it is not.
WHOSE = """
ALTER TABLE membership NO FORCE ROW LEVEL SECURITY;
ALTER TABLE identity NO FORCE ROW LEVEL SECURITY;
ALTER TABLE identity_provider NO FORCE ROW LEVEL SECURITY;
UPDATE membership m SET held_by = (
    SELECT p.id FROM identity_provider p
    JOIN identity i ON i.tenant_id = p.tenant_id AND i.issuer = p.issuer
    WHERE p.tenant_id = m.tenant_id AND i.person_id = m.person_id
    ORDER BY p.created_at, p.id LIMIT 1
) WHERE m.source = 'sso';
ALTER TABLE membership FORCE ROW LEVEL SECURITY;
ALTER TABLE identity FORCE ROW LEVEL SECURITY;
ALTER TABLE identity_provider FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0033_clocks")]

    operations = [
        migrations.AddField("membership", "held_by", models.UUIDField(null=True)),
        migrations.RunSQL(WHOSE, migrations.RunSQL.noop),
        migrations.RemoveConstraint("membership", "membership_once_a_source"),
        migrations.AddConstraint(
            "membership",
            models.UniqueConstraint(
                fields=("tenant", "group", "person", "source", "held_by"),
                name="membership_once_an_origin",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            "membership",
            models.CheckConstraint(
                condition=models.Q(("source__in", ["manual", "sso", "scim"])), name="membership_source_is_known"
            ),
        ),
        migrations.AddConstraint(
            "membership",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("source", "manual"), _negated=True), ("held_by__isnull", True), _connector="OR"
                ),
                name="membership_by_hand_is_nobodys",
            ),
        ),
    ]
