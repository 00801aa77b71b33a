"""What the catalogue knows, and how a file is known to be the one it claims to be."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from governance.errors import InvalidInput
from inference import memory, registry, sources

GIB = 2**30


def test_four_gigabytes_carry_the_better_model_and_less_the_small_one_with_a_notice() -> None:
    better, small = registry.default_chat(4 * GIB), registry.default_chat(4 * GIB - 1)
    assert ("1.5b" in better.name, better.notice) == (True, "")
    assert "0.5b" in small.name
    assert "weak" in small.notice
    assert registry.default_chat(0) == small


def test_asked_again_it_is_one_of_those_that_were_fetched(tmp_path: Path) -> None:
    better, small = registry.default_chat(4 * GIB), registry.default_chat(0)
    assert registry.default_chat(0, tmp_path) == small
    (tmp_path / better.file).touch()
    assert [registry.default_chat(free, tmp_path) for free in (4 * GIB, 0)] == [better, better]
    (tmp_path / small.file).touch()
    assert [registry.default_chat(free, tmp_path) for free in (4 * GIB, 0)] == [better, small]
    (tmp_path / better.file).unlink()
    assert registry.default_chat(4 * GIB, tmp_path) == small


def test_every_model_has_a_licence_a_hash_and_a_source_that_is_locked() -> None:
    for model in registry.catalog().values():
        assert model.licence == "Apache-2.0"
        assert len(model.sha256) == 64
        for package in model.packages:
            assert "--hash=sha256:" in sources._locked(package.requirement)


def test_the_catalogue_holds_what_a_bare_machine_needs() -> None:
    known = registry.catalog()
    assert [model.kind for model in known.values()] == ["chat", "chat", "embedding", "embedding-tokenizer"]
    assert [model.kind for model in registry.embedder()] == ["embedding", "embedding-tokenizer"]
    assert all(model.size and model.packages for model in known.values())


def test_a_model_is_known_by_its_file_to_leave_out_much_and_another_file_is_not() -> None:
    chat = [model for model in registry.catalog().values() if model.kind == "chat"]
    assert all(registry.leaves_out(model.sha256) is model.leaves_out for model in chat)
    assert any(model.leaves_out for model in chat)
    assert not registry.leaves_out("")
    assert not registry.leaves_out("f" * 64)


def test_parts_are_told_in_the_order_of_their_numbers() -> None:
    parts = registry.resolve("qwen2.5-coder-1.5b-instruct").packages
    assert [int(part.requirement.partition("==")[0].rpartition("part")[2]) for part in parts] == list(range(1, 23))
    assert (parts[1].member, parts[9].member) == ("data/part02.bin", "data/part10.bin")


def test_the_lock_names_no_place_to_fetch_from() -> None:
    assert "://" not in sources.LOCK.read_text(encoding="utf-8")


def test_a_model_goes_by_its_name_or_by_its_path(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF and more")
    assert registry.resolve("qwen2.5-coder-0.5b-instruct").kind == "chat"
    model = registry.resolve(str(own))
    assert (model.name, model.licence, registry.find(Path("elsewhere"), model)) == ("own", "unknown", own)


@pytest.mark.parametrize("wanted", ["gpt-7", "/no/such/file.gguf", "pyproject.toml", "all-MiniLM-L6-v2-int8"])
def test_what_is_neither_is_refused_with_the_names_there_are(wanted: str) -> None:
    with pytest.raises(InvalidInput, match=r"qwen2\.5-coder-1\.5b-instruct"):
        registry.resolve(wanted)


def test_a_file_is_found_by_its_hash_alone(tmp_path: Path) -> None:
    right, wrong = b"the weights", b"the weighed"
    model = replace(
        registry.resolve("qwen2.5-coder-0.5b-instruct"), size=len(right), sha256=hashlib.sha256(right).hexdigest()
    )
    assert registry.find(tmp_path, model) is None
    (tmp_path / model.file).write_bytes(wrong)
    assert registry.find(tmp_path, model) is None
    (tmp_path / model.file).write_bytes(right)
    os.utime(tmp_path / model.file, ns=(1, 1))
    assert registry.find(tmp_path, model) == tmp_path / model.file


def test_a_file_of_another_size_is_refused_without_being_read(tmp_path: Path) -> None:
    model = replace(registry.resolve("qwen2.5-coder-0.5b-instruct"), sha256=hashlib.sha256(b"short").hexdigest())
    (tmp_path / model.file).write_bytes(b"short")
    assert registry.find(tmp_path, model) is None
    assert not registry.mark(tmp_path / model.file).exists()


def test_a_verified_file_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    read: list[int] = []

    def progress(done: int, total: int, what: str) -> None:
        read.append(done)

    first = registry.digest(path, progress)
    assert registry.digest(path, progress) == first
    assert read == [3]
    path.write_bytes(b"three")
    assert registry.digest(path) == hashlib.sha256(b"three").hexdigest()


def test_free_memory_is_that_of_the_container(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    assert memory.free(meminfo, tmp_path) == 5000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free(meminfo, tmp_path) == 5000 * 1024
    for name, text in {"max": "4096000\n", "current": "1024000\n", "stat": "anon 5\ninactive_file 24000\n"}.items():
        (tmp_path / f"memory.{name}").write_text(text)
    assert memory.free(meminfo, tmp_path) == 4096000 - 1024000 + 24000


@pytest.mark.parametrize("mark", ["", "[]", "{", '{"size": 3, "mtime": 1}', "\xff"])
def test_a_mark_that_says_nothing_is_passed_over(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    os.utime(path, ns=(1, 1))
    registry.mark(path).write_bytes(mark.encode("latin-1"))
    assert registry.digest(path) == hashlib.sha256(b"one").hexdigest()


def test_a_change_that_leaves_the_size_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    os.utime(path, ns=(1, 1))
    registry.digest(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(2, 2))
    assert registry.digest(path) == hashlib.sha256(b"two").hexdigest()
