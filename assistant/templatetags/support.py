"""What a support access is called in the portal, and what stands at the top of an admin's pages while one is open."""

from __future__ import annotations

import uuid
from typing import Any

from django import template
from django.utils.translation import gettext as _

from assistant.views.support_forms import level_name
from governance import support
from governance.roles import Role
from governance.scope import Scope
from governance.support.looks import Look

register = template.Library()

_TONES = {"asked": "warn", "open": "live"}


@register.filter
def support_level(level: int) -> str:
    return level_name(level)


@register.filter
def support_state(state: str) -> str:
    names = {
        "asked": _("asked for"),
        "open": _("open"),
        "refused": _("refused"),
        "ended": _("ended by an admin"),
        "given_back": _("given back"),
        "over": _("over"),
    }
    return names.get(state, state)


@register.filter
def support_tone(state: str) -> str:
    return _TONES.get(state, "")


@register.filter
def looked_at(look: Look) -> str:
    names = {
        "settings": _("Settings and numbers"),
        "documents": _("The list of documents"),
        "document": _("How a document's reading went"),
        "text": _("What a document says"),
    }
    return names.get(look.what, look.what)


@register.filter
def of_id(names: dict[uuid.UUID, str], one: object) -> str:
    """What it is called, or its id where it is gone."""
    return names.get(uuid.UUID(str(one)), str(one))


@register.inclusion_tag("admin/support_banner.html", takes_context=True)
def support_banner(context: template.Context) -> dict[str, Any]:
    """Of an admin alone, on every page: what is open to support now, and what waits to be decided."""
    caller: Scope | None = context.get("caller")
    if caller is None or Role.TENANT_ADMIN not in caller.roles or caller.support is not None:
        return {}
    asked, live = support.standing(caller)
    return {"asked": asked, "live": live, "csrf_token": context.get("csrf_token")}
