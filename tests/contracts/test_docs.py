"""The documentation names what is there: files, headings, pictures, and targets of make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PICTURES = DOCS / "pictures"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
TAKEN = re.compile(r'\btake\(\w+, "([\w-]+)"')
# `[text](target)`, `![text](target)` and the `src` of a picture that stands in HTML to have a width.
TARGETS = re.compile(r'\]\(([^)\s]+)(?:\s+"[^"]*")?\)|\bsrc="([^"]+)"')
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
ELSEWHERE = ("http://", "https://", "mailto:")
BYTES_MOST = 150_000


def written(page: Path) -> str:
    """Without samples, where brackets mean something else."""
    return FENCED.sub("", page.read_text("utf-8"))


def targets(page: Path) -> list[str]:
    found = ["".join(pair) for pair in TARGETS.findall(written(page))]
    return [one for one in found if not one.startswith(ELSEWHERE)]


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+?)\s*$", written(page), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one).lower()) for one in headings]
    return {one.replace(" ", "-") for one in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_everything_a_page_points_at_is_there(page: Path) -> None:
    missing = []
    for target in targets(page):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            missing.append(target)
    assert missing == []


def test_every_page_is_listed_in_the_index() -> None:
    listed = {(DOCS / target.partition("#")[0]).resolve() for target in targets(DOCS / "README.md")}
    numbered = {page for page in PAGES if page.parent.name == "adr"}
    assert set(PAGES) - numbered - listed == {DOCS / "README.md"}
    assert numbered - listed == set()


def test_every_picture_is_shown_somewhere_and_made_by_a_test() -> None:
    kept = {file.name for file in PICTURES.iterdir()}
    shown = {Path(one).name for page in PAGES for one in targets(page) if one.endswith(".png")}
    made = {f"{name}.png" for name in TAKEN.findall((ROOT / "tests/browser/test_pictures.py").read_text("utf-8"))}
    assert kept == shown
    assert kept == made


@pytest.mark.parametrize("picture", sorted(PICTURES.glob("*.png")), ids=lambda picture: picture.stem)
def test_no_picture_is_a_burden_to_load(picture: Path) -> None:
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size <= BYTES_MOST


def test_every_target_of_make_that_is_named_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"\bmake ([a-z-]+)\b", _code(page))}
    assert {"run", "test", "pictures"} <= named
    assert named - known == set()


def _code(page: Path) -> str:
    """What is set as code: prose may make something, too."""
    text = page.read_text("utf-8")
    return "\n".join([*FENCED.findall(text), *re.findall(r"`([^`\n]+)`", FENCED.sub("", text))])
