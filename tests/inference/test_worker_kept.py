"""What is kept of prompts: found by those alone who may know of it, bounded, and known by what the engine wrote."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from inference.worker.kept import COMMON, Keeping, Kept, Shelf, alike, tokens

FIRST = tokens(range(100))


@pytest.fixture
def keeping() -> Keeping:
    return Keeping(Shelf(), most=3000)


def _write(keeping: Keeping, content: list[int], head: int = 6) -> str:
    """As an engine does: a head of its own, then the tokens, then what it made of them."""
    name = keeping.shelf.take()
    words = [7] * head + content + [9] * 10
    Path(keeping.shelf.path, name).write_bytes(np.asarray(words, dtype=np.int32).tobytes())
    return name


def _keep(keeping: Keeping, key: str, content: list[int], known: int | None = None, size: int = 1000) -> Kept:
    known_tokens = tokens(content[: known or len(content)])
    return keeping.add(key, _write(keeping, content), size, known_tokens, len(content))


def test_two_sequences_are_alike_up_to_where_they_differ() -> None:
    assert alike(tokens([1, 2, 3]), tokens([1, 2, 4, 5])) == 2
    assert alike(tokens([1, 2]), tokens([1, 2, 3])) == 2
    assert alike(tokens([]), tokens([1])) == 0


def test_nobody_finds_what_was_read_under_another_key(keeping: Keeping) -> None:
    kept = _keep(keeping, "one", list(range(100)))
    assert keeping.best("one", FIRST) == (kept, 100)
    assert keeping.best("another", FIRST) == (None, 0)


def test_what_stands_in_the_product_itself_is_found_by_everybody(keeping: Keeping) -> None:
    kept = _keep(keeping, COMMON, list(range(40)))
    assert keeping.best("one", FIRST) == (kept, 40)


def test_a_few_tokens_in_common_are_not_worth_it(keeping: Keeping) -> None:
    _keep(keeping, "one", [*range(10), 500])
    assert keeping.best("one", FIRST) == (None, 0)


@pytest.mark.parametrize("head", [0, 3, 6, 40])
def test_the_engines_file_tells_what_was_written_after_the_prompt(keeping: Keeping, head: int) -> None:
    whole = list(range(60))
    kept = keeping.add("one", _write(keeping, whole, head), 10, tokens(whole[:50]), 60)
    assert kept.tokens.tolist() == whole


def test_where_the_file_tells_nothing_what_is_known_holds(keeping: Keeping) -> None:
    kept = keeping.add("one", _write(keeping, [5] * 80, head=0), 10, FIRST[:50], 60)
    assert kept.tokens.tolist() == list(range(50))


def test_one_that_goes_on_from_another_takes_its_place(keeping: Keeping) -> None:
    _keep(keeping, "one", list(range(50)))
    _keep(keeping, "two", list(range(50)))
    longer = _keep(keeping, "one", list(range(80)))
    assert [one.key for one in keeping.rows] == ["two", "one"]
    assert keeping.best("one", FIRST) == (longer, 80)


def test_over_the_bound_the_longest_unused_is_given_up(keeping: Keeping) -> None:
    first, second, third = (_keep(keeping, "one", list(range(base, base + 50))) for base in (0, 100, 200))
    keeping.use(first)
    fourth = _keep(keeping, "one", list(range(300, 350)))
    assert keeping.rows == [third, first, fourth]
    assert keeping.size == 3000
    assert second not in keeping.rows


def test_no_more_are_kept_than_files_may_well_be_open(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.worker.kept.ROWS", 3)
    kept = [_keep(keeping, str(key), list(range(50)), size=1) for key in range(5)]
    assert keeping.rows == kept[2:]
    assert not Path(keeping.shelf.path, kept[1].name).exists()


def test_what_would_drive_out_most_of_the_rest_has_no_room(keeping: Keeping) -> None:
    _keep(keeping, "one", list(range(50)), size=500)  # 10 bytes a token
    assert keeping.has_room(150)
    assert not keeping.has_room(151)


@pytest.mark.skipif(sys.platform != "linux", reason="memory without a name is Linux's")
def test_the_shelf_leaves_nothing_behind(keeping: Keeping) -> None:
    name = _write(keeping, [1])
    place = Path(keeping.shelf.path, name)
    assert place.stat().st_nlink == 0  # it has no name in any folder
    keeping.shelf.give_back(name)
    assert not place.exists()
