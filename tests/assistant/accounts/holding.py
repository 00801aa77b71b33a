"""What people hold: a phone with an authenticator app, and a security key made of software."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

from governance.accounts import totp
from governance.scope import Scope

HOST, ORIGIN = "testserver", "http://testserver"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def phone(scope: Scope) -> tuple[str, list[str]]:
    """An authenticator app that is set up: (its secret, the recovery codes)."""
    draft = totp.draft(scope, "somebody", "Chancery")
    return draft.text, totp.confirm(scope, draft.locked, code(draft.text))


def code(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, totp.now() + steps * totp.STEP_S)


@dataclass
class SecurityKey:
    """One credential at one site, as an authenticator with user verification keeps it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: uuid.uuid4().bytes)
    handle: bytes = b""
    counter: int = 0
    host: str = HOST
    origin: str = ORIGIN
    flags: int = PRESENT | VERIFIED

    def make(self, options: dict[str, Any], **changed: Any) -> str:
        """The answer to a registration."""
        asked = options["publicKey"]
        self.handle = websafe_decode(asked["user"]["id"])
        public = ES256.from_cryptography_key(  # type: ignore[no-untyped-call]
            self.key.public_key()
        )
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor.encode(dict(public))
        data = self._data(self.flags | ATTESTED) + attested
        sealed = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        said = {"clientDataJSON": self._client("webauthn.create", asked, changed), "attestationObject": sealed}
        return self._told(said)

    def sign(self, options: dict[str, Any], **changed: Any) -> str:
        """The answer to a proof. `changed` overwrites what the browser says."""
        self.counter += 1
        data = self._data(self.flags)
        client = self._client("webauthn.get", options["publicKey"], changed)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {"clientDataJSON": client, "authenticatorData": data, "signature": signature, "userHandle": self.handle}
        return self._told(said)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, asked: dict[str, Any], changed: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | changed).encode()

    def _told(self, response: dict[str, bytes]) -> str:
        return json.dumps(
            {
                "id": websafe_encode(self.credential),
                "rawId": websafe_encode(self.credential),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: websafe_encode(value) for name, value in response.items()},
            }
        )


def told(response: Any, kind: str = "get") -> dict[str, Any]:
    """What a page tells the browser to ask its passkeys."""
    import html

    found = re.search(rf'data-passkey-{kind}="([^"]+)"', response.content.decode())
    assert found, "the page asks for no passkey"
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def registered(client: Client, name: str = "Laptop") -> SecurityKey:
    key = SecurityKey()
    answer = key.make(told(client.get("/account/passkeys/new"), "create"))
    made = client.post("/account/passkeys/new", {"answer": answer, "name": name})
    assert made.status_code in {200, 302}, made.content
    return key
