"""What a machine is told it can carry."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command

from governance.errors import InvalidInput, Unavailable
from inference import registry, shapes, sizing
from inference.sizing import Machine, Speed
from inference.worker import serving
from tests.inference import tiny_gguf

GB = 2**30
BIG = Machine(cores=2, free=20 * GB, instructions="avx2", processor="one")


def test_a_files_head_tells_what_its_model_takes(tmp_path: Path) -> None:
    shape = shapes.read(tiny_gguf.write(tmp_path / "tiny.gguf", blocks=3, window=512))
    # 3 blocks, 4 heads of 16 for keys and as many for values, 2 bytes each
    assert (shape.architecture, shape.window, shape.words, shape.a_token) == ("llama", 512, 267, 3 * 64 * 2 * 2)
    assert shape.needs(1000, 4) - shape.needs(1000, 2) == 2000 * shape.a_token
    for wrong in (b"", b"GGUF", b"GGUF" + bytes(20), b"another"):
        (tmp_path / "wrong.gguf").write_bytes(wrong)
        with pytest.raises(InvalidInput, match="no GGUF file"):
            shapes.read(tmp_path / "wrong.gguf")


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
