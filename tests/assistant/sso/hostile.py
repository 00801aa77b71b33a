"""An identity provider that does what it is told, however wrong: for tokens that no honest one would issue."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

Claims = dict[str, Any]
Forge = Callable[["Hostile", Claims], Any]
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


class Key:
    def __init__(self, name: str = "", bits: int = 2048) -> None:
        self.name = name or secrets.token_hex(4)
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    def sign(self, claims: Claims, algorithm: str = "RS256", **header: Any) -> str:
        return jwt.encode(claims, self.private, algorithm, headers={"kid": self.name} | header)

    def public(self) -> dict[str, Any]:
        found: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return found | {"kid": self.name, "use": "sig", "alg": "RS256"}


_KEYS = [Key("first")]  # making one takes a while


class Hostile:
    """`subject` and `claims` say who signs in; `change` alters the ID token's claims, `forge` makes another token.

    `published` stands in for the key set, and `raw` for whole answers: by path, the status, a Location, and the body.
    """

    def __init__(self) -> None:
        self.claims: Claims = {}
        self.subject = "subject-1"
        self.behave()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handlers())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def behave(self) -> None:
        """As an honest one again."""
        self.keys = list(_KEYS)
        self.change: Claims = {}
        self.forge: Forge = lambda provider, claims: provider.keys[0].sign(claims)
        self.userinfo: Claims | None = None
        self.config: dict[str, Any] = {}
        self.published: list[Any] | None = None
        self.raw: dict[str, tuple[int, str, bytes]] = {}

    def is_kept(self) -> bool:
        """Has it said what whoever asks keeps for a while: how it describes itself, and its keys?"""
        return bool(self.config or self.raw or self.published is not None or self.keys != _KEYS)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, address: str, **sent: str) -> str:
        """As if the person had signed in: the address that the browser is sent back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        assert asked["nonce"]
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return (
            f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer} | sent)}"
        )

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.config

    def token(self, form: dict[str, list[str]]) -> dict[str, Any] | None:
        asked = self.codes.pop(form["code"][0], None)
        if asked is None or not _is_proof(form.get("code_verifier", [""])[0], asked["code_challenge"]):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        claims = {name: value for name, value in (claims | self.claims | self.change).items() if value is not None}
        return {"access_token": "access", "token_type": "Bearer", "id_token": self.forge(self, claims)}

    def logout_token(self, client: str = "chancery", **change: Any) -> Claims:
        """The claims of a token that ends all sessions of `subject`; None takes one out."""
        now = int(time.time())
        claims: Claims = {"iss": self.issuer, "aud": client, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8)}
        claims |= {"sub": self.subject, "events": {LOGOUT: {}}} | change
        return {name: value for name, value in claims.items() if value is not None}

    def answer(self, path: str, form: dict[str, list[str]]) -> Any:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return self.document()
        if path == "/keys":
            return {"keys": self.published if self.published is not None else [key.public() for key in self.keys]}
        if path == "/token":
            return self.token(form)
        if path == "/userinfo":
            return self.userinfo or {"sub": self.subject}
        return None

    def _handlers(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if urlsplit(self.path).path != "/authorize":
                    return self._answer({})
                self.send_response(302)
                self.send_header("Location", provider.authorize(self.path))
                return self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer(parse_qs(body.decode()))

            def _answer(self, form: dict[str, list[str]]) -> None:
                path = urlsplit(self.path).path
                found = provider.answer(path, form)
                body = json.dumps(found if found is not None else {"error": "invalid_grant"}).encode()
                status, place = 400 if found is None else 200, ""
                if path in provider.raw:
                    status, place, body = provider.raw[path]
                self.send_response(status)
                if place:
                    self.send_header("Location", place)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        return Handler


def _is_proof(verifier: str, challenge: str) -> bool:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode() == challenge
