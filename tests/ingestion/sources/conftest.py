"""A share for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

if TYPE_CHECKING:
    from tests.cast import House
    from tests.ingestion.sources.share import Faulty, Share


@pytest.fixture
def share(house: House, tmp_path: Path, settings: Any) -> Share:
    from tests.ingestion.sources.share import Share

    settings.SOURCE_FOLDERS = {house.slug: [str(tmp_path)]}
    return Share(house, tmp_path / "share")


@pytest.fixture
def faulty(share: Share) -> Iterator[type[Faulty]]:
    from ingestion.connectors.base import Reached
    from tests.ingestion.sources.share import Faulty

    Faulty.reads, Faulty.end = {"a.txt": b"A.", "b.txt": b"B."}, [Reached()]
    with mock.patch("ingestion.connectors.folder.Folder", Faulty):
        yield Faulty
