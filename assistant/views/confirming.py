"""Dangerous acts ask once more who it is, where the last proof is older than a quarter of an hour.

What was filled in is carried along in the form that asks, and done as soon as it is answered: nothing is entered twice.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from assistant.sign_in import confirming, strength
from assistant.sso import entry
from assistant.views import signed_in
from governance import locker, tenants
from governance.audit import keyring
from governance.errors import InvalidInput
from governance.scope import Scope

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Scope, P], HttpResponseBase]
OPENING = f"{confirming.PREFIX}to_look"  # it was a page that was asked for, and nothing was sent
KEPT, WHAT = "confirm_kept", "what waits to be confirmed"
KEPT_MOST = 60_000  # of what was filled in, while its person is at their provider


def required(view: View[P]) -> View[P]:
    """Below `signed_in.required`: what is sent to the view waits for a fresh proof. Looking needs none."""

    @functools.wraps(view)
    def confirmed(request: HttpRequest, scope: Scope, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, scope, *args, **kwargs)
        return _answered(request, scope) or view(request, scope, *args, **kwargs)

    return confirmed


def to_look(view: View[P]) -> View[P]:
    """The same for a page that shows something dangerous, too."""

    @functools.wraps(view)
    def confirmed(request: HttpRequest, scope: Scope, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return _answered(request, scope) or view(request, scope, *args, **kwargs)

    return confirmed


def _answered(request: HttpRequest, scope: Scope) -> HttpResponse | None:
    """What to answer in place of the view; None where it may go on."""
    if request.method == "POST" and confirming.BY in request.POST:
        try:
            confirming.prove(request, scope)
        except InvalidInput as wrong:
            return _ask(request, scope, fault=wrong.message)
        if OPENING in request.POST:
            return redirect(request.get_full_path())
        _strip(request)
    return None if strength.is_fresh(request.session) else _ask(request, scope)


def _ask(request: HttpRequest, scope: Scope, fault: str = "") -> HttpResponse:
    ways, is_part = confirming.ways(request, scope), signed_in.is_part(request)
    fields = _fields(request)
    if request.method != "POST":
        fields.append((OPENING, "1"))
    context = {
        "ways": ways,
        "action": request.get_full_path(),
        "fields": fields,
        "loses_files": bool(request.FILES),
        "fault": fault,
        "options": json.dumps(ways.passkey),
    }
    if ways.provider:
        context["provider_address"] = _there_and_back(request, scope, ways.provider.pk, fields)
    response = render(request, "sign_in/confirm.html", context, status=403)
    if is_part and request.headers.get("HX-Request"):
        # In place of the whole page: what asks for a proof does not fit where a part was to go.
        response.status_code = 200
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response


def _there_and_back(request: HttpRequest, scope: Scope, provider: object, fields: list[tuple[str, str]]) -> str:
    """The provider's sign-in, asked for anew. What was filled in waits here meanwhile, locked: it may hold a secret."""
    waiting = json.dumps({"action": request.get_full_path(), "fields": fields})
    sealed = locker.lock(scope.tenant, scope.person, WHAT, waiting if len(waiting) < KEPT_MOST else "")
    request.session[KEPT] = base64.b64encode(sealed).decode()
    start = reverse("sso-start", args=[tenants.current(scope).slug, provider])
    return f"{start}?again=1&next={reverse('confirm-kept')}"


@never_cache
@require_GET
@signed_in.required
def kept(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Back from the provider: one press does what was waiting."""
    if not strength.is_fresh(request.session):
        return redirect("account")
    try:
        sealed = base64.b64decode(request.session.pop(KEPT, ""))
        waiting = json.loads(locker.unlock(scope.tenant, scope.person, WHAT, sealed) or "{}")
    except (keyring.KeyGone, ValueError):
        waiting = {}
    action = waiting.get("action", "")
    if not entry.within_site(action):
        return redirect("account")
    if any(name == OPENING for name, _ in waiting["fields"]):
        return redirect(action)
    return render(request, "sign_in/confirmed.html", {"action": action, "fields": waiting["fields"]})


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    """What was sent, without the proof of before and without the token, which the form has anew."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken" and not name.startswith(confirming.PREFIX)
    ]


def _strip(request: HttpRequest) -> None:
    """The view is given what was meant for it, and no password."""
    sent = request.POST.copy()
    for name in [name for name in sent if name.startswith(confirming.PREFIX)]:
        del sent[name]
    request.POST = sent  # type: ignore[assignment]
