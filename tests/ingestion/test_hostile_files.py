"""Some of each kind of hostile file, on their whole way in. All of them: `python -m bench.hostile_files`."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ingestion import catalog
from ingestion.documents import purging
from ingestion.models import Status
from tests.cast import House
from tests.hostile import archives, cases, damage, markup, pages, texts, watch
from tests.ingestion import bells, ingests

MEMORY_MOST = 1 << 30
WHOLE_MOST = 100_000  # bytes of a file that is cut, judged and embedded here too
# Refused at the door, or where the document stands; or what its parser alone said, of a file that is another by its name.
NAMED = re.compile(
    r"refused|ready|(?:rejected|failed|quarantined):\w+|read|broken|empty|encrypted|too_large|timeout|out_of_memory|crashed"
    r"|no_text|unsupported"
)
FAMILIES: dict[str, Any] = {
    "archives": archives.cases, "damage": damage.cases, "markup": markup.cases, "pages": pages.cases, "texts": texts.cases,
}  # fmt: skip


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


@pytest.fixture
def nobody_comes() -> Iterator[str]:
    """The address that the files name."""
    with watch.listening() as (address, came):
        yield address
    assert came == []


@pytest.mark.parametrize("family", FAMILIES)
def test_each_kind_ends_in_a_named_state_and_harms_nothing(
    house: House, collection: uuid.UUID, nobody_comes: str, tmp_path: Path, family: str
) -> None:
    asks = (nobody_comes,) if family in {"markup", "pages"} else ()
    folder = tmp_path / "hostile"
    folder.mkdir()
    around = (Path.cwd(), Path("/tmp"), Path.home())
    before = {path for place in around for path in place.glob("*climbed*")}
    ingest = partial(watch.uploaded, house.ada, collection)
    wrong, pids = [], list[int]()
    for case in cases.some(FAMILIES[family](*asks), each=2):
        with watch.peak() as memory:
            found = watch.ended(case, folder, ingest if len(case.content) < WHOLE_MOST else None)
        pids += memory.pids
        wrong += [f"{case}: {one}" for one in found if not NAMED.fullmatch(one.state) or one.peak > MEMORY_MOST]
    assert wrong == []
    assert [path.name for path in folder.iterdir()] == ["upload"]
    assert {path for place in around for path in place.glob("*climbed*")} == before
    assert len(pids) > 5
    assert not [pid for pid in pids if _is_there(pid)]
    good = bells.ingested(house, collection, "A hotel among them.", "good.txt")
    assert ingests.version(house, good).status == Status.READY
    assert purging.verify_index(house.system).total == 0


def _is_there(pid: int) -> bool:
    """As a process of its own session, which every parser is; a number may be another's by now."""
    try:
        return os.getsid(pid) == pid and "-I" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (OSError, UnicodeDecodeError):
        return False
