"""The malware scanner of the house, as the environment names it."""

from __future__ import annotations

from typing import Any

from assistant.configuration import env


def scanner() -> dict[str, Any]:
    """None, or ClamAV's daemon by its address: tcp://host:3310 or unix:///run/clamav/clamd.ctl. See docs/operations.md."""
    address = env.text("CHANCERY_CLAMD")
    if not address:
        return {"BACKEND": "ingestion.scanning.none.NoScanner", "OPTIONS": {}}
    most = env.number("CHANCERY_CLAMD_MAX_BYTES", 100 * 2**20, least=1)
    return {"BACKEND": "ingestion.scanning.clamd.Clamd", "OPTIONS": {"address": address, "most": most}}
