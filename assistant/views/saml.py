"""There and back through a tenant's SAML provider: what the provider reads, what its page posts, and the step after that."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from assistant.sso import entry
from assistant.sso.saml import asking, flow, metadata
from assistant.views.sso import came_back, to_door
from governance.identity.models import Kind
from governance.identity.refusals import Refused


@never_cache
@require_GET
def described(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    """Our metadata for this provider. It holds no secret, and the provider's server may fetch it."""
    try:
        entry.find(request, slug, provider, Kind.SAML)
    except Refused as refusal:
        return to_door(request, slug, refusal)
    return HttpResponse(metadata.ours(asking.service(request, slug, provider)), content_type=metadata.TYPE)


@csrf_exempt  # the provider's page posts this without our cookies: it is kept, and read in the step after it
@never_cache
@require_POST
def answer(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    try:
        scope, row = entry.find(request, slug, provider, Kind.SAML)
        state = flow.keep(request, slug, scope, row)
    except Refused as refusal:
        return to_door(request, slug, refusal)
    onward = HttpResponseRedirect(f"{reverse('saml-finish', args=[slug, provider])}?{urlencode({'state': state})}")
    onward.status_code = 303
    return onward


@never_cache
@require_GET
def finish(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    """The browser brings our cookie again: is it the one that asked?"""
    return came_back(request, slug, provider, Kind.SAML)
