"""Why a sign-in through an identity provider was refused: words for the record, which keep their meaning."""

from __future__ import annotations

from enum import StrEnum

from governance.errors import NotSignedIn


class Reason(StrEnum):
    # What came back to the browser
    NO_PROVIDER = "no such provider"
    STATE = "state unknown, used or expired"
    MIXED_UP = "the answer is another issuer's"
    CANCELLED = "cancelled at the provider"
    PROVIDER_ERROR = "the provider answered with an error"
    # What its server said
    UNREACHABLE = "the provider could not be asked"
    DISCOVERY = "the provider describes itself otherwise"
    CODE = "the code was refused"
    USERINFO = "the userinfo is another subject's"
    # The ID token
    MALFORMED = "the token cannot be read"
    ALGORITHM = "the token's algorithm is not allowed"
    KEY = "the token's key is not the provider's"
    SIGNATURE = "the token's signature is wrong"
    ISSUER = "the token's issuer is another"
    AUDIENCE = "the token is for another client"
    EXPIRED = "the token is not valid now"
    NONCE = "the token's nonce is missing or wrong"
    # The person
    NO_ADDRESS = "no e-mail address was sent"
    UNVERIFIED = "the e-mail address is not verified"
    FOREIGN_ADDRESS = "the e-mail address is of a foreign domain"
    SWITCHED_OFF = "the person is switched off"
    LOCAL_PERSON = "the address is a local person's"
    ANOTHER_ISSUER = "the address belongs to an identity at another issuer"
    ANOTHER_SUBJECT = "the address belongs to another subject at this issuer"
    RACED = "two first sign-ins at once"


class Refused(NotSignedIn):
    """`detail` is for the tenant's admin: it may repeat what a provider sent, and never goes to who signs in."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
