"""A folder of fifty mixed files, two of them broken, dropped on a collection: from the drop to a citation in its place."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from governance.policy.rules import Action, Stage
from ingestion import catalog
from ingestion.models import Document, Status, Version
from tests import cast
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.browser.tasks import sign_in
from tests.governance import policies
from tests.ingestion import papers

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("page", ["desktop-light"], indirect=True)]

KEY = "Deploy with AWS key AKIAQYLPMN5HHHFPKX7C and be quick about it."
WHEEL = "The ferry wheel at Kassel harbour turns twice an hour, and a ride costs four euros."
ALL = 50


def folder(root: Path) -> Path:
    """48 that can be read, of them one that the policy keeps back; an executable; a PDF that breaks off."""
    made = root / "intake"
    (made / "north" / "old").mkdir(parents=True)
    (made / "south").mkdir()
    places = [made, made / "north", made / "north" / "old", made / "south"]
    contents = [
        *((f"note-{n}.md", f"# Note {n}\n\nRoom {n} has {n} windows and a door.\n".encode()) for n in range(20)),
        *((f"memo-{n}.txt", f"Memo {n}: the committee met for the {n}th time.".encode()) for n in range(10)),
        *(
            (f"page-{n}.html", f"<html><body><h1>Page {n}</h1><p>Shelf {n} is oak.</p></body></html>".encode())
            for n in range(8)
        ),
        *((f"table-{n}.csv", f"city,hotels\nKassel,{n}\nBristol,{n + 1}\n".encode()) for n in range(4)),
        *((f"letter-{n}.docx", papers.word(("Heading 1", f"Letter {n}"), ("Normal", "Yours."))) for n in range(2)),
        *((f"report-{n}.pdf", papers.pdf(f"# Report {n}", f"The {n}th report is short.")) for n in range(2)),
    ]
    contents.append(("ferry.pdf", papers.pdf("# Harbour", "Cranes, sheds and rails. " * 60, "---", "# Wheel", WHEEL)))
    contents.append(("keys.md", f"# Keys\n\n{KEY}\n".encode()))
    contents.append(("program.bin", b"\x7fELF\x02\x01\x01" + b"\x00" * 400))
    contents.append(("broken.pdf", papers.pdf("# Broken", "It breaks off.")[:300]))
    for n, (name, content) in enumerate(contents):
        (places[n % len(places)] / name).write_bytes(content)
    assert len(contents) == ALL
    return made


def drop(page: Any, path: Path) -> None:
    """As a hand does, with what the system's file manager gives: Chromium itself reads the folder."""
    session = page.context.new_cdp_session(page)
    spot = page.locator(".drop").bounding_box()
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": spot["x"] + 20, "y": spot["y"] + 20, "data": data})


def shot(page: Any, name: str) -> None:
    """For eyes: at both widths, light and dark."""
    if not (shots := os.environ.get("CHANCERY_SHOTS")):
        return
    for width, height, scheme in ((1280, 860, "light"), (1280, 860, "dark"), (390, 844, "light"), (390, 844, "dark")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=Path(shots) / f"{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 860})
    page.emulate_media(color_scheme="light")


def test_a_folder_of_fifty_is_dropped_and_every_file_of_it_is_accounted_for(
    page: Any, served: Served, house: cast.House, tmp_path: Path
) -> None:
    policies.change(house, lambda rule: rule.acting(Action.BLOCK) if Stage.UPLOAD in rule.stages else rule)
    collection = catalog.create(house.ada, "Intake").pk
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, house, "ada")
    page.goto(f"/collections/{collection}")
    drop(page, folder(tmp_path))

    # Each file counts, in the batch and while it is sent; what is not taken stays on the page with its reason.
    page.locator(".batch progress").wait_for()
    shot(page, "1-under-way")
    page.get_by_text(f"{ALL - 1} of {ALL} uploaded, 1 not taken").wait_for()
    assert "program.bin" in page.locator(".uploads").inner_text()
    again = page.get_by_role("button", name=re.compile("Try again: .*program.bin"))
    again.click()
    again.wait_for()  # refused once more, for the same reason
    page.locator(".counts", has_text=re.compile("Ready 47")).wait_for(timeout=600_000)
    page.locator(".batch").wait_for(state="detached")
    counts = page.locator(".counts").inner_text()
    assert "Rejected 1" in counts
    assert "Quarantined 1" in counts
    shot(page, "2-all-there")
    tasks.check(page, refused="415", grows=True)

    # The same folder again: every file of it is known, and none becomes a second document.
    page.reload()
    page.get_by_label("Or a whole folder").set_input_files(tmp_path / "intake")
    page.get_by_text(f"{ALL - 1} of {ALL} uploaded, {ALL - 1} unchanged, 1 not taken").wait_for()
    with house.system.transaction():
        names = set(Document.objects.filter(collection=collection).values_list("name", flat=True))
        assert Version.objects.filter(collection=collection).count() == ALL - 1 == len(names)
    assert {"intake/note-0.md", "intake/north/note-1.md", "intake/north/old/note-2.md"} <= names

    # A reason and a remedy for the broken one.
    page.goto(f"/collections/{collection}?status=rejected")
    page.get_by_role("link", name=re.compile("broken.pdf")).click()
    page.locator(".notice.bad").wait_for()
    shot(page, "3-rejected")

    _released(page, collection)
    _tried_again(page, house, collection)
    _versions(page, house, collection, tmp_path)
    _deleted_and_back(page, collection)
    _cited(page, served)


def _released(page: Any, collection: Any) -> None:
    page.goto(f"/collections/{collection}?status=quarantined")
    page.get_by_role("link", name=re.compile("keys.md")).click()
    assert "AKIAQYLPMN5HHHFPKX7C" in page.locator("#text").inner_text()  # for who runs the collection
    assert "secrets-upload" in page.locator("#standing").inner_text()
    shot(page, "4-quarantined")
    page.get_by_label("Why it may be read all the same").fill("The key was revoked a year ago, the page is needed.")
    page.get_by_role("button", name="Release it").click()
    page.locator("#standing .badge.good", has_text="Ready").wait_for()
    page.get_by_text("How it went").click()
    assert "Released" in page.locator(".timeline").inner_text()
    assert "Visible to 1 person" in page.locator(".timeline").inner_text()
    shot(page, "5-released")


def _tried_again(page: Any, house: cast.House, collection: Any) -> None:
    """One that failed behind the reading, as it is left by a model that was out of order."""
    with house.system.transaction():
        row = Document.objects.get(collection=collection, name="intake/note-0.md")
        Version.objects.filter(document=row).update(
            status=Status.FAILED, stage="embed", error="The model was out of order.", remedy="Try it again."
        )
    page.goto(f"/documents/{row.pk}")
    assert "nothing is read twice" in page.locator("#standing").inner_text()
    page.get_by_role("button", name="Try again").click()
    page.locator("#standing .badge.good", has_text="Ready").wait_for()
    page.get_by_text("How it went").click()
    assert page.locator(".timeline li", has_text="Reading").count() == 1


def _versions(page: Any, house: cast.House, collection: Any, root: Path) -> None:
    path = root / "intake" / "note-4.md"
    path.write_text("# Note 4\n\nRoom 4 was walled up.\n")
    page.goto(f"/collections/{collection}")
    page.get_by_label("Or a whole folder").set_input_files(root / "intake")
    page.get_by_text(f"{ALL - 1} of {ALL} uploaded, {ALL - 2} unchanged, 1 not taken").wait_for()
    with house.system.transaction():
        row = Document.objects.get(collection=collection, name="intake/note-4.md")
    page.goto(f"/documents/{row.pk}")
    page.locator("#standing .badge.good", has_text="Ready").wait_for()
    page.get_by_text("walled up").first.wait_for()
    shot(page, "6-versions")
    page.get_by_role("button", name="Bring back version 1").click()
    page.get_by_text("has 4 windows").first.wait_for()
    page.get_by_label("Words in this document").fill("windows")
    page.get_by_role("button", name="Find").click()
    page.get_by_text("1 of 1 passages").wait_for()


def _deleted_and_back(page: Any, collection: Any) -> None:
    page.goto(f"/collections/{collection}?q=memo-3")
    page.get_by_role("button", name=re.compile("Delete .*memo-3.txt")).click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("memo-3.txt” is back").wait_for()
    page.goto(f"/collections/{collection}?q=memo-4")
    page.get_by_role("button", name=re.compile("Delete .*memo-4.txt")).click()
    page.goto(f"/collections/{collection}/deleted")
    shot(page, "7-deleted")
    page.get_by_role("button", name=re.compile("Restore .*memo-4.txt")).click()
    page.get_by_text("memo-4.txt” is back").wait_for()


def _cited(page: Any, served: Served) -> None:
    """The last look: a sentence's source, opened where it stands on the page of its PDF."""
    served.let_answers_end()
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_label("Your question").fill("How often does the ferry wheel at Kassel harbour turn in an hour?")
    page.keyboard.press("Enter")
    page.locator(".cite").first.click()
    page.locator("#source").get_by_role("link", name="At its place on the page").click()
    page.wait_for_url(re.compile(r"/documents/.*/pages/2\?passage="))
    assert page.locator(".facsimile rect").count()  # what marks it
    shot(page, "8-on-the-page")
    tasks.check(page, refused="415", grows=True)
