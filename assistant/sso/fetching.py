"""What is asked of an identity provider's server: through `governance.fetching`, with what the operator allowed for it."""

from __future__ import annotations

from django.conf import settings

from governance import fetching
from governance.fetching import Guard, Unreachable

__all__ = ["Session", "Unreachable", "check"]

REMEDY = "If it is your own provider, the operator of this installation has to list it in CHANCERY_SSO_INTERNAL_HOSTS."


class Session(fetching.Session):
    def __init__(self) -> None:
        super().__init__(_guard())


def check(url: str) -> None:
    """Raises Unreachable for an address that is not https, or that carries a name and password."""
    _guard().check(url)


def _guard() -> Guard:
    return Guard(settings.SSO_INTERNAL_HOSTS, REMEDY, settings.SSO_CA_FILE)
