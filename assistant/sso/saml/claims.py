"""What a provider said of who signed in, as governance understands it. Only computes."""

from __future__ import annotations

from typing import Any

from assistant.sso.claims import GROUPS_MAX
from assistant.sso.saml.answers import NAME_MAX, Asserted
from assistant.sso.saml.names import EMAIL, TRANSIENT, UNSPECIFIED
from governance.identity.assurance import NAME
from governance.identity.identities import Presented
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider

_WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# As the usual providers call them, where the admin names nothing else.
EMAILS = (
    "email", "mail", "emailAddress", "emailaddress", "Email", "urn:oid:0.9.2342.19200300.100.1.3",
    "urn:oid:1.2.840.113549.1.9.1", f"{_WS}emailaddress",
)  # fmt: skip
NAMES = (
    "displayName", "displayname", "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname", "name", "cn", "urn:oid:2.5.4.3",
)  # fmt: skip
GIVEN = ("givenName", "firstName", "urn:oid:2.5.4.42", f"{_WS}givenname")
FAMILY = ("sn", "lastName", "surname", "urn:oid:2.5.4.4", f"{_WS}surname")


def presented(asserted: Asserted, row: IdentityProvider) -> Presented:
    """Raises Refused where it does not say who it is, in a way that will say the same of the same person for ever."""
    email = _email(asserted, row)
    return Presented(
        issuer=asserted.issuer,
        subject=_subject(asserted, row, email),
        email=email,
        is_verified=None,  # SAML knows no word for it: the provider vouches for all addresses, or for none
        proven_at=asserted.signed_in_at.timestamp(),
        ends_at=asserted.session_ends_at.timestamp() if asserted.session_ends_at else None,
        name=(_first(asserted, NAMES) or f"{_first(asserted, GIVEN)} {_first(asserted, FAMILY)}".strip())[:200],
        groups=frozenset(
            one
            for one in asserted.attributes.get(row.group_claim, [])[:GROUPS_MAX]
            if row.group_claim and len(one) <= 300
        ),
    )


def assurance(asserted: Asserted) -> dict[str, Any]:
    """How it was made sure who it is, in the provider's words, as far as they are words: they stand in clear."""
    context = asserted.context
    return {"acr": context} if NAME.fullmatch(context) else {}


def _email(asserted: Asserted, row: IdentityProvider) -> str:
    if row.email_claim:
        return _first(asserted, (row.email_claim,))
    found = _first(asserted, EMAILS)
    return found or (asserted.name.strip()[:254] if asserted.name_format == EMAIL else "")


def _subject(asserted: Asserted, row: IdentityProvider, email: str) -> str:
    """With what kind of name it is: the same text in another format is somebody else, and so is OpenID Connect's."""
    if row.subject_claim:
        values = set(asserted.attributes.get(row.subject_claim, []))
        if len(values) != 1:
            raise Refused(Reason.NO_SUBJECT, f"{len(values)} values in {row.subject_claim}")
        name, kind = values.pop(), f"attribute {row.subject_claim}"
    else:
        name, kind = asserted.name, asserted.name_format or UNSPECIFIED
    if not 0 < len(name) <= NAME_MAX or not name.isprintable() or name != name.strip() or len(kind) > 300:
        raise Refused(Reason.NO_SUBJECT, "its name is not a text of 1 to 256 characters")
    if kind == TRANSIENT:
        raise Refused(Reason.TRANSIENT)
    if kind == EMAIL or name.casefold() == email.casefold():
        raise Refused(Reason.ADDRESS_AS_NAME)
    return f"{kind} {name}"


def _first(asserted: Asserted, names: tuple[str, ...]) -> str:
    found = next((asserted.attributes[name] for name in names if asserted.attributes.get(name)), [""])
    return found[0][:254]
