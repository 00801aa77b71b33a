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
    KIND = "the token is of another kind"
    NOT_STRONG = "the sign-in was not as strong as demanded"
    NOT_AGAIN = "the sign-in was not a new one"
    # A logout token
    NAMELESS = "the token says nobody's name"
    SPENT = "the token was used before"
    # The answer that holds an assertion (SAML)
    TOO_LARGE = "the answer is too large"
    UNREADABLE = "the answer cannot be read"
    DOCUMENT_TYPE = "the answer declares a document type"
    COMMENTED = "the answer holds a comment or an instruction"
    NO_ANSWER = "the message is no answer to a sign-in"
    UNASKED = "the answer answers no request"
    OTHER_REQUEST = "the answer answers another request"
    DESTINATION = "the answer is addressed elsewhere"
    ASSERTIONS = "the answer does not hold exactly one assertion"
    ENCRYPTED = "the assertion is encrypted"
    # The assertion's signature
    UNSIGNED = "the assertion is not signed"
    SIGNATURE_FORM = "the assertion's signature is not of the allowed form"
    SAME_IDS = "two elements of the answer have one id"
    WEAK = "the assertion's algorithm is not allowed"
    ALTERED = "the assertion is not what was signed"
    FOREIGN_KEY = "the assertion's key is not the provider's"
    FALSE_SIGNATURE = "the assertion's signature is wrong"
    # The assertion
    ODD = "the answer is not as its schema says"
    OTHER_ISSUER = "the assertion's issuer is another"
    OTHER_AUDIENCE = "the assertion is for another service"
    RECIPIENT = "the assertion is addressed elsewhere"
    UNCONFIRMED = "the assertion's bearer is not confirmed"
    UNCONDITIONAL = "the assertion states no conditions that can be kept"
    TOO_EARLY = "the assertion is not valid yet"
    TOO_LATE = "the assertion is not valid any more"
    NO_SIGN_IN = "the assertion tells of no sign-in"
    SESSION_OVER = "the provider's session has ended"
    REPLAYED = "the assertion was used already"
    NO_SUBJECT = "the assertion names nobody"
    TRANSIENT = "the assertion's name is for one time only"
    ADDRESS_AS_NAME = "the assertion names somebody by an e-mail address"
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
        detail = storable(detail)
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


def storable(text: str) -> str:
    """Without what no database keeps and no page shows: halves of a surrogate pair, and NUL."""
    return text.encode(errors="replace").decode().replace("\0", "?")
