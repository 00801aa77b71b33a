"""One's own account: where one is signed in, the password, and what one proves oneself with beside it."""

from __future__ import annotations

import json
import uuid

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.showing import qr
from assistant.sign_in import challenges, strength
from assistant.views import confirming, signed_in
from governance import models, tenants
from governance.accounts import factors, passkeys, passwords, recovery, sessions, totp
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope

DRAFT = "totp_draft"  # in the session: the secret that no code has confirmed yet, locked
NEW = "new"


@never_cache
@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    return _page(request, scope)


@never_cache
@sensitive_post_parameters("before", "password", "again")
@require_POST
@signed_in.required
def password(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This session goes on under a new key; the others end."""
    new = request.POST.get("password", "")
    try:
        if new != request.POST.get("again", ""):
            raise InvalidInput(_("The two passwords are not the same."))
        person = passwords.change(scope, request.POST.get("before", "")[: passwords.LONGEST], new)
    except InvalidInput as fault:
        return _page(request, scope, status=fault.status, password_fault=fault.message)
    auth.update_session_auth_hash(request, person)
    sessions.renew(scope, scope.through("portal", request.session.session_key or "").session)
    strength.note(request.session, "password", mfa=None)
    messages.success(request, _("Your password was changed. Your other sessions have ended."), extra_tags="good")
    return redirect("account")


@require_POST
@signed_in.required
def end_session(request: HttpRequest, scope: Scope, session: uuid.UUID) -> HttpResponse:
    sessions.end(scope, session)
    messages.success(request, _("That session has ended."), extra_tags="good")
    return redirect("account")


@require_POST
@signed_in.required
def end_others(request: HttpRequest, scope: Scope) -> HttpResponse:
    sessions.end_others(scope)
    messages.success(request, _("You are signed in here alone."), extra_tags="good")
    return redirect("account")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.to_look
def authenticator(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The picture to scan; a POST brings the first code, and shows the recovery codes this once."""
    if factors.of(scope, scope.person).has_totp:
        return redirect("account")
    if request.method != "POST":
        return _authenticator(request, scope)
    try:
        codes = totp.confirm(scope, request.session.get(DRAFT, ""), request.POST.get("code", "")[:20])
    except (InvalidInput, Conflict) as fault:
        return _authenticator(request, scope, status=fault.status, fault=fault.message)
    request.session.pop(DRAFT, None)
    messages.success(request, _("Your authenticator app is set up."), extra_tags="good")
    return _codes(request, codes)


@require_POST
@signed_in.required
@confirming.required
def authenticator_remove(request: HttpRequest, scope: Scope) -> HttpResponse:
    totp.remove(scope, scope.person)
    messages.success(request, _("Your authenticator app opens nothing any more."), extra_tags="good")
    return redirect("account")


@never_cache
@require_POST
@signed_in.required
@confirming.required
def codes(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Ten new recovery codes, shown this once."""
    if not factors.of(scope, scope.person).is_any:
        return redirect("account")
    return _codes(request, recovery.renew(scope))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.to_look
def passkey_new(request: HttpRequest, scope: Scope) -> HttpResponse:
    if request.method != "POST":
        return _passkey(request, scope)
    state, answer = challenges.take(request, NEW), challenges.answer(request)
    try:
        made = passkeys.register(scope, challenges.site(request), state, answer, request.POST.get("name", ""))
    except (InvalidInput, Conflict) as fault:
        return _passkey(request, scope, status=fault.status, fault=fault.message)
    messages.success(request, _("Your passkey is set up. You can sign in with it alone."), extra_tags="good")
    return _codes(request, made)


@require_POST
@signed_in.required
def passkey_rename(request: HttpRequest, scope: Scope, passkey: uuid.UUID) -> HttpResponse:
    passkeys.rename(scope, passkey, request.POST.get("name", ""))
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("account")


@require_POST
@signed_in.required
@confirming.required
def passkey_remove(request: HttpRequest, scope: Scope, passkey: uuid.UUID) -> HttpResponse:
    passkeys.remove(scope, passkey)
    messages.success(request, _("That passkey opens nothing any more."), extra_tags="good")
    return redirect("account")


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    with scope.transaction():
        person = models.Person.objects.get(pk=scope.person)
        has_identity = models.Identity.objects.filter(person=scope.person).exists()
    context |= {
        "room": "account",
        "person": person,
        "has_password": person.has_usable_password(),
        "sessions": sessions.of(scope, scope.person),
        "this": scope.session,
        "factors": factors.of(scope, scope.person),
        "is_demanded": factors.is_demanded(scope),
        "passkeys": passkeys.mine(scope),
        "has_identity": has_identity,
        "passkeys_work": challenges.is_possible(request),
        "password_min": settings.PASSWORD_MIN,
    }
    return render(request, "account/page.html", context, status=status)


def _authenticator(request: HttpRequest, scope: Scope, status: int = 200, fault: str = "") -> HttpResponse:
    tenant = tenants.current(scope)
    draft = totp.draft(scope, request.user.email, f"Chancery {tenant.name}", request.session.get(DRAFT, ""))  # type: ignore[union-attr]
    request.session[DRAFT] = draft.locked
    context = {"room": "account", "draft": draft, "drawing": qr.drawn(draft.address), "fault": fault}
    return render(request, "account/authenticator.html", context, status=status)


def _passkey(request: HttpRequest, scope: Scope, status: int = 200, fault: str = "") -> HttpResponse:
    with scope.transaction():
        person = models.Person.objects.get(pk=scope.person)
    options = challenges.new(request, NEW, scope, person)
    context: dict[str, object] = {"room": "account", "options": json.dumps(options), "fault": fault}
    context |= {"passkeys_work": challenges.is_possible(request)}
    return render(request, "account/passkey.html", context, status=status)


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown this once; nothing to show where there were some already."""
    return render(request, "account/codes.html", {"room": "account", "codes": codes}) if codes else redirect("account")
