"""What is said of signing in, of documents, of rights, of running a tenant, and of the record itself."""

from __future__ import annotations

from governance.audit.fields.kinds import (
    ACCOUNT,
    API,
    AUTHENTICATION,
    CREATE,
    DELETE,
    ENTITY,
    FILE,
    FINDING,
    GROUP,
    OTHER,
    READ,
    UPDATE,
    USER_ACCESS,
    Kind,
    kind,
)
from governance.audit.vocabulary import Event

BEFORE_AND_AFTER = {"before": "what it was", "after": "what it is now"}
NAME = {"name": "what it was called then"}
WHO = {"email": "the address that was given"}
REASON = {"reason": "why, in their words"}
CHOSEN = {
    "actions": "the filter, as it was set", "action": "the filter, as it was set", "outcomes": "the filter, as it was set",
    "person": "the filter, as it was set", "about": "the filter, as it was set", "resource": "the filter, as it was set",
    "mentions": "the filter, as it was set", "interaction": "the interaction, or the filter as it was set",
    "since": "the filter, as it was set", "until": "the filter, as it was set", "clock": "the filter, as it was set",
    "touched": "the filter, as it was set", "model": "the filter, as it was set",
    "interactions": "the filter, as it was set",
}  # fmt: skip
PLACE = dict.fromkeys(("before_at", "before_id", "after_at", "after_id"), "the place from which a list went on")

SIGN_INS = {
    Event.SIGNED_IN: kind(
        "a session began",
        (AUTHENTICATION, 1),
        {
            "method": "password or oidc",
            "provider": "the identity provider",
            "how": "known, linked or created",
            "mfa": "whether the provider says that more than one factor was used; none where nobody says so",
            "amr": "the factors, as the provider names them (RFC 8176)",
            "acr": "the level of assurance, as the provider names it",
        },
    ),
    Event.SIGN_IN_REFUSED: kind(
        "a sign-in was refused",
        (AUTHENTICATION, 1),
        {"method": "where it was not a password", "provider": "the identity provider", "reason": "why"},
        WHO | {"slug": "the organisation that was asked for", "detail": "what the provider said"},
    ),
    Event.SIGNED_OUT: kind("a session ended", (AUTHENTICATION, 2)),
    Event.ACCESS_DENIED: kind(
        "somebody was turned away", (API, OTHER), {"action": "what they wanted to do", "reason": "why they may not"}
    ),
    Event.OPERATOR_CREATED: kind(
        "an operator was made, on the server", (ACCOUNT, 1), {"operator": "who"}, WHO | {"name": "of the operator"}
    ),
    Event.OPERATOR_SIGNED_IN: kind("an operator's session began", (AUTHENTICATION, 1), {}, WHO),
    Event.OPERATOR_REFUSED: kind("an operator's sign-in was refused", (AUTHENTICATION, 1), {"reason": "why"}, WHO),
    Event.OPERATOR_SIGNED_OUT: kind("an operator's session ended", (AUTHENTICATION, 2)),
}

VERSION = {"collection": "the collection", "version": "which upload of it"}
DOCUMENTS = {
    Event.COLLECTION_CREATED: kind(
        "a collection was made", (ENTITY, CREATE), {"classification": "how far its documents may go"}, NAME
    ),
    Event.COLLECTION_CHANGED: kind(
        "a collection was changed",
        (ENTITY, UPDATE),
        {"changed": "which fields", "classification": "how far its documents may go, where that changed"},
        BEFORE_AND_AFTER,
    ),
    Event.COLLECTION_DELETED: kind("a collection was deleted", (ENTITY, DELETE), {}, NAME),
    Event.DOCUMENT_UPLOADED: kind(
        "a document was uploaded",
        (FILE, 1),
        VERSION
        | {"number": "counts its uploads", "size": "in bytes", "sha256": "of the file", "media_type": "by its content"},
        NAME,
    ),
    Event.DOCUMENT_REFUSED: kind("a document was not taken", (FILE, 1), {"code": "why"}, NAME),
    Event.DOCUMENT_RETRIED: kind("a document is read once more", (FILE, 3), VERSION),
    Event.DOCUMENT_READY: kind(
        "a document can be asked about",
        (FILE, 3),
        {
            "version": "which upload of it", "number": "counts its uploads", "chunks": "how many passages it became",
            "current": "whether readers see this one",
        },
    ),
    Event.DOCUMENT_FAILED: kind(
        "a document could not be read",
        (FILE, 3),
        {"version": "which upload of it", "status": "failed, rejected or quarantined", "code": "why", "stage": "where"},
    ),
    Event.ORDERS_FOUND: kind(
        "passages that give orders to a model were found in a document",
        (FINDING, CREATE),
        {
            "version": "which upload of it", "quarantined": "how many are held back", "cut": "how many have parts cut out",
            "chunks[].chunk": "the passage", "chunks[].action": "block or redact", "chunks[].score": "the highest score",
        },
    ),
    Event.ORDERS_RELEASED: kind(
        "a passage that was held back was let through",
        (FINDING, UPDATE),
        {"chunk": "the passage", "sha256": "of its text", "rules": "the rules that had held it back"},
    ),
    Event.DOCUMENT_READ: kind("a document's file was handed out", (FILE, 2), VERSION, NAME),
    Event.DOCUMENT_DELETED: kind(
        "a document was deleted",
        (FILE, 4),
        {"collection": "the collection", "with": "the collection, where all of it went"},
        NAME,
    ),
}  # fmt: skip

GRANT = {
    "person": "who holds it",
    "group": "which group holds it",
    "level": "read, contribute or manage",
    "denies": "it denies",
}
RIGHTS = {
    Event.GRANT_GIVEN: kind("a grant on a collection was given or changed", (USER_ACCESS, 1), GRANT, BEFORE_AND_AFTER),
    Event.GRANT_WITHDRAWN: kind("a grant was withdrawn", (USER_ACCESS, 2), GRANT, BEFORE_AND_AFTER),
    Event.ROLE_GIVEN: kind("a role was given", (USER_ACCESS, 1), {"role": "which"}, BEFORE_AND_AFTER),
    Event.ROLE_TAKEN: kind("a role was taken", (USER_ACCESS, 2), {"role": "which"}, BEFORE_AND_AFTER),
    Event.GROUP_CREATED: kind("a group was made", (GROUP, 6), {}, NAME),
    Event.GROUP_RENAMED: kind("a group was renamed", (ENTITY, UPDATE), {}, BEFORE_AND_AFTER),
    Event.GROUP_DELETED: kind(
        "a group was deleted", (GROUP, 5), {"members": "how many it had", "grants": "how many it held"}, BEFORE_AND_AFTER
    ),
    Event.MEMBER_ADDED: kind(
        "somebody was put into a group", (GROUP, 3), {"person": "who", "source": "manual, or by single sign-on"}
    ),
    Event.MEMBER_REMOVED: kind(
        "somebody was taken out of a group", (GROUP, 4), {"person": "who", "source": "manual, or by single sign-on"}
    ),
    Event.PERSON_CREATED: kind("a person was made", (ACCOUNT, 1), {}, {"email": "theirs", "name": "theirs"}),
    Event.PERSON_CHANGED: kind("a name or an address was changed", (ACCOUNT, 99), {"changed": "which"}, BEFORE_AND_AFTER),
    Event.PERSON_INVITED: kind(
        "a link for setting a password was made", (ACCOUNT, 4), {"invitation": "the link", "days": "how long it works"}
    ),
    Event.PERSON_SWITCHED_OFF: kind("a person was switched off", (ACCOUNT, 5), {"keys_revoked": "how many keys ended"}),
    Event.PERSON_SWITCHED_ON: kind("a person was switched on again", (ACCOUNT, 2)),
    Event.PASSWORD_SET: kind("a password was set", (ACCOUNT, 3), {"invitation": "the link that was used"}),
    Event.IDENTITY_LINKED: kind(
        "a person was linked to an account at a provider",
        (ACCOUNT, 99),
        {"identity": "the link", "provider": "the identity provider", "how": "linked or created"},
        {"issuer": "the provider's address", "subject": "the account there"},
    ),
    Event.IDENTITY_UNLINKED: kind("such a link was taken away", (ACCOUNT, 99), {"identity": "the link"}),
    Event.KEY_ISSUED: kind(
        "an API key was made",
        (ENTITY, CREATE),
        {"person": "whose", "scopes": "what it may", "days": "how long it works"},
    ),
    Event.KEY_REVOKED: kind("an API key was ended", (ENTITY, DELETE), {"person": "whose"}),
}  # fmt: skip

TENANT = {
    Event.TENANT_CREATED: kind(
        "an organisation was made",
        (ENTITY, CREATE),
        {"demo": "whether it is the demo", "operator": "who made it"},
        {"slug": "its short name", "name": "its name"},
    ),
    Event.TENANT_CHANGED: kind(
        "an organisation's name or limits were changed, or it was switched off or on",
        (ENTITY, UPDATE),
        {"changed": "which fields"},
        BEFORE_AND_AFTER,
    ),
    Event.PROVIDER_CHANGED: kind(
        "an identity provider was set up or changed",
        (ENTITY, UPDATE),
        {
            "what": "created or changed", "enabled": "it is switched on", "required": "it is the only way in",
            "groups": "how many lines its list of groups has", "secret": "its secret was set",
        },
        {
            "name": "its name", "issuer": "its address", "client": "our id there", "domains": "whose addresses it vouches for",
            "group_claim": "the claim with the groups", "allow_list": "which value opens which group",
        },
    ),
    Event.PROVIDER_DELETED: kind("an identity provider was removed", (ENTITY, DELETE)),
    Event.PROVIDER_TESTED: kind("an identity provider was tried out", (ENTITY, OTHER), {"outcome": "what would come of it"}),
}  # fmt: skip

RECORD = {
    Event.RECORD_READ: kind(
        "the record was read, masked",
        (ENTITY, READ),
        CHOSEN
        | PLACE
        | {
            "event": "the one event", "events": "how many were shown", "openings": "the requests to open words",
            "case": "the case", "items": "how many answers are in it", "notes": "how many notes",
            "ledger": "what of the policy's verdicts was asked for", "verdicts": "how many of them were shown",
        },
    ),
    Event.RECORD_OPENED: kind(
        "words of the record were opened",
        (ENTITY, READ),
        {
            "event": "the one event", "is_erased": "its words were gone", "interaction": "the interaction",
            "until": "how long it stays open", "payloads": "how many events carry words",
            "opening": "the request that was approved", "approved_by": "the officer who approved it",
        },
        REASON | {"case": "the number of a file elsewhere"},
    ),
    Event.RECORD_CLOSED: kind("what was open was closed early", (ENTITY, OTHER), {"interaction": "the interaction"}),
    Event.RECORD_EXPORTED: kind(
        "a list or an evidence bundle was taken away",
        (ENTITY, READ),
        CHOSEN
        | {
            "format": "of the file, or bundle", "events": "how many", "wanted": "which, of a bundle",
            "cut": "the time before which they were recorded", "selection": "SHA-256 over their sorted leaf hashes",
            "is_open": "with their words", "before": "how many leaves the head has that it leads on from",
            "fetched_until": "how long it could be fetched", "opening": "the request for its words that was approved",
            "approved_by": "the officer who approved it",
        },
        REASON,
    ),
    Event.FORWARD_CHANGED: kind(
        "a place that the record is sent to was set up or changed",
        (ENTITY, UPDATE),
        {
            "what": "created or changed", "kind": "webhook or syslog", "format": "jsonl or ocsf", "enabled": "it is switched on",
            "words": "words are sent too", "from_index": "where it begins", "secret": "a new secret was made",
        },
        {"name": "its name", "address": "its address"},
    ),
    Event.FORWARD_DELETED: kind("such a place was removed", (ENTITY, DELETE), {}, {"name": "its name", "address": "its address"}),
    Event.FORWARD_RETRIED: kind("somebody had it tried at once", (ENTITY, OTHER)),
    Event.FORWARD_WORDS: kind(
        "an officer had words sent there too, or no longer", (ENTITY, UPDATE), {"words": "what holds now"}, REASON
    ),
    Event.FORWARD_FAILING: kind(
        "nothing arrives there any more",
        (ENTITY, OTHER),
        {"target": "where", "failures": "in a row", "next_index": "the first event that has not arrived"},
        {"error": "what happened last"},
    ),
    Event.FORWARD_RESUMED: kind(
        "it arrives again",
        (ENTITY, OTHER),
        {"target": "where", "failures": "in a row, before", "next_index": "the first event that has not arrived"},
    ),
}  # fmt: skip

ERASURE = {"erasure": "the request"}
LIFECYCLE = {
    Event.RECORD_VERIFIED: kind(
        "the record was verified from end to end",
        (ENTITY, OTHER),
        {
            "leaves": "how many were checked", "waiting": "how many were not sealed yet", "heads": "how many were checked",
            "findings": "how much is wrong", "first": "the first index at which something is",
        },
        {"findings": "what is wrong"},
    ),
    Event.HOLD_PLACED: kind("a legal hold was placed", (ENTITY, CREATE), {"wanted": "what it holds"}, REASON),
    Event.HOLD_LIFTED: kind("a legal hold was lifted", (ENTITY, DELETE), {"wanted": "what it held"}, REASON),
    Event.RETENTION_CHANGED: kind(
        "how long a class of events or rows is kept was changed",
        (ENTITY, UPDATE),
        {"class": "which", "before": "days; none is for ever", "after": "days; none is for ever"},
    ),
    Event.RETENTION_RUN: kind(
        "what had been kept long enough was let go",
        (ENTITY, DELETE),
        {"classes": "by class: up to when, how many, and which, by their hashes", "holds": "the holds that stood then"},
    ),
    Event.ERASURE_REQUESTED: kind("somebody asked to be erased", (ACCOUNT, 99), ERASURE, {"note": "in their words"}),
    Event.ERASURE_WITHDRAWN: kind("the request was taken back", (ACCOUNT, 99), ERASURE),
    Event.ERASURE_REFUSED: kind("the request was refused", (ACCOUNT, 99), ERASURE, REASON),
    Event.ERASURE_APPROVED: kind("the request was approved", (ACCOUNT, 99), ERASURE),
    Event.PERSON_ERASED: kind(
        "a person's key, words and rows were destroyed",
        (ACCOUNT, 6),
        ERASURE | {"certificate": "SHA-256 of the certificate", "replayed": "once more, after a restore"},
    ),
    Event.PERSON_EXPORTED: kind("a person took away what is kept of them", (ENTITY, READ)),
}  # fmt: skip

KINDS: dict[Event, Kind] = SIGN_INS | DOCUMENTS | RIGHTS | TENANT | RECORD | LIFECYCLE
