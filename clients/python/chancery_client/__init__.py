"""A client for Chancery: cited answers from an organisation's own documents. See README.md."""

from __future__ import annotations

from chancery_client.client import Chancery, Event, every
from chancery_client.errors import (
    Busy,
    ChanceryError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    Unavailable,
)
from chancery_client.transport import etag

__version__ = "0.1.0"
__all__ = [
    "Busy",
    "Chancery",
    "ChanceryError",
    "Conflict",
    "Event",
    "Forbidden",
    "InvalidInput",
    "NotFound",
    "NotSignedIn",
    "Unavailable",
    "etag",
    "every",
]
