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
        " Handing out a document's file or a picture of its pages is recorded, and so is every reading of the record. What a"
        " directory looks up over SCIM is not.",
        routes=(("scim-user-search", "post"), ("scim-group-search", "post")),
    ),
    Unrecorded(
        "**Requests of nobody.** A key that is unknown, ended or expired, a session that is over, and what cannot be understood."
        " A failed sign-in is recorded, and so is somebody known who is turned away.",
        routes=(("sign-in-passkey-asked", "post"),),
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
        "**When a key, a directory's token, a passkey, an authenticator app or a session was last used**, which is noted beside"
        " it, **and that an assertion was**, of whose id a hash is kept until it ends. What they opened is recorded.",
        functions=(
            "governance.keys._note_use", "governance.identity.directories.registry._note_use",
            "governance.accounts.sessions.touch",
            "governance.accounts.totp.check", "governance.accounts.passkeys.prove", "governance.identity.assertions.use",
        ),
    ),
    Unrecorded(
        "**That a request was named by its client** (`Idempotency-Key`), which is kept for a day beside the id of what it made.",
        functions=(
            "assistant.idempotency._tried", "assistant.idempotency._taken_up", "assistant.idempotency._note",
            "assistant.idempotency._free", "assistant.idempotency.forget",
        ),
    ),
    Unrecorded(
        "**Tokens that are set aside before a model is asked.** What was used is in the end of the answer.",
        functions=("governance.quotas.counting.reserve", "governance.quotas.counting.settle"),
    ),
    Unrecorded(
        "**Who works on what.** Leases and progress of answering, reading documents, looking at sources, building an index,"
        " forwarding, replaying and asking a question set; where each ends is recorded.",
        functions=(
            "assistant.answering.lease.claim", "assistant.answering.lease.extend", "assistant.answering.lease.hold_up",
            "assistant.answering.lease.put_back",
            "governance.leases.Lease.take", "governance.leases.Claim.renew", "governance.leases.Claim.change",
            "governance.leases.Claim.release", "governance.leases.Claim.held",
            "governance.audit.out.cursors.claim", "governance.audit.out.cursors.release",
            "governance.audit.out.cursors.ensure",
            "ingestion.sources.leases.put_off", "ingestion.sources.runs.count",
            "ingestion.sources.listing._changed", "ingestion.sources.listing._close", "ingestion.sources.drift.look",
            "ingestion.sources.bringing._is_by_hand", "ingestion.sources.bringing._origin",
            "ingestion.sources.bringing._turn_down",
            "assistant.evaluation.runs.put_down",
        ),
    ),
    Unrecorded(
        "**What is derived of a document**: passages, words and vectors are made when it is read and go when it goes.",
        functions=(
            "ingestion.pipeline.ending.forget", "ingestion.pipeline.ending._forget_older",
            "ingestion.search.postings.write", "ingestion.search.postings.delete", "ingestion.documents.removal.clear",
            "ingestion.stores.pgvector.PgVector.delete", "ingestion.stores.pgvector.PgVector.carry_over",
            "ingestion.stores.pgvector.PgVector.upsert", "ingestion.indexes._begin",
            "ingestion.stores.pgvector.PgVector.discard", "ingestion.cutting._mark",
            "ingestion.documents.parts._Shelf.end", "ingestion.documents.parts.tell_of_failure",
            "ingestion.pipeline.recognition._keep", "ingestion.pipeline.recognition.forget",
        ),
    ),
    Unrecorded(
        "**Sealing.** Leaves, hashes and heads of the tree are not events: they are what the events are proven by.",
        functions=("governance.audit.tree.store.Rows.insert", "governance.audit.tree.store.Rows.sign"),
    ),
)  # fmt: skip

# A part of a deed: whoever calls it records it, by one of these events.
BY_ITS_CALLERS = {
    "ingestion.documents.restrictions._name": {"DOCUMENT_RESTRICTED"},
    "governance.audit.officers.custody._keep": {"HOLD_PLACED", "HOLD_LIFTED"},
    "assistant.conversations._conversation": {"PROMPT_RECEIVED"},
    "assistant.conversations.branches._show": {"ANSWER_SUPERSEDED", "ANSWER_CHOSEN"},
    "assistant.conversations.threads._change": {"CONVERSATION_CHANGED", "CONVERSATION_PINNED", "CONVERSATION_DELETED"},
    "governance.audit.out.targets._due_now": {"FORWARD_CHANGED", "FORWARD_RETRIED"},
    "governance.accounts.sessions.begin": {"SIGNED_IN"},
    "governance.accounts.sessions.drop": {"SESSION_ENDED", "PROVIDER_SIGNED_OUT"},
    "governance.accounts.sessions.renew": {"PASSWORD_CHANGED"},
    "governance.accounts.recovery.clear_idle": {"FACTOR_REMOVED"},
    "governance.grants._put": {"GRANT_GIVEN"},
    "governance.grants._swap": {"GRANT_GIVEN"},
    "governance.service_accounts.accounts.end_exchanged": {"SERVICE_PERMITTED", "SERVICE_SWITCHED_OFF"},
    "governance.service_accounts.acting._note": {"KEY_EXCHANGED"},
    "governance.service_accounts.service_keys._allow": {"KEY_ISSUED", "KEY_CHANGED"},
    "governance.quotas.hand_on": {"KEY_ROTATED"},
    "ingestion.glossary._save": {"GLOSSARY_ADDED", "GLOSSARY_CHANGED"},
    "governance.grants.retire": {"COLLECTION_DELETED", "COLLECTION_PURGED"},
    "governance.grants.revive": {"COLLECTION_RESTORED", "COLLECTION_PURGED"},
    "governance.grants.forget": {"COLLECTION_ERASED"},
    "ingestion.leaving.erasing._begun": {"COLLECTION_ERASED"},
    "governance.identity.providers._allow": {"PROVIDER_CHANGED"},
    "governance.people._require_no_directory": {"PERSON_SWITCHED_ON"},
    "governance.memberships._claim_nameless": {"MEMBER_ADDED", "MEMBER_REMOVED"},
    "governance.identity.sessions._spend": {"PROVIDER_SIGNED_OUT"},
    "governance.identity.sessions.remember": {"SIGNED_IN"},
    "governance.policy.ledger.write": {"POLICY_DECIDED"},
    "governance.policy.versions.found": {"TENANT_CREATED"},
    "ingestion.indexes.lacks": {"DOCUMENT_READY"},
}

# What erasure and retention find in a register, by the event of whoever asks there.
BY_A_REGISTER = {
    "assistant.subjects.erasers.sessions": "governance.audit.lifecycle.erasing._erase",
    "governance.audit.lifecycle.accounts._of_directories": "governance.audit.lifecycle.erasing._erase",
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
