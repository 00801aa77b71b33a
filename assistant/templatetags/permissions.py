"""What grants, roles, decisions, key scopes and rules are called in the portal."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from assistant.showing import plots
from governance.access import Decision
from governance.explanations import Explanation, Way
from governance.grants import Held
from governance.memberships import Named, Source
from governance.requests import deciding
from governance.roles import Level, Role
from governance.scope import ActorKind, Scope
from governance.service_accounts.service_keys import Held as HeldKey

register = template.Library()


@dataclass(frozen=True)
class Asked:
    """What the head of a page says of requests: how many wait for the reader, and whether any concern them at all."""

    awaiting: int = 0
    is_any: bool = False


@register.simple_tag(takes_context=True)
def asking(context: template.Context) -> Asked:
    caller: Scope | None = context.get("caller")
    if caller is None or caller.kind is not ActorKind.PERSON:
        return Asked()
    return Asked(*deciding.amount(caller.person))


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
def origin_name(origin: Named) -> str:
    """Whose word it is that somebody is in a group."""
    if origin.source is Source.MANUAL:
        return _("By hand")
    if not origin.name:
        return _("From a provider that is gone")
    template = _("Claim from %(name)s") if origin.source is Source.CLAIM else _("SCIM from %(name)s")
    return template % {"name": origin.name}


@register.filter
def at_key(found: Mapping[Any, Any], key: Any) -> Any:
    return found.get(key)


@register.filter
def origin(source: str) -> str:
    """Where a grant or a membership is from."""
    names = {
        "manual": _("by hand"),
        "owner": _("who made it"),
        "request": _("asked for and approved"),
        "put back": _("put back after a change"),
        "sso": _("claim of the identity provider"),
        "scim": _("directory (SCIM)"),
    }
    return names.get(source, source)


@register.filter
def deed_name(action: str) -> str:
    """What can be done, in words."""
    names = {
        "collection.create": _("make collections"),
        "collection.see": _("see that it is there"),
        "collection.read": _("read"),
        "document.write": _("add and delete documents"),
        "collection.manage": _("manage, and say who may use it"),
        "policy.see": _("see the policy"),
        "policy.manage": _("write and publish the policy"),
        "retention.see": _("see how long things are kept"),
        "retention.set": _("set how long things are kept"),
    }
    return names.get(action, action)


@register.filter
def standing_name(standing: str) -> str:
    names = {
        "decides": _("decides"),
        "also": _("would do as well"),
        "beaten": _("does not count here"),
        "too little": _("not enough"),
        "ended": _("ended"),
    }
    return names.get(standing, standing)


@register.filter
def way_name(way: Way) -> str:
    return choice_name(Held(Level[way.said.upper()], way.denies))


@register.filter
def named(found: Explanation, names: dict[uuid.UUID, str]) -> str:
    return names.get(found.person, str(found.person))


@register.filter
def giver(way: Way, names: dict[uuid.UUID, str]) -> str:
    return names.get(way.by, "") if way.by else ""


@register.filter
def reason(decision: Decision | Explanation) -> str:
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
        "a role of the organisation": _("a role of the organisation"),
        "the organisation is switched off": _("the organisation is switched off"),
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
        "act_for": _("Act for people: exchange it for a token of theirs"),
    }
    return names.get(scope, scope)


@register.filter
def days_until(at: datetime) -> int:
    """Whole days from now on; 0 for today and for what is over."""
    return max(0, (at - timezone.now()).days)


@register.filter
def last_used(held: Iterable[HeldKey]) -> datetime | None:
    """The last time that any of these keys was used."""
    return max((one.row.last_used_at for one in held if one.row.last_used_at), default=None)


@register.filter
def store_name(name: str) -> str:
    """A store that an erasure goes through, or what it removed there; one that is not known here stays as it is called."""
    names = {
        "sign-in": _("Sign-in"),
        "keys": _("API keys"),
        "links": _("Links for a password"),
        "identities": _("Identities of providers"),
        "services": _("Which service accounts acted for them"),
        "rights": _("Rights"),
        "roles": _("Roles"),
        "memberships": _("Memberships of groups"),
        "directories": _("What directories said of them"),
        "grants": _("Grants"),
        "usage": _("Usage"),
        "reservations": _("Counted uses of the model"),
        "limits": _("Limits of their own"),
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
        "collections": _("The collection"),
        "documents": _("Documents"),
        "versions": _("Versions"),
        "passages": _("Passages"),
        "words of the index": _("Words of the index"),
        "recognised pages": _("Recognised pages"),
        "sources": _("Sources"),
        "items of sources": _("What sources know of"),
        "runs of sources": _("Runs of sources"),
        "named readers": _("Named readers"),
        "access offers": _("That it may be asked for"),
        "access requests": _("Access requests"),
        "openings for support": _("Openings for support"),
        "question sets": _("Questions of its set"),
        "runs of question sets": _("Runs of its set of questions"),
        "bytes": _("Bytes"),
        "files": _("Files"),
        "chunks": _("Passages"),
        "vectors": _("Vectors"),
        "postings": _("Words of the index"),
        "discarded": _("Files that wait to be removed"),
        "overdue": _("What should be gone by now"),
    }
    kind, of, embedder = name.partition("vectors of ")
    return names.get(name) or (_("Vectors of %(embedder)s") % {"embedder": embedder} if of and not kind else name)


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
