"""The vector store of this installation, from `settings.VECTOR_STORE`: {"BACKEND": dotted path, "OPTIONS": {...}}."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ingestion.stores.base import VectorStore


def store() -> VectorStore:
    wanted: dict[str, Any] = dict(settings.VECTOR_STORE)
    try:
        made = import_string(wanted["BACKEND"])(**wanted.get("OPTIONS", {}))
    except (ImportError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(f"VECTOR_STORE: {error}") from error
    if not isinstance(made, VectorStore):
        raise ImproperlyConfigured(f"VECTOR_STORE: {wanted['BACKEND']} is no VectorStore.")
    return made
