"""Sources in each of their states: what the pages show of them, and how one comes there."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ingestion import catalog
from ingestion.models import ItemState, RunState, Source, SourceItem, SourceRun, SourceState
from ingestion.sources import bringing, drift, registry
from ingestion.sources.drafts import Draft
from tests.browser.stage import Stage
from tests.browser.states import State, press, send

CLOUD = {"url": "https://cloud.example.org/dav/", "user": "carol"}
COUNTS = {"listed": 240, "new": 3, "changed": 2, "renamed": 1, "brought": 4, "removed": 1, "refused": 1, "failed": 1}
TROUBLE = [
    ("minutes.pdf", ItemState.FAILED, "cloud.example.org breaks off.", "It is tried again by itself."),
    ("setup.exe", ItemState.REFUSED, "A program is not read.", "Leave it out."),
    ("lease.docx", ItemState.CHANGED, bringing.CHANGED_HERE, bringing.TAKE_IT),
    ("draft.docx", ItemState.LEFT, bringing.LEFT_OUT, bringing.BRING_IT),
    ("old.docx", ItemState.KEPT, bringing.KEPT_HERE, bringing.DELETE_IT),
]
STATES: dict[str, dict[str, Any]] = {
    "quiet": {"next_run_at": timezone.now() + timedelta(hours=1)},
    "troubled": {"next_run_at": timezone.now() + timedelta(hours=1)},
    "paused": {"state": SourceState.PAUSED},
    "asking": {"state": SourceState.ASKING, "question": 132},
    "busy": {"run": uuid.uuid4()},
    "ending": {"state": SourceState.ENDING},
    "down": {
        "failures": 3,
        "error": "cloud.example.org refuses the credentials (status 401).",
        "remedy": "Check the name and the password or key, and what they may see there.",
    },
}


def build(made: Stage) -> None:
    """A collection with a source in every state, and one with none."""
    ada, ids = made.house.ada, made.ids
    ids["followed"] = catalog.create(ada, "Followed", "Kept up to date").pk
    for name, standing in STATES.items():
        draft = Draft(f"Contracts, {name}", "webdav", CLOUD, {"password": "open-sesame"}, 60)
        ids[f"{name}-source"] = one = registry.create(ada, ids["followed"], draft)
        with made.house.system.transaction():
            Source.objects.filter(pk=one).update(wanted="", **standing)
            if name != "quiet":
                _ran(made, one)
    _trouble(made, ids["troubled-source"])


def _ran(made: Stage, source: uuid.UUID) -> None:
    lines = [
        [finding, f"contracts/{n}.pdf", f"{n}.pdf", str(made.ids["document"]) if n else ""]
        for n, finding in enumerate(drift.SAYS)
    ]
    report = {
        "at_the_source": 240,
        "here": 239,
        "same": 236,
        "found": {},
        "is_cut": False,
        "is_whole": True,
        "lines": lines,
    }
    whose = {"tenant_id": made.house.tenant, "collection_id": made.ids["followed"], "source_id": source}
    ended = {"counts": COUNTS, "ended_at": timezone.now(), "is_listed": True}
    SourceRun.objects.create(
        **whose, **ended, what="sync", state=RunState.FAILED, error="cloud.example.org breaks off."
    )
    SourceRun.objects.create(**whose, **ended, what="look", state=RunState.DONE, report=report)
    SourceRun.objects.create(**whose, **ended, what="sync", state=RunState.DONE)


def _trouble(made: Stage, source: uuid.UUID) -> None:
    whose = {"tenant_id": made.house.tenant, "collection_id": made.ids["followed"], "source_id": source}
    with made.house.system.transaction():
        for name, state, error, remedy in TROUBLE:
            told = {
                "key": name,
                "name": name,
                "folder": "contracts/2026",
                "mark": "1",
                "error": error,
                "remedy": remedy,
            }
            SourceItem.objects.create(**whose, **told, state=state, retry_at=timezone.now() + timedelta(minutes=5))


AT = "/collections/{followed}/sources"
PAGES: list[State] = [
    State("sources", "empty", "ada", "/collections/{blank}/sources"),
    State("sources", "in every state", "ada", AT),
    *(State("source", name, "ada", f"{AT}/{{{name}-source}}") for name in STATES),
    *(State("source-new", kind, "ada", f"{AT}/new/{kind}") for kind in ("folder", "zip", "s3", "imap", "website")),
    State("source-new", "refused", "ada", f"{AT}/new/webdav", send("form.stack", name="", unit="hours", every="2")),
    State("source-settings", "with a password that is kept", "ada", f"{AT}/{{quiet-source}}/settings"),
    State("source-test", "cannot be reached", "ada", f"{AT}/new/folder", press("[hx-post]", shows="[data-tried=bad]")),
    State("source-drift", "not compared yet", "ada", f"{AT}/{{quiet-source}}/drift"),
    State("source-drift", "compared", "ada", f"{AT}/{{troubled-source}}/drift"),
    State("source-drift", "being compared", "ada", f"{AT}/{{busy-source}}/drift"),
]
