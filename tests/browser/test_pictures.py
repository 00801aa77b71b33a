"""What the documentation shows, on the demo's own content: each picture is taken where what it is about is there to see.

`make pictures` keeps them in docs/pictures. Without it the same pages are visited, and no picture can tell of something
that is there no longer.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from assistant.local import demo_logins
from assistant.operators import health
from assistant.processes import heartbeats
from governance import keys, operators
from inference import registry
from inference.worker import look
from tests.browser import halden, tasks
from tests.browser.camera import ROOT, SCALE, take
from tests.browser.conftest import PATIENCE_MS, Seen, Served

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 800), (390, 800)
OPERATOR = "otto@installation.example"
PASSPHRASE = "a rather long passphrase"
NOTE = ROOT / "assistant/demo/handbook/halden/company"
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def seeded(served: Served) -> None:
    halden.seed()


@pytest.fixture
def demo(seeded: None, settings: Any) -> Iterator[None]:
    settings.DEMO_LOGINS = True
    with halden.answering_here(settings):
        yield


@pytest.fixture
def opened(browser: Any, served: Served, demo: None) -> Iterator[Open]:
    """Opens windows that know nothing of each other; at the end no page may have complained."""
    seen, contexts = Seen(), []

    def open_(size: tuple[int, int] = DESK, scheme: Any = "light") -> Any:
        contexts.append(
            browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                device_scale_factor=SCALE,
                color_scheme=scheme,
                locale="en-GB",
                base_url=served.address,
            )
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        seen.watch(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert seen.errors == []
    assert seen.reports == []


def sign_in(page: Any, name: str) -> None:
    page.goto("/t/halden/")
    page.get_by_role("button", name=f"{name}@halden.example").click()
    assert page.get_by_label("Password").input_value() == demo_logins.PASSWORD
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/c/")


def ask(page: Any, question: str) -> Any:
    """The exchange, once it has ended. The page may leave the question out, where policy stopped it."""
    before = page.locator(".exchange").count()
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    page.locator(".exchange").nth(before).wait_for()
    page.wait_for_load_state()  # a source that is pressed before the page's script is there opens as a page of its own
    page.locator("[data-live]").wait_for(state="detached")
    return page.locator(".exchange").last


def open_receipt(exchange: Any) -> Any:
    exchange.get_by_text("What was searched, and why").click()
    return exchange.locator(".receipt")


def test_an_employee_asks_and_sees_what_the_answer_stands_on(opened: Open) -> None:
    for question in (halden.CANTEEN, halden.HOURS, halden.ABROAD):
        assert halden.asked("ada", question).status == "answered"
    page = opened()
    page.goto("/t/halden/")
    page.get_by_text("People of the demo").wait_for()
    assert page.get_by_text(demo_logins.PASSWORD).is_visible()
    assert (
        page.get_by_role("button", name="omar@halden.example").inner_text()
        == "omar@halden.example · Compliance officer"
    )
    take(page, "door")

    sign_in(page, "ada")
    page.get_by_role("button", name=halden.HOURS).wait_for()
    page.locator(".entry", has_text=halden.CANTEEN).wait_for()
    take(page, "home", height=600)

    exchange = ask(page, halden.ALLOWANCE)
    assert "€46" in exchange.inner_text()
    assert exchange.locator(".unsupported").count() == 0
    exchange.locator(".cite").first.click()
    page.locator("#source tr.quoted", has_text="€46").wait_for()
    assert "travel-policy-2025.pdf" in page.locator("#source").inner_text()
    take(page, "answer")

    page.keyboard.press("Escape")
    receipt = open_receipt(exchange)
    assert "Company handbook" in receipt.inner_text()
    assert "Board papers" not in receipt.inner_text()
    receipt.scroll_into_view_if_needed()
    take(page, "receipt")
    assert tasks.no_wider_than_the_window(page)


def test_an_employee_is_told_where_there_is_no_answer_and_what_policy_stopped(opened: Open) -> None:
    page = opened()
    sign_in(page, "ada")
    refused = ask(page, halden.UNKNOWN)
    refused.get_by_text("No answer in your documents.").wait_for()
    assert "In no passage: “FM50”" in " ".join(open_receipt(refused).inner_text().split())
    take(page, "refusal")

    phone = opened(PHONE, "dark")
    sign_in(phone, "grace")
    blocked = ask(phone, halden.PASTED)
    blocked.get_by_text("Stopped by policy.").wait_for()
    assert "Tr0ub4dor" not in phone.content()
    take(phone, "blocked-phone")
    assert tasks.no_wider_than_the_window(phone)

    phone = opened(PHONE)
    sign_in(phone, "grace")
    exchange = ask(phone, halden.ABROAD)
    assert exchange.locator(".unsupported").count() == 0
    exchange.locator(".cite").first.click()
    phone.locator("#source mark", has_text="20 working days").first.wait_for()
    take(phone, "source-phone")
    assert tasks.no_wider_than_the_window(phone)


def test_an_admin_runs_people_access_documents_and_rules(opened: Open) -> None:
    halden.asked("grace", halden.HOURS)
    page = opened()
    sign_in(page, "yusuf")
    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_role("link", name="Omar Haddad").wait_for()
    take(page, "people")

    page.get_by_role("link", name="Access", exact=True).click()
    page.locator("td .chip.read").first.wait_for()
    for party in ("Board", "Staff", "Ada Fairweather"):
        assert page.get_by_role("columnheader", name=party).is_visible()
    assert page.get_by_role("columnheader", name="Yusuf Demir").count() == 0  # he runs collections without reading them
    take(page, "access", height=620)
    page.locator("[data-cell]", has_text="Board papers, Engineering").click()
    page.locator("dialog[open]").get_by_role("radio", name="Denied").wait_for()
    take(page, "access-cell", height=620)
    page.keyboard.press("Escape")

    page.goto("/usage/?days=7")
    page.locator(".plots svg").first.wait_for()
    take(page, "usage")
    page.goto("/policy/1/rules/secrets-input")
    assert "Remove it" in page.get_by_label("What the person reads").input_value()
    take(page, "rules")


def test_an_admin_adds_documents_and_sees_how_far_they_are(opened: Open) -> None:
    page = opened()
    sign_in(page, "yusuf")
    page.get_by_role("link", name="Collections", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Works council")
    page.get_by_label("Description").fill("Agreements on hours, safety and holidays.")
    page.get_by_role("button", name="Create").click()
    names = ("arbeitsschutz-kassel.docx", "gleitzeit-kassel.md", "parental-leave.md")
    page.get_by_label("Add documents").set_input_files([NOTE / name for name in names])
    page.get_by_role("button", name="Upload").click()
    page.locator("[data-document] .badge.good", has_text="Ready").nth(2).wait_for()
    take(page, "collection")
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Delete the collection").click()
    page.get_by_role("link", name="Works council").wait_for(state="detached")
    page.get_by_role("link", name="Board papers").click()
    page.get_by_text("You may run this collection without reading it.").wait_for()


def test_an_officer_finds_one_answer_and_opens_it_for_a_reason(opened: Open) -> None:
    answer = halden.asked("grace", halden.WITH_NUMBER)
    assert answer.status == "answered"
    halden.asked("ben", halden.PASTED)
    page = opened()
    sign_in(page, "omar")
    page.get_by_role("link", name="Record", exact=True).click()
    page.get_by_role("link", name="Blocked or redacted").click()
    page.locator("tr.line", has_text="Policy blocked the question").first.wait_for()
    page.locator("tr.line", has_text="Policy redacted 1 finding in the question of Grace Adeyemi").first.wait_for()
    take(page, "record")

    page.goto(f"/record/interactions/{answer.pk}")
    page.get_by_text("Hidden until it is opened").first.wait_for()
    assert halden.ACCOUNT not in page.content()
    assert page.locator(".verdict .badge", has_text="redact").first.is_visible()
    take(page, "interaction")

    page.locator("summary", has_text="Open the words").click()
    page.get_by_label("Why you open it").fill("Complaint of the works council")
    page.keyboard.press("Enter")
    page.get_by_text("The words are open to you").wait_for()
    assert halden.ACCOUNT in page.get_by_role("main").inner_text()
    take(page, "interaction-open")
    page.get_by_role("button", name="Close again").click()
    page.get_by_text("Open the words").wait_for()


def test_an_operator_sees_processes_and_tenants_and_no_content(opened: Open) -> None:
    """A test has one worker and no model worker: what a whole installation says of itself is said for it."""
    if operators.find(OPERATOR, PASSPHRASE) is None:
        operators.create(OPERATOR, "Otto", PASSPHRASE)
    heard = [
        heartbeats.Process(kind, "chancery-1", 411 + at, 0.5 * at, 8000) for at, kind in enumerate(health.EXPECTED)
    ]
    model = next(iter(registry.catalog().values()))
    state = look.WorkerState(
        is_ready=True,
        model=model.name,
        sha256=model.sha256,
        engine="xllamacpp",
        licence=model.licence,
        running=1,
        waiting=0,
        slots=4,
    )
    page = opened(scheme="dark")
    told = (
        mock.patch.object(look, "look", return_value=state),
        mock.patch.object(heartbeats, "heard", return_value=heard),
    )
    with told[0], told[1]:
        tasks.enter(page, "/operators/", OPERATOR, PASSPHRASE, "**/operators/")
        page.get_by_text("Processes and services").wait_for()
        for kind in health.EXPECTED:
            assert page.locator(".part.good", has_text=kind).count() >= 1
        take(page, "installation")
        for content in (halden.ALLOWANCE, "travel-policy", "ada@halden.example"):
            assert content not in page.content()
    page = opened()
    tasks.enter(page, "/operators/", OPERATOR, PASSPHRASE, "**/operators/")
    page.get_by_role("link", name="Tenants").click()
    page.get_by_role("link", name="Corvane Marine").wait_for()
    take(page, "tenants", height=720)
    page.get_by_role("link", name="Halden Works").click()
    page.get_by_role("button", name="Switch off").wait_for()
    take(page, "tenant")


def test_a_builder_makes_a_key_and_every_sample_of_the_tour_runs(opened: Open, served: Served) -> None:
    page = opened()
    sign_in(page, "ada")
    page.get_by_role("link", name="Keys", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Reports")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_text("it is shown this once").wait_for()
    key = page.get_by_label("Key", exact=True).input_value()
    take(page, "keys")

    text = (ROOT / "docs/tour-builder.md").read_text("utf-8")
    samples = re.findall(r"```(sh|python)\n(.*?)```", text, re.DOTALL)
    run = [(kind, sample) for kind, sample in samples if "make run" not in sample and "export" not in sample]
    assert len(run) >= 5
    for kind, sample in run:
        told = in_a_shell(kind, sample, served.address, key)
        assert told.returncode == 0, f"{sample}\n{told.stderr}"
        assert told.stdout.strip(), sample

    assert any(one.name == "Reports" and one.last_used_at for one in keys.mine(halden.scope("ada")))

    officer = opened()
    sign_in(officer, "omar")
    officer.goto("/record/?kind=questions")
    officer.locator("tr.line", has_text="Ada Fairweather asked").get_by_text("by an API key").first.wait_for()
    take(officer, "calls")


def in_a_shell(kind: str, sample: str, address: str, key: str) -> subprocess.CompletedProcess[str]:
    program = ["sh", "-c", sample] if kind == "sh" else [sys.executable, "-c", sample]
    here = {"CHANCERY_URL": address, "CHANCERY_KEY": key, "NO_PROXY": "127.0.0.1"}
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        program, env=os.environ | here | path, capture_output=True, text=True, timeout=120, check=False
    )
