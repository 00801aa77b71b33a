"""Chunks, vectors and postings in a partition a tenant; row-level security by collection; the door for due work."""

from __future__ import annotations

from django.db import migrations

from governance import rls

# A vector stands apart from its chunk, by index, so that another embedder can be added beside.
PARTITIONED = """
CREATE TABLE chunk (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    collection_id uuid NOT NULL,
    document_id uuid NOT NULL,
    version_id uuid NOT NULL,
    ordinal integer NOT NULL,
    text text NOT NULL,
    context text NOT NULL,
    heading_path jsonb NOT NULL,
    locator jsonb NOT NULL,
    content_hash varchar(64) NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, version_id, ordinal),
    FOREIGN KEY (tenant_id, version_id) REFERENCES version (tenant_id, id) ON DELETE CASCADE
) PARTITION BY LIST (tenant_id);
CREATE TABLE embedding (
    tenant_id uuid NOT NULL,
    index_name varchar(80) NOT NULL,
    chunk_id uuid NOT NULL,
    collection_id uuid NOT NULL,
    version_id uuid NOT NULL,
    vector vector NOT NULL,
    PRIMARY KEY (tenant_id, index_name, chunk_id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES version (tenant_id, id) ON DELETE CASCADE
) PARTITION BY LIST (tenant_id);
CREATE INDEX embedding_by_version ON embedding (tenant_id, version_id);
-- `@@` is not leakproof, so a policy would keep Postgres from using a full-text index; equality of terms is.
CREATE TABLE posting (
    tenant_id uuid NOT NULL,
    term varchar(80) NOT NULL,
    chunk_id uuid NOT NULL,
    collection_id uuid NOT NULL,
    version_id uuid NOT NULL,
    tf smallint NOT NULL,
    length smallint NOT NULL,
    PRIMARY KEY (tenant_id, term, chunk_id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES version (tenant_id, id) ON DELETE CASCADE
) PARTITION BY LIST (tenant_id);
CREATE INDEX posting_by_version ON posting (tenant_id, version_id);
"""

DUE = """
SELECT v.tenant_id, v.id FROM public.version v
WHERE (v.status = 'queued' AND (v.lease_until IS NULL OR v.lease_until < now()))
   OR (v.status = 'processing' AND v.lease_until < now())
ORDER BY v.created_at LIMIT amount
"""

MAY_WRITE = f"({rls.readable('collection_id', 2)} OR {rls.SYSTEM})"
MANAGES = f"({rls.readable('id', 3)} OR (SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0001_tables"), ("governance", "0003_record")]

    operations = [
        *[rls.addressable(table) for table in ("collection", "document", "version")],
        rls.same_tenant("collection", "id", "resource"),
        rls.same_tenant("document", "collection_id", "collection"),
        rls.same_tenant("version", "collection_id", "collection"),
        rls.same_tenant("version", "document_id", "document", "CASCADE"),
        rls.same_tenant("document", "current_id", "version", "SET NULL (current_id)"),
        rls.same_tenant("document", "latest_id", "version", "SET NULL (latest_id)"),
        migrations.RunSQL("GRANT SELECT ON version TO chancery_door", "REVOKE SELECT ON version FROM chancery_door"),
        migrations.RunSQL(PARTITIONED, "DROP TABLE posting, embedding, chunk"),
        # A collection's name is seen by those who read it and by admins; what it holds by those who read it alone.
        rls.isolate(
            "collection",
            read=f"({rls.readable('id')} OR (SELECT chancery.has_role('tenant_admin')))",
            write=MANAGES,
        ),
        rls.isolate("document", read=rls.readable("collection_id"), write=MAY_WRITE),
        rls.isolate("version", read=rls.readable("collection_id"), write=MAY_WRITE),
        *[
            rls.isolate(table, read=rls.readable("collection_id"), write=rls.SYSTEM)
            for table in ("chunk", "embedding", "posting")
        ],
        *[rls.partition_by_tenant(table) for table in ("chunk", "embedding", "posting")],
        rls.isolate("discarded"),
        rls.door("chancery.due_versions(amount integer)", DUE, returns="TABLE (tenant_id uuid, id uuid)"),
    ]
