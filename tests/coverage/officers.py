"""The same of what officers do, of what is kept for how long, and of where the record is sent to."""

from __future__ import annotations

from governance import people
from governance.audit.vocabulary import Event
from governance.roles import Role
from tests.coverage.deed import Deed
from tests.coverage.ground import REASON

E = Event
CASES, OPENINGS = "/api/v1/audit/cases", "/api/v1/audit/openings"
API = "/api/v1/audit/targets"
HOOK = {"name": "Hook", "kind": "webhook", "address": "https://siem.example/in", "format": "jsonl"}
OFFICERS = [
    Deed("settings-opening", "post", (E.PERSON_CREATED, E.TENANT_CHANGED), lambda g: (
        people.create(g.house.system, "o@officers.example", "Oscar", roles=[Role.COMPLIANCE_OFFICER]),
        g.ada.post("/settings/opening", {"needed": "1"}))[1]),
    Deed("record-search", "post", (E.RECORD_SEARCHED,), lambda g: g.olga.post("/record/search", REASON | {"words": "days"})),
    Deed("api-searches", "post", (E.RECORD_SEARCHED,), lambda g: g.send(
        "olga", "post", "/api/v1/audit/searches", REASON | {"words": "days"})),
    Deed("record-bundle", "post", (E.RECORD_EXPORTED,), lambda g: g.olga.post("/record/bundle", REASON)),
    Deed("api-exports", "post", (E.RECORD_EXPORTED,), lambda g: g.send("olga", "post", "/api/v1/audit/exports", REASON)),
    Deed("record-cases", "post", (E.CASE_OPENED,), lambda g: g.olga.post("/record/cases", {"title": "A complaint"})),
    Deed("record-case-add", "post", (E.CASE_CHANGED,), lambda g: g.olga.post(
        f"/record/cases/{g.case()}/answers", {"interaction": str(g.interaction())})),
    Deed("record-interaction-case", "post", (E.CASE_CHANGED,), lambda g: g.olga.post(
        f"/record/interactions/{g.interaction()}/case", {"case": str(g.case())})),
    Deed("record-case-take-out", "post", (E.CASE_CHANGED,), lambda g: g.olga.post(
        "/record/cases/{}/answers/{}".format(*g.case_with()))),
    Deed("record-case-note", "post", (E.CASE_NOTED,), lambda g: g.olga.post(
        f"/record/cases/{g.case()}/notes", {"text": "Seen."})),
    Deed("record-case-close", "post", (E.CASE_CLOSED,), lambda g: g.olga.post(f"/record/cases/{g.case()}/close")),
    Deed("record-case-reopen", "post", (E.CASE_CLOSED, E.CASE_REOPENED), lambda g: (
        case := g.case(), g.olga.post(f"/record/cases/{case}/close"), g.olga.post(f"/record/cases/{case}/reopen"))[-1]),
    Deed("record-case-hold", "post", (E.HOLD_PLACED,), lambda g: g.olga.post(
        f"/record/cases/{g.case_with()[0]}/hold", REASON)),
    Deed("record-case-bundle", "post", (E.RECORD_EXPORTED, E.CASE_EXPORTED), lambda g: g.olga.post(
        f"/record/cases/{g.case_with()[0]}/bundle", {"reason": ""})),
    Deed("api-cases", "post", (E.CASE_OPENED,), lambda g: g.send("olga", "post", CASES, {"title": "A complaint"})),
    Deed("api-case", "patch", (E.CASE_CHANGED,), lambda g: g.send(
        "olga", "patch", f"{CASES}/{g.case()}", {"add": [str(g.interaction())]})),
    Deed("api-case-notes", "post", (E.CASE_NOTED,), lambda g: g.send(
        "olga", "post", f"{CASES}/{g.case()}/notes", {"text": "Seen."})),
    Deed("api-case-bundle", "post", (E.RECORD_EXPORTED, E.CASE_EXPORTED), lambda g: g.send(
        "olga", "post", f"{CASES}/{g.case_with()[0]}/bundle")),
    Deed("api-openings", "post", (E.OPENING_ASKED,), lambda g: (g.opening(), g.send(
        "olga", "post", OPENINGS, REASON | {"kind": "interaction", "target": str(g.interaction())}))[1]),
    Deed("api-opening", "post", (E.OPENING_ASKED, E.OPENING_APPROVED), lambda g: g.send(
        "olga", "post", f"{OPENINGS}/{g.opening()}", {"decision": "approve"})),
    Deed("record-opening-ask", "post", (E.OPENING_ASKED,), lambda g: (g.opening(), g.olga.post("/record/openings/ask", REASON | {
        "kind": "interaction", "target": str(g.interaction())}))[1]),
    Deed("record-opening-decide", "post", (E.OPENING_ASKED, E.OPENING_APPROVED), lambda g: g.olga.post(
        f"/record/openings/{g.opening()}", {"decision": "approve"})),
]  # fmt: skip

LIFECYCLE = [
    Deed("retention", "post", (E.RETENTION_CHANGED,), lambda g: g.ada.post("/retention/", {"answers": "400"})),
    Deed("retention-deleted", "post", (E.TENANT_CHANGED,), lambda g: g.ada.post("/retention/deleted", {"bin_days": "7"})),
    Deed("retention-telling", "post", (E.TENANT_CHANGED,), lambda g: g.ada.post("/retention/telling", {"tells_reasons": "1"})),
    Deed("holds", "post", (E.HOLD_PLACED,), lambda g: g.olga.post("/holds/", REASON | {
        "who": g.house.email("bob"), "interaction": "", "since": "", "until": ""})),
    Deed("hold-lift", "post", (E.HOLD_LIFTED,), lambda g: g.olga.post(f"/holds/{g.hold()}/lift", REASON)),
    Deed("erasures", "post", (E.ERASURE_REQUESTED,), lambda g: g.ada.post("/erasures/", REASON | {"who": g.house.email("bob")})),
    Deed("erasure-approve", "post", (E.PERSON_ERASED, E.ERASURE_APPROVED), lambda g: g.ada.post(
        f"/erasures/{g.erasure_of_bob()}/approve")),
    Deed("erasure-refuse", "post", (E.ERASURE_REFUSED,), lambda g: g.ada.post(
        f"/erasures/{g.erasure_of_bob()}/refuse", REASON)),
    Deed("replays", "post", (E.POLICY_REPLAY_STARTED,), lambda g: g.olga.post("/policy/replays/", REASON | g.period() | {
        "version": str(g.draft()), "stage": ["input"]})),
    Deed("api-replays", "post", (E.POLICY_REPLAY_STARTED,), lambda g: g.send(
        "olga", "post", "/api/v1/policy/replays", REASON | g.period() | {"version": g.draft(), "stages": ["input"]})),
    Deed("replay-stop", "post", (E.POLICY_REPLAY_ENDED,), lambda g: g.olga.post(f"/policy/replays/{g.replay()}/stop")),
    Deed("api-replay-cancel", "post", (E.POLICY_REPLAY_ENDED,), lambda g: g.send(
        "olga", "post", f"/api/v1/policy/replays/{g.replay()}/cancel")),
    Deed("replay-sign-off", "post", (E.POLICY_PUBLISHED, E.POLICY_REPLAY_SIGNED), lambda g: g.ada.post(
        f"/policy/replays/{g.replayed()}/sign-off")),
    Deed("api-replay-sign-off", "post", (E.POLICY_PUBLISHED, E.POLICY_REPLAY_SIGNED), lambda g: g.send(
        "ada", "post", f"/api/v1/policy/replays/{g.replayed()}/sign-off")),
]  # fmt: skip

FORWARDING = [
    Deed("forwarding", "post", (E.FORWARD_CHANGED,), lambda g: g.ada.post("/settings/forwarding", HOOK)),
    Deed("forward-target", "post", (E.FORWARD_CHANGED,), lambda g: g.ada.post(f"/settings/forwarding/{g.target()}", HOOK)),
    Deed("forward-target-delete", "post", (E.FORWARD_DELETED,), lambda g: g.ada.post(
        f"/settings/forwarding/{g.target()}/delete")),
    Deed("forward-target-retry", "post", (E.FORWARD_RETRIED,), lambda g: g.ada.post(f"/settings/forwarding/{g.target()}/retry")),
    Deed("forward-target-secret", "post", (E.FORWARD_CHANGED,), lambda g: g.ada.post(
        f"/settings/forwarding/{g.target()}/secret")),
    Deed("forward-target-words", "post", (E.FORWARD_WORDS,), lambda g: g.olga.post(
        f"/settings/forwarding/{g.target()}/words", REASON | {"carries": "1"})),
    Deed("api-targets", "post", (E.FORWARD_CHANGED,), lambda g: g.send("ada", "post", API, HOOK)),
    Deed("api-target", "patch", (E.FORWARD_CHANGED,), lambda g: g.send("ada", "patch", f"{API}/{g.target()}", {"name": "S"})),
    Deed("api-target", "delete", (E.FORWARD_DELETED,), lambda g: g.send("ada", "delete", f"{API}/{g.target()}")),
    Deed("api-target-retry", "post", (E.FORWARD_RETRIED,), lambda g: g.send("ada", "post", f"{API}/{g.target()}/retry")),
    Deed("api-target-secret", "post", (E.FORWARD_CHANGED,), lambda g: g.send("ada", "post", f"{API}/{g.target()}/secret")),
    Deed("api-target-words", "post", (E.FORWARD_WORDS,), lambda g: g.send(
        "olga", "post", f"{API}/{g.target()}/words", REASON | {"carries": True})),
]  # fmt: skip

DEEDS = [*OFFICERS, *LIFECYCLE, *FORWARDING]
