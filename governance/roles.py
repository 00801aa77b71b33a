"""Which role may do what: one table. What a grant on a collection allows stands in the same page."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from governance.actions import Action


class Role(StrEnum):
    EMPLOYEE = "employee"  # every person of a tenant; never stored
    TENANT_ADMIN = "tenant_admin"
    COMPLIANCE_OFFICER = "compliance_officer"


class Level(IntEnum):
    """What a grant gives; each level holds those below it."""

    READ = 1
    CONTRIBUTE = 2
    MANAGE = 3


ROLE_ACTIONS: dict[Role, frozenset[Action]] = {
    Role.EMPLOYEE: frozenset({Action.ASK, Action.SEARCH, Action.POLICY_CHECK, Action.PEOPLE_SEE, Action.OWN_DATA}),
    # An admin runs collections without reading them: content takes a grant, and giving oneself one is on the record.
    Role.TENANT_ADMIN: frozenset(
        {
            Action.COLLECTION_CREATE,
            Action.COLLECTION_SEE,
            Action.COLLECTION_MANAGE,
            Action.PEOPLE_MANAGE,
            Action.TENANT_MANAGE,
            Action.POLICY_SEE,
            Action.POLICY_MANAGE,
            Action.RETENTION_SEE,
            Action.RETENTION_SET,
            Action.ERASURE_DECIDE,
        }
    ),
    # An officer says what the policy did, and what a draft would have done; an admin writes it.
    Role.COMPLIANCE_OFFICER: frozenset(
        {
            Action.RECORD_READ,
            Action.RECORD_OPEN,
            Action.HOLD,
            Action.RETENTION_SEE,
            Action.ERASURE_DECIDE,
            Action.POLICY_SEE,
        }
    ),
}

GRANT_LEVELS: dict[Action, Level] = {
    Action.COLLECTION_SEE: Level.READ,
    Action.COLLECTION_READ: Level.READ,
    Action.DOCUMENT_WRITE: Level.CONTRIBUTE,
    Action.COLLECTION_MANAGE: Level.MANAGE,
}

# What an API key may be narrowed to. A key never does more than its person may.
KEY_SCOPES: dict[str, frozenset[Action]] = {
    "read": frozenset({Action.COLLECTION_SEE, Action.COLLECTION_READ, Action.PEOPLE_SEE}),
    "write": frozenset({Action.DOCUMENT_WRITE}),
    "search": frozenset({Action.SEARCH, Action.COLLECTION_SEE, Action.COLLECTION_READ}),
    "ask": frozenset({Action.ASK, Action.SEARCH, Action.COLLECTION_SEE, Action.COLLECTION_READ}),
    "policy": frozenset({Action.POLICY_CHECK, Action.POLICY_SEE}),
    "manage": frozenset(
        {
            Action.COLLECTION_CREATE,
            Action.COLLECTION_SEE,
            Action.COLLECTION_MANAGE,
            Action.PEOPLE_SEE,
            Action.PEOPLE_MANAGE,
            Action.TENANT_MANAGE,
            Action.POLICY_SEE,
            Action.POLICY_MANAGE,
        }
    ),
    "record": frozenset({Action.RECORD_READ, Action.RECORD_OPEN, Action.POLICY_SEE}),
    "own": frozenset({Action.OWN_DATA}),
}
