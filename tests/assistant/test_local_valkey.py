"""Embedded Valkey keeps what it was told through a kill, and its password to itself."""

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path

import pytest
import redis

from assistant.local import marks, secrets, valkey
from assistant.local.child import Child
from assistant.local.valkey import Valkey
from governance.errors import Unavailable


def start(home: Path) -> tuple[Valkey, Child]:
    return valkey.start(home, secrets.load(home))


def test_what_was_written_survives_a_stop_and_kill_9(tmp_path: Path) -> None:
    broker, child = start(tmp_path)
    redis.Redis.from_url(broker.url()).set("stop", "kept")
    child.end()
    assert child.exit_code() == 0
    again, child = start(tmp_path)
    client = redis.Redis.from_url(again.url())
    client.set("kill", "kept")
    client.waitaof(1, 0, 5000)
    os.kill(child.pid, signal.SIGKILL)
    assert marks.await_true(lambda: child.exit_code() is not None, 30)
    last, child = start(tmp_path)
    try:
        assert redis.Redis.from_url(last.url()).mget("stop", "kill") == [b"kept", b"kept"]
        assert broker.port == again.port == last.port
    finally:
        child.end()


def test_password_is_asked_for_and_shown_to_nobody(tmp_path: Path) -> None:
    broker, child = start(tmp_path)
    try:
        assert not any(broker.password in part for part in marks.argv(child.pid))
        environ = (marks.PROC / str(child.pid) / "environ").read_bytes()
        assert broker.password.encode() not in environ
        config = tmp_path / "valkey" / "valkey.conf"
        assert stat.S_IMODE(config.stat().st_mode) == 0o600
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=broker.port).ping()
        with pytest.raises(Unavailable, match="Another server answers"):
            valkey.is_ready(broker.url().replace(broker.password, "0"))
    finally:
        child.end()


def test_it_listens_on_loopback_alone(tmp_path: Path) -> None:
    broker, child = start(tmp_path)
    try:
        told = redis.Redis.from_url(broker.url()).config_get("bind")
        assert told == {"bind": "127.0.0.1"}
        with socket.socket() as elsewhere:
            elsewhere.bind(("127.0.0.2", broker.port))
    finally:
        child.end()


def test_folder_with_a_space_and_a_quote_in_its_name_is_no_trouble(tmp_path: Path) -> None:
    home = tmp_path / 'my "home"'
    home.mkdir()
    broker, child = start(home)
    try:
        assert valkey.is_ready(broker.url())
        assert (home / "valkey" / "appendonlydir").is_dir()
    finally:
        child.end()
