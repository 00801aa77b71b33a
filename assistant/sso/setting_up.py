"""What an admin writes about a provider, from a form."""

from __future__ import annotations

import re
import uuid

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
    return providers.Draft(
        name=form.get("name", ""),
        issuer=issuer,
        client_id=form.get("client_id", ""),
        client_secret=form.get("client_secret") or None,
        domains=tuple(one for one in re.split(r"[\s,;]+", form.get("domains", "")) if one),
        group_claim=form.get("group_claim", ""),
        groups=_groups(form.getlist("group_value"), form.getlist("group")),
        vouches_for_addresses="vouches_for_addresses" in form,
        is_enabled="is_enabled" in form,
        is_required="is_required" in form,
    )


def _groups(values: list[str], groups: list[str]) -> frozenset[tuple[str, uuid.UUID]]:
    """A line without a value, or without a group, is an empty one."""
    try:
        pairs = zip(values, groups, strict=True)
        return frozenset((value.strip(), uuid.UUID(group)) for value, group in pairs if value.strip() and group)
    except ValueError:
        raise InvalidInput(_("Choose a group for each line of the list.")) from None
