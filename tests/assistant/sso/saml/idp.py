"""A SAML provider in this process, which signs what it is told to, however wrong."""

from __future__ import annotations

import base64
import html
import secrets
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from xmlsec import constants

from assistant.sso.saml.names import PERSISTENT, SAMLP

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
Tree = etree._Element


class Pair:
    """A key with its certificate."""

    def __init__(self, name: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(called)
            .issuer_name(called)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=400))
            .sign(key, hashes.SHA256())
        )
        self.key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.pem = made.public_bytes(Encoding.PEM)
        self.der = base64.b64encode(made.public_bytes(Encoding.DER)).decode()


FIRST, OTHER = Pair("first"), Pair("other")  # making one takes a while


@dataclass
class Told:
    """What an answer says. Times are seconds from now; None leaves a thing out."""

    request: str | None
    address: str
    audience: str | None
    issuer: str
    name: str = "p-4711"
    name_format: str | None = PERSISTENT
    attributes: dict[str, list[str]] = field(default_factory=dict)
    destination: str | None = None
    recipient: str | None = None
    asked: str | None = None  # by the confirmation; the request where it is None
    confirmed: int | None = 300
    since: int | None = -5
    until: int | None = 300
    session: int | None = None
    signed_in: int = -5
    context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
    has_conditions: bool = True
    has_sign_in: bool = True
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    assertion: str = field(default_factory=lambda: f"_{secrets.token_hex(16)}")


def answer(told: Told) -> Tree:
    """As the browser profile has it, and signed by nobody."""
    now = datetime.now(UTC)

    def at(seconds: int) -> str:
        return (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def said(name: str, value: str | None) -> str:
        return "" if value is None else f' {name}="{html.escape(value)}"'

    def timed(name: str, seconds: int | None) -> str:
        return "" if seconds is None else f' {name}="{at(seconds)}"'

    audience = (
        ""
        if told.audience is None
        else f"<saml:AudienceRestriction><saml:Audience>{told.audience}</saml:Audience></saml:AudienceRestriction>"
    )
    conditions = (
        f"<saml:Conditions{timed('NotBefore', told.since)}{timed('NotOnOrAfter', told.until)}>{audience}</saml:Conditions>"
        if told.has_conditions
        else ""
    )
    signed_in = (
        f'<saml:AuthnStatement AuthnInstant="{at(told.signed_in)}"{timed("SessionNotOnOrAfter", told.session)}>'
        f"<saml:AuthnContext><saml:AuthnContextClassRef>{told.context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        if told.has_sign_in
        else ""
    )
    attributes = "".join(
        f'<saml:Attribute Name="{html.escape(name)}">'
        + "".join(
            f'<saml:AttributeValue xsi:type="xs:string">{html.escape(one)}</saml:AttributeValue>' for one in values
        )
        + "</saml:Attribute>"
        for name, values in told.attributes.items()
    )
    confirmation = (
        f"<saml:SubjectConfirmationData{said('InResponseTo', told.asked or told.request)}"
        f"{said('Recipient', told.recipient or told.address)}{timed('NotOnOrAfter', told.confirmed)}/>"
    )
    about = f"{said('Destination', told.destination or told.address)}{said('InResponseTo', told.request)}"
    return etree.fromstring(f"""<samlp:Response xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" Version="2.0"
 ID="_{secrets.token_hex(16)}" IssueInstant="{at(0)}"{about}>
<saml:Issuer>{told.issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{told.status}"/></samlp:Status>
<saml:Assertion xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 ID="{told.assertion}" Version="2.0" IssueInstant="{at(0)}">
<saml:Issuer>{told.issuer}</saml:Issuer>
<saml:Subject><saml:NameID{said("Format", told.name_format)}>{html.escape(told.name)}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">{confirmation}</saml:SubjectConfirmation></saml:Subject>
{conditions}{signed_in}
{f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>" if attributes else ""}</saml:Assertion></samlp:Response>
""")


def sign(
    node: Tree,
    pair: Pair = FIRST,
    *,
    method: Any = constants.TransformRsaSha256,
    digest: Any = constants.TransformSha256,
) -> Tree:
    """The node, with its signature behind its issuer. Look for nothing in it before `reread`."""
    signature = xmlsec.template.create(node, constants.TransformExclC14N, method, ns="ds")
    node.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{node.get('ID')}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.tree.add_ids(node, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair.key, constants.KeyDataFormatPem, None)
    context.key.load_cert_from_memory(pair.pem, constants.KeyDataFormatPem)
    context.sign(signature)
    return node


def reread(root: Tree) -> Tree:
    """What xmlsec has added is found by its name only then."""
    return etree.fromstring(etree.tostring(root))


def assertion_of(root: Tree) -> Tree:
    found = root.find("saml:Assertion", NS)
    assert found is not None
    return found


def sent(root: Tree | bytes) -> str:
    """As it is posted."""
    return base64.b64encode(root if isinstance(root, bytes) else etree.tostring(root)).decode()


def asked(address: str) -> tuple[Tree, str]:
    """The request and its RelayState, as they stand in the address that the browser is sent to."""
    query = parse_qs(urlsplit(address).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    assert request.tag == f"{SAMLP}AuthnRequest"
    return request, query["RelayState"][0]


class Provider:
    """`told` alters what an answer says, `forge` the signed answer. Its page posts by itself, as those of real ones do."""

    def __init__(self, host: str = "localhost") -> None:
        self.pair = FIRST
        self.name = "p-4711"
        self.attributes: dict[str, list[str]] = {}
        self.told: dict[str, Any] = {}
        self.forge: Callable[[Tree], Tree | bytes] = lambda root: root
        self.server: ThreadingHTTPServer | None = None
        self.host, self.origin = host, "https://idp.example"
        self.issuer = "https://idp.example/entity"

    def serve(self) -> None:
        """For a browser, on another site than the portal."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handlers())
        self.origin = f"http://{self.host}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def metadata(self, *pairs: Pair) -> str:
        keys = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{NS["ds"]}"><ds:X509Data><ds:X509Certificate>'
            f"{pair.der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for pair in pairs or (self.pair,)
        )
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.issuer}">'
            '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f"{keys}<md:SingleSignOnService"
            ' Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
            f' Location="{self.origin}/sso?app=1&amp;x=2"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )

    def tell(self, to: Tree, **told: Any) -> Told:
        address, entity = to.get("AssertionConsumerServiceURL", ""), to.findtext("saml:Issuer", "", NS)
        made = Told(to.get("ID"), address, entity, self.issuer, self.name, attributes=dict(self.attributes))
        for name, value in (self.told | told).items():
            setattr(made, name, value)
        return made

    def respond(self, address: str, **told: Any) -> dict[str, str]:
        """The fields of the form that the person's browser posts."""
        request, state = asked(address)
        root = answer(self.tell(request, **told))
        sign(assertion_of(root), self.pair)
        return {"SAMLResponse": sent(self.forge(reread(root))), "RelayState": state}

    def _handlers(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if urlsplit(self.path).path == "/metadata":
                    return self._write(provider.metadata(), "application/samlmetadata+xml")
                request, _ = asked(self.path)
                fields = "".join(
                    f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
                    for name, value in provider.respond(self.path).items()
                )
                address = html.escape(request.get("AssertionConsumerServiceURL", ""))
                page = (
                    f'<form method="post" action="{address}">{fields}</form><script>document.forms[0].submit()</script>'
                )
                return self._write(page, "text/html")

            def _write(self, body: str, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args: Any) -> None:
                """Silent."""

        return Handler
