"""Run in the stack's own environment: the segments that the record holds of a tenant's answers, decrypted, in order."""

from __future__ import annotations

import json
import sys
import uuid

import django

MOST = 1000


def main(tenant: uuid.UUID) -> None:
    django.setup()
    from governance.audit import rows
    from governance.audit.vocabulary import Event
    from governance.scope import Scope

    system, told = Scope.system(tenant), dict[str, dict[int, str]]()
    with system.transaction():
        found = rows.read({"action": str(Event.SEGMENT_DELIVERED)}, MOST)
    assert len(found) < MOST
    for row in found:
        payload = rows.opened(system, row).payload
        assert payload is not None
        assert row.is_whole
        told.setdefault(str(row.recorded.interaction), {})[row.recorded.facts["ordinal"]] = payload["text"]
    json.dump({answer: [texts[one] for one in sorted(texts)] for answer, texts in told.items()}, sys.stdout)


if __name__ == "__main__":
    main(uuid.UUID(sys.argv[1]))
