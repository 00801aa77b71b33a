"""What grants, roles, decisions, key scopes and rules are called in the portal."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django import template
from django.utils.translation import gettext as _

from assistant import plots
from governance.access import Decision
from governance.grants import Held
from governance.roles import Level, Role

register = template.Library()


@register.filter
def level_name(level: int) -> str:
    names = {Level.READ: _("Read"), Level.CONTRIBUTE: _("Read and add"), Level.MANAGE: _("Manage")}
    return names[Level(level)]


@register.filter
def choice_name(held: Held) -> str:
    """What one grant says."""
    if not held.denies:
        return level_name(held.level)
    names = {Level.READ: _("Denied"), Level.CONTRIBUTE: _("May not add"), Level.MANAGE: _("May not manage")}
    return names[held.level]


@register.filter
def chip(held: Held) -> str:
    """The class of its chip."""
    return "deny" if held.denies else held.level.name.lower()


@register.filter
def role_name(role: str) -> str:
    names = {Role.TENANT_ADMIN: _("Admin"), Role.COMPLIANCE_OFFICER: _("Compliance officer")}
    return names.get(Role(role), _("Employee"))


@register.filter
def reason(decision: Decision) -> str:
    """Why it was decided so, in the reader's language; one that is not known here stays as it was said."""
    levels = {
        "read": level_name(Level.READ),
        "contribute": level_name(Level.CONTRIBUTE),
        "manage": level_name(Level.MANAGE),
    }
    told = {
        "a grant denies it": _("a grant denies it"),
        "no role allows it": _("no role allows it"),
        "no such resource": _("it is gone"),
        "they are switched off": _("they are switched off"),
        f"role {Role.TENANT_ADMIN}": _("as an admin"),
    }
    for level, name in levels.items():
        told |= {
            f"no grant gives {level}": _("no grant gives “%(level)s”") % {"level": name},
            f"granted {level} to a group": _("“%(level)s” was given to a group") % {"level": name},
            f"granted {level} to the person": _("“%(level)s” was given to them") % {"level": name},
        }
    return told.get(decision.reason, decision.reason)


@register.filter
def reasons(decisions: Iterable[Decision]) -> list[str]:
    """Those that the grants beside them do not say already: a role, a denial, a switch."""
    kept = [one for one in decisions if not re.match(r"(no grant gives|granted) ", one.reason)]
    return list(dict.fromkeys(reason(one) for one in kept))


@register.filter
def key_scope(scope: str) -> str:
    names = {
        "read": _("Read: list collections, open documents"),
        "write": _("Write: upload and delete documents"),
        "search": _("Search passages"),
        "ask": _("Ask questions"),
        "policy": _("Check texts against the policy"),
        "manage": _("Manage collections, people and policy"),
        "record": _("Read the record"),
        "own": _("Take away, and ask to erase, what is kept of you"),
    }
    return names.get(scope, scope)


@register.filter
def store_name(name: str) -> str:
    """A store that an erasure goes through, or what it removed there; one that is not known here stays as it is called."""
    names = {
        "sign-in": _("Sign-in"),
        "keys": _("API keys"),
        "links": _("Links for a password"),
        "identities": _("Identities of providers"),
        "rights": _("Rights"),
        "roles": _("Roles"),
        "memberships": _("Memberships of groups"),
        "grants": _("Grants"),
        "usage": _("Usage"),
        "reservations": _("Counted uses of the model"),
        "requests": _("Requests for erasure"),
        "holds": _("Reasons of lifted holds"),
        "account": _("Account"),
        "names": _("Name and address"),
        "sessions": _("Sessions"),
        "streams": _("Streams in Valkey"),
        "conversations": _("Conversations"),
        "answers": _("Answers"),
        "segments": _("Parts of answers"),
        "verdicts": _("Verdicts of the policy"),
    }
    return names.get(name, name)


@register.filter
def action_name(action: str) -> str:
    """Of a rule of the policy."""
    names = {
        "allow": _("Allow"),
        "flag": _("Flag"),
        "redact": _("Cut out"),
        "require_reason": _("Ask for a reason"),
        "block": _("Block"),
    }
    return names.get(action, action)


@register.filter
def rule_tone(action: str) -> str:
    return {"block": "bad", "redact": "warn", "require_reason": "warn", "flag": "warn"}.get(action, "")


@register.filter
def short(number: int) -> str:
    """1200 as 1.2k."""
    return plots.short(round(number, -2) if number >= 10_000 else number)
