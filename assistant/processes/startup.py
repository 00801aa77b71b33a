"""What must hold before a process serves anyone. Django's checks do not run under ASGI or Celery, so this does.

Commands are held to the same by the check below; only `migrate` may connect as the owner, and it says so by a setting that
no process which serves anyone listens to.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from governance import locks

QUESTION = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname IN ('public', 'audit', 'chancery') AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
FROM pg_roles r WHERE r.rolname = current_user
"""


def faults() -> list[str]:
    """Sentences that say what is amiss; none where all is well."""
    return _secret_faults() + _connection_faults()


@checks.register("chancery")
def before_commands(**_: Any) -> list[checks.CheckMessage]:
    """What commands of manage.py are held to, `migrate` to no role. A database that does not answer is for the command itself
    to tell of, and is waited for once.
    """
    found: list[checks.CheckMessage] = [checks.Error(said, id="chancery.E001") for said in _secret_faults()]
    try:
        if not settings.MIGRATING:
            found += [checks.Error(said, id="chancery.E002") for said in _connection_faults()]
        return found + _before_tables_change()
    except DatabaseError as fault:
        if settings.MIGRATING:
            return found
        return [*found, checks.Warning(f"The database does not answer: {fault}", id="chancery.W001")]


def _before_tables_change() -> list[checks.CheckMessage]:
    """`migrate` above all is to say so before it begins."""
    room = locks.room()
    if not room.is_tight:
        return []
    said = f"A change of every tenant's tables takes {room.needed:,} locks, and Postgres has room for {room.there:,}."
    return [checks.Warning(said, hint=f"Before the next upgrade {room.advice}.", id="chancery.W002")]


def _secret_faults() -> list[str]:
    found = []
    if settings.SECRET_KEY == "not-a-secret":  # noqa: S105  the placeholder that settings start with
        found.append("DJANGO_SECRET_KEY is not set: sessions could be forged.")
    if len(settings.RECORD_KEY) != 32:
        found.append("CHANCERY_RECORD_KEY is not set to 32 bytes in base64: the record cannot be written.")
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
