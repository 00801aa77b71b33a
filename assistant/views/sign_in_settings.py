"""How a tenant's people sign in: set up and tried out by its admins."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.sso import openid, rehearsal, setting_up
from assistant.sso.saml import asking, metadata
from assistant.sso.saml import setting_up as saml_setting_up
from assistant.views import confirming, signed_in
from assistant.views.sso import reported
from governance import custom_roles, groups, models, tenants
from governance.accounts import factors
from governance.errors import ChanceryError, Conflict, InvalidInput
from governance.identity import identities, providers
from governance.identity.models import Kind
from governance.identity.refusals import Refused
from governance.scope import Scope

SPARE_LINES = 3  # empty lines of the group list; saving brings new ones


@never_cache
@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    context = {"room": "settings", "providers": providers.listed(scope), "tenant": tenants.current(scope)}
    return render(request, "settings/sign_in.html", context)


@require_POST
@signed_in.required
@confirming.required
def passwords(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Whose passwords need a second factor beside them."""
    factors.demand(scope, request.POST.get("second_factor_for", ""))
    messages.success(request, _("Saved. It holds from everybody's next sign-in."), extra_tags="good")
    return redirect("sign-in-settings")


@never_cache
@sensitive_post_parameters("client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def new(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The redirect address has to be known before the provider is: its id is chosen here, and comes back in the form."""
    providers.listed(scope)  # refuses whoever is no admin
    tenant = tenants.current(scope)
    fresh = models.IdentityProvider(
        tenant_id=scope.tenant,
        kind=_kind(request),
        domains=[tenant.domain] if tenant.domain else [],
        group_claim="groups",
    )
    if request.method != "POST":
        return _form(request, scope, fresh, is_new=True)
    fresh.pk = _id(request.POST.get("id", ""))
    try:
        providers.create(scope, _draft(request, fresh), fresh.pk)
    except (InvalidInput, Conflict) as fault:
        return _form(request, scope, fresh, is_new=True, fault=fault)
    messages.success(request, _("Saved. Test it now, before people use it."), extra_tags="good")
    return redirect("sign-in-provider", fresh.pk)


@never_cache
@sensitive_post_parameters("client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def provider(request: HttpRequest, scope: Scope, provider: uuid.UUID) -> HttpResponse:
    row = providers.get(scope, provider)
    if request.method != "POST":
        return _form(request, scope, row)
    try:
        providers.change(scope, provider, _draft(request, row))
    except (InvalidInput, Conflict) as fault:
        return _form(request, scope, row, fault=fault)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("sign-in-provider", provider)


@require_POST
@signed_in.required
@confirming.required
def delete(request: HttpRequest, scope: Scope, provider: uuid.UUID) -> HttpResponse:
    providers.delete(scope, provider)
    messages.success(request, _("The identity provider was removed."), extra_tags="good")
    return redirect("sign-in-settings")


@never_cache
@require_GET
@signed_in.required
def test(request: HttpRequest, scope: Scope, provider: uuid.UUID) -> HttpResponse:
    """A link for the same reason as `sso.start`. It signs nobody in, and changes nothing."""
    row = providers.get(scope, provider)
    try:
        return redirect(rehearsal.start(request, scope, provider))
    except Refused as refusal:
        return reported(request, rehearsal.Report(row, refusal=refusal))


@require_POST
@signed_in.required
@confirming.required
def unlink(request: HttpRequest, scope: Scope, provider: uuid.UUID, identity: uuid.UUID) -> HttpResponse:
    providers.get(scope, provider)
    identities.unlink(scope, identity)
    messages.success(request, _("Unlinked. Their next sign-in is a first one again."), extra_tags="good")
    return redirect("sign-in-provider", provider)


def _form(
    request: HttpRequest,
    scope: Scope,
    row: models.IdentityProvider,
    *,
    is_new: bool = False,
    fault: ChanceryError | None = None,
) -> HttpResponse:
    slug = tenants.current(scope).slug
    allowed = [] if is_new else providers.allowed_groups(scope, row.pk)
    sent = request.POST if fault else None
    context: dict[str, Any] = {
        "room": "settings",
        "provider": row,
        "is_new": is_new,
        "fault": fault,
        "values": sent or _values(row),
        "lines": _lines(sent, allowed),
        "groups": groups.listed(scope),
        "roles": providers.DEFAULT_ROLES,
        "own_roles": custom_roles.listed(scope),
        "defaults": _defaults(sent) if sent is not None else _stored_defaults(scope, row, is_new=is_new),
        "redirect_address": openid.callback_address(request, slug, row),
        "backchannel_address": request.build_absolute_uri(reverse("sso-backchannel", args=[slug, row.pk])),
        "service": asking.service(request, slug, row.pk),
        "certificates": [metadata.described(one) for one in row.certificates],
        "slug": slug,
        "identities": [] if is_new else identities.of_issuer(scope, row.issuer),
    }
    return render(request, "settings/sign_in_provider.html", context, status=fault.status if fault else 200)


def _values(row: models.IdentityProvider) -> dict[str, Any]:
    plain = (
        "name", "issuer", "client_id", "group_claim", "vouches_for_addresses", "is_enabled", "is_required",
        "metadata_address", "subject_claim", "email_claim",
    )  # fmt: skip
    lists = ("domains", "demanded_acr", "demanded_amr")
    values = {name: getattr(row, name) for name in plain} | {name: ", ".join(getattr(row, name)) for name in lists}
    return values | {"default_role": str(row.default_custom_role_id or row.default_role)}


def _defaults(sent: Any) -> set[str]:
    return set(sent.getlist("default_group"))


def _stored_defaults(scope: Scope, row: models.IdentityProvider, *, is_new: bool) -> set[str]:
    return set() if is_new else {str(group) for group in providers.default_groups(scope, row.pk)}


def _lines(sent: Any, allowed: list[tuple[str, uuid.UUID]]) -> list[tuple[str, str]]:
    kept = [(value, str(group)) for value, group in allowed]
    if sent is not None:
        kept = [pair for pair in zip(sent.getlist("group_value"), sent.getlist("group"), strict=False) if any(pair)]
    return kept + [("", "")] * SPARE_LINES


def _kind(request: HttpRequest) -> Kind:
    told = request.POST.get("kind") or request.GET.get("kind")
    return Kind.SAML if told == Kind.SAML else Kind.OPENID


def _draft(request: HttpRequest, row: models.IdentityProvider) -> providers.Draft:
    if row.kind == Kind.SAML:
        return saml_setting_up.draft(request.POST, row)
    return setting_up.draft(request.POST)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput(_("The form is incomplete. Open the page again.")) from None
