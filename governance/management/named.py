"""Whom a command names: a tenant by its short name, and one of its people by their e-mail address."""

from __future__ import annotations

from django.core.management.base import CommandError

from governance import models, people, tenants
from governance.scope import Scope
from governance.tenants import Found


def tenant(slug: str) -> Found:
    """Raises CommandError."""
    found = tenants.find_for_login(slug)
    if found is None:
        raise CommandError(f"There is no tenant {slug}.")
    return found


def person(slug: str, email: str) -> models.Person:
    """Switched off or not. Raises CommandError."""
    of = tenant(slug)
    found = people.find_by_email(Scope.system(of.id), email)
    if found is None:
        raise CommandError(f"There is nobody with the e-mail address {email} in {of.slug}.")
    return found


def acting(slug: str, email: str) -> Scope:
    """That person, with the rights they have now. Raises CommandError, and NotFound where they are switched off."""
    found = person(slug, email)
    return people.scope_in(found.tenant_id, found.pk)
