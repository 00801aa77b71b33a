"""How strongly somebody showed a provider who they are, and what a provider of a tenant is set to demand. Only computes."""

from __future__ import annotations

import re
from collections.abc import Collection

from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider

NAME = re.compile(r"[A-Za-z0-9_.:/#?=-]{1,100}")  # of an authentication context or method


def require(provider: IdentityProvider, acr: str, amr: Collection[str]) -> None:
    """One of the contexts that are demanded, and one of the methods, where any are. Raises Refused."""
    if provider.demanded_acr and acr not in provider.demanded_acr:
        raise Refused(
            Reason.NOT_STRONG, f"acr is {acr or 'not sent'}, and has to be {' or '.join(provider.demanded_acr)}"
        )
    if provider.demanded_amr and not set(amr) & set(provider.demanded_amr):
        told = " ".join(sorted(amr)) or "not sent"
        raise Refused(Reason.NOT_STRONG, f"amr is {told}, and has to hold {' or '.join(provider.demanded_amr)}")
