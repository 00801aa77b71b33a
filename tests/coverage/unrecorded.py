"""What is not recorded, and why that is all right: the list that docs/record.md publishes, with the code it speaks of.

Each entry is a sentence of the page, the routes that change something and record nothing, and the functions that write rows
and record nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unrecorded:
    said: str
    routes: tuple[tuple[str, str], ...] = ()
    functions: tuple[str, ...] = ()


LIST = (
    Unrecorded(
        "**Looking around.** Opening a page, a list, a passage or a conversation of one's own, in the portal or by the API."
        " Handing out a document's file is recorded, and so is every reading of the record."
    ),
    Unrecorded(
        "**Requests of nobody.** A key that is unknown, ended or expired, a session that is over, and what cannot be understood."
        " A failed sign-in is recorded, and so is somebody known who is turned away."
    ),
    Unrecorded("**The words of a question that was over a bound.** That it was turned away is recorded, and how long it was."),
    Unrecorded(
        "**The language that somebody reads in**, which is a cookie of their browser, and reports that browsers send of blocked"
        " content, which are a line in the log.",
        routes=(("language", "post"), ("csp-report", "post")),
    ),
    Unrecorded(
        "**Trying the examples of a draft's rules**, which reads the draft.",
        routes=(("api-policy-fixtures", "post"), ("policy-fixtures", "post")),
    ),
    Unrecorded(
        "**When a key was last used**, which is noted at most once a minute beside the key.",
        functions=("governance.keys._note_use",),
    ),
    Unrecorded(
        "**Tokens that are set aside before a model is asked.** What was used is in the end of the answer.",
        functions=("governance.quotas.reserve", "governance.quotas.settle"),
    ),
    Unrecorded(
        "**Who works on what.** Leases and progress of answering, reading documents, forwarding and replaying; where each ends is"
        " recorded.",
        functions=(
            "assistant.lease.claim", "assistant.lease.extend", "assistant.lease.hold_up",
            "ingestion.leases.claim", "ingestion.leases.held", "ingestion.leases.renew", "ingestion.leases.release",
            "governance.audit.out.cursors.claim", "governance.audit.out.cursors.release",
            "governance.audit.out.cursors.ensure", "governance.policy.replay.work.claim",
        ),
    ),
    Unrecorded(
        "**What is derived of a document**: passages, words and vectors are made when it is read and go when it goes.",
        functions=(
             "ingestion.pipeline._forget", "ingestion.postings.write", "ingestion.postings.delete",
            "ingestion.stores.pgvector.PgVector.delete", "ingestion.documents.clear",
        ),
    ),
    Unrecorded(
        "**Sealing.** Leaves, hashes and heads of the tree are not events: they are what the events are proven by.",
        functions=("governance.audit.tree.store.Rows.insert", "governance.audit.tree.store.Rows.sign"),
    ),
)  # fmt: skip

# A part of a deed: whoever calls it records it, by one of these events.
BY_ITS_CALLERS = {
    "governance.audit.officers.custody._keep": {"HOLD_PLACED", "HOLD_LIFTED"},
    "assistant.conversations._conversation": {"PROMPT_RECEIVED"},
    "assistant.threads._change": {"CONVERSATION_CHANGED", "CONVERSATION_PINNED", "CONVERSATION_DELETED"},
    "governance.audit.out.targets._due_now": {"FORWARD_CHANGED", "FORWARD_RETRIED"},
    "governance.grants._put": {"GRANT_GIVEN"},
    "governance.grants.retire": {"COLLECTION_DELETED"},
    "governance.identity.providers._allow": {"PROVIDER_CHANGED"},
    "governance.policy.ledger.write": {"POLICY_DECIDED"},
    "governance.policy.replay.work._change": {"POLICY_REPLAYED", "POLICY_REPLAY_ENDED"},
    "governance.policy.versions.found": {"TENANT_CREATED"},
    "ingestion.documents.erase": {"DOCUMENT_DELETED"},
}

# What erasure and retention find in a register, by the event of whoever asks there.
BY_A_REGISTER = {
    "assistant.erasers.Conversations.let_go": "governance.audit.lifecycle.retention.run",
    "assistant.erasers.conversations": "governance.audit.lifecycle.erasing._erase",
    "assistant.erasers.sessions": "governance.audit.lifecycle.erasing._erase",
    "governance.audit.lifecycle.accounts.account": "governance.audit.lifecycle.erasing._erase",
    "governance.audit.lifecycle.accounts.requests": "governance.audit.lifecycle.erasing._erase",
    "governance.audit.lifecycle.accounts.rights": "governance.audit.lifecycle.erasing._erase",
    "governance.audit.lifecycle.accounts.sign_in": "governance.audit.lifecycle.erasing._erase",
    "governance.audit.lifecycle.accounts.usage": "governance.audit.lifecycle.erasing._erase",
}


def routes() -> set[tuple[str, str]]:
    return {one for each in LIST for one in each.routes}


def functions() -> set[str]:
    return {one for each in LIST for one in each.functions}
