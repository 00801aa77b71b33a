"""The pages of the portal in each of their states, and how one comes there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.test import override_settings

from governance.errors import Busy, Unavailable
from tests.browser import stage as staging
from tests.browser.stage import Stage

DESK, PHONE = (1280, 860), (390, 844)
Reach = Callable[[Any, Stage], None]
# A form as a browser would send it that did not check it first.
SEND = """(form, fields) => {
  for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
  form.noValidate = true;
  form.requestSubmit();
}"""
LOSE_THE_TOKEN = (
    """form => { form.elements.csrfmiddlewaretoken.remove(); form.noValidate = true; form.requestSubmit(); }"""
)
SEND_TOO_MUCH = """form => {
  for (let n = 0; n < 1100; n += 1) form.append(Object.assign(document.createElement("input"), {name: `n${n}`}));
  form.noValidate = true;
  form.requestSubmit();
}"""
EXECUTABLE = bytes([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0])


@dataclass(frozen=True)
class State:
    """`route` is the page's name in the URLconf, `shown` what its reader sees, `who` in whose browser."""

    route: str
    shown: str
    who: str
    address: str
    reach: Reach | None = None
    sizes: tuple[tuple[int, int], ...] = (DESK, PHONE)


def press(*selectors: str, shows: str = "") -> Reach:
    def reach(page: Any, _: Stage) -> None:
        for selector in selectors:
            page.locator(selector).locator("visible=true").first.click()
        if shows:
            page.locator(shows).first.wait_for()

    return reach


def send(form: str, shows: str = ".notice.bad", **fields: str) -> Reach:
    def reach(page: Any, _: Stage) -> None:
        page.locator(form).first.evaluate(SEND, fields)
        page.locator(shows).first.wait_for()

    return reach


def key(name: str, shows: str) -> Reach:
    def reach(page: Any, _: Stage) -> None:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(name)
        page.locator(shows).first.wait_for()

    return reach


def under_way(page: Any, _: Stage) -> None:
    page.get_by_label("Your question").fill("How many working days a year may be spent abroad?")
    page.keyboard.press("Enter")
    page.locator("[data-live] [data-ordinal]").nth(2).wait_for()


def tried_a_text(page: Any, _: Stage) -> None:
    page.get_by_label("Text", exact=True).fill("My password is hunter2, and <|im_start|> is none.")
    page.get_by_role("button", name="Try", exact=True).click()
    page.locator("#tried mark").first.wait_for()


def uploading(page: Any, _: Stage) -> None:
    """One is on its way and stays there, one was not taken, one waits."""

    def hold(route: Any) -> None:
        if b"slow" not in (route.request.post_data_buffer or b""):
            route.continue_()

    page.route("**/documents", hold)
    names = ("slow-1.txt", "poor.exe", "slow-2.txt", "slow-3.txt")
    files = [{"name": name, "mimeType": "text/plain", "buffer": EXECUTABLE + name.encode()} for name in names]
    page.get_by_label("Add documents").set_input_files(files)
    page.get_by_role("button", name="Upload").click()
    page.locator(".uploads .failed").wait_for()
    page.locator(".uploads progress").nth(1).wait_for()


def changed_a_cell(page: Any, _: Stage) -> None:
    page.locator("[data-cell]").first.click()
    page.locator("dialog[open] [name=choice]:not(:checked)").first.check()
    page.locator("dialog[open]").get_by_role("button", name="Save").click()
    page.locator("#toast [data-take-back]").wait_for()


def faulty(target: str, fault: Exception) -> Reach:
    """The page again, with a part of what it needs broken."""

    def reach(page: Any, _: Stage) -> None:
        with mock.patch(target, side_effect=fault):
            page.reload()

    return reach


def broken_form(script: str) -> Reach:
    def reach(page: Any, _: Stage) -> None:
        with page.expect_navigation():
            page.locator("main form").first.evaluate(script)

    return reach


def rehearsed(**change: str) -> Reach:
    def reach(page: Any, made: Stage) -> None:
        made.idp.change = dict(change)
        page.get_by_role("link", name="Test", exact=True).click()
        page.locator(".notice.bad" if change else ".notice.good").wait_for()
        made.idp.change = {}

    return reach


def with_demo(page: Any, _: Stage) -> None:
    with override_settings(DEMO_LOGINS=True):
        page.reload()
    page.locator("[data-demo-email]").first.wait_for()


def opened(reason: str, shows: str) -> Reach:
    return send(".open-form form", shows, reason=reason)


def searched(wanted: str, shows: str) -> Reach:
    return send("form.sieve", shows, words=wanted, reason=staging.WHY)


ANSWER = "/record/interactions/{}"
DOOR = [
    State("sign-in", "empty", "nobody", "/"),
    State("sign-in", "refused", "nobody", "/", send("main form", email="a@b.example", password="wrong")),
    State("sign-in", "no single sign-on", "nobody", "/", press("[name=way]", shows=".notice.warn")),
    State("sign-in", "the demo's people", "nobody", "/", with_demo),
    State("sign-in-tenant", "with single sign-on", "nobody", "/t/{slug}/"),
    State("sign-in-tenant", "the only way in", "nobody", "/t/{strict_slug}/", press(".spare summary")),
    State("sso-callback", "refused", "nobody", "/t/{slug}/sso/{provider}/callback?state=used"),
    State("saml-finish", "refused", "nobody", "/t/{slug}/sso/{saml}/finish?state=used"),
    State("sso-signed-out", "with a way on", "nobody", "/t/{slug}/sso/{provider}/signed-out"),
    State("join", "empty", "nobody", "/t/{slug}/join/{token}"),
    State("join", "refused", "nobody", "/t/{slug}/join/{token}", send("main form", password="a" * 12, again="b" * 12)),
    State("operators-sign-in", "empty", "nobody", "/operators/sign-in"),
    State("operators-sign-in", "refused", "nobody", "/operators/sign-in", send("main form", email="a@b.example")),
]
FAULTS = [
    State("", "no such address", "nobody", "/nowhere"),
    State("", "not there", "bob", "/c/{nobody}"),
    State("", "not there, signed out", "nobody", "/t/{slug}/join/used"),
    State("", "not allowed", "bob", "/people/"),
    State("", "cannot be understood", "bob", "/c/list?at=x"),
    State("", "busy", "bob", "/keys/", faulty("governance.keys.mine", Busy("Too much at once.", wait_s=20))),
    State("", "a part is away", "bob", "/keys/", faulty("governance.keys.mine", Unavailable("It does not answer."))),
    State("", "something broke", "bob", "/keys/", faulty("governance.keys.mine", RuntimeError("as a test wants it"))),
    State("", "a form that is too old", "nobody", "/", broken_form(LOSE_THE_TOKEN)),
    State("", "a form that is too large", "nobody", "/", broken_form(SEND_TOO_MUCH)),
]
ASKING = [
    State("home", "nothing to read", "charlie", "/c/"),
    State("home", "nothing is ready", "strict olga", "/c/"),
    State("home", "full", "bob", "/c/"),
    State("home", "a menu of a conversation", "bob", "/c/", press(".entry .menu summary"), (DESK,)),
    State("home", "picking collections", "bob", "/c/", press(".picker summary")),
    State("home", "deleted, with undo", "bob", "/c/?deleted={deleted}"),
    State("home", "the drawer", "bob", "/c/", press("[data-drawer-open]", shows=".drawer .sidebar"), (PHONE,)),
    State("home", "the drawer, empty", "charlie", "/c/", press("[data-drawer-open]", shows=".drawer"), (PHONE,)),
    State("home", "keys", "bob", "/c/", key("?", "dialog[open]")),
    State("conversations", "full", "bob", "/c/list"),
    State("conversations", "empty", "charlie", "/c/list"),
    State("conversations", "found", "bob", "/c/list?q=working+days"),
    State("conversations", "not found", "bob", "/c/list?q=zzz"),
    State("thread", "answered", "bob", "/c/{answered}"),
    State("thread", "the source", "bob", "/c/{answered}", press(".cite", shows="#source mark")),
    State(
        "answer-replay",
        "run again",
        "bob",
        "/c/{answered}",
        press(".receipt summary", ".replay .button", shows=".pair .side"),
    ),
    State("thread", "the receipt", "bob", "/c/{answered}", press(".receipt summary")),
    State("thread", "judged", "bob", "/c/{redacted}", press("[id^=down-]", shows=".reason")),
    State("thread", "renaming", "bob", "/c/{answered}?rename"),
    State("thread", "refused", "bob", "/c/{refused}", press(".receipt summary")),
    State("thread", "a turn in focus", "bob", "/c/{refused}", key("k", ".exchange:focus")),
    State("thread", "blocked", "bob", "/c/{blocked}"),
    State("thread", "without documents", "bob", "/c/{alone}"),
    State("thread", "stopped", "bob", "/c/{cancelled}"),
    State("thread", "interrupted", "bob", "/c/{interrupted}"),
    State("thread", "failed", "bob", "/c/{failed}"),
    State("thread", "waiting", "bob", "/c/{queued}"),
    State("thread", "waiting for its model", "bob", "/c/{away}"),
    State("thread", "editing the question", "bob", "/c/{failed}", press(".exchange", ".edit summary")),
    State("thread", "sharing it", "bob", "/c/{answered}", press("a[hx-get$='/shares']", shows=".shares")),
    State("thread", "asking again", "bob", "/c/{answered}", press("a[hx-get$='/again']", shows="form.again")),
    State("answer-again", "alone", "bob", "/a/{answered-answer}/again"),
    State("answer-compare", "two versions", "bob", "/a/{other-version}/compare"),
    State("conversation-shares", "shared", "bob", "/c/{answered}/shares"),
    State("shared", "empty", "charlie", "/shared/"),
    State("shared", "full", "ada", "/shared/"),
    State("shared-thread", "in part", "ada", "/shared/{answered}"),
    State("embedded", "to be asked", "bob", "/embed/{assistant}"),
    State("embedded", "nobody", "nobody", "/embed/{assistant}"),
    State("embedded-thread", "asked", "bob", "/embed/{assistant}/{desk}"),
    State("assistant", "to be asked", "bob", "/as/{assistant}"),
    State("prompts", "full", "bob", "/prompts/"),
    State("prompts", "empty", "bare ada", "/prompts/"),
    State("prompts-offered", "in the box", "bob", "/c/", press("[data-prompts]", shows="[role=option]")),
    State("prompt", "one's own", "bob", "/prompts/{prompt}"),
    State("prompt", "somebody else's", "charlie", "/prompts/{prompt}"),
    State("thread", "an answer under way", "ada", "/c/", under_way),
]
LIBRARY = [
    State("collections", "empty", "bare ada", "/collections/"),
    State("collections", "full", "ada", "/collections/"),
    State("collections", "full, to read", "bob", "/collections/"),
    State("collection", "empty", "ada", "/collections/{blank}"),
    State("collection", "every end", "ada", "/collections/{papers}"),
    State("collection", "being read", "ada", "/collections/{intake}"),
    State("collection", "nothing matches", "ada", "/collections/{papers}?q=zzz"),
    State("collection", "one status", "ada", "/collections/{papers}?status=failed"),
    State("collection", "all chosen", "ada", "/collections/{papers}", press("[data-choose-all] input")),
    State("collection", "uploading", "ada", "/collections/{blank}", uploading),
    State("collection", "how it is cut", "ada", "/collections/{papers}", press(".fold > summary", shows="#size")),
    State("collection-deleted", "empty", "ada", "/collections/{blank}/deleted"),
    State("collection-deleted", "full", "ada", "/collections/{intake}/deleted"),
    State("collections-deleted", "empty", "bare ada", "/collections/deleted"),
    State("collections-deleted", "full", "ada", "/collections/deleted"),
    State("collections-deleted", "of somebody who ran none", "bob", "/collections/deleted"),
    State("collection-certificate", "whole", "ada", "/collections/{erased}/certificate"),
    State("collection-certificate", "being erased", "olga", "/collections/{going}/certificate"),
    State("collection", "to read", "bob", "/collections/{handbook}"),
    State("document", "ready", "bob", "/documents/{document}"),
    State("document", "failed", "ada", "/documents/{failed-paper}"),
    State("document", "quarantined", "ada", "/documents/{quarantined-paper}"),
    State("document-page", "with the place marked", "ada", "/documents/{printed}/pages/1?passage={printed-chunk}"),
    State("document-page", "blank", "ada", "/documents/{printed}/pages/2"),
    State("passage", "alone", "bob", "/passages/{chunk}"),
    State("passage", "with its neighbours", "bob", "/passages/{chunk}?around=2"),
]
ADMIN = [
    State("keys", "empty", "bob", "/keys/"),
    State("keys", "full", "ada", "/keys/"),
    State("keys", "refused", "bob", "/keys/", send("main form", name="", days="7")),
    State("keys", "a new one", "charlie", "/keys/", send("main form", ".notice.good", name="Mine", days="7")),
    State("people", "full", "ada", "/people/"),
    State("people", "nobody matches", "ada", "/people/?q=zzz"),
    State("people", "refused", "ada", "/people/", send("form[method=post].stack", name="", email="x")),
    State("person", "another", "ada", "/people/{person}"),
    State("person", "oneself", "ada", "/people/{ada}"),
    State("person-link", "a link", "ada", "/people/{person}", press("form[action$='/link'] button", shows="#link")),
    State("groups", "empty", "bare ada", "/groups/"),
    State("groups", "full", "ada", "/groups/"),
    State("group", "empty", "ada", "/groups/{nobodys}"),
    State("group", "full", "ada", "/groups/{team}"),
    State("access", "empty", "bare ada", "/access/"),
    State("access", "full", "ada", "/access/"),
    State("access", "nothing matches", "ada", "/access/?q=zzz"),
    State("access", "a cell", "ada", "/access/", press("[data-cell]", shows="dialog[open] form"), (DESK,)),
    State("access", "changed, with undo", "ada", "/access/", changed_a_cell),
    State("access-cell", "a page", "ada", "/access/{papers}/person/{person}"),
    State("every-key", "empty", "bare ada", "/keys/all"),
    State("every-key", "full", "ada", "/keys/all"),
    State("settings", "full", "ada", "/settings/"),
    State("settings", "refused", "ada", "/settings/", send("main form", name="", documents_max="none")),
    State("indexes", "nothing to change to", "bare ada", "/settings/index"),
    State("indexes", "being built", "ada", "/settings/index"),
    State("indexes", "ready, and one retired", "second ada", "/settings/index"),
    State("index-compare", "to ask", "ada", "/settings/index/{index}/compare"),
    State(
        "index-compare",
        "refused",
        "ada",
        "/settings/index/{index}/compare",
        press("main form .primary", shows=".notice.bad"),
    ),
    State("assistants", "empty", "bare ada", "/settings/assistants"),
    State("assistants", "full", "ada", "/settings/assistants"),
    State("assistant-new", "to be filled in", "ada", "/settings/assistants/new"),
    State("assistant-composed", "to be changed", "ada", "/settings/assistants/{assistant}"),
    State("labels", "empty", "bare ada", "/settings/labels"),
    State("labels", "refused", "ada", "/settings/labels", send("main form", names="one\none")),
    State("collection-narrowed", "empty", "ada", "/collections/{intake}/narrowed"),
    State("glossary", "empty", "bare ada", "/settings/glossary"),
    State("glossary", "full", "ada", "/settings/glossary", press("td details summary", shows="td details[open]")),
    State(
        "glossary",
        "refused",
        "ada",
        "/settings/glossary",
        send("section form[action$='/glossary']", term="PTO", meanings="leave"),
    ),
    State("quotas", "empty", "bare ada", "/quotas/"),
    State("quotas", "full", "ada", "/quotas/"),
    State("quotas", "refused", "ada", "/quotas/", send("main form.stack", limit="x")),
    State("usage", "empty", "bare ada", "/usage/"),
    State("usage", "full", "ada", "/usage/", press("summary")),
    State("forwarding", "empty", "bare ada", "/settings/forwarding"),
    State("forwarding", "full", "ada", "/settings/forwarding"),
    State("forwarding", "refused", "ada", "/settings/forwarding", send("main form", name="", address="x")),
    State("forward-target", "behind", "ada", "/settings/forwarding/{siem}"),
    State("forward-target", "does not arrive", "ada", "/settings/forwarding/{deaf}"),
    State("forward-target", "an officer's", "olga", "/settings/forwarding/{siem}"),
    State("sign-in-settings", "empty", "bare ada", "/settings/sign-in"),
    State("sign-in-settings", "full", "ada", "/settings/sign-in"),
    State("sign-in-provider-new", "empty", "ada", "/settings/sign-in/new"),
    State("sign-in-provider-new", "refused", "ada", "/settings/sign-in/new", send("form.wide", name="", issuer="x")),
    State("sign-in-provider", "full", "ada", "/settings/sign-in/{provider}"),
    State("sign-in-provider-new", "SAML", "ada", "/settings/sign-in/new?kind=saml"),
    State("sign-in-provider", "SAML", "ada", "/settings/sign-in/{saml}"),
    State("sign-in-provider-test", "it would succeed", "ada", "/settings/sign-in/{provider}", rehearsed()),
    State("sign-in-provider-test", "refused", "ada", "/settings/sign-in/{provider}", rehearsed(aud="another")),
]
POLICY = [
    State("policy", "one version", "bare ada", "/policy/"),
    State("policy", "a draft", "ada", "/policy/"),
    State("policy", "to read", "olga", "/policy/"),
    State("policy-version", "a draft", "ada", "/policy/{draft}"),
    State("policy-version", "a text tried", "ada", "/policy/{draft}", tried_a_text),
    State(
        "policy-version",
        "test texts fail",
        "ada",
        "/policy/{draft}",
        press("#fixtures-form button", shows="#report .bad"),
    ),
    State("policy-version", "to read", "olga", "/policy/1"),
    State("policy-changes", "full", "ada", "/policy/{draft}/changes"),
    State("policy-changes", "nothing beside it", "ada", "/policy/1/changes"),
    State("policy-rule-new", "what it looks for", "ada", "/policy/{draft}/new-rule"),
    State(
        "policy-rule-new", "refused", "ada", "/policy/{draft}/new-rule?detector=pattern", send(".rule-form", name="?")
    ),
    State("policy-rule", "kinds", "ada", "/policy/{draft}/rules/personal-numbers"),
    State("policy-rule", "to read", "olga", "/policy/{draft}/rules/project-falcon"),
]
RECORD = [
    State("record", "full", "olga", "/record/"),
    State("record", "filtered", "olga", "/record/?kind=questions&kind=sign-ins&outcome=answered&person={person}"),
    State("record", "every filter", "olga", "/record/?since=2020-01-01T00:00&action=answer."),
    State("record", "nothing matches", "olga", "/record/?since=2099-01-01T00:00"),
    State("record", "several people", "olga", "/record/?who=example"),
    State("record-overview", "full", "olga", "/record/overview", press("details summary")),
    State("record-verdicts", "empty", "strict olga", "/record/verdicts"),
    State("record-verdicts", "full", "olga", "/record/verdicts"),
    State("record-verdicts", "filtered", "olga", "/record/verdicts?verdict=block&stage=input&person={person}&within=7d"),
    State("record-verdicts", "nothing matches", "olga", "/record/verdicts?since=2099-01-01T00:00"),
    State("record-verdicts", "several people", "olga", "/record/verdicts?who=example"),
    State("record-search", "empty", "olga", "/record/search"),
    State("record-search", "from a list", "olga", "/record/search?person={person}&since=2020-01-01T00:00"),
    State("record-search", "refused", "olga", "/record/search", searched("x", ".notice.bad")),
    State("record-search-found", "found", "olga", "/record/search", searched("working days", ".hits .places")),
    State("record-search-found", "nothing found", "olga", "/record/search", searched("zeppelin", ".empty")),
    State("record-openings", "waiting and decided", "second olga", "/record/openings"),
    State("record-interaction", "to ask for", "second olga", ANSWER.format("{second-answer}"), press(".open-form summary")),
    State("record-interaction", "approved", "second olga", ANSWER.format("{approved-answer}")),
    State("record-interaction", "waiting", "second olga", ANSWER.format("{waiting-answer}")),
    State("record-interaction", "declined", "second olga", ANSWER.format("{declined-answer}")),
    State("record-cases", "empty", "second olga", "/record/cases"),
    State("record-cases", "from a list", "olga", "/record/cases?person={person}&within=24h"),
    State("record-cases", "refused", "olga", "/record/cases", send("main form.stack", title="")),
    State("record-case", "full", "olga", "/record/cases/{case}"),
    State("record-event", "without words", "olga", "/record/", press("tr.line:last-child .button:last-child")),
    State("record-event", "masked", "olga", "/record/{event}"),
    State("record-event", "open", "olga", "/record/{event}", send("main form", "pre.words", reason=staging.WHY)),
    State("record-proof", "shown", "olga", "/record/{event}/proof"),
    State("record-proof", "not covered yet", "olga", "/record/{late-event}/proof"),
    State("record-head", "signed", "olga", "/record/head"),
    State("record-head", "nothing yet", "second olga", "/record/head"),
    State("record-bundle", "empty", "olga", "/record/bundle?action=prompt.received"),
    State("record-bundle", "refused", "olga", "/record/bundle", send("main form", ".notice.warn", reason="x")),
    State("record-bundle-made", "ready", "olga", "/record/bundles/{bundle}"),
    State("record-bundle-made", "waiting", "olga", "/record/bundles/{late-bundle}"),
    State("record-interaction", "masked", "olga", ANSWER.format("{refused-answer}")),
    State("record-interaction", "blocked, one's own", "olga", ANSWER.format("{own-answer}")),
    State("record-interaction", "every event", "olga", ANSWER.format("{answered-answer}"), press(".all-events summary")),
    State("record-interaction", "refused to open", "olga", ANSWER.format("{refused-answer}"), opened("x", ".notice.bad")),
    State("record-interaction", "open", "olga", ANSWER.format("{redacted-answer}"), opened(staging.WHY, ".open-words")),
]  # fmt: skip
REPLAYS = [
    State("replays", "empty", "strict olga", "/policy/replays/"),
    State("replays", "full", "second olga", "/policy/replays/"),
    State("replays", "to read", "second ada", "/policy/replays/"),
    State("replays", "refused", "second olga", "/policy/replays/", send("form.replay-form", reason="x")),
    State("replay", "done", "second olga", "/policy/replays/{done-replay}"),
    State("replay", "to sign off", "second ada", "/policy/replays/{done-replay}"),
    State("replay", "nothing is different", "second olga", "/policy/replays/{idle-replay}"),
    State("replay", "under way", "second olga", "/policy/replays/{replay}"),
    State("replay", "stopped", "second olga", "/policy/replays/{stopped-replay}"),
    State("replay", "failed", "second olga", "/policy/replays/{failed-replay}"),
]
OPERATORS = [
    State("operators", "full", "operator", "/operators/"),
    State("operators-versions", "full", "operator", "/operators/versions", press("summary")),
    State("operators-tenants", "full", "operator", "/operators/tenants"),
    State("operators-tenants", "refused", "operator", "/operators/tenants", send("main form.stack", name="", slug="?")),
    State("operators-tenant", "full", "operator", "/operators/tenants/{tenant}"),
    State("operators-tenant", "refused", "operator", "/operators/tenants/{tenant}", send("form.stack", documents_max="x")),
]  # fmt: skip
KEPT = [
    State("my-data", "nobody looked", "strict olga", "/my-data/"),
    State("my-data", "full, with a request", "bob", "/my-data/"),
    State("retention", "nothing set", "bare ada", "/retention/"),
    State("retention", "full", "ada", "/retention/"),
    State("retention", "to read", "olga", "/retention/"),
    State("retention", "tried", "ada", "/retention/", press("[name=try]", shows=".notice.warn")),
    State("retention", "refused", "ada", "/retention/", send("main form", answers="3")),
    State("holds", "empty", "strict olga", "/holds/"),
    State("holds", "full", "olga", "/holds/"),
    State("holds", "refused", "olga", "/holds/", send("form[action='/holds/']", who="zzz")),
    State("holds", "lifting", "olga", "/holds/", press("main details summary", shows="main details[open]")),
    State("erasures", "empty", "bare ada", "/erasures/"),
    State("erasures", "full", "ada", "/erasures/"),
    State("erasures", "refused", "ada", "/erasures/", send("form[action='/erasures/']", who="zzz")),
    State("erasure", "waiting", "ada", "/erasures/{asked}"),
    State("erasure", "held", "ada", "/erasures/{held}"),
    State("erasure", "held, with why", "olga", "/erasures/{held}"),
    State("erasure", "refused", "ada", "/erasures/{no}"),
    State("erasure", "the certificate", "olga", "/erasures/{done}"),
]
ROOMS = {
    "door": DOOR,
    "faults": FAULTS,
    "asking": ASKING,
    "library": LIBRARY,
    "admin": ADMIN,
    "policy": POLICY,
    "record": RECORD,
    "replays": REPLAYS,
    "operators": OPERATORS,
    "kept": KEPT,
}

# What a room of its own says of itself reads the ones above.
from tests.browser import accounts, doors, evaluating, requesting, sources, supporting  # noqa: E402

ROOMS["sources"] = sources.PAGES
ROOMS["evaluating"] = evaluating.PAGES
ROOMS["doors"] = doors.PAGES
ROOMS["supporting"] = supporting.PAGES
ROOMS["requesting"] = requesting.PAGES
ROOMS = {"accounts": accounts.PAGES} | ROOMS  # first: whoever is in the middle of signing in has ten minutes
