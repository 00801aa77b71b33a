from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from governance.errors import Busy, InvalidInput, Unavailable
from inference.runners import location
from inference.runners.base import Away, ChatRequest, Delta, Message, Standing, Usage
from inference.runners.openai_compatible import OpenAICompatible
from tests.inference.model_server import DONE, KEY, LONGEST_WAIT_S, ModelServer, Speaker, event, piece, usage

REQUEST = ChatRequest([Message("user", "Why?")], max_tokens=9, temperature=0.5, seed=3, stop=["\n\n"], share="tenant-a")


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return folder / "server.pem"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def runner(server: ModelServer) -> OpenAICompatible:
    return OpenAICompatible(server.base_url, api_key=KEY, model="tiny")


def test_a_request_carries_the_share_the_key_and_the_sampler(server: ModelServer, runner: OpenAICompatible) -> None:
    server.chats(lambda speaker: speaker.say_events([piece("Because."), piece(finish="stop"), DONE]))
    list(runner.stream(REQUEST))
    asked = server.asked[0]
    assert asked.headers["X-Chancery-Share"] == "tenant-a"
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "Why?"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "seed": 3,
        "stop": ["\n\n"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_server_is_told_where_nothing_is_to_be_kept(server: ModelServer, runner: OpenAICompatible) -> None:
    server.chats(lambda speaker: speaker.say_events([piece("Yes."), piece(finish="stop"), DONE]))
    for is_kept in (True, False):
        list(runner.stream(ChatRequest([Message("user", "Is it?")], 9, is_kept=is_kept)))
    assert [asked.headers.get("X-Chancery-Keep") for asked in server.asked] == [None, "nothing"]


def test_outside_the_house_nobody_is_told_who_asks(
    server: ModelServer, runner: OpenAICompatible, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(location, "is_in_house", lambda _: False)
    server.chats(lambda speaker: speaker.say_events([piece("Because."), piece(finish="stop"), DONE]))
    for _ in range(2):
        list(runner.stream(replace(REQUEST, cache="tenant-a's")))
    told = [asked.headers[name] for asked in server.asked for name in ("X-Chancery-Share", "X-Chancery-Cache")]
    assert len(set(told)) == 4  # nobody is anybody else
    assert "tenant-a" not in "".join(told)


def test_comments_line_ends_and_cuts_inside_a_character_do_not_show(
    server: ModelServer, runner: OpenAICompatible
) -> None:
    stream = b": waiting, 2 ahead\r\n\r\n" + piece("Größe\u2028zwei").replace(b"\n", b"\r\n") + piece(finish="length")
    stream += usage(5, 1, cached=4) + DONE
    server.chats(lambda speaker: speaker.say_events(stream[start : start + 1] for start in range(len(stream))))
    assert list(runner.stream(REQUEST)) == [
        Delta("Größe\u2028zwei", tokens=1),
        Delta("", tokens=0, finish="length", usage=Usage(5, 1, 4)),
    ]


def test_where_a_request_stands_is_handed_up_where_a_worker_of_ours_says_it(
    server: ModelServer, runner: OpenAICompatible
) -> None:
    said = [": waiting 3 wait_s=12.5", ": loading", ": reading", ": reading 225 of 900 wait_s=8.0"]
    foreign = [
        ":",
        ": OPENROUTER PROCESSING",
        ": waiting",
        ": waiting for you",
        ": reading the news",
        ": waiting 3 wait_s=x",
    ]
    comments = "".join(f"{one}\n\n" for one in said + foreign).encode()
    server.chats(lambda speaker: speaker.say_events([comments, piece("Because."), piece(finish="stop"), DONE]))
    deltas = list(runner.stream(REQUEST))
    stands = [Standing("waiting", 3, 12.5), Standing("loading"), Standing("reading"), Standing("reading", 0, 8.0)]
    assert [delta.standing for delta in deltas if delta.standing] == stands
    assert [delta.text for delta in deltas if not delta.standing] == ["Because.", ""]


@pytest.mark.parametrize(("said", "was_read"), [(b": waiting 3 wait_s=12.5\n\n", False), (b": reading\n\n", True)])
def test_of_a_server_that_goes_down_it_is_known_who_stood_in_its_line(
    server: ModelServer, runner: OpenAICompatible, said: bytes, was_read: bool
) -> None:
    def half(speaker: Speaker) -> None:
        speaker.send_response(200)
        speaker.send_header("Content-Length", "999")
        speaker.end_headers()
        speaker.wfile.write(said)

    server.chats(half)
    with pytest.raises(Away) as away:
        list(runner.stream(REQUEST))
    assert away.value.was_read == was_read


@pytest.mark.parametrize("told", [(0, 0), (0, 7)])
def test_a_usage_without_a_prompt_tells_nothing(
    server: ModelServer, runner: OpenAICompatible, told: tuple[int, int]
) -> None:
    server.chats(lambda one: one.say_events([piece("Because."), piece(finish="stop"), usage(*told), DONE]))
    assert [delta.usage for delta in runner.stream(REQUEST)] == [None, None]


def test_signs_that_a_server_cut_in_two_are_put_together_and_nul_is_left_out(
    server: ModelServer, runner: OpenAICompatible
) -> None:
    told = ("Good \ud83d", "\ude00\x00 day", "\ude00", "\ud83d", "!")
    halves = [json.dumps({"choices": [{"index": 0, "delta": {"content": one}}]}) for one in told]
    escaped = [f"data: {one}\n\n".encode() for one in halves]
    server.chats(lambda speaker: speaker.say_events([*escaped, piece(finish="stop"), DONE]))
    assert "".join(delta.text for delta in runner.stream(REQUEST)) == "Good \U0001f600 day\ufffd\ufffd!"


def test_cancel_during_prefill_closes_the_socket(server: ModelServer, runner: OpenAICompatible) -> None:
    assert_cancel_closes(server, runner)


def test_cancel_during_prefill_closes_the_socket_under_tls_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with ModelServer(tls=tls) as server:
        assert_cancel_closes(server, OpenAICompatible(server.base_url))


def assert_cancel_closes(server: ModelServer, runner: OpenAICompatible) -> None:
    server.chats(Speaker.wait_for_hang_up)  # it has read the request and sends no header, as a model that reads
    handle = runner.stream(REQUEST)

    def stop() -> None:
        server.is_waiting.wait(LONGEST_WAIT_S)
        handle.cancel()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with handle:
        assert list(handle) == []
    stopper.join()
    assert server.saw_hang_up.wait(LONGEST_WAIT_S)


def test_leaving_in_the_middle_closes_the_socket(server: ModelServer, runner: OpenAICompatible) -> None:
    def reply(speaker: Speaker) -> None:
        speaker.say_events([piece("Because ")])
        speaker.wait_for_hang_up()

    server.chats(reply)
    with runner.stream(REQUEST) as handle:
        assert next(iter(handle)).text == "Because "
    assert server.saw_hang_up.wait(LONGEST_WAIT_S)


def test_a_stream_that_ends_early_is_not_taken_for_an_answer(server: ModelServer, runner: OpenAICompatible) -> None:
    server.chats(lambda speaker: speaker.say_events([piece("Because ")]))
    handle = runner.stream(REQUEST)
    deltas = iter(handle)
    assert next(deltas).text == "Because "
    with pytest.raises(Unavailable, match="before the answer was whole"):
        next(deltas)


def test_a_stream_of_nothing_is_asked_for_its_reason(server: ModelServer, runner: OpenAICompatible) -> None:
    """As `llama_cpp.server` does over its window."""
    refusals = [{"message": "maximum context length is 2048 tokens. You requested 2826 tokens", "code": "x"}, None]

    def reply(speaker: Speaker) -> None:
        if server.asked[-1].body["stream"]:
            speaker.say_events([])
        elif refusal := refusals.pop(0):
            speaker.say_json({"error": refusal}, 400)
        else:
            speaker.say_json({"choices": []})

    server.chats(reply)
    with pytest.raises(InvalidInput, match=r"has 2826 tokens; the model reads 2048"):
        list(runner.stream(REQUEST))
    with pytest.raises(Unavailable, match="before the answer was whole"):
        list(runner.stream(REQUEST))
    assert [asked.body["max_tokens"] for asked in server.asked[1::2]] == [1, 1]


@pytest.mark.parametrize("field", [b"data", b"error"])
def test_a_fault_inside_a_stream_is_told(server: ModelServer, runner: OpenAICompatible, field: bytes) -> None:
    fault = event({"error": {"code": 500, "message": "out of memory"}}).replace(b"data", field, 1)
    server.chats(lambda speaker: speaker.say_events([piece("Be"), fault]))
    with pytest.raises(Unavailable, match="500: out of memory"):
        list(runner.stream(REQUEST))


@pytest.mark.parametrize("chunk", [b"data: hello\n\n", event({"choices": ["x"]}), event({"choices": 3}), event([])])
def test_what_is_not_the_wire_is_told_as_a_fault_of_the_server(
    server: ModelServer, runner: OpenAICompatible, chunk: bytes
) -> None:
    server.chats(lambda speaker: speaker.say_events([chunk, DONE]))
    with pytest.raises(Unavailable):
        list(runner.stream(REQUEST))


def test_a_page_instead_of_json_is_told_with_its_status(server: ModelServer, runner: OpenAICompatible) -> None:
    server.chats(lambda speaker: speaker.say_bytes(b"<h1>Bad gateway</h1>", 502))
    with pytest.raises(Unavailable, match="502"):
        list(runner.stream(REQUEST))


LOADING = {"message": "The model is loading.", "code": "unavailable"}
BROKE_OFF = {"message": "The engine broke off: ReadError.", "code": "broke_off"}


@pytest.mark.parametrize(
    ("status", "error", "was_read"),
    [
        (503, LOADING, False),
        (503, {"message": "Loading model", "type": "unavailable_error", "code": 503}, False),  # llama-server's
        (502, {}, False),
        (503, BROKE_OFF, True),
        (200, LOADING, False),
        (200, BROKE_OFF, True),
    ],
)
def test_a_server_that_is_started_or_stopped_is_away_and_says_whether_it_was_at_the_prompt(
    server: ModelServer, runner: OpenAICompatible, status: int, error: dict[str, object], was_read: bool
) -> None:
    told = {"error": error}
    server.chats(lambda one: one.say_events([event(told)]) if status == 200 else one.say_json(told, status))
    with pytest.raises(Away) as away:
        list(runner.stream(REQUEST))
    assert away.value.was_read == was_read


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, {"message": "Invalid API Key"}),
        (404, {"message": "no such model", "code": "model_not_found"}),
        (429, {"message": "spent", "code": "insufficient_quota"}),
        (500, {"message": "out of memory"}),
        (503, {"message": "It does not fit.", "code": "not_loaded"}),
        (200, {"message": "It does not fit.", "code": "not_loaded"}),
    ],
)
def test_what_no_wait_mends_is_not_taken_for_a_server_that_is_away(
    server: ModelServer, runner: OpenAICompatible, status: int, error: dict[str, object]
) -> None:
    told = {"error": error}
    server.chats(lambda one: one.say_events([event(told)]) if status == 200 else one.say_json(told, status))
    with pytest.raises(Unavailable) as fault:
        list(runner.stream(REQUEST))
    assert not isinstance(fault.value, Away)


def test_a_server_that_goes_down_in_the_middle_is_away(server: ModelServer, runner: OpenAICompatible) -> None:
    def half(speaker: Speaker) -> None:
        speaker.send_response(200)
        speaker.send_header("Content-Length", "999")
        speaker.end_headers()
        speaker.wfile.write(piece("Be"))

    server.chats(half)
    with pytest.raises(Away) as away:
        list(runner.stream(REQUEST))
    assert away.value.was_read


def test_a_probe_tells_a_server_that_is_away_from_one_that_will_not_do(
    server: ModelServer, runner: OpenAICompatible
) -> None:
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"error": LOADING}, 503)
    state = runner.probe()
    assert (state.is_ready, state.is_away) == (False, True)
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"error": {"message": "Invalid API Key"}}, 401)
    state = runner.probe()
    assert (state.is_ready, state.is_away) == (False, False)


def test_a_refused_key_says_so(server: ModelServer, runner: OpenAICompatible) -> None:
    server.chats(lambda speaker: speaker.say_json({"error": {"message": "Invalid API Key"}}, 401))
    with pytest.raises(Unavailable, match="refuses our key"):
        list(runner.stream(REQUEST))


def test_a_busy_server_without_numbers_still_has_a_wait(server: ModelServer, runner: OpenAICompatible) -> None:
    server.chats(lambda speaker: speaker.say_json({"error": {"message": "slow"}}, 429, {"Retry-After": "4"}))
    with pytest.raises(Busy) as caught:
        list(runner.stream(REQUEST))
    assert (caught.value.position, caught.value.wait_s) == (0, 4.0)


@pytest.mark.parametrize("named", [{"code": "insufficient_quota"}, {"type": "insufficient_quota"}])
def test_an_account_that_is_used_up_is_no_bound_to_wait_for(
    server: ModelServer, runner: OpenAICompatible, named: dict[str, str]
) -> None:
    error = {"message": "You exceeded your current quota, please check your plan and billing details."} | named
    server.chats(lambda speaker: speaker.say_json({"error": error}, 429, {"Retry-After": "1"}))
    with pytest.raises(Unavailable, match="account at the model server is used up: You exceeded"):
        list(runner.stream(REQUEST))


def test_the_numbers_of_a_window_are_found_in_the_sentence_of_another_server(
    server: ModelServer, runner: OpenAICompatible
) -> None:
    said = "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens."
    server.chats(lambda speaker: speaker.say_json({"error": {"message": said, "code": 400}}, 400))
    with pytest.raises(InvalidInput, match=r"has 5000 tokens; the model reads 4096"):
        list(runner.stream(REQUEST))


LM_STUDIO = {
    "Input does not fit in context length. The input has 31430 tokens, but the context length only supports 30000 tokens.": (
        "has 31430 tokens; the model reads 30000"
    ),
    "Trying to keep the first 6547 tokens when context the overflows. However, the model is loaded with context length of "
    "only 4096 tokens, which is not enough. Try to load the model with a larger context length.": (
        "has 6547 tokens; the model reads 4096"
    ),
    "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096). "
    "Try to load the model with a larger context length.": "longer than the model reads",
    "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)": "longer than the model reads",
}


@pytest.mark.parametrize("said", LM_STUDIO)
@pytest.mark.parametrize("is_named", [True, False])
def test_a_prompt_over_the_window_of_lm_studio_is_told_in_the_middle_of_its_stream(
    server: ModelServer, runner: OpenAICompatible, said: str, *, is_named: bool
) -> None:
    error = {"error": {"message": said}, "message": said} if is_named else {"error": said}
    server.chats(lambda speaker: speaker.say_events([b"event: error\n", event(error)]))
    with pytest.raises(InvalidInput, match=LM_STUDIO[said]):
        list(runner.stream(REQUEST))


def test_a_silent_server_is_given_up(server: ModelServer) -> None:
    server.chats(Speaker.wait_for_hang_up)
    with pytest.raises(Unavailable, match="silent") as silent:
        list(OpenAICompatible(server.base_url, read_timeout=0.1).stream(REQUEST))
    assert not isinstance(silent.value, Away)


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        runner = OpenAICompatible(f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
        with pytest.raises(Away, match="Is it running") as away:
            list(runner.stream(REQUEST))
        state = runner.probe()
    assert not away.value.was_read
    assert state.is_away
    assert not state.is_ready
    assert "Is it running" in state.detail


def test_a_worker_tells_its_model_and_window(server: ModelServer, runner: OpenAICompatible) -> None:
    entry = {"id": "tiny", "sha256": "ab", "engine": "xllamacpp", "build": "b1", "context_window": 4096}
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "other"}, entry]})
    state = runner.probe()
    assert (state.model, state.sha256, state.engine, state.build) == ("tiny", "ab", "xllamacpp", "b1")
    assert (state.context_window, state.is_ready) == (4096, True)


@pytest.mark.parametrize("entry", [{"max_model_len": 512}, {"meta": {"n_ctx": 512}}, {}])
def test_a_window_is_found_where_other_servers_write_it_or_in_the_settings(
    server: ModelServer, entry: dict[str, object]
) -> None:
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "m"} | entry]})
    assert OpenAICompatible(server.base_url, window=512).probe().context_window == 512


@pytest.mark.parametrize(("told", "said", "holds"), [(8192, 512, 512), (512, 8192, 512), (512, 0, 512), (0, 0, 0)])
def test_of_what_a_server_tells_and_the_settings_say_the_smaller_window_holds(
    server: ModelServer, told: int, said: int, holds: int
) -> None:
    entry = {"id": "m", "context_window": told}
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [entry]})
    assert OpenAICompatible(server.base_url, window=said).probe().context_window == holds


def test_a_server_without_the_wanted_model_is_not_ready(server: ModelServer, runner: OpenAICompatible) -> None:
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "other"}]})
    state = runner.probe()
    assert not state.is_ready
    assert "tiny" in state.detail


def test_tokens_are_counted_by_the_server_that_can(server: ModelServer, runner: OpenAICompatible) -> None:
    server.replies["/tokenize"] = lambda speaker: speaker.say_json({"tokens": list(range(100))})
    assert 100 < runner.count_tokens([Message("user", "x")]) < 130
    assert server.asked[0].body == {"content": "x", "model": "tiny"}  # of a worker with several, that one counts


def test_a_server_that_does_not_count_is_asked_once(server: ModelServer, runner: OpenAICompatible) -> None:
    counts = {runner.count_tokens([Message("user", "How long is the leave?")]) for _ in range(3)}
    assert len(counts) == 1
    assert [asked.path for asked in server.asked] == ["/tokenize"]


def test_a_busy_server_is_asked_for_its_count_again(server: ModelServer, runner: OpenAICompatible) -> None:
    server.replies["/tokenize"] = lambda speaker: speaker.say_json({"error": {}}, 503)
    runner.count_tokens([Message("user", "x")])
    server.replies["/tokenize"] = lambda speaker: speaker.say_bytes(json.dumps({"tokens": [1] * 500}).encode())
    assert runner.count_tokens([Message("user", "x")]) > 500
