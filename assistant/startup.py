"""What must hold before a process serves anyone. Django's checks do not run under ASGI or Celery, so this does."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

QUESTION = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname IN ('public', 'audit', 'chancery') AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
FROM pg_roles r WHERE r.rolname = current_user
"""


def faults() -> list[str]:
    """Sentences that say what is amiss; none where all is well."""
    found = []
    if settings.SECRET_KEY == "not-a-secret":  # noqa: S105  the placeholder that settings start with
        found.append("DJANGO_SECRET_KEY is not set: sessions could be forged.")
    if len(settings.RECORD_KEY) != 32:
        found.append("CHANCERY_RECORD_KEY is not set to 32 bytes in base64: the record cannot be written.")
    if not settings.MIGRATING:
        found += _connection_faults()
    return found


def _connection_faults() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(QUESTION)
        name, is_super, bypasses, owns = cursor.fetchone()
    if is_super or bypasses or owns:
        why = "is a superuser" if is_super else "bypasses row-level security" if bypasses else "owns tables"
        return [f"DATABASE_URL connects as {name}, which {why}: tenants would not be kept apart. Use chancery_app."]
    return []


def verify() -> None:
    """Raises ImproperlyConfigured, so that the process does not start."""
    found = faults()
    if found:
        raise ImproperlyConfigured(" ".join(found))
