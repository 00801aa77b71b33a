"""What a provider answered, checked as the profiles of SAML 2.0 say (4.1.4.3), and a little more strictly. Only computes.

The answer around the assertion is signed by nobody, as a rule. What it says of itself can only refuse, and never admit.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from assistant.sso.saml import markup, signatures
from assistant.sso.saml.names import BEARER, DS, ENTITY, SAML, SAMLP, SUCCESS, UNSPECIFIED
from governance.identity.refusals import Reason, Refused

LEEWAY = timedelta(seconds=60)
NAME_MAX = 256


@dataclass(frozen=True)
class Expected:
    issuer: str
    certificates: Collection[str]  # DER in base64
    audience: str  # our entity id
    address: str  # where the answer came to
    request: str  # the id of what is answered
    now: datetime


@dataclass(frozen=True)
class Asserted:
    """What was signed.

    `signed_in_at` is when somebody showed the provider who they are, `ends_at` when this cannot be used any more, and
    `session_ends_at` when the provider's session is over.
    """

    assertion: str
    issuer: str
    name: str
    name_format: str
    attributes: dict[str, list[str]]
    context: str
    signed_in_at: datetime
    ends_at: datetime
    session_ends_at: datetime | None


def verify(sent: str, expected: Expected) -> Asserted:
    """`sent` is base64, as it was posted. Raises Refused."""
    root = markup.parsed(markup.decoded(sent))
    markup.require_plain(root)
    if root.tag != f"{SAMLP}Response" or root.get("Version") != "2.0":
        raise Refused(Reason.NO_ANSWER, f"its root is {etree.QName(root).localname}"[:100])
    _require_answer(root, expected)
    held = _only_assertion(root)
    markup.require_single_ids(root)
    _require_places(root, held)
    assertion = signatures.covered(held, expected.certificates)
    if root.find(f"{DS}Signature") is not None:
        signatures.covered(root, expected.certificates)
    markup.require_schema(root)
    return _asserted(assertion, expected)


def is_unasked(sent: str) -> bool:
    """Does it answer no request at all, by its own word? Raises Refused where it cannot be read."""
    return markup.parsed(markup.decoded(sent)).get("InResponseTo") is None


def _require_answer(root: etree._Element, expected: Expected) -> None:
    code = root.find(f"{SAMLP}Status/{SAMLP}StatusCode")
    if code is None or code.get("Value") != SUCCESS:
        raise Refused(Reason.PROVIDER_ERROR, _told(root))
    _require_asked(root, expected)
    if root.get("Destination") != expected.address:
        raise Refused(Reason.DESTINATION, str(root.get("Destination"))[:200])
    issuer = root.find(f"{SAML}Issuer")
    if issuer is not None:
        _require_issuer(issuer, expected)


def _told(root: etree._Element) -> str:
    """The codes and the message with which a provider refuses."""
    codes = [node.get("Value", "").rpartition(":")[2] for node in root.iter(f"{SAMLP}StatusCode")]
    message = root.findtext(f"{SAMLP}Status/{SAMLP}StatusMessage") or ""
    return " ".join([*codes[:4], message]).strip()[:300] or "no status"


def _require_asked(node: etree._Element, expected: Expected) -> None:
    asked = node.get("InResponseTo")
    if asked is None:
        raise Refused(Reason.UNASKED)
    if asked != expected.request:
        raise Refused(Reason.OTHER_REQUEST, asked[:200])


def _require_issuer(node: etree._Element | None, expected: Expected) -> None:
    said = "" if node is None else node.text or ""
    if node is None or said != expected.issuer or node.get("Format", ENTITY) != ENTITY:
        raise Refused(Reason.OTHER_ISSUER, said[:200])


def _only_assertion(root: etree._Element) -> etree._Element:
    """In the whole document, wherever it might be hidden."""
    if next(root.iter(f"{SAML}EncryptedAssertion"), None) is not None:
        raise Refused(Reason.ENCRYPTED)
    found = list(root.iter(f"{SAML}Assertion"))
    if len(found) != 1 or found[0].getparent() is not root:
        raise Refused(Reason.ASSERTIONS, f"{len(found)} in all")
    return found[0]


def _require_places(root: etree._Element, assertion: etree._Element) -> None:
    """A signature stands in what it signs: the assertion, or the answer."""
    for node in root.iter(f"{DS}Signature"):
        if node.getparent() not in (assertion, root):
            raise Refused(Reason.SIGNATURE_FORM, "it stands elsewhere")


def _asserted(assertion: etree._Element, expected: Expected) -> Asserted:
    name = assertion.get("ID", "")
    _require_issuer(assertion.find(f"{SAML}Issuer"), expected)
    if _time(assertion.get("IssueInstant")) > expected.now + LEEWAY:
        raise Refused(Reason.TOO_EARLY, "it was issued in the future")
    confirmed_until = _confirmed_until(assertion, expected)
    kept_until = _kept_until(assertion, expected)
    signed_in_at, session_ends_at, context = _signed_in(assertion, expected)
    subject, subject_format = _name(assertion, expected)
    return Asserted(
        assertion=name,
        issuer=expected.issuer,
        name=subject,
        name_format=subject_format,
        attributes=_attributes(assertion),
        context=context,
        signed_in_at=signed_in_at,
        ends_at=max(confirmed_until, kept_until or confirmed_until) + LEEWAY,
        session_ends_at=session_ends_at,
    )


def _confirmed_until(assertion: etree._Element, expected: Expected) -> datetime:
    """By one bearer confirmation that holds: for this address and this request, and not for ever."""
    why = Refused(Reason.UNCONFIRMED)
    for node in assertion.iterfind(f"{SAML}Subject/{SAML}SubjectConfirmation"):
        told = node.find(f"{SAML}SubjectConfirmationData")
        if node.get("Method") != BEARER or told is None:
            continue
        try:
            return _confirmation(told, expected)
        except Refused as refusal:
            why = refusal
    raise why


def _confirmation(told: etree._Element, expected: Expected) -> datetime:
    if told.get("Recipient") != expected.address:
        raise Refused(Reason.RECIPIENT, str(told.get("Recipient"))[:200])
    _require_asked(told, expected)
    if told.get("NotOnOrAfter") is None:
        raise Refused(Reason.UNCONFIRMED, "it never ends")
    until = _require_now(told, expected)
    return until or expected.now


def _kept_until(assertion: etree._Element, expected: Expected) -> datetime | None:
    found = assertion.findall(f"{SAML}Conditions")
    if len(found) != 1:
        raise Refused(Reason.UNCONDITIONAL, f"{len(found)} of them")
    known = {f"{SAML}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")}
    if any(node.tag not in known for node in found[0]):
        raise Refused(Reason.UNCONDITIONAL, "one is not known here")
    until = _require_now(found[0], expected)
    restrictions = found[0].findall(f"{SAML}AudienceRestriction")
    if not restrictions:
        raise Refused(Reason.OTHER_AUDIENCE, "it names none")
    for restriction in restrictions:
        named = [node.text or "" for node in restriction.findall(f"{SAML}Audience")]
        if expected.audience not in named:
            raise Refused(Reason.OTHER_AUDIENCE, " ".join(named)[:200])
    return until


def _signed_in(assertion: etree._Element, expected: Expected) -> tuple[datetime, datetime | None, str]:
    """When that was, when the provider's session ends, and how it was made sure who it is."""
    found = assertion.findall(f"{SAML}AuthnStatement")
    if not found:
        raise Refused(Reason.NO_SIGN_IN)
    ends = [_time(node.get("SessionNotOnOrAfter")) for node in found if node.get("SessionNotOnOrAfter")]
    if ends and min(ends) + LEEWAY <= expected.now:
        raise Refused(Reason.SESSION_OVER)
    context = found[0].findtext(f"{SAML}AuthnContext/{SAML}AuthnContextClassRef") or ""
    return _time(found[0].get("AuthnInstant")), min(ends, default=None), context


def _name(assertion: etree._Element, expected: Expected) -> tuple[str, str]:
    """The NameID as it was written, and its format; both empty where there is none. Raises Refused."""
    subject = assertion.find(f"{SAML}Subject")
    if subject is not None and subject.find(f"{SAML}EncryptedID") is not None:
        raise Refused(Reason.ENCRYPTED, "the name is")
    node = None if subject is None else subject.find(f"{SAML}NameID")
    if node is None:
        return "", ""
    qualifiers = ((node.get("NameQualifier"), expected.issuer), (node.get("SPNameQualifier"), expected.audience))
    if any(said is not None and said != ours for said, ours in qualifiers):
        raise Refused(Reason.NO_SUBJECT, "its name is qualified by somebody else")
    return node.text or "", node.get("Format", UNSPECIFIED)


def _attributes(assertion: etree._Element) -> dict[str, list[str]]:
    """By their names, as they are written; a name that comes twice has the values of both."""
    found: dict[str, list[str]] = {}
    for node in assertion.iterfind(f"{SAML}AttributeStatement/{SAML}Attribute"):
        values = ["".join(one.itertext()).strip() for one in node.findall(f"{SAML}AttributeValue")]
        found.setdefault(node.get("Name", ""), []).extend(value for value in values if value)
    return found


def _require_now(node: etree._Element, expected: Expected) -> datetime | None:
    """Its end, if it has one. Raises Refused outside of its times, with a minute of leeway."""
    since, until = node.get("NotBefore"), node.get("NotOnOrAfter")
    if since is not None and _time(since) > expected.now + LEEWAY:
        raise Refused(Reason.TOO_EARLY, since)
    ends_at = None if until is None else _time(until)
    if ends_at is not None and ends_at + LEEWAY <= expected.now:
        raise Refused(Reason.TOO_LATE, until or "")
    return ends_at


def _time(text: str | None) -> datetime:
    """Raises Refused for one without a zone, too: SAML's times are UTC."""
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(Reason.ODD, f"{text} is no time")
    return found
