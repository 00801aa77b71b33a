"""The command `chancery`, against a running server: its page's own commands, its exit codes, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chancery_cli import main, printing

from assistant import models
from inference.runners.base import ChatRequest
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking, serving
from tests.cast import House
from tests.clients.places import environment, run, samples

COMMAND = [sys.executable, "-m", "chancery_cli"]
SHELL = f'set -e\nchancery() {{ "{sys.executable}" -m chancery_cli "$@"; }}\n'


def test_what_the_page_shows_is_run_as_it_stands_there(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat, tmp_path: Path
) -> None:
    (tmp_path / "rules.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    reads, brings = samples("cli", "sh")
    done = run(["sh", "-c", SHELL + reads], site, house.key("bob"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Twenty working days a year may be spent abroad. [1]" in done.stdout
    assert "Bob of The" in done.stdout
    answer = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    assert answer["text"] == asking.RULE
    sent = run(["sh", "-c", SHELL + brings.replace("--wait ", "")], site, house.key("ada"), tmp_path)
    assert sent.returncode == 0, sent.stderr
    assert "queued  rules.pdf" in sent.stdout
    found = run([*COMMAND, "status", "--json", sent.stdout.split()[0]], site, house.key("ada"))
    assert json.loads(found.stdout)["name"] == "rules.pdf"


def test_its_exit_codes_say_what_became_of_it(
    site: str,
    house: House,
    shelf: uuid.UUID,
    model: ScriptedChat,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: Any,
) -> None:
    monkeypatch.setenv("CHANCERY_URL", site)
    monkeypatch.setenv("CHANCERY_CONFIG", str(tmp_path / "none"))

    def code(key: str, *words: str) -> int:
        monkeypatch.setenv("CHANCERY_KEY", key)
        return main.run(words)

    bob = house.key("bob")
    assert code(bob, "ask", asking.OFF_TOPIC) == 3
    assert code(bob, "search", "--collection", "No such thing", "days") == 1
    assert "No such thing" in capsys.readouterr().err
    assert code("chy_wrong", "status") == 4
    assert code(house.key("bob", "read"), "ask", asking.QUESTION) == 4
    assert code(house.key("charlie"), "search", "days abroad") == 3
    assert code(bob, "upload", "Handbook", str(tmp_path / "not there")) == 1
    for name, content in (("a.md", b"# A"), ("b.md", b"# B"), ("film.mov", b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 64)):
        (tmp_path / name).write_bytes(content)
    many = [str(tmp_path / name) for name in ("a.md", "film.mov", "b.md")]
    assert code(house.key("ada"), "upload", "Handbook", *many) == 1  # one of them is refused, the others are there
    told = [line.split("  ")[1:] for line in capsys.readouterr().out.splitlines()]
    assert [(one[0], one[1].partition(":")[0]) for one in told] == [
        ("queued", "a.md"),
        ("refused", "film.mov"),
        ("queued", "b.md"),
    ]
    with pytest.raises(SystemExit) as wrong:
        code(bob, "destroy")
    assert wrong.value.code == 2
    monkeypatch.setenv("CHANCERY_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("chancery_client.transport.pause", lambda _: 0.0)
    assert code(bob, "status") == 5


def test_a_key_in_a_file_has_to_be_its_owners_alone(
    web: str, shared_house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    for name in ("CHANCERY_URL", "CHANCERY_KEY"):
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / "config.json"
    monkeypatch.setenv("CHANCERY_CONFIG", str(place))
    assert main.run(["status"]) == 1
    place.write_text(json.dumps({"url": web, "key": shared_house.key("bob")}))
    for mode, told in ((0o644, 1), (0o640, 1), (0o604, 1), (0o600, 0), (0o400, 0)):
        place.chmod(mode)
        assert stat.S_IMODE(place.stat().st_mode) == mode
        assert main.run(["status"]) == told, oct(mode)
    assert "chmod 600" in capsys.readouterr().err


def test_what_documents_say_does_not_steer_the_terminal() -> None:
    assert printing.plain("a\x1b[2J\x07b\r\u202ec\td\n") == "a\ufffd[2J\ufffdb\ufffd\ufffdc\td\n"


def slowly(_: ChatRequest) -> Iterator[str]:
    patience = threading.Event()
    for _beat in range(int(serving.PATIENCE_S / 0.2)):
        patience.wait(0.2)
        yield "Twenty working days a year may be spent abroad. "
    raise AssertionError("nobody stopped it")


def test_ctrl_c_stops_the_answer_at_the_server(site: str, house: House, shelf: uuid.UUID, settings: Any) -> None:
    asking.speak(settings, slowly)
    # Tests that run in the background of a shell ignore Ctrl-C, and what they start would, too.
    program = subprocess.Popen(
        ["env", "--default-signal=INT", *COMMAND, "ask", asking.QUESTION],
        env=environment(site, house.key("bob")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout
    os.read(program.stdout.fileno(), 20)  # its first words are there
    program.send_signal(signal.SIGINT)
    _, complaint = program.communicate(timeout=serving.PATIENCE_S)
    assert program.returncode == 130, complaint
    until = time.monotonic() + serving.PATIENCE_S
    status = None
    while status != models.Status.CANCELLED and time.monotonic() < until:
        with house.system.transaction():
            status = models.Answer.objects.get(person=house.ids["bob"]).status
        threading.Event().wait(0.05)
    assert status == models.Status.CANCELLED
