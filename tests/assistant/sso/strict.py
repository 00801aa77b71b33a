"""The certified provider of npm, as a process of its own: it enforces PKCE and redirect addresses, and signs people out."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests import npm

HERE = Path(__file__).parent
PATIENCE_S = 60.0  # of one answer, on a machine that is busy
INTRANET = {"client_id": "intranet", "redirect_uri": "http://testserver/intranet"}


@contextlib.contextmanager
def standing(redirect_address: str, backchannel_address: str = "") -> Iterator[str]:
    """Its issuer. Skips the test where npm is missing."""
    home = npm.installed(HERE / "package.json")
    # Node looks for modules beside the script. Another session's node may read it at this moment: it is never half there.
    draft = home / f"provider-{os.getpid()}.mjs"
    shutil.copy(HERE / "provider.mjs", draft)
    draft.replace(home / "provider.mjs")
    process = subprocess.Popen(
        ["node", "provider.mjs", redirect_address, backchannel_address],
        cwd=home,
        env=os.environ | {"NODE_ENV": "test"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        issuer = next((line.strip() for line in process.stdout if line.startswith("http://")), "")
        if not issuer:
            assert process.stderr
            pytest.fail(f"the provider did not start: {process.stderr.read()[-2000:]}")
        yield issuer
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def tell(issuer: str, login: str, claims: dict[str, Any]) -> None:
    """Who somebody is."""
    requests.post(f"{issuer}/people/{login}", json=claims, timeout=PATIENCE_S).raise_for_status()


def send_back_to(issuer: str, redirect_address: str) -> None:
    """To that address, too, whoever signs in to the portal."""
    requests.post(f"{issuer}/redirects", json=redirect_address, timeout=PATIENCE_S).raise_for_status()


def id_token(issuer: str, through: Callable[[str], str]) -> str:
    """That the intranet is given for whoever signs in there, without a nonce. `through` takes the pages, and comes back."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {"response_type": "code", "scope": "openid", "code_challenge": challenge, "code_challenge_method": "S256"}
    back = through(f"{issuer}/auth?{urlencode(asked | INTRANET)}")
    sent = {"grant_type": "authorization_code", "code": parse_qs(urlsplit(back).query)["code"][0]}
    sent |= INTRANET | {"client_secret": "a secret of the intranet", "code_verifier": verifier}
    answer = requests.post(f"{issuer}/token", data=sent, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id_token"])
