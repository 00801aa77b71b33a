"""A run's file that holds nothing yet is begun anew, one of somebody else's is left as it is; a report finds its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.evaluation import files, pages
from governance.errors import InvalidInput

MADE = {"answers": False, "set": "set.jsonl"}
FIRST = '{"answers": false, "set": "set.jsonl"}\n'


@pytest.mark.parametrize("held", ["", '{"answ', FIRST.strip(), FIRST])
def test_a_file_that_holds_no_more_than_its_beginning_is_begun(tmp_path: Path, held: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(held, encoding="utf-8")
    files.begin(path, MADE)
    files.add(path, {"id": "a"})
    assert path.read_text("utf-8") == FIRST + '{"id": "a"}\n'


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ('{"id": "a", "question": "Who?"}', "is no run: it does not hold one whole line"),
        ("[1]\n", "is no run: its first line does not say how it was made"),
        ('{"answers": true}\n', "holds a run with other answers, set"),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path, held: str, said: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(held, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        files.begin(path, MADE)
    assert path.read_text("utf-8") == held


def test_a_report_has_its_folders_made(tmp_path: Path) -> None:
    path = tmp_path / "pages" / "of today" / "report.html"
    pages.make_room(path)
    assert list(path.parent.iterdir()) == []
    pages.write(path, "Ä")
    assert path.read_bytes() == "Ä".encode()


def test_a_report_that_cannot_be_there_is_named_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "report.html", tmp_path):
        with pytest.raises(InvalidInput, match=r"cannot be written: .+\. Name another file"):
            pages.make_room(path)
