"""What a provider says of itself, and what we say of ourselves to it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from dataclasses import dataclass
from datetime import datetime
from html import escape  # of XML, too: its five characters, the quotes by number
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone
from lxml import etree
from onelogin.saml2.metadata import OneLogin_Saml2_Metadata  # type: ignore[import-untyped]

from assistant.sso import fetching
from assistant.sso.saml import markup
from assistant.sso.saml.asking import Service
from assistant.sso.saml.names import DS, METADATA, REDIRECT, UNSPECIFIED
from governance.errors import InvalidInput
from governance.identity.refusals import Reason, Refused
from governance.sentence import phrase, sentence

CERTIFICATES_MAX = 10
RSA_BITS = 2048
YEAR_S = 365 * 24 * 3600
TYPE = "application/samlmetadata+xml"


@dataclass(frozen=True)
class Described:
    """`certificates` are DER in base64."""

    issuer: str
    sign_in_address: str
    certificates: tuple[str, ...]


@dataclass(frozen=True)
class Certificate:
    subject: str
    fingerprint: str  # SHA-256, in pairs
    ends_at: datetime

    @property
    def has_ended(self) -> bool:
        return self.ends_at <= timezone.now()


def fetched(address: str) -> str:
    """From the provider's own server. Raises InvalidInput."""
    try:
        with fetching.Session() as session:
            response = session.get(address)
        response.raise_for_status()
        return response.content.decode("utf-8-sig")
    except fetching.Unreachable as fault:
        raise InvalidInput(sentence("The metadata cannot be fetched. %(why)s", why=fault.args[0])) from fault
    except requests.RequestException as fault:
        host, status = urlsplit(address).hostname or "", getattr(fault.response, "status_code", "")
        raise InvalidInput(
            sentence("The metadata cannot be fetched. %(host)s answers with %(status)s.", host=host, status=status)
        ) from fault
    except UnicodeDecodeError:
        raise InvalidInput("The metadata cannot be read: it is no XML in UTF-8.") from None


def read(text: str) -> Described:
    """Raises InvalidInput, which says what is amiss with it."""
    entity, provider = _provider(text)
    issuer = entity.get("entityID", "")
    if not 0 < len(issuer) <= 500 or not issuer.isprintable():
        raise InvalidInput("The metadata names no entity id of 1 to 500 characters.")
    places = [one for one in provider.iterfind(f"{METADATA}SingleSignOnService") if one.get("Binding") == REDIRECT]
    address = places[0].get("Location", "") if places else ""
    if not address or len(address) > 500:
        raise InvalidInput("The metadata names no sign-in address for the binding HTTP-Redirect.")
    try:
        fetching.check(address)
    except fetching.Unreachable as fault:
        raise InvalidInput(sentence("The sign-in address cannot be used. %(why)s", why=fault.args[0])) from None
    return Described(issuer, address, _certificates(provider))


def described(certificate: str) -> Certificate:
    """One that `read` has checked."""
    der = base64.b64decode(certificate)
    made = x509.load_der_x509_certificate(der)
    return Certificate(
        made.subject.rfc4514_string()[:200], hashlib.sha256(der).digest().hex(":").upper(), made.not_valid_after_utc
    )


def ours(service: Service) -> str:
    """The XML that the provider may be given instead of the two addresses."""
    told = {
        "entityId": escape(service.entity),
        "assertionConsumerService": {
            "url": escape(service.answers),
            "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        },
        "NameIDFormat": UNSPECIFIED,
    }
    made: str = OneLogin_Saml2_Metadata.builder(
        told, authnsign=False, wsign=True, valid_until=int(time.time()) + YEAR_S, cache_duration="P1D"
    )
    return made


def _provider(text: str) -> tuple[etree._Element, etree._Element]:
    """The entity, and the one identity provider that it is."""
    try:
        root = markup.parsed(text.strip().encode())
    except Refused as refusal:
        why = {
            Reason.TOO_LARGE: phrase("The metadata is larger than 256 KB. Paste the part of one provider."),
            Reason.DOCUMENT_TYPE: phrase("The metadata declares a document type, which is not read here."),
        }
        raise InvalidInput(
            why.get(refusal.reason, phrase("The metadata cannot be read: it is no XML in UTF-8."))
        ) from None
    entities = list(root.iter(f"{METADATA}EntityDescriptor"))
    found = list(root.iter(f"{METADATA}IDPSSODescriptor"))
    if len(entities) != 1 or len(found) != 1 or found[0].getparent() is not entities[0]:
        raise InvalidInput("The metadata must describe exactly one identity provider.")
    return entities[0], found[0]


def _certificates(provider: etree._Element) -> tuple[str, ...]:
    """Those to sign with, each once. One that is only to encrypt with signs nothing."""
    keys = [key for key in provider.iterfind(f"{METADATA}KeyDescriptor") if key.get("use", "signing") == "signing"]
    found = ["".join("".join(one.itertext()).split()) for key in keys for one in key.iter(f"{DS}X509Certificate")]
    if not 0 < len(found) <= CERTIFICATES_MAX:
        raise InvalidInput("The metadata holds no certificate to sign with, or more than ten.")
    return tuple(dict.fromkeys(_checked(one) for one in found))


def _checked(certificate: str) -> str:
    """In one writing. Raises InvalidInput."""
    try:
        der = base64.b64decode(certificate, validate=True)
        key = x509.load_der_x509_certificate(der).public_key()
    except (binascii.Error, ValueError):
        raise InvalidInput("The metadata holds a certificate that cannot be read.") from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS:
            raise InvalidInput("A certificate of the metadata has an RSA key of fewer than 2048 bits.")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise InvalidInput("A certificate of the metadata has a key that is neither RSA nor an elliptic curve.")
    return base64.b64encode(der).decode()
