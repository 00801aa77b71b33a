"""The three ways out, each against the letter of its standard, and what an address may never reach."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from governance import fetching
from governance.audit.out.sinks import syslog as syslog_sink
from governance.audit.out.sinks.base import Line, Sink, SinkDown
from governance.audit.out.sinks.file import File
from governance.audit.out.sinks.syslog import Syslog
from governance.audit.out.sinks.webhook import Webhook
from governance.fetching import Guard
from tests.governance.out import receivers

TENANT = uuid.UUID("5f0c9c6e-0000-4000-8000-000000000001")
HERE = Guard(["127.0.0.1", "localhost"])
AT = datetime(2026, 3, 31, 14, 5, 6, 7, tzinfo=UTC)


def lines(number: int, text: str = "x") -> list[Line]:
    return [
        Line(
            uuid.uuid5(TENANT, f"{text} {index}"),
            AT,
            "answer.finished",
            index,
            6,
            json.dumps({"id": str(uuid.uuid5(TENANT, f"{text} {index}")), "kind": "event", "text": text}),
        )
        for index in range(number)
    ]


def texts(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_file_grows_line_by_line_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "out" / "record.jsonl"
    sink = File(str(path))
    sink.send(TENANT, lines(2, "a"))
    sink.send(TENANT, lines(3, "b"))
    assert texts(path) == [line.text for line in lines(2, "a") + lines(3, "b")]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_is_put_aside_at_its_size_and_no_line_is_lost(tmp_path: Path) -> None:
    sink = File(str(tmp_path / "record.jsonl"), rotated_at=2000)
    sent = []
    for number in range(30):
        batch = lines(3, f"{number} " + "y" * 50)
        sink.send(TENANT, batch)
        sent += [line.text for line in batch]
    files = sorted(tmp_path.glob("record-*.jsonl"))
    assert len(files) > 3
    assert all(2000 <= file.stat().st_size < 3000 for file in files)
    rest = texts(tmp_path / "record.jsonl") if (tmp_path / "record.jsonl").exists() else []
    assert [text for file in files for text in texts(file)] + rest == sent


@pytest.mark.parametrize("torn", [b'{"id":"half', b'{"id":"1"}\n{"id":"half', b"z" * 200_000])
def test_what_a_crash_left_of_a_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "record.jsonl"
    path.write_bytes(torn)
    File(str(path)).send(TENANT, lines(1))
    whole = torn.rpartition(b"\n")
    assert path.read_bytes() == whole[0] + whole[1] + lines(1)[0].text.encode() + b"\n"


def test_several_forwarders_do_not_write_into_each_others_lines(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"

    def write(name: str) -> None:
        sink = File(str(path), rotated_at=5000)
        for number in range(20):
            sink.send(TENANT, lines(5, f"{name} {number}"))

    threads = [threading.Thread(target=write, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [text for file in tmp_path.glob("record*.jsonl") for text in texts(file)]
    expected = [line.text for name in "abcd" for number in range(20) for line in lines(5, f"{name} {number}")]
    assert sorted(found) == sorted(expected)


def test_a_file_that_cannot_be_written_is_down(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(SinkDown, match="cannot be written"):
        File(str(tmp_path / "taken" / "record.jsonl")).send(TENANT, lines(1))


@pytest.fixture(params=["tls", "tcp"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """(a receiver, the sink that leads to it)."""
    pem = receivers.certificate(tmp_path) if request.param == "tls" else None
    with receivers.syslog(pem) as log:
        yield log, Syslog(log.address, Guard(["localhost", "127.0.0.1"], ca_file=str(pem or "")))


def test_syslog_is_what_the_standard_says(way: tuple[receivers.Log, Sink]) -> None:
    log, sink = way
    sent = lines(3, 'grüße \U0001f642 ] \\ " \n')
    sink.send(TENANT, sent)
    assert [message["text"] for message in log.messages] == [line.text for line in sent]
    for message, line in zip(log.messages, sent, strict=True):
        assert message["pri"] == str(13 * 8 + 6)
        assert message["at"] == "2026-03-31T14:05:06.000007Z"
        assert (message["app"], message["msgid"]) == ("chancery", "answer.finished")
        assert message["data"] == f'[chancery@32473 id="{line.id}" tenant="{TENANT}" index="{line.index}"]'


def test_syslog_takes_a_batch_of_a_megabyte(way: tuple[receivers.Log, Sink]) -> None:
    log, sink = way
    sink.send(TENANT, lines(64, "w" * 16_000))
    assert len(log.messages) == 64


def test_a_syslog_receiver_that_breaks_off_has_taken_nothing(way: tuple[receivers.Log, Sink]) -> None:
    log, sink = way
    log.breaks_off = True
    with pytest.raises(SinkDown):
        sink.send(TENANT, lines(64, "w" * 16_000))
    log.breaks_off = False
    sink.send(TENANT, lines(2))
    assert len(log.messages) == 2


def test_a_syslog_receiver_that_never_closes_has_taken_nothing(
    way: tuple[receivers.Log, Sink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syslog_sink, "SECONDS", 0.3)
    log, sink = way
    log.never_closes = True
    with pytest.raises(SinkDown):
        sink.send(TENANT, lines(1))


def test_syslog_over_tls_speaks_to_nobody_whose_certificate_does_not_hold(tmp_path: Path) -> None:
    with receivers.syslog(receivers.certificate(tmp_path)) as log:
        for sink in (Syslog(log.address, HERE), Syslog(log.address.replace("localhost", "127.0.0.1"), HERE)):
            with pytest.raises(SinkDown, match="CERTIFICATE_VERIFY_FAILED"):
                sink.send(TENANT, lines(1))
        assert log.messages == []


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for sink in (
        Syslog(f"tcp://127.0.0.1:{port}", HERE),
        Syslog(f"tls://127.0.0.1:{port}", HERE),
        Webhook(f"http://127.0.0.1:{port}/", "s", HERE),
    ):
        with pytest.raises(SinkDown):
            sink.send(TENANT, lines(1))


PRIVATE = [
    "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.5.4", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1", "2002:7f00:1::", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_not_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    tried: list[Any] = []
    monkeypatch.setattr(fetching, "create_connection", lambda *given, **_: tried.append(given))
    for sink in (
        Webhook("https://siem.example/in", "s", Guard(remedy="Ask.")),
        Syslog("tls://siem.example:6514", Guard(remedy="Ask.")),
    ):
        with pytest.raises(SinkDown, match=r"siem\.example is not a public address\. Ask\."):
            sink.send(TENANT, lines(1))
    assert tried == []


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that says something else the second time it is asked gains nothing: it is asked once."""
    asked = []

    def resolve(*given: Any, **_: Any) -> list[Any]:
        asked.append(given[0])
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    tried: list[Any] = []

    def connect(place: Any, *_: Any, **__: Any) -> socket.socket:
        tried.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(fetching, "create_connection", connect)
    for sink in (Webhook("https://siem.example/in", "s", Guard()), Syslog("tls://siem.example:443", Guard())):
        asked.clear()
        tried.clear()
        with pytest.raises(SinkDown):
            sink.send(TENANT, lines(1))
        assert (asked, tried) == (["siem.example"], [("93.184.216.34", 443)])


@pytest.mark.parametrize(
    "url", ["http://siem.example/", "https://u:p@siem.example/", "ftp://siem.example", "https://[::1", ""]
)
def test_an_address_that_is_not_https_is_not_asked(url: str) -> None:
    with pytest.raises(SinkDown):
        Webhook(url, "s", Guard()).send(TENANT, lines(1))


def test_an_answer_that_trickles_or_has_no_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS_IN_ALL", 0.6)
    over = threading.Event()

    def trickle(line: socket.socket) -> None:
        line.recv(65536)
        with line:
            line.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                try:
                    line.sendall(b"X: y\r\n")
                except OSError:
                    return

    def flood(line: socket.socket) -> None:
        line.recv(65536)
        with line:
            line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not over.is_set():
                try:
                    line.sendall(b"z" * 65536)
                except OSError:
                    return

    for behave in (trickle, flood):
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=lambda s=server, b=behave: b(s.accept()[0]), daemon=True).start()
            sink = Webhook(f"http://127.0.0.1:{server.getsockname()[1]}/", "s", HERE)
            began = time.monotonic()
            with pytest.raises(SinkDown):
                sink.send(TENANT, lines(1))
            assert time.monotonic() - began < 60, "it would have gone on for ever"
            sink.close()
    over.set()
