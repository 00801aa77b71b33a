"""What a machine is told it can carry."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
from django.core.management import call_command

from governance.errors import InvalidInput, Unavailable
from inference import registry, shapes, sizing
from inference.sizing import Machine, Speed
from inference.worker import serving
from inference.worker.engines.base import CHUNK
from tests.inference import tiny_gguf

GB = 2**30
BIG = Machine(cores=2, free=20 * GB, instructions="avx2", processor="one")


def test_a_files_head_tells_what_its_model_takes(tmp_path: Path) -> None:
    shape = shapes.read(tiny_gguf.write(tmp_path / "tiny.gguf", blocks=3, window=512))
    # 3 blocks, 4 heads of 16 for keys and as many for values, 2 bytes each
    assert (shape.architecture, shape.window, shape.words, shape.a_token) == ("llama", 512, 267, 3 * 64 * 2 * 2)
    # and a row of scores for each token of a step, which is longer by one for each slot
    assert shape.needs(1000, 4) - shape.needs(1000, 2) == 2000 * shape.a_token + 2 * shape.words * 4
    assert shape.needs(0, 1) - shape.size - shapes.OVERHEAD == shape.words * 4 * (CHUNK + 1)
    for wrong in (b"", b"GGUF", b"GGUF" + bytes(20), b"another"):
        (tmp_path / "wrong.gguf").write_bytes(wrong)
        with pytest.raises(InvalidInput, match="no GGUF file"):
            shapes.read(tmp_path / "wrong.gguf")


def test_heads_that_are_told_for_each_layer_count_where_there_are_any(tmp_path: Path) -> None:
    file = gguf.GGUFWriter(tmp_path / "hybrid.gguf", "jamba")
    file.add_block_count(4)
    file.add_embedding_length(64)
    file.add_head_count([4, 0, 4, 0])
    file.add_head_count_kv([2, 0, 1, 0])
    file.add_token_list(["one", "two", "three"])
    file.add_token_types([1] * 3)
    file.add_tensor("output_norm.weight", np.ones(64, dtype=np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    shape = shapes.read(tmp_path / "hybrid.gguf")
    assert (shape.a_token, shape.words) == (3 * (16 + 16) * 2, 3)


def test_the_catalogue_says_of_each_model_what_its_file_says() -> None:
    for model in registry.catalog().values():
        if model.kind == "chat":
            assert model.quantisation
            assert model.words > 10_000
            assert model.a_token > 1000


def test_less_memory_gives_fewer_slots_then_a_smaller_model_and_then_says_that_nothing_fits(tmp_path: Path) -> None:
    found = []
    for free in (20 * GB, 3 * GB, 2 * GB, GB, GB // 4):
        advice = sizing.advise(replace(BIG, free=free), tmp_path)
        found.append((advice.model.name.split("-")[2], advice.slots, advice.fits))
        assert advice.needs <= free * sizing.SPARE or not advice.fits
    names = [name for name, *_ in found]
    assert names == sorted(names, reverse=True)  # 1.5b before 0.5b
    assert found[0] == ("1.5b", 8, True)
    assert found[-1][2] is False
    assert [slots for name, slots, _ in found if name == "1.5b"] == sorted(
        (slots for name, slots, _ in found if name == "1.5b"), reverse=True
    )


def test_room_is_left_to_further_models_where_there_is_some_and_said_where_not(tmp_path: Path) -> None:
    small = registry.beside(["qwen2.5-coder-0.5b-instruct"])
    alone, found = sizing.advise(replace(BIG, free=4 * GB), tmp_path), []
    for free in (20 * GB, 4 * GB, 2.7 * GB):
        advice = sizing.advise(replace(BIG, free=int(free)), tmp_path, beside=small)
        needs = advice.needs + sum(size for _, size in advice.beside)
        assert advice.all_fit == (needs <= int(free) * sizing.SPARE)
        assert [name for name, _ in advice.beside] == [small[0].name]
        found.append((advice.model.name, advice.slots * advice.window, advice.all_fit))
    assert found[1][0] == alone.model.name
    assert found[1][1] < alone.slots * alone.window
    assert [fits for *_, fits in found] == [True, True, False]


def test_what_was_measured_here_goes_before_what_is_reckoned(tmp_path: Path) -> None:
    name = sizing.advise(BIG, tmp_path).model.name
    own = Speed(name, 2, "avx2", 100.0, 20.0, 60.0, "here", "2026-01-01")
    advice = sizing.advise(BIG, tmp_path, [own])
    assert advice.is_measured
    assert advice.expected() == {"first_word_s": 6.0, "whole_answer_s": 12.0, "answers_a_minute": 7.5}


def test_more_cores_are_reckoned_to_be_faster_up_to_a_bound(tmp_path: Path) -> None:
    speeds = [sizing.advise(replace(BIG, cores=cores), tmp_path).speed for cores in (2, 4, 8, 64)]
    reads = [speed.reads for speed in speeds if speed]
    assert len(reads) == 4
    assert reads[0] < reads[1] < reads[2] == reads[3]


def test_the_processors_widest_instructions_are_named(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: One\nflags\t\t: fpu avx avx2 avx512f\n", "utf-8")
    found = sizing.machine(tmp_path / "cpuinfo")
    assert (found.instructions, found.processor) == ("avx512f", "One")
    assert sizing.machine(tmp_path / "none").instructions == ""


@pytest.mark.parametrize(
    ("told", "cores"),
    [
        ({}, 6),
        ({"cpu.max": "max 100000\n"}, 6),
        ({"cpu.max": "900000 100000\n"}, 6),
        ({"cpu.max": "250000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 6),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
    ],
)
def test_a_containers_quota_of_time_is_no_more_cores_than_it_has_the_time_of(
    told: dict[str, str], cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(6)), raising=False)
    (tmp_path / "cpu").mkdir()
    for name, text in told.items():
        (tmp_path / name).write_text(text, "ascii")
    assert sizing.cores(tmp_path) == cores


def test_the_command_tells_people_and_programs_the_same() -> None:
    told, shown = io.StringIO(), io.StringIO()
    call_command("size", "--json", stdout=told)
    call_command("size", stdout=shown)
    found = json.loads(told.getvalue())
    assert found["fits"] in {True, False}
    assert (found["beside_bytes"], "Beside it" in shown.getvalue()) == ({}, False)
    for name, value in found["settings"].items():
        assert f"{name}={value}" in shown.getvalue()


def test_a_model_that_does_not_fit_is_not_loaded(tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "tiny.gguf")
    needs = shapes.read(path).needs(2048, 4)
    assert serving.room_left(path, 4, 2048, needs + 5) == 5
    with pytest.raises(Unavailable, match=r"does not fit: with 4 slots of 2048 tokens.*manage.py size"):
        serving.room_left(path, 4, 2048, needs - 1)
    (tmp_path / "other").write_bytes(b"another format")
    assert serving.room_left(tmp_path / "other", 4, 2048, 7) == 7
