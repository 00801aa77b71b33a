"""Every page of the portal, in each of its states, as axe-core judges it: wide and narrow, light and dark."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from governance.audit import words
from tests import npm
from tests.assistant import test_matrix
from tests.browser import stage as staging
from tests.browser import states
from tests.browser.colours import Colours
from tests.browser.conftest import Served
from tests.browser.stand import Stand, resize

pytestmark = pytest.mark.browser

# Routes that answer a POST alone, with a redirect or a part of a page.
FORMS = {
    "service-change", "service-switch", "service-permission", "service-groups", "service-keys", "service-key-rotate",
    "service-key-narrow", "service-key-end", "key-rules", "role-delete", "role-holders", "role-take",
    "directory-delete", "directory-token", "directory-token-revoke", "directory-hand-over", "directory-release",
    "sign-out", "sign-in-provider-delete", "sign-in-identity-unlink", "ask", "answer-stop", "answer-choose", "attach",
    "attached-remove", "conversation-export", "share-withdraw", "prompt-delete", "assistant-delete",
    "answer-feedback", "conversation-rename", "conversation-pin", "conversation-delete", "conversation-restore",
    "collection-rename", "collection-delete", "documents-retry", "documents-delete", "grants", "grant-withdraw",
    "document-delete", "document-retry", "person-change", "person-roles", "person-switch", "group-rename",
    "group-delete", "group-members", "group-member-remove", "key-revoke", "record-export",
    "record-interaction-close", "operators-sign-out", "operators-tenant-switch", "csp-report", "my-data-export",
    "my-data-erasure", "my-data-erasure-withdraw", "record-opening-ask", "record-opening-decide", "record-case-add",
    "record-case-take-out", "record-case-note", "record-case-close", "record-case-reopen",
    "record-interaction-case", "settings-opening", "record-case-hold", "record-case-bundle",
    "replay-stop", "replay-sign-off", "index-change", "glossary-entry", "collection-cutting", "collection-read-again",
    "passage-release", "document-release", "document-restore", "document-purge", "document-version-again",
    "collection-restore", "collection-purge", "documents-restore", "collection-pause", "collection-resume",
    "policy-second", "policy-builtin", "policy-note", "policy-try", "policy-fixtures", "policy-submit", "policy-publish",
    "policy-restore", "policy-discard", "policy-rule-remove",
    "forward-target-delete", "forward-target-retry", "forward-target-secret", "forward-target-words",
    "retention-deleted", "retention-telling", "hold-lift", "erasure-approve", "erasure-refuse",
    "source-test-again", "source-run", "source-pause", "source-resume", "source-answer", "source-delete", "source-item",
    "questions-add", "questions-import", "question-delete", "evaluations", "evaluation-stop",
    "collection-gaps-close", "document-restrict", "document-label", "document-authority", "labels-cleared",
    "quota-delete", "quota-prices", "operators-tenant-price",
    "account-password", "account-session-end", "account-sessions-end", "account-authenticator-remove", "account-codes",
    "account-passkey-rename", "account-passkey-remove", "sign-in-passkey-asked", "sign-in-passkey", "sign-in-passwords",
    "person-link-withdraw", "person-sign-out", "person-unlock", "person-factors-remove",
    "sso-backchannel", "saml-answer",
    "support-grant", "support-refuse", "support-end", "operators-support-end",
    "collection-offer-withdraw", "request-ask", "request-withdraw", "request-approve", "request-refuse",
}  # fmt: skip
# Files, what machines read, and parts of a page that is looked at: each with somebody who may see it.
PARTS = {
    "answer": "bob", "answer-text": "bob", "attached": "bob", "documents": "ada", "document-standing": "ada", "usage-csv": "ada",
    "access-csv": "ada",
    "people-found": "ada", "record-new": "olga", "record-people": "olga", "record-search-more": "olga",
    "replay-progress": "second olga", "indexes-progress": "ada",
    "operators-live": "operator", "healthz": "nobody", "readyz": "nobody", "metrics": "nobody",
}  # fmt: skip
ELSEWHERE = {
    "replay-report",
    "answer-stream",
    "collection-certificate-file",
    "collection-export",
    "document-file",
    "document-page-image",
    "document-version-file",
    "erasure-certificate",
    "record-bundle-file",
    "record-head-file",
    "source-drift-file",
    "questions-file",
    "sso-start",
    "saml-metadata",
    "language",
}  # a stream, a download, and ways to other pages
PROGRAMS = ("/api/", "/v1/", "/scim/", "/mcp")

# All that axe knows but what colours.py has it say, and the one rule of WCAG 2.2 that it leaves out unless it is asked.
WORDS = {
    "rules": {
        "target-size": {"enabled": True},
        "color-contrast": {"enabled": False},
        "link-in-text-block": {"enabled": False},
    },
    "preload": False,  # of sounds and films, of which the content security policy lets a page have none
}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
JUDGE = """async options => (await axe.run(document, {resultTypes: ["violations"], ...options})).violations.flatMap(
  found => found.nodes.map(node => [found.id, found.impact, node.target.join(" "), node.failureSummary]))"""
# What sticks covers something wherever a page happens to be scrolled to, and axe takes that for too small a target. So it
# is laid in its own place. That nothing stays behind it which somebody comes to by keyboard, test_keyboard shows.
UNSTICK = """() => [...document.querySelectorAll("*")].filter(one => getComputedStyle(one).position === "sticky").forEach(
  one => { one.style.position = "relative"; one.style.inset = "auto"; })"""


# Letters and links of other colours, grounds that come to lie under other texts, and one of many alike that is different.
SPOILT = (
    ".soft, th { color: #777 !important } p a, li a, td a { color: inherit !important; text-decoration: none !important }",
    "main p { margin-top: -1.2em } section, .panel { background: #889 !important } * + .panel { margin-top: -3em }",
    "li:nth-child(2) { background: #888 } tr:last-child td, dd:nth-of-type(2) { opacity: .4 } main a { color: #777 }",
)
DRESS = """sheet => {
  document.adoptedStyleSheets = [new CSSStyleSheet()];
  document.adoptedStyleSheets[0].replaceSync(sheet);
}"""


@pytest.fixture(scope="module")
def stand(stand: Stand) -> Stand:
    """Whose windows bring axe to each page that they open: a content security policy does not bind the debugger."""
    installed = npm.installed(Path(__file__).with_name("package.json"))
    axe = (installed / "node_modules/axe-core/axe.min.js").read_text()
    for page in stand.windows.values():
        page.add_init_script(axe)
    return stand


@pytest.fixture(scope="module")
def colours() -> Colours:
    return Colours()


def violations(page: Any, options: dict[str, Any]) -> list[str]:
    page.evaluate(UNSTICK)
    return told(page.evaluate(JUDGE, options))


def told(found: Iterable[tuple[str, str, str, str]]) -> list[str]:
    return [f"{rule} ({impact}) {target}\n    {why}" for rule, impact, target, why in found]


@pytest.mark.parametrize("room", states.ROOMS)
def test_no_page_keeps_anybody_out(room: str, stand: Stand, served: Served, colours: Colours) -> None:
    found: dict[str, list[str]] = {}
    served.hold_answers()
    for state in states.ROOMS[room]:
        page = stand.open(state)
        for size in state.sizes:
            resize(page, size)
            seen = [(one, "") for one in violations(page, WORDS)]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                seen += [(one, f", {scheme}") for one in told(colours.violations(page))]
            for violation, scheme in seen:
                found.setdefault(violation, []).append(f"{state.route}, {state.shown}, {size[0]} px{scheme}")
    served.let_answers_end()
    assert not found, "\n".join(f"{what}\n  on {'; '.join(where)}" for what, where in found.items())
    assert stand.reports == []


@pytest.mark.parametrize("room", states.ROOMS)
def test_no_page_keeps_anybody_out_in_german(room: str, stand: Stand) -> None:
    found: dict[str, list[str]] = {}
    for state in states.ROOMS[room]:
        if state.reach is None and state.route:
            stand.windows[state.who].set_extra_http_headers({"Accept-Language": "de"})
            page = stand.open(state)
            assert page.evaluate("document.documentElement.lang") == "de"
            resize(page, states.PHONE)
            for violation in violations(page, WORDS):
                found.setdefault(violation, []).append(f"{state.route}, {state.shown}")
    for page in stand.windows.values():
        page.set_extra_http_headers({})
    assert not found, "\n".join(f"{what}\n  on {'; '.join(where)}" for what, where in found.items())


@pytest.mark.parametrize(("who", "address"), [("bob", "/c/{answered}"), ("olga", "/record/{event}")])
def test_colours_that_were_passed_elsewhere_hide_none_that_are_hard_to_read(
    who: str, address: str, stand: Stand, colours: Colours
) -> None:
    page = stand.open(states.State("", "", who, address))
    page.evaluate(UNSTICK)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert colours.violations(page) == []
        for sheet in SPOILT:
            page.evaluate(DRESS, sheet)
            expected = told(page.evaluate(JUDGE, COLOURS))
            assert expected, sheet
            assert sorted(told(colours.violations(page))) == sorted(expected)
        page.evaluate(DRESS, "")


def test_every_page_is_looked_at() -> None:
    looked_at = {state.route for room in states.ROOMS.values() for state in room} - {""}
    known = looked_at | FORMS | set(PARTS) | ELSEWHERE
    portal = {route.name for route in test_matrix.ROUTES if not route.address.startswith(PROGRAMS)}
    assert portal == known, "say in states.py how one comes to the new page"


@pytest.mark.parametrize("route", [one for one in test_matrix.ROUTES if one.name in FORMS], ids=lambda one: one.name)
def test_what_is_said_to_be_a_form_alone_shows_no_page(route: test_matrix.Route) -> None:
    address = re.sub(r"{\w+}", str(uuid.uuid4()), route.address.replace("{number}", "1"))
    assert Client().get(address).status_code == 405


def test_what_is_said_to_be_a_part_is_no_whole_page(stand: Stand) -> None:
    own = {"answer": "answered-answer", "conversation": "answered", "collection": "papers", "document": "ready-paper"}
    ids = stand.made.ids | {name: stand.made.ids[one] for name, one in own.items()} | {"what": "days"}
    ids["search"] = words.begin(stand.made.house.olga, "working days", staging.WHY)
    for route in test_matrix.ROUTES:
        if route.name in PARTS:
            response = stand.windows[PARTS[route.name]].context.request.get(route.address.format(**ids))
            assert "<html" not in response.text(), route.name
