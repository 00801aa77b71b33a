"""The malware scanner of this installation, from `settings.SCANNER`: {"BACKEND": dotted path, "OPTIONS": {...}}."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ingestion.scanning.base import Scanner


def scanner() -> Scanner:
    wanted: dict[str, Any] = dict(settings.SCANNER)
    try:
        made = import_string(wanted["BACKEND"])(**wanted.get("OPTIONS", {}))
    except (ImportError, KeyError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"SCANNER: {error}") from error
    if not isinstance(made, Scanner):
        raise ImproperlyConfigured(f"SCANNER: {wanted['BACKEND']} is no Scanner.")
    return made
