"""What an admin writes about a provider, from a form."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

from django.http import QueryDict
from django.utils.translation import gettext as _

from assistant.sso import fetching
from governance.errors import InvalidInput
from governance.identity import providers
from governance.sentence import sentence


def draft(form: QueryDict) -> providers.Draft:
    """Raises InvalidInput. An empty secret leaves the one that is there."""
    issuer = providers.normalised(form.get("issuer", ""))
    try:
        fetching.check(issuer)
    except fetching.Unreachable as fault:
        raise InvalidInput(sentence("The issuer cannot be used. %(why)s", why=fault.args[0])) from None
    return replace(
        common(form),
        issuer=issuer,
        client_id=form.get("client_id", ""),
        client_secret=form.get("client_secret") or None,
    )


def common(form: QueryDict) -> providers.Draft:
    """What is written of every provider, whatever language it speaks. Raises InvalidInput."""
    return providers.Draft(
        name=form.get("name", ""),
        issuer="",
        client_id="",
        client_secret=None,
        domains=_listed(form, "domains"),
        group_claim=form.get("group_claim", ""),
        groups=_groups(form.getlist("group_value"), form.getlist("group")),
        vouches_for_addresses="vouches_for_addresses" in form,
        is_enabled="is_enabled" in form,
        is_required="is_required" in form,
        default_role=form.get("default_role", ""),
        default_groups=_default_groups(form.getlist("default_group")),
        demanded_acr=_listed(form, "demanded_acr"),
        demanded_amr=_listed(form, "demanded_amr"),
    )


def _listed(form: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in re.split(r"[\s,;]+", form.get(name, "")) if one))


def _default_groups(chosen: list[str]) -> frozenset[uuid.UUID]:
    try:
        return frozenset(uuid.UUID(one) for one in chosen if one)
    except ValueError:
        raise InvalidInput(_("Choose the groups of everybody from the list.")) from None


def _groups(values: list[str], groups: list[str]) -> frozenset[tuple[str, uuid.UUID]]:
    """A line without a value, or without a group, is an empty one."""
    try:
        pairs = zip(values, groups, strict=True)
        return frozenset((value.strip(), uuid.UUID(group)) for value, group in pairs if value.strip() and group)
    except ValueError:
        raise InvalidInput(_("Choose a group for each line of the list.")) from None
