"""What documents are cut into. `embedding` and `posting` have no model: only ingestion.stores.pgvector and
ingestion.search.postings write and read them, in SQL.
"""

from __future__ import annotations

from django.db import models


class Chunk(models.Model):
    """What is stored. A passage is a chunk that a certain person was allowed to see: ingestion.search makes those."""

    id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    collection_id = models.UUIDField()
    document_id = models.UUIDField()
    version_id = models.UUIDField()
    ordinal = models.PositiveIntegerField()
    text = models.TextField()
    context = models.TextField()  # what is embedded: title and heading path, then the text
    heading_path = models.JSONField(default=list)
    locator = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    orders = models.JSONField(default=dict)  # what the policy said of orders in it as it came in: see ingestion.orders
    is_quarantined = models.BooleanField(default=False)  # never shown to a model
    is_kept_back = models.BooleanField(default=False)  # with its document: shown to those alone who run its collection

    class Meta:
        db_table = "chunk"
        managed = False
