"""What an admin does about how somebody else signs in."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from assistant import sign_in
from assistant.views import confirming, signed_in
from governance import invitations
from governance.accounts import factors, sessions
from governance.scope import Scope


@require_POST
@signed_in.required
def sign_out(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    sessions.end_all(scope, person)
    messages.success(request, _("They are signed out everywhere."), extra_tags="good")
    return redirect("person", person)


@require_POST
@signed_in.required
def unlock(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    sign_in.unlock(scope, person)
    messages.success(request, _("They can try again at once."), extra_tags="good")
    return redirect("person", person)


@require_POST
@signed_in.required
@confirming.required
def remove_factors(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    """Whoever has lost their phone signs in with the password alone, and sets up another one."""
    factors.remove_all(scope, person)
    messages.success(request, _("Their second factors and passkeys were removed."), extra_tags="good")
    return redirect("person", person)


@require_POST
@signed_in.required
def withdraw(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    invitations.withdraw(scope, person)
    messages.success(request, _("The link opens nothing any more."), extra_tags="good")
    return redirect("person", person)
