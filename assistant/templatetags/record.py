"""What the officers' and the operators' pages say of times and amounts."""

from __future__ import annotations

from django import template
from django.utils import formats
from django.utils.translation import gettext as _

from governance.audit.officers import openings
from governance.scope import Scope

register = template.Library()


@register.simple_tag(takes_context=True)
def openings_waiting(context: template.Context) -> int:
    """How many openings wait for this officer to decide."""
    caller: Scope | None = context.get("caller")
    return openings.amount(caller) if caller else 0


@register.filter
def seconds(value: float | None) -> str:
    """How long something took, as long as a person wants to know it: 0.42 s, 12 s, 3 min 5 s, 2 h 4 min, 3 d 1 h."""
    if value is None:
        return "–"
    whole = round(value)
    if value < 10:
        return f"{formats.number_format(round(value, 2), 2 if value < 1 else 1)} {_('s')}"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if not minutes:
        return f"{whole} {_('s')}"
    if not hours:
        return f"{minutes} {_('min')} {whole % 60} {_('s')}"
    return f"{hours} {_('h')} {minutes % 60} {_('min')}" if not days else f"{days} {_('d')} {hours % 24} {_('h')}"


@register.filter
def short(number: str) -> str:
    """The beginning of a long number, enough to tell it from its neighbours."""
    return str(number)[:8]


@register.filter
def amount(found: list[object] | None) -> int:
    return len(found or ())


@register.filter
def verdict_name(action: str) -> str:
    """What policy did, as the ledger has it."""
    names = {
        "allow": _("Let pass"),
        "flag": _("Flagged"),
        "redact": _("Redacted"),
        "require_reason": _("Asked for a reason"),
        "block": _("Blocked"),
    }
    return names.get(action, action.replace("_", " "))


@register.filter
def verdict_tone(action: str) -> str:
    return {"allow": "", "block": "bad"}.get(action, "warn")


@register.filter
def text_name(stage: str) -> str:
    """Which text a stage looks at."""
    names = {"input": _("Question"), "passage": _("Passage"), "output": _("Answer"), "upload": _("Document")}
    return names.get(stage, stage)


@register.filter
def texts_name(stage: str) -> str:
    """The texts that a stage looks at, as a choice of some."""
    names = {"input": _("Questions"), "passage": _("Passages"), "output": _("Answers"), "upload": _("Documents")}
    return names.get(stage, stage)


@register.filter
def version_state(state: str) -> str:
    names = {"draft": _("draft"), "published": _("in force"), "superseded": _("was in force")}
    return names.get(state, state)


@register.filter
def replay_state(status: str) -> str:
    names = {
        "queued": _("under way"),
        "running": _("under way"),
        "done": _("done"),
        "cancelled": _("stopped"),
        "failed": _("failed"),
    }
    return names.get(status, status)


@register.filter
def replay_tone(status: str) -> str:
    return {"queued": "live", "running": "live", "done": "good", "failed": "bad"}.get(status, "")


@register.filter
def change_name(change: str) -> str:
    """What a draft makes different."""
    names = {
        "newly_blocked": _("Newly blocked"),
        "newly_allowed": _("No longer blocked"),
        "changed_redactions": _("Redacted otherwise"),
        "changed_otherwise": _("Otherwise judged"),
        "unchanged": _("Unchanged"),
    }
    return names.get(change, change)
