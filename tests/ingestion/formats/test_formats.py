"""Each format is read from files that others made, and what they say is found by search at its place."""

from __future__ import annotations

import functools
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ingestion import catalog, documents, formats, search
from tests import cast
from tests.ingestion import bells
from tests.ingestion.formats import matrix, samples
from tests.ingestion.formats.samples import Sample

AT_LEAST = 3  # real files of each format
AMONG = 5  # passages in which the words must be found
SAMPLES, ABOUTS = samples.manifest()


@functools.cache
def shelf() -> cast.House:
    """One house for all files; each has a collection of its own in it."""
    return cast.house(f"formats-{uuid.uuid4().hex[:12]}")


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_real_file_is_found_at_its_place(sample: Sample) -> None:
    try:
        path = samples.fetch(sample)
    except samples.NotReached as away:
        pytest.skip(str(away))
    house = shelf()
    collection = catalog.create(house.ada, f"{sample} {uuid.uuid4().hex[:6]}").pk
    row = bells.ingested(house, collection, path.read_bytes(), sample.title)
    latest = documents.get(house.ada, row.pk).latest
    assert latest is not None
    assert (latest.status, latest.media_type, latest.error) == ("ready", sample.media_type, "")
    found = search.passages(house.ada, sample.phrase, [collection], AMONG).passages
    holding = [one for one in found if _plain(sample.phrase) in _plain(one.text)]
    assert holding, f"{sample.phrase!r} is not in {[one.text[:80] for one in found]}"
    assert any(_is_at(one.locator, sample.at) for one in holding), [dict(one.locator) for one in holding]


def test_every_format_has_real_files_and_is_described() -> None:
    counts = Counter(sample.media_type for sample in SAMPLES)
    described = {one.media_type for one in ABOUTS}
    assert described == set(counts) == {one.media_type for one in formats.FORMATS}
    assert {one: counts[one] for one in described if counts[one] < AT_LEAST} == {}


def test_no_file_is_counted_twice() -> None:
    twice = Counter((sample.package.name, sample.member, sample.phrase) for sample in SAMPLES)
    assert [each for each, count in twice.items() if count > 1] == []


def test_the_page_about_formats_is_up_to_date() -> None:
    command = "python -m tests.ingestion.formats.matrix"
    assert Path(matrix.PAGE).read_text(encoding="utf-8") == matrix.written(), f"docs/formats.md is stale: {command}"


def _is_at(locator: Mapping[str, Any], at: Mapping[str, Any]) -> bool:
    """`row` lies within the rows that the passage stands in, however many the cutting gave it."""
    first, last = locator.get("lines") or (0, 0)
    return first <= at.get("row", first) <= last and all(locator.get(key) == at[key] for key in at if key != "row")


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()
