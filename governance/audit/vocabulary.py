"""The names of what is recorded. A name, once used, keeps its meaning."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    SIGNED_IN = "session.signed_in"
    SIGN_IN_REFUSED = "session.refused"
    SIGNED_OUT = "session.signed_out"
    ACCESS_DENIED = "access.denied"
    PROMPT_RECEIVED = "prompt.received"
    PROMPT_REFUSED = "prompt.refused"  # over a bound, before anything was accepted
    POLICY_DECIDED = "policy.decided"
    RETRIEVED = "retrieval.performed"
    SEARCHED = "search.performed"
    EMBEDDED = "embedding.performed"
    SEGMENT_DELIVERED = "answer.segment"
    ANSWER_FINISHED = "answer.finished"
    ANSWER_CANCELLED = "answer.cancelled"
    ANSWER_SUPERSEDED = "answer.superseded"  # by a question that was asked again
    FEEDBACK_GIVEN = "answer.feedback"
    CONVERSATION_CHANGED = "conversation.changed"
    CONVERSATION_PINNED = "conversation.pinned"
    CONVERSATION_DELETED = "conversation.deleted"
    CONVERSATION_RESTORED = "conversation.restored"
    COLLECTION_CREATED = "collection.created"
    COLLECTION_CHANGED = "collection.changed"
    COLLECTION_DELETED = "collection.deleted"
    DOCUMENT_UPLOADED = "document.uploaded"
    DOCUMENT_REFUSED = "document.refused"
    DOCUMENT_RETRIED = "document.retried"
    DOCUMENT_READY = "document.ready"
    DOCUMENT_FAILED = "document.failed"
    DOCUMENT_READ = "document.read"
    DOCUMENT_DELETED = "document.deleted"
    GRANT_GIVEN = "grant.given"
    GRANT_WITHDRAWN = "grant.withdrawn"
    PERSON_CREATED = "person.created"
    PERSON_CHANGED = "person.changed"
    PERSON_INVITED = "person.invited"  # a link with which they set their password
    PERSON_SWITCHED_OFF = "person.switched_off"
    PERSON_SWITCHED_ON = "person.switched_on"
    PASSWORD_SET = "person.password_set"  # noqa: S105  a name, not a password
    ROLE_GIVEN = "role.given"
    ROLE_TAKEN = "role.taken"
    GROUP_CREATED = "group.created"
    GROUP_RENAMED = "group.renamed"
    GROUP_DELETED = "group.deleted"
    MEMBER_ADDED = "group.member_added"
    MEMBER_REMOVED = "group.member_removed"
    PROVIDER_CHANGED = "identity.provider_changed"
    PROVIDER_DELETED = "identity.provider_deleted"
    PROVIDER_TESTED = "identity.provider_tested"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    TENANT_CREATED = "tenant.created"
    TENANT_CHANGED = "tenant.changed"  # its name or limits, or that it was switched off or on
    POLICY_CHANGED = "policy.changed"  # a rule of it: before and after are in the payload
    KEY_ISSUED = "key.issued"
    KEY_REVOKED = "key.revoked"
    RECORD_READ = "record.read"
    RECORD_OPENED = "record.opened"
    RECORD_CLOSED = "record.closed"  # what was opened, before its time was over
    RECORD_EXPORTED = "record.exported"  # a masked list was taken away
    FORWARD_CHANGED = "forward.changed"  # a target that the record is sent to
    FORWARD_DELETED = "forward.deleted"
    FORWARD_RETRIED = "forward.retried"
    FORWARD_WORDS = "forward.words"  # whether payloads go there too
    FORWARD_FAILING = "forward.failing"
    FORWARD_RESUMED = "forward.resumed"
    RECORD_VERIFIED = "record.verified"  # from end to end, with how many findings
    HOLD_PLACED = "hold.placed"
    HOLD_LIFTED = "hold.lifted"
    RETENTION_CHANGED = "retention.changed"
    RETENTION_RUN = "retention.run"  # payloads were let go; says which, so that their absence can be told from a theft
    ERASURE_REQUESTED = "erasure.requested"
    ERASURE_WITHDRAWN = "erasure.withdrawn"
    ERASURE_REFUSED = "erasure.refused"
    ERASURE_APPROVED = "erasure.approved"
    PERSON_ERASED = "person.erased"  # their key, their words and their name
    PERSON_EXPORTED = "person.exported"  # what is kept of them, by themselves
    OPERATOR_CREATED = "operator.created"
    OPERATOR_SIGNED_IN = "operator.signed_in"
    OPERATOR_REFUSED = "operator.refused"
    OPERATOR_SIGNED_OUT = "operator.signed_out"
