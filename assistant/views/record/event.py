"""One event: what is known of it, and its words for a reason."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from assistant.views import confirming, signed_in
from assistant.views.record import lines
from governance.audit import reading
from governance.audit.officers import openings, permits
from governance.audit.rows import Recorded
from governance.scope import Scope


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def page(request: HttpRequest, scope: Scope, event: uuid.UUID) -> HttpResponse:
    """A GET shows what is known of it, a POST opens its words for a reason."""
    context: dict[str, Any] = {"room": "record"}
    second = openings.mine(scope, event)
    if request.method == "POST":
        opened = reading.opened(scope, event, request.POST.get("reason", second.reason if second else ""))
        recorded = opened.recorded
        context |= {"is_open": True, "is_erased": opened.is_erased, "words": _shown(opened.payload or {})}
    else:
        recorded = reading.one(scope, event)
    (line,) = lines.of(scope, [recorded])
    context |= {"event": recorded, "line": line, "facts": _shown(_masked(recorded))}
    context |= {"needs_second": permits.is_needed(scope), "second": second, "case_longest": openings.CASE_LONGEST}
    context |= {"reason_shortest": reading.REASON_SHORTEST, "reason_longest": reading.REASON_LONGEST}
    return render(request, "record/event.html", context)


def _masked(recorded: Recorded) -> dict[str, Any]:
    names = ("id", "at", "recorded_at", "actor", "actor_kind", "key", "service", "roles", "interaction", "resource")
    return {name: getattr(recorded, name) for name in names} | recorded.facts


def _shown(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, one if isinstance(one, str) else _written(one)) for name, one in values.items()]


def _written(value: Any) -> str:
    if value is None or isinstance(value, uuid.UUID | datetime | bool | int | float):
        return "" if value is None else str(value)
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
