"""What an admin writes about a provider that speaks SAML, from a form."""

from __future__ import annotations

from dataclasses import replace

from django.http import QueryDict

from assistant.sso import setting_up
from assistant.sso.saml import metadata
from governance.errors import InvalidInput
from governance.identity import providers
from governance.models import IdentityProvider


def draft(form: QueryDict, row: IdentityProvider) -> providers.Draft:
    """With the metadata as it was pasted, or fetched from another address than before, or again; otherwise as it was read
    the last time. Raises InvalidInput.
    """
    text, address = form.get("metadata", "").strip(), form.get("metadata_address", "").strip()
    if not text and address and (address != row.metadata_address or "again" in form):
        text = metadata.fetched(address)
    if text:
        found = metadata.read(text)
    elif row.certificates:
        found = metadata.Described(row.issuer, row.sign_in_address, tuple(row.certificates))
    else:
        raise InvalidInput("Paste the provider's metadata, or give the address that it is published at.")
    told = providers.Saml(
        sign_in_address=found.sign_in_address,
        certificates=found.certificates,
        metadata_address=address,
        subject_claim=form.get("subject_claim", "").strip(),
        email_claim=form.get("email_claim", "").strip(),
    )
    return replace(setting_up.common(form), issuer=found.issuer, saml=told)
