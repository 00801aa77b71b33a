"""One interaction on one page: masked, until its words are opened for a reason."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import confirming, signed_in
from assistant.views.record import lines, sentences, story
from governance import people
from governance.audit import interactions, proofs, reading
from governance.audit.officers import cases, openings, permits
from governance.errors import InvalidInput
from governance.scope import Scope


@never_cache  # what was open must not come back from a browser's store
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def page(request: HttpRequest, scope: Scope, interaction: uuid.UUID) -> HttpResponse:
    """A GET shows it, a POST opens its words."""
    if request.method != "POST":
        return _page(request, scope, interaction)
    asked = openings.mine(scope, interaction)  # what was approved was said before, and is not typed again
    reason = request.POST.get("reason", asked.reason if asked else "")
    case = request.POST.get("case", asked.case if asked else "")
    try:
        interactions.open_words(scope, interaction, reason, case)
    except InvalidInput as fault:
        return _page(request, scope, interaction, status=400, fault=fault.message, reason=reason, case=case)
    return redirect("record-interaction", interaction)


@require_POST
@signed_in.required
def close(request: HttpRequest, scope: Scope, interaction: uuid.UUID) -> HttpResponse:
    interactions.close_words(scope, interaction)
    return redirect("record-interaction", interaction)


def _page(request: HttpRequest, scope: Scope, interaction: uuid.UUID, status: int = 200, **more: str) -> HttpResponse:
    found = interactions.get(scope, interaction)
    told = story.tell(found)
    after = told.between + told.looks
    head = proofs.standing(scope).head
    context = {
        "room": "record",
        "interaction": found,
        "story": told,
        "who": people.names(scope, [told.actor]).get(told.actor, "") if told.actor else "",
        "is_own": told.actor == scope.actor,
        "after": list(zip(after, lines.of(scope, [one.event for one in after]), strict=True)),
        "end_sentence": sentences.sentence(told.end.event, "") if told.end else "",
        "lines": lines.of(scope, found.events),
        "head": head,
        "covered": sum(head is not None and one.index is not None and one.index < head.size for one in found.events),
        "minutes": int(interactions.OPEN_FOR.total_seconds() // 60),
        "reason_shortest": reading.REASON_SHORTEST,
        "reason_longest": reading.REASON_LONGEST,
        "case_longest": openings.CASE_LONGEST,
        "needs_second": permits.is_needed(scope),
        "in_cases": cases.holding(scope, interaction),
        "open_cases": cases.found(scope, 1).rows,
        "second": openings.mine(scope, interaction),
    }
    return render(request, "record/interaction.html", context | more, status=status)
