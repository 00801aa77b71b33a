"""Vectors and postings are found by collection: what a search reads does not grow with what the person may not read."""

from __future__ import annotations

from django.db import migrations

# With everything of a posting in its key's index a search by words reads no table, and the collection comes first, so that
# it passes over nobody else's. The tables belong to chancery_door.
FORWARD = """
SET LOCAL ROLE chancery_door;
ALTER TABLE posting DROP CONSTRAINT posting_pkey;
ALTER TABLE posting ADD PRIMARY KEY (tenant_id, collection_id, term, chunk_id) INCLUDE (version_id, tf, length);
CREATE INDEX embedding_by_collection ON embedding (tenant_id, index_name, collection_id);
RESET ROLE;
"""
BACK = """
SET LOCAL ROLE chancery_door;
DROP INDEX embedding_by_collection;
ALTER TABLE posting DROP CONSTRAINT posting_pkey;
ALTER TABLE posting ADD PRIMARY KEY (tenant_id, term, chunk_id);
RESET ROLE;
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0013_cutting")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
