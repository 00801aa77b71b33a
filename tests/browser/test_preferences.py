"""What people ask of a page by their settings or by what they do with it: on paper, at rest, in the system's own colours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assistant import asking
from tests.browser import states
from tests.browser.stand import Stand
from tests.browser.states import State

pytestmark = pytest.mark.browser

PRINTED = State("thread", "the receipt", "bob", "/c/{answered}", states.press(".receipt summary"))
ON_RECORD = states.RECORD[-1]
# What shows of everything that can be pressed or filled in, or that leads about.
CONTROLS = """() => [...document.querySelectorAll("button, input, textarea, select, nav, summary, .button, .skip")]
  .filter(one => one.getClientRects().length && !one.matches("details[open] > summary"))
  .map(one => one.outerHTML.slice(0, 120))"""
# Text that is not dark, and grounds that are not white.
COLOURS = """() => {
  const bright = text => Math.max(...text.match(/[\\d.]+/g).slice(0, 3).map(Number));
  const clear = text => text === "rgba(0, 0, 0, 0)";
  return [...document.querySelectorAll("body, body *")].filter(one => one.getClientRects().length).filter(one => {
    const { color, backgroundColor } = getComputedStyle(one);
    return bright(color) > 0x60 || !(clear(backgroundColor) || backgroundColor === "rgb(255, 255, 255)");
  }).map(one => one.outerHTML.slice(0, 120));
}"""
MOVING = """() => {
  const found = document.getAnimations().map(one => one.animationName || one.transitionProperty);
  for (const one of document.querySelectorAll("*")) for (const part of [null, "::before", "::after"]) {
    const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(one, part);
    const isMoving = animationName !== "none" || parseFloat(transitionDuration) || scrollBehavior !== "auto";
    if (isMoving) found.push(one.outerHTML.slice(0, 80));
  }
  return found;
}"""
LOOK = """one => {
  const names = ["color", "backgroundColor", "border", "outline", "fontWeight", "textDecorationLine"];
  return JSON.stringify(names.map(name => getComputedStyle(one)[name]));
}"""
AT_REST = [
    State("thread", "waiting", "bob", "/c/{queued}"),
    State("collection", "being read", "ada", "/collections/{intake}"),
    State("access", "changed, with undo", "ada", "/access/", states.changed_a_cell),
    State("operators", "full", "operator", "/operators/"),
]


def on_paper(stand: Stand, state: State) -> Any:
    """As it is printed by somebody who reads in the dark."""
    page = stand.open(state, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    return page


def text_of(pdf: bytes) -> str:
    pdfium = pytest.importorskip("pypdfium2")
    return "\n".join(one.get_textpage().get_text_bounded() for one in pdfium.PdfDocument(pdf))


def test_a_conversation_is_printed_with_its_sources_and_its_open_receipt(stand: Stand) -> None:
    page = on_paper(stand, PRINTED)
    assert page.evaluate(CONTROLS) == []
    assert page.evaluate(COLOURS) == []
    width = page.evaluate("document.querySelector('.answer-text').getBoundingClientRect().width")
    assert width == page.evaluate("document.documentElement.clientWidth")
    text = " ".join(text_of(page.pdf(format="A4")).split())
    for said in (
        asking.QUESTION,
        "Twenty working days",
        "[1]",
        ".txt",
        "What was searched, and why",
        "Number on the record",
    ):
        assert said in text, said
    for said in ("Copy with sources", "Collections Admin", "New conversation", "Ask another question"):
        assert said not in text


def test_an_answer_on_the_record_is_printed_as_it_was_opened(stand: Stand) -> None:
    page = on_paper(stand, ON_RECORD)
    assert page.evaluate(CONTROLS) == []
    assert page.evaluate(COLOURS) == []
    text = " ".join(text_of(page.pdf(format="A4")).split())
    for said in (
        "Bob asked",
        "804 2211",
        "What was searched",
        "The answer, as it was delivered",
        "What it was made with",
    ):
        assert said in text, said
    assert "Close again" not in text


@pytest.mark.parametrize("state", AT_REST, ids=lambda state: f"{state.route}, {state.shown}")
def test_nothing_moves_for_whoever_wants_rest(state: State, stand: Stand) -> None:
    page = stand.open(state)
    assert page.evaluate(MOVING) or state.route == "operators"  # so that the list could be other than empty
    page = stand.open(state, reduced_motion="reduce")
    assert page.evaluate(MOVING) == []


@pytest.mark.parametrize(
    ("state", "chosen", "other"),
    [
        (
            State("record", "filtered", "olga", "/record/?kind=questions"),
            ".chip input:checked + span",
            ".chip input:not(:checked) + span",
        ),
        (State("thread", "judged", "bob", "/c/{refused}"), "[aria-pressed=true]", "[aria-pressed=false]"),
        (
            State("home", "the list", "bob", "/c/{answered}"),
            ".entry > a[aria-current]",
            ".entry > a:not([aria-current])",
        ),
        (State("people", "the rooms", "ada", "/people/"), ".parts [aria-current]", ".parts a:not([aria-current])"),
        (State("usage", "the spans", "ada", "/usage/"), ".spans [aria-current]", ".spans a:not([aria-current])"),
    ],
    ids=lambda one: one.shown if isinstance(one, State) else "",
)
def test_what_is_chosen_shows_in_the_systems_own_colours(state: State, chosen: str, other: str, stand: Stand) -> None:
    page = stand.open(state, forced_colors="active")
    assert page.locator(chosen).first.evaluate(LOOK) != page.locator(other).first.evaluate(LOOK)


def test_the_box_in_which_one_writes_shows_it_in_the_systems_own_colours(stand: Stand) -> None:
    page = stand.open(State("thread", "answered", "bob", "/c/{answered}"), forced_colors="active")
    before = page.locator(".ask").evaluate(LOOK)
    page.locator("#question").focus()
    assert page.locator(".ask").evaluate(LOOK) != before
