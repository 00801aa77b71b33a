"""The steps of signing in beyond the password: a second factor, setting one up, and a passkey in place of all of it."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from assistant.showing import qr
from assistant.sign_in import by_passkey, challenges, second
from assistant.sign_in.second import Step, Waiting
from assistant.sso import entry
from assistant.views import door
from governance import tenants
from governance.accounts import passkeys, totp
from governance.errors import Conflict, InvalidInput, NotSignedIn
from governance.models import Person

PURPOSE, DRAFT = "second", "enrol_draft"


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """A code, or a passkey, after the right password."""
    try:
        held = second.waiting(request, Step.SECOND)
    except NotSignedIn as over:
        return door.page(request, "", status=401, refusal=over.message)
    if request.method != "POST":
        return _give(request, held)
    try:
        if "answer" in request.POST:
            state, answer = challenges.take(request, PURPOSE), challenges.answer(request)
            second.give_passkey(request, challenges.site(request), state, answer)
        else:
            second.give_code(request, request.POST.get("code", "")[:100])
    except NotSignedIn as refusal:
        return _give(request, held, status=401, refusal=refusal.message)
    return _onward(held)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """The tenant demands a second factor of whoever has just given their password, and they have none."""
    try:
        held = second.waiting(request, Step.ENROL)
    except NotSignedIn as over:
        return door.page(request, "", status=401, refusal=over.message)
    if request.method != "POST":
        return _enrol(request, held)
    scope = second.theirs(held)
    try:
        if "answer" in request.POST:
            state, answer = challenges.take(request, PURPOSE), challenges.answer(request)
            name = request.POST.get("name", "")
            codes, given = passkeys.register(scope, challenges.site(request), state, answer, name), "passkey"
        else:
            codes = totp.confirm(scope, request.session.get(DRAFT, ""), request.POST.get("code", "")[:20])
            given = "totp"
    except (InvalidInput, Conflict) as fault:
        return _enrol(request, held, status=fault.status, refusal=fault.message)
    request.session.pop(DRAFT, None)
    second.finish(request, held, given)
    return render(request, "sign_in/codes.html", {"codes": codes, "onward": entry.within_site(held.onward)})


@never_cache
@require_POST
def passkey_asked(request: HttpRequest) -> HttpResponse:
    """What the browser is to ask its passkeys, before anybody is known."""
    return JsonResponse(by_passkey.begin(request))


@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    onward = request.POST.get("next", "")
    try:
        by_passkey.sign_in_by(request)
    except NotSignedIn as refusal:
        return door.page(request, request.POST.get("slug", "")[:60], status=401, refusal=refusal.message, next=onward)
    return redirect(entry.within_site(onward) or "home")


def _give(request: HttpRequest, held: Waiting, status: int = 200, refusal: str = "") -> HttpResponse:
    options = challenges.proof(request, PURPOSE, held.scope, held.person)
    context = {"refusal": refusal, "options": json.dumps(options) if options else ""}
    return render(request, "sign_in/second.html", context, status=status)


def _enrol(request: HttpRequest, held: Waiting, status: int = 200, refusal: str = "") -> HttpResponse:
    scope = second.theirs(held)
    with scope.transaction():
        person = Person.objects.get(pk=scope.person)
    issuer = f"Chancery {tenants.current(scope).name}"
    draft = totp.draft(scope, person.email, issuer, request.session.get(DRAFT, ""))
    request.session[DRAFT] = draft.locked
    context: dict[str, object] = {"refusal": refusal, "draft": draft, "drawing": qr.drawn(draft.address)}
    if challenges.is_possible(request):
        context["options"] = json.dumps(challenges.new(request, PURPOSE, scope, person))
    return render(request, "sign_in/enrol.html", context, status=status)


def _onward(held: Waiting) -> HttpResponse:
    return redirect(entry.within_site(held.onward) or "home")
