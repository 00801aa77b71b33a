"""What a source signs in with: locked under a key outside Postgres, opened for the worker, and shown to nobody again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from governance import locker
from governance.audit import keyring
from ingestion.connectors.archive import STORED
from ingestion.models import Source

WHAT = "source"


def lock(row: Source, secrets: Mapping[str, str]) -> None:
    """In place of those before."""
    held = {name: value for name, value in secrets.items() if value}
    row.secret = locker.lock(row.tenant_id, row.pk, WHAT, json.dumps(held)) if held else b""


def opened(row: Source) -> dict[str, str]:
    """Raises keyring.KeyGone."""
    found = locker.unlock(row.tenant_id, row.pk, WHAT, bytes(row.secret))
    return dict(json.loads(found)) if found else {}


def told(row: Source) -> dict[str, Any]:
    """The settings, with where an uploaded archive is kept."""
    return {**row.settings, **({STORED: row.archive} if row.archive else {})}


def destroy(row: Source) -> None:
    """After the commit that deletes it: no backup opens them then."""
    keyring.ring().destroy(row.tenant_id, row.pk)
