"""The demo's people and the password they share. Settings refuse these logins outside the embedded database."""

from __future__ import annotations

from assistant.demo import material

PASSWORD = "look-around-freely"  # noqa: S105  meant to be known, and only good for the demo


def lines(url: str) -> list[str]:
    """Where to sign in and as whom, one person a line."""
    told = [f"The demo's people sign in with the password {PASSWORD}"]
    for tenant in material.TENANTS:
        told.append(f"  {url}/t/{tenant.slug}/  ({tenant.name})")
        told += [f"    {person.email:<36} {', '.join(person.roles) or 'employee'}" for person in tenant.people]
    return told
