"""The signature over one element, of the one form that is allowed, and what it covers.

An attack that wraps a signed element into a forged document works where one part of a program finds what was signed, and
another what is read. So nothing is looked up here: the element is taken out of its document, xmlsec checks the signature of
that copy, and what the caller gets to read is parsed from the very bytes whose digest was signed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Collection

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from xmlsec import constants

from assistant.sso.saml import markup
from assistant.sso.saml.names import DIGESTS, DS, ENVELOPED, EXCLUSIVE, INCLUSIVE_NAMESPACES, SIGNATURES
from governance.identity.refusals import Reason, Refused


def covered(element: etree._Element, certificates: Collection[str]) -> etree._Element:
    """The element as it was signed by one of the certificates (DER in base64), without its signature. Raises Refused."""
    signature = _one(element, f"{DS}Signature", Reason.UNSIGNED)
    prefixes = _require_form(signature, element.get("ID", ""))
    alone = etree.fromstring(_canonical(element, prefixes), markup.parser())
    bare = etree.fromstring(_canonical(alone, prefixes), markup.parser())
    body = _canonical(_without(bare, _one(bare, f"{DS}Signature", Reason.UNSIGNED)), prefixes)
    _require_digest(signature, body)
    _require_key(alone, certificates)
    return etree.fromstring(body, markup.parser())


def _require_form(signature: etree._Element, target: str) -> list[str]:
    """One reference, to the element itself, under two transforms. Returns the prefixes that they keep."""
    parts = [node.tag for node in signature]
    if parts not in (
        [f"{DS}SignedInfo", f"{DS}SignatureValue"],
        [f"{DS}SignedInfo", f"{DS}SignatureValue", f"{DS}KeyInfo"],
    ):
        raise Refused(Reason.SIGNATURE_FORM, "its parts are others")
    info = signature[0]
    if [node.tag for node in info] != [f"{DS}CanonicalizationMethod", f"{DS}SignatureMethod", f"{DS}Reference"]:
        raise Refused(Reason.SIGNATURE_FORM, "what is signed is not one reference")
    canonical, method, reference = info
    if not target or reference.get("URI") != f"#{target}":
        raise Refused(Reason.SIGNATURE_FORM, "it refers to something else")
    if [node.tag for node in reference] != [f"{DS}Transforms", f"{DS}DigestMethod", f"{DS}DigestValue"]:
        raise Refused(Reason.SIGNATURE_FORM, "its reference has other parts")
    _require_algorithms(method, reference[1])
    transforms = list(reference[0])
    if [node.get("Algorithm") for node in transforms] != [ENVELOPED, EXCLUSIVE] or len(transforms[0]):
        raise Refused(Reason.SIGNATURE_FORM, "its transforms are others")
    if canonical.get("Algorithm") != EXCLUSIVE:
        raise Refused(Reason.SIGNATURE_FORM, "it is canonicalised otherwise")
    return sorted({*_prefixes(canonical), *_prefixes(transforms[1])})


def _require_algorithms(method: etree._Element, digest: etree._Element) -> None:
    for node, allowed in ((method, SIGNATURES), (digest, DIGESTS)):
        if node.get("Algorithm") not in allowed or len(node):
            raise Refused(Reason.WEAK, node.get("Algorithm", "")[:200])


def _prefixes(method: etree._Element) -> list[str]:
    if not len(method):
        return []
    if len(method) > 1 or method[0].tag != INCLUSIVE_NAMESPACES:
        raise Refused(Reason.SIGNATURE_FORM, "it is canonicalised otherwise")
    return method[0].get("PrefixList", "").split()


def _require_digest(signature: etree._Element, body: bytes) -> None:
    reference = signature[0][2]
    made = DIGESTS[reference[1].get("Algorithm", "")](body).digest()
    if not hmac.compare_digest(made, _bytes(reference[2])):
        raise Refused(Reason.ALTERED)


def _require_key(alone: etree._Element, certificates: Collection[str]) -> None:
    """By a key of ours: whatever key the signature brings along is taken out before."""
    signature = _one(alone, f"{DS}Signature", Reason.UNSIGNED)
    _bytes(signature[1])
    brought = {"".join("".join(node.itertext()).split()) for node in signature.iter(f"{DS}X509Certificate")}
    for node in signature.findall(f"{DS}KeyInfo"):
        signature.remove(node)
    xmlsec.tree.add_ids(alone, ["ID"])
    if any(_verifies(signature, certificate) for certificate in certificates):
        return
    raise Refused(Reason.FOREIGN_KEY if brought and not brought & set(certificates) else Reason.FALSE_SIGNATURE)


def _verifies(signature: etree._Element, certificate: str) -> bool:
    made = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_bytes(Encoding.PEM)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(made, constants.KeyDataFormatCertPem, None)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def _bytes(node: etree._Element) -> bytes:
    try:
        found = base64.b64decode("".join((node.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Refused(Reason.SIGNATURE_FORM, "its values cannot be read") from fault
    if not found:
        raise Refused(Reason.SIGNATURE_FORM, "its values are empty")
    return found


def _one(element: etree._Element, tag: str, otherwise: Reason) -> etree._Element:
    found = element.findall(tag)
    if not found:
        raise Refused(otherwise)
    if len(found) > 1:
        raise Refused(Reason.SIGNATURE_FORM, "there are several")
    return found[0]


def _without(element: etree._Element, child: etree._Element) -> etree._Element:
    """What stands after the child stays: lxml would take it away as well."""
    before, after = child.getprevious(), child.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + after
    else:
        element.text = (element.text or "") + after
    element.remove(child)
    return element


def _canonical(element: etree._Element, prefixes: list[str]) -> bytes:
    return etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes or None
    )
