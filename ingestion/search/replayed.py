"""What the policy's replay may read again of the library: by number and hash, for the tenant's own background work alone."""

from __future__ import annotations

import uuid
from hashlib import sha256

from governance.policy.replay.kept import KeptTexts
from governance.scope import Scope
from ingestion.cutting import chunking
from ingestion.models import Chunk


class Library(KeptTexts):
    def passage(self, scope: Scope, chunk: uuid.UUID, sha256_hex: str) -> str | None:
        with scope.transaction():
            text = Chunk.objects.filter(tenant_id=scope.tenant, pk=chunk).values_list("text", flat=True).first()
        if text is None or (sha256_hex and sha256(text.encode()).hexdigest() != sha256_hex):
            return None
        return text

    def document(self, scope: Scope, version: uuid.UUID) -> str | None:
        """None for one that was kept back: its text was never stored."""
        with scope.transaction():
            chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id=version).order_by("ordinal")
            texts = list(chunks.values_list("text", flat=True))
        return chunking.joined(texts) if texts else None
