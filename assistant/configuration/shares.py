"""Folders of this server that tenants may read from, as the environment names them."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured


def folders(named: list[str]) -> dict[str, list[str]]:
    """By the tenant's short name, * for all. Each is meant for somebody: what one tenant reads here is no other's."""
    found: dict[str, list[str]] = {}
    for one in named:
        slug, is_given, path = (part.strip() for part in one.partition("="))
        if not (slug and is_given and os.path.isabs(path)):
            raise ImproperlyConfigured(f"CHANCERY_SOURCE_FOLDERS={one!r} does not read TENANT=/folder, or *=/folder.")
        found.setdefault(slug, []).append(os.path.normpath(path))
    return found
