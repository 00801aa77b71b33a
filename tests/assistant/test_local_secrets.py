"""Secrets are made once, for their owner's eyes."""

from __future__ import annotations

import base64
import re
import stat
from dataclasses import fields
from pathlib import Path

from assistant.local import secrets
from tests.assistant.local_homes import python


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    secrets.load(tmp_path)

    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "secrets").iterdir()}
    assert modes == {0o600}


def test_secrets_stay_the_same_and_differ_between_homes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, again, other = (secrets.load(tmp_path / home) for home in "aab")

    assert first == again
    values = {getattr(one, f.name) for one in (first, other) for f in fields(one)}
    assert len(values) == 2 * len(fields(secrets.Secrets))


def test_record_key_is_32_bytes_and_passwords_need_no_quoting_in_an_address(tmp_path: Path) -> None:
    found = secrets.load(tmp_path)

    assert len(base64.b64decode(found.record_key)) == 32
    assert re.fullmatch(r"[0-9a-f]{48}", found.postgres_app)
    assert re.fullmatch(r"[0-9a-f]{48}", found.valkey)


def test_modes_that_were_loosened_are_tightened(tmp_path: Path) -> None:
    secrets.load(tmp_path)
    (tmp_path / "secrets").chmod(0o755)
    (tmp_path / "secrets" / "record_key").chmod(0o644)

    secrets.load(tmp_path)

    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "record_key").stat().st_mode) == 0o600


def test_two_first_starts_at_once_end_with_one_set_of_secrets(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from assistant.local import secrets;"
        "print(sorted(vars(secrets.load(pathlib.Path(sys.argv[1]))).values()))"
    )
    started = [python(code, str(tmp_path)) for _ in range(4)]
    outputs = {process.communicate(timeout=60)[0] for process in started}

    assert len(outputs) == 1
    assert "Error" not in outputs.pop()


def test_secrets_do_not_show_when_printed(tmp_path: Path) -> None:
    found = secrets.load(tmp_path)

    assert found.postgres_app not in repr(found)
