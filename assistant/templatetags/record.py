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
