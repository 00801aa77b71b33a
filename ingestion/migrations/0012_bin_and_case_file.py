"""The bin of deleted documents, chunks that the policy keeps back, and the times that a document's progress is told by."""

from __future__ import annotations

from django.db import migrations, models

# What is in the bin is nobody's to see: neither a person's nor background work's, unless the transaction has said that it
# works on the bin. So no reader can forget to ask. Who may see which rows of an open bin, the other policies say.
BIN = """
CREATE FUNCTION chancery.bin_is_open() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT coalesce(current_setting('chancery.bin', true), '') = 'open' $$;
CREATE POLICY bin ON document AS RESTRICTIVE FOR SELECT
    USING (deleted_at IS NULL OR (SELECT chancery.bin_is_open()));
"""
NO_BIN = "DROP POLICY bin ON document; DROP FUNCTION chancery.bin_is_open()"

# Chunks of a document that the upload policy keeps back stand in their table, so that whoever runs the collection can read
# and release them; for everybody else they are not there.
KEPT_BACK = """
SET LOCAL ROLE chancery_door;
ALTER TABLE chunk ADD COLUMN is_kept_back boolean NOT NULL DEFAULT false;
GRANT UPDATE (is_kept_back) ON chunk TO chancery_app;
CREATE POLICY kept_back ON chunk AS RESTRICTIVE FOR SELECT USING (
    NOT is_kept_back OR collection_id = ANY (ARRAY(SELECT chancery.collections(3))) OR (SELECT chancery.is_system()));
RESET ROLE;
"""
NOT_KEPT_BACK = """
SET LOCAL ROLE chancery_door;
DROP POLICY kept_back ON chunk;
ALTER TABLE chunk DROP COLUMN is_kept_back;
RESET ROLE;
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0011_recognised")]

    operations = [
        migrations.AddField("document", "deleted_at", models.DateTimeField(null=True)),
        migrations.AddField("document", "deleted_by", models.UUIDField(null=True)),
        migrations.AddIndex(
            "document",
            models.Index(
                fields=["tenant", "deleted_at"],
                condition=models.Q(("deleted_at__isnull", False)),
                name="document_in_bin",
            ),
        ),
        migrations.RemoveConstraint("document", "part_once_a_document"),
        migrations.AddConstraint(
            "document",
            models.UniqueConstraint(
                fields=["tenant", "parent", "path"],
                condition=models.Q(("deleted_at", None), ("parent__isnull", False)),
                name="part_once_a_document",
            ),
        ),
        migrations.AddField("version", "queued_at", models.DateTimeField(null=True)),
        migrations.AddField("version", "ended_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "version", models.Index(fields=["tenant", "collection", "queued_at"], name="version_by_queue")
        ),
        migrations.RunSQL(BIN, NO_BIN),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(KEPT_BACK, NOT_KEPT_BACK)],
            state_operations=[migrations.AddField("chunk", "is_kept_back", models.BooleanField(default=False))],
        ),
    ]
