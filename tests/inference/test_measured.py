"""What a model is measured by: its pace over the wire, the memory of its processes, and its file with other bits."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inference import footprint, pace, quantising, registry, runners, shapes
from inference.footprint import Footprint
from inference.runners.base import ChatRequest, Delta, Handle, Usage
from inference.runners.scripted import ScriptedChat
from tests.inference import tiny_gguf


class Spoken(ScriptedChat):
    """Says these deltas, with a clock that each of them pushes on by a second."""

    def __init__(self, *deltas: Delta) -> None:
        super().__init__()
        self.deltas, self.now = deltas, 0.0

    def stream(self, request: ChatRequest) -> Handle:
        self.requests.append(request)
        return _Spoken(self)

    def monotonic(self) -> float:
        return self.now


class _Spoken(Handle):
    def __init__(self, runner: Spoken) -> None:
        super().__init__()
        self.runner = runner

    def hang_up(self) -> None: ...

    def deltas(self) -> Iterator[Delta]:
        for delta in self.runner.deltas:
            self.runner.now += 1.0
            yield delta


def paced(monkeypatch: pytest.MonkeyPatch, *deltas: Delta) -> tuple[pace.Pace, str]:
    runner = Spoken(*deltas)
    monkeypatch.setattr(time, "monotonic", runner.monotonic)
    return pace.measure(runner), runner.requests[0].messages[0].content


def test_a_pace_is_of_what_was_new_and_of_what_the_server_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [Delta("word", 1)] * 5
    end = Delta("", 0, "stop", Usage(300, 21, 20))
    found, asked = paced(monkeypatch, *words, end)
    # 280 tokens in the second before the first word; 21 tokens, of which 20 in the 4 seconds after it
    assert found == pace.Pace(280.0, 5.0, 1.0, 280, 21)
    _, again = paced(monkeypatch, *words, end)
    assert asked[:16] != again[:16]  # nothing of it was read before
    assert paced(monkeypatch, *words, Delta("", 0, "stop"))[0] == pace.Pace(None, None, 1.0, 0, 5)
    assert paced(monkeypatch, Delta("", 0, "stop"))[0].writes is None
    assert paced(monkeypatch, Delta("", 0, "length", Usage(300, 64)))[0].writes is None  # it thought, and said nothing
    assert paced(monkeypatch, *[Delta("w", 1)] * 9, Delta("", 0, "stop"))[0].writes == 1.0


def test_a_pace_by_the_processors_own_time_is_of_the_same_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Spoken(*[Delta("word", 1)] * 5, Delta("", 0, "stop", Usage(300, 21, 20)))
    monkeypatch.setattr(time, "monotonic", runner.monotonic)
    # it had a processor for a fourth of the time
    found = pace.measure(runner, lambda: 7 + runner.now / 4)
    assert (found.reads, found.reads_cpu) == (280.0, 1120.0)
    # its time ends with the answer, a second after the last word
    assert (found.writes, found.writes_cpu) == (5.0, 16.0)


def test_a_footprint_is_of_a_process_with_all_below_it(tmp_path: Path) -> None:
    for pid, children, (rss, pss, peak) in (
        ("7", "8 9", (100, 60, 200)),
        ("8", "", (50, 50, 50)),
        ("9", "5", (1, 1, 1)),
    ):
        (tmp_path / pid / "task" / pid).mkdir(parents=True)
        (tmp_path / pid / "task" / pid / "children").write_text(children, "ascii")
        (tmp_path / pid / "smaps_rollup").write_text(
            f"0-f ---p 0 0 0 [rollup]\nRss: {rss} kB\nPss: {pss} kB\n", "ascii"
        )
        (tmp_path / pid / "status").write_text(f"Name:\tone\nVmHWM:\t{peak} kB\nThreads:\t3\n", "ascii")
    assert footprint.of(7, tmp_path) == Footprint(151 * 1024, 111 * 1024, 251 * 1024)  # 5 has ended
    assert footprint.of(4, tmp_path) == Footprint()
    tick = os.sysconf("SC_CLK_TCK")
    (tmp_path / "7" / "stat").write_text(f"7 (a) b) S {' '.join('1' * 10)} {3 * tick} {tick} 9 9", "ascii")
    (tmp_path / "9" / "stat").write_text(f"9 (one) R {' '.join('1' * 10)} {tick} 0 9 9", "ascii")
    assert footprint.processor_s(7, tmp_path) == 5.0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_real_child_counts() -> None:
    alone = footprint.of(os.getpid())
    held = "held = bytearray(40 << 20); print(len(held), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        grown = footprint.of(os.getpid())
        child.communicate(b"\n")
    assert grown.proportional - alone.proportional > 30 << 20
    assert alone.peak >= alone.resident >= alone.proportional > 0


def test_another_runner_stands_in_and_the_usual_one_is_back_after_a_fault() -> None:
    usual, other = runners.chat(), ScriptedChat()
    with contextlib.suppress(ZeroDivisionError), runners.instead(other):
        assert runners.chat() is other
        assert runners.judge() is other
        raise ZeroDivisionError
    assert runners.chat() is usual


@pytest.mark.skipif(importlib.util.find_spec("llama_cpp") is None, reason='pip install ".[llama-cpp-python]"')
def test_a_file_is_written_with_other_bits_and_says_what_it_was_made_from(tmp_path: Path) -> None:
    tiny = tiny_gguf.write(tmp_path / "tiny.gguf")
    eight, four = tmp_path / "eight.gguf", tmp_path / "four.gguf"
    out = io.StringIO()
    call_command("model_quantise", str(tiny), "Q8_0", str(eight), stdout=out)
    call_command("model_quantise", str(eight), "Q4_0", str(four), stdout=out)
    assert [shapes.read(one).quantisation for one in (eight, four)] == ["Q8_0", "Q4_0"]
    assert tiny.stat().st_size > eight.stat().st_size > four.stat().st_size
    assert registry.provenance(four).startswith("made from eight.gguf (Q8_0, sha256 ")
    assert "no better" not in registry.provenance(four)
    back = tmp_path / "back.gguf"
    call_command("model_quantise", str(four), "Q8_0", str(back), stdout=out)
    assert "what Q4_0 has lost is not in it" in registry.provenance(back)
    for source, kind, target, said in (
        (tiny, "Q9", back, "Q9 is not known"),
        (tiny, "Q4_0", back, "there already"),
        (tmp_path / "none.gguf", "Q4_0", tmp_path / "x.gguf", "no GGUF file"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("model_quantise", str(source), kind, str(target))
    assert not [*tmp_path.glob("*.part")]


def test_every_kind_has_its_bits() -> None:
    assert set(quantising.KINDS) == set(quantising.BITS)
    assert quantising.worth("F16", "Q4_K_M") == quantising.worth("Q8_0", "Q4_K_M") == ""
    assert "no better" in quantising.worth("Q4_K_M", "Q8_0")
    assert "no better" in quantising.worth("unknown", "Q8_0")
