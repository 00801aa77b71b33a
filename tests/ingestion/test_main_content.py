"""What of a page is read: its text, and neither menus nor notices; and all of it where that is not sure."""

from __future__ import annotations

import io

import pytest

from ingestion.parsers.texts.html import Html

TEXT = "<p>" + "Trains are booked in second class unless the journey takes more than six hours. " * 5 + "</p>"
LINKS = "".join(f"<li><a href='/{n}'>Another page {n}</a></li>" for n in range(12))


def text(page: str) -> str:
    return "\n\n".join(section.text for section in Html().parse(io.BytesIO(page.encode())).sections)


@pytest.mark.parametrize(
    "around",
    [
        f"<ul>{LINKS}</ul>",
        f"<div><div>{LINKS}</div></div>",
        f"<table><tr><td><ul>{LINKS}</ul></td></tr></table>",
        "<div id=cookie-banner><p>Another page wants to keep cookies. <a href=x>Agree</a></p></div>",
        "<div class='newsletter box'>Another page by mail: subscribe</div>",
        "<div role=navigation>Another page</div>",
        "<div role=dialog aria-modal=true><p>Another page in the way</p></div>",
        "<div class=breadcrumb><a href=/>Home</a> › Another page</div>",
        f"<div class=sidebar><h3>Related</h3><ul>{LINKS}</ul></div>",
    ],
)
def test_menus_and_notices_are_left_out(around: str) -> None:
    for page in (f"{around}<div>{TEXT * 2}</div>", f"<div>{TEXT * 2}</div>{around}"):
        said = text(page)
        assert "Another page" not in said
        assert said.count("second class") == 10


@pytest.mark.parametrize(
    "kept",
    [
        f"<p>See also: {LINKS[:120]}</li></p>",
        "<p>"
        + " ".join(f"<a href=/{n}>kept {n}</a>, which tells of the year {n} at some length and more" for n in range(9)),
        "<div class=widget><p>"
        + "A kept paragraph in a box with a name that misleads nobody who reads it. " * 12
        + "</p></div>",
        "<section><h2>Kept</h2><p>" + "kept words " * 30 + f"</p><ul>{LINKS}</ul></section>",
    ],
)
def test_text_with_links_and_boxes_with_text_are_kept(kept: str) -> None:
    assert ("kept" in text(f"{TEXT * 2}{kept}")) == ("kept" in kept.lower())
    assert "second class" in text(f"{TEXT * 2}{kept}")


@pytest.mark.parametrize(
    "page", [f"<ul>{LINKS}</ul>", f"<p>Short.</p><ul>{LINKS}</ul>", f"<div class=menu>{LINKS}</div>"]
)
def test_a_page_that_is_a_list_of_links_is_read_whole(page: str) -> None:
    assert text(page).count("Another page") == 12
