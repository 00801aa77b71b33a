"""LlamaIndex's OpenAI classes, pointed at /v1.

They bring sixty packages and another release of OpenAI's client, so they are installed, once, into an environment of their own
beside the tests' database.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from openai import OpenAI

from assistant.local import testing
from inference import runners
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking, serving

PROGRAM = Path(__file__).with_name("llama_index_client.py")
LOCK = Path(__file__).with_name("llama_index.lock")


def _python() -> str:
    """One that has LlamaIndex. Skips, and says why, where it cannot be installed."""
    home = Path(testing.services().home) / f"llama-index-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python, whole = home / "bin" / "python", home / "whole"
    if not whole.exists():
        # By the pip that is here, and without compiling sixty packages of which the program imports a few.
        venv.create(home, clear=True)
        options = ["-q", "--disable-pip-version-check", "--no-compile", "--require-hashes", "-r", str(LOCK)]
        command = [sys.executable, "-m", "pip", "--python", str(python), "install", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            pytest.skip(f"LlamaIndex cannot be installed: {done.stderr.strip()[-300:]}")
        whole.touch()
    return str(python)


def test_it_asks_streams_embeds_and_finds(site: str, bob: OpenAI, model: ScriptedChat) -> None:
    done = subprocess.run(
        [_python(), str(PROGRAM), site, asking.QUESTION, runners.embedder().name],
        input=bob.api_key,
        capture_output=True,
        text=True,
        timeout=5 * serving.PATIENCE_S,
        check=False,
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "chat": asking.RULE,
        "completion": asking.RULE,
        "streamed": asking.RULE,
        "dimensions": 384,
        "found": "Parking costs four euros a day.",
    }
    assert model.requests[0].messages[-1].content == f"Be brief.\n\n{asking.QUESTION}"
