"""The count of an answer, put right; everything else of it untouched."""

from __future__ import annotations

import json

from inference.worker.counted import Counted

USAGE = {"prompt_tokens": 50, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 49}}
END = b"data: " + json.dumps({"choices": [], "usage": USAGE, "timings": {"prompt_n": 1}}).encode() + b"\n\n"


def _event(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


def test_the_usage_alone_is_changed_wherever_the_bytes_are_cut() -> None:
    said = _event("Hello") + _event('the word "usage" and \u2028 more') + b": a comment\n\n"
    whole = said + END + b"data: [DONE]\n\n"
    for size in (1, 7, 40, 4096):
        counted = Counted(20, 1200, is_stream=True)
        blocks = [counted.feed(whole[at : at + size]) for at in range(0, len(whole), size)]
        told = b"".join(blocks) + counted.finish()
        assert told.startswith(said)
        assert told.endswith(b"\n\ndata: [DONE]\n\n")
        end = json.loads(told[len(said) :].split(b"\n\n")[0].removeprefix(b"data: "))
        usage = USAGE | {"prompt_tokens_details": {"cached_tokens": 20}}
        assert end == {"choices": [], "usage": usage, "chancery": {"line_ms": 1200}}
        assert all(block.endswith(b"\n\n") for block in blocks if block)


def test_an_answer_in_one_piece_is_changed_when_it_is_whole() -> None:
    counted = Counted(20, 1200, is_stream=False)
    text = json.dumps({"choices": [], "usage": USAGE}).encode()
    assert counted.feed(text[:30]) + counted.feed(text[30:]) == b""
    assert json.loads(counted.finish())["usage"]["prompt_tokens_details"] == {"cached_tokens": 20}


def test_an_engine_that_counts_right_is_believed_and_the_wait_is_told_beside() -> None:
    counted = Counted(None, 7, is_stream=False)
    text = json.dumps({"choices": [], "usage": USAGE, "timings": {"prompt_n": 1}}).encode()
    counted.feed(text)
    assert json.loads(counted.finish()) == json.loads(text) | {"chancery": {"line_ms": 7}}


def test_what_is_no_usage_passes() -> None:
    for text in (b'{"error": {"message": "usage"}}', b"not JSON", b'{"usage": null}'):
        counted = Counted(20, 1200, is_stream=False)
        counted.feed(text)
        assert counted.finish() == text
    streamed = Counted(20, 1200, is_stream=True)
    assert streamed.feed(b'data: {"usage": null}\n\n') == b'data: {"usage": null}\n\n'
    assert streamed.feed(b"half") + streamed.finish() == b"half"
