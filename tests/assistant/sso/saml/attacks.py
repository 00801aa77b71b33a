"""What may be wrong with an answer, as data: each starts from one that is accepted, and is refused for one reason of its own."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from xmlsec import constants

from governance.identity.refusals import Reason
from tests.assistant.sso.saml.idp import OTHER, Tree, assertion_of
from tests.assistant.sso.saml.surgery import (
    brings_first,
    commented,
    condition,
    doubled,
    drop,
    emptied,
    encrypted,
    entity,
    further,
    grown,
    hidden,
    instructed,
    laughs,
    longer,
    moved,
    renamed,
    setting,
    signed_around,
    together,
    twice,
    writing,
    xsw1,
    xsw2,
    xsw3,
    xsw4,
    xsw5,
    xsw6,
    xsw7,
    xsw8,
)

MORE = "http://www.w3.org/2001/04/xmldsig-more#"


@dataclass(frozen=True)
class Attack:
    """`told` is what the provider itself says otherwise, `before` alters the answer before it is signed, `signing` how it is
    signed (None: not at all), and `after` alters, or replaces, what was signed.
    """

    name: str
    reason: Reason
    told: dict[str, Any] = field(default_factory=dict)
    before: Callable[[Tree], None] = lambda _: None
    signing: dict[str, Any] | None = field(default_factory=dict)
    after: Callable[[Tree], Tree | bytes] = lambda root: root


INFO = "saml:Assertion/ds:Signature/ds:SignedInfo"
CONFIRMED = "saml:Assertion/saml:Subject/saml:SubjectConfirmation"
DATA = f"{CONFIRMED}/saml:SubjectConfirmationData"
NAME = "saml:Assertion/saml:Subject/saml:NameID"
ELSEWHERE = "https://elsewhere.example/answer"

R = Reason
ATTACKS = [
    # The signature
    Attack("unsigned", R.UNSIGNED, signing=None),
    Attack("a signed answer around an unsigned assertion", R.UNSIGNED, signing=None, after=signed_around),
    Attack("SHA-1 signature", R.WEAK, signing={"method": constants.TransformRsaSha1}),
    Attack("SHA-1 digest", R.WEAK, signing={"digest": constants.TransformSha1}),
    Attack("MD5 by name", R.WEAK, after=setting(f"{INFO}/ds:SignatureMethod", "Algorithm", f"{MORE}rsa-md5")),
    Attack("HMAC under the public key", R.WEAK, after=setting(f"{INFO}/ds:SignatureMethod", "Algorithm", f"{MORE}hmac-sha256")),
    Attack("elliptic by name", R.FALSE_SIGNATURE,
           after=setting(f"{INFO}/ds:SignatureMethod", "Algorithm", f"{MORE}ecdsa-sha256")),
    Attack("another key", R.FOREIGN_KEY, signing={"pair": OTHER}),
    Attack("another key, and the provider's certificate beside it", R.FALSE_SIGNATURE,
           signing={"pair": OTHER}, after=brings_first),
    Attack("another key, and no certificate", R.FALSE_SIGNATURE, signing={"pair": OTHER},
           after=drop("saml:Assertion/ds:Signature/ds:KeyInfo")),
    Attack("a signature value of nothing", R.SIGNATURE_FORM, after=writing("saml:Assertion/ds:Signature/ds:SignatureValue", "")),
    Attack("an empty signature", R.SIGNATURE_FORM, after=emptied),
    Attack("a signature value of zeros", R.FALSE_SIGNATURE,
           after=writing("saml:Assertion/ds:Signature/ds:SignatureValue", "A" * 340 + "AA==")),
    Attack("an altered name", R.ALTERED, after=writing(NAME, "admin")),
    Attack("an altered attribute", R.ALTERED,
           after=writing("saml:Assertion/saml:AttributeStatement//saml:AttributeValue", "x@y.example")),
    Attack("an altered digest", R.ALTERED, after=writing(f"{INFO}/ds:Reference/ds:DigestValue", "A" * 43 + "=")),
    Attack("a reference to nothing", R.SIGNATURE_FORM, after=setting(f"{INFO}/ds:Reference", "URI", "")),
    Attack("a reference to a file", R.SIGNATURE_FORM, after=setting(f"{INFO}/ds:Reference", "URI", "file:///etc/passwd")),
    Attack("a transform by XPath", R.SIGNATURE_FORM, after=further("http://www.w3.org/TR/1999/REC-xpath-19991116")),
    Attack("a transform by XSLT", R.SIGNATURE_FORM, after=further("http://www.w3.org/TR/1999/REC-xslt-19991116")),
    Attack("a transform by XSLT alone", R.SIGNATURE_FORM,
           after=setting(f"{INFO}/ds:Reference/ds:Transforms/ds:Transform", "Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")),
    Attack("inclusive canonicalisation", R.SIGNATURE_FORM,
           after=setting(f"{INFO}/ds:CanonicalizationMethod", "Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
    Attack("two references", R.SIGNATURE_FORM, after=doubled),
    Attack("a signature beside the assertion", R.UNSIGNED, after=moved),
    Attack("a broken signature around a signed assertion", R.ALTERED,
           after=together(signed_around, setting("samlp:Status/samlp:StatusCode", "x", "y"))),
    # Wrapped
    Attack("XSW 1", R.ASSERTIONS, after=xsw1),
    Attack("XSW 2", R.ASSERTIONS, after=xsw2),
    Attack("XSW 3", R.ASSERTIONS, after=xsw3),
    Attack("XSW 4", R.ASSERTIONS, after=xsw4),
    Attack("XSW 5", R.ASSERTIONS, after=xsw5),
    Attack("XSW 6", R.ASSERTIONS, after=xsw6),
    Attack("XSW 7", R.ASSERTIONS, after=xsw7),
    Attack("XSW 8", R.ASSERTIONS, after=xsw8),
    Attack("two assertions", R.ASSERTIONS, after=twice),
    Attack("no assertion", R.ASSERTIONS, after=drop("saml:Assertion")),
    Attack("one id for two", R.SAME_IDS, after=lambda root: setting(".", "ID", assertion_of(root).get("ID"))(root)),
    # The XML
    Attack("an external entity", R.DOCUMENT_TYPE, after=entity),
    Attack("a billion laughs", R.DOCUMENT_TYPE, after=laughs),
    Attack("a document type in UTF-16", R.UNREADABLE, after=hidden),
    Attack("a comment in the name", R.COMMENTED, told={"name": "p-4711.evil"}, after=commented),
    Attack("an instruction in the name", R.COMMENTED, after=instructed),
    Attack("another root", R.NO_ANSWER, after=renamed),
    Attack("an older version", R.NO_ANSWER, after=setting(".", "Version", "1.1")),
    Attack("no XML", R.UNREADABLE, after=lambda _: b"garbage"),
    Attack("XML that breaks off", R.UNREADABLE, after=lambda root: etree.tostring(root)[:-20]),
    Attack("a deflate bomb", R.UNREADABLE, after=lambda _: zlib.compress(b"<a>" * 10_000_000)),
    Attack("an answer of 300 KB", R.TOO_LARGE, after=lambda root: etree.tostring(root) + b" " * 300_000),
    Attack("an element that the schema does not know", R.ODD, after=grown),
    Attack("a time that is none", R.ODD, before=setting("saml:Assertion/saml:Conditions", "NotOnOrAfter", "tomorrow")),
    # Whose it is, and for whom
    Attack("another issuer", R.OTHER_ISSUER, told={"issuer": "https://evil.example"}),
    Attack("another issuer of the assertion alone", R.OTHER_ISSUER, before=writing("saml:Assertion/saml:Issuer", "https://evil.example")),
    Attack("another audience", R.OTHER_AUDIENCE, told={"audience": "https://elsewhere.example/entity"}),
    Attack("no audience", R.OTHER_AUDIENCE, told={"audience": None}),
    Attack("another recipient", R.RECIPIENT, told={"recipient": ELSEWHERE}),
    Attack("a recipient that ours begins", R.RECIPIENT, before=lambda root: longer(root, DATA, "Recipient")),
    Attack("no recipient", R.RECIPIENT, before=setting(DATA, "Recipient", None)),
    Attack("another destination", R.DESTINATION, told={"destination": ELSEWHERE}),
    Attack("a destination that ours begins", R.DESTINATION, before=lambda root: longer(root, ".", "Destination")),
    Attack("no destination", R.DESTINATION, before=setting(".", "Destination", None)),
    Attack("a foreign request", R.OTHER_REQUEST, told={"request": "_foreign"}),
    Attack("a foreign request in what is signed", R.OTHER_REQUEST, told={"asked": "_foreign"}),
    Attack("no request in what is signed", R.UNASKED, before=setting(DATA, "InResponseTo", None)),
    Attack("no request at all", R.UNASKED, told={"request": None}),
    Attack("a holder of a key", R.UNCONFIRMED,
           before=setting(CONFIRMED, "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")),
    Attack("no confirmation", R.UNCONFIRMED, before=drop(CONFIRMED)),
    Attack("a confirmation for ever", R.UNCONFIRMED, told={"confirmed": None}),
    # When
    Attack("an expired confirmation", R.TOO_LATE, told={"confirmed": -61}),
    Attack("expired", R.TOO_LATE, told={"until": -61, "since": -300}),
    Attack("not yet valid", R.TOO_EARLY, told={"since": 90}),
    Attack("issued in the future", R.TOO_EARLY, before=setting("saml:Assertion", "IssueInstant", "2099-01-01T00:00:00Z")),
    Attack("no conditions", R.UNCONDITIONAL, told={"has_conditions": False}),
    Attack("a condition of a kind that is not known", R.UNCONDITIONAL, before=condition),
    Attack("a session that has ended", R.SESSION_OVER, told={"session": -61}),
    Attack("nobody signed in", R.NO_SIGN_IN, told={"has_sign_in": False}),
    # Who
    Attack("a name for one time", R.TRANSIENT, told={"name_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}),
    Attack("an address as the name", R.ADDRESS_AS_NAME,
           told={"name_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"}),
    Attack("no name", R.NO_SUBJECT, before=drop(NAME)),
    Attack("a name that is qualified by another", R.NO_SUBJECT, before=setting(NAME, "NameQualifier", "https://evil.example")),
    Attack("an encrypted assertion of garbage", R.ENCRYPTED, after=encrypted),
    Attack("a refusal by the provider", R.PROVIDER_ERROR, told={"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}),
]  # fmt: skip
