"""The installation's own forwarding targets, as the environment names them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from assistant.configuration import env

SINKS = "governance.audit.out.sinks"
FORMATS = ("jsonl", "ocsf")


def targets(ca_file: str) -> dict[str, dict[str, Any]]:
    """By name, which is also the cursor's: a target that is renamed begins anew. `ca_file` is for all of them."""
    form = env.text("CHANCERY_FORWARD_FORMAT", "jsonl")
    if form not in FORMATS:
        raise ImproperlyConfigured(f"CHANCERY_FORWARD_FORMAT={form!r} is neither jsonl nor ocsf.")
    found: dict[str, dict[str, Any]] = {}
    if path := env.text("CHANCERY_FORWARD_FILE"):
        rotated_at = env.number("CHANCERY_FORWARD_FILE_BYTES", 100 * 2**20, least=1024)
        found["file"] = {"BACKEND": f"{SINKS}.file.File", "OPTIONS": {"path": path, "rotated_at": rotated_at}}
    if address := env.text("CHANCERY_FORWARD_SYSLOG"):
        options = {"address": address, "ca_file": ca_file}
        found["syslog"] = {"BACKEND": f"{SINKS}.syslog.operators_own", "OPTIONS": options}
    if url := env.text("CHANCERY_FORWARD_WEBHOOK"):
        secret = env.secret("CHANCERY_FORWARD_WEBHOOK_SECRET")
        if not secret:
            raise ImproperlyConfigured("CHANCERY_FORWARD_WEBHOOK_SECRET is not set: what is sent could not be signed.")
        options = {"url": url, "secret": secret, "ca_file": ca_file}
        found["webhook"] = {"BACKEND": f"{SINKS}.webhook.operators_own", "OPTIONS": options}
    return {name: one | {"FORMAT": form} for name, one in found.items()}
