"""My data: what is kept of whoever is signed in, who looked at it, and their way to take it away or have it erased."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant.streams import stream
from assistant.subjects import own_data
from assistant.views import confirming, signed_in
from governance import quotas
from governance.audit.lifecycle import erasure
from governance.scope import Scope


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    context = {
        "room": "my-data",
        "overview": own_data.overview(scope),
        "bounds": quotas.left(scope, quotas.USUAL),
        "session_hours": settings.SESSION_COOKIE_AGE // 3600,
        "stream_minutes": stream.KEPT_S // 60,
        "note_max": erasure.NOTE_LONGEST,
    }
    return render(request, "my_data/page.html", context)


@require_POST
@signed_in.required
@confirming.required
def export(request: HttpRequest, scope: Scope) -> FileResponse:
    return FileResponse(
        own_data.export(scope), as_attachment=True, filename="my-data.zip", content_type="application/zip"
    )


@require_POST
@signed_in.required
@confirming.required
def ask(request: HttpRequest, scope: Scope) -> HttpResponse:
    erasure.request(scope, request.POST.get("note", ""))
    messages.success(request, _("Your request is recorded. Somebody else decides on it."), extra_tags="good")
    return redirect("my-data")


@require_POST
@signed_in.required
def withdraw(request: HttpRequest, scope: Scope) -> HttpResponse:
    erasure.withdraw(scope)
    messages.success(request, _("Your request is withdrawn. Nothing is erased."), extra_tags="good")
    return redirect("my-data")
