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
    SEGMENT_DELIVERED = "answer.segment"
    ANSWER_FINISHED = "answer.finished"
    ANSWER_CANCELLED = "answer.cancelled"
    FEEDBACK_GIVEN = "answer.feedback"
    CONVERSATION_CHANGED = "conversation.changed"
    CONVERSATION_DELETED = "conversation.deleted"
    COLLECTION_CREATED = "collection.created"
    COLLECTION_CHANGED = "collection.changed"
    COLLECTION_DELETED = "collection.deleted"
    DOCUMENT_UPLOADED = "document.uploaded"
    DOCUMENT_REFUSED = "document.refused"
    DOCUMENT_READY = "document.ready"
    DOCUMENT_FAILED = "document.failed"
    DOCUMENT_READ = "document.read"
    DOCUMENT_DELETED = "document.deleted"
    GRANT_GIVEN = "grant.given"
    GRANT_WITHDRAWN = "grant.withdrawn"
    PERSON_CREATED = "person.created"
    ROLE_GIVEN = "role.given"
    GROUP_CREATED = "group.created"
    MEMBER_ADDED = "group.member_added"
    TENANT_CREATED = "tenant.created"
    KEY_ISSUED = "key.issued"
    KEY_REVOKED = "key.revoked"
    RECORD_READ = "record.read"
    RECORD_OPENED = "record.opened"
