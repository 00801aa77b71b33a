"""Which built-in role may do what: one table. What a tenant's own roles are made of, and what a grant on a collection
allows, stand in the same page.
"""

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


class SupportLevel(IntEnum):
    """How much a tenant opens to an operator for a support case; each level holds those below it."""

    SETTINGS = 1  # settings, and numbers of what waits and what failed
    DOCUMENTS = 2  # in named collections: names of documents and how their reading went
    READING = 3  # in named collections: what documents say


ROLE_ACTIONS: dict[Role, frozenset[Action]] = {
    Role.EMPLOYEE: frozenset(
        {
            Action.ASK,
            Action.SEARCH,
            Action.POLICY_CHECK,
            Action.PEOPLE_SEE,
            Action.OWN_DATA,
            Action.ACCESS_ASK,
            Action.ACCESS_DECIDE,  # of what: the database says who decides it
        }
    ),
    # An admin runs collections without reading them: content takes a grant, and giving oneself one is on the record.
    Role.TENANT_ADMIN: frozenset(
        {
            Action.COLLECTION_CREATE,
            Action.COLLECTION_SEE,
            Action.COLLECTION_MANAGE,
            Action.PEOPLE_MANAGE,
            Action.PEOPLE_PROVISION,
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

# What a tenant's own role may be made of. Neither running people nor the tenant's sign-in is among it: whoever makes the link
# for a password, or says which provider vouches, can become anybody, and with that an admin.
CUSTOM_ACTIONS = (
    Action.COLLECTION_CREATE,
    Action.COLLECTION_SEE,
    Action.COLLECTION_MANAGE,
    Action.POLICY_SEE,
    Action.POLICY_MANAGE,
    Action.RETENTION_SEE,
    Action.RETENTION_SET,
)

GRANT_LEVELS: dict[Action, Level] = {
    Action.COLLECTION_SEE: Level.READ,
    Action.COLLECTION_READ: Level.READ,
    Action.DOCUMENT_WRITE: Level.CONTRIBUTE,
    Action.COLLECTION_MANAGE: Level.MANAGE,
}

# What a tenant's directory may, over SCIM. It reads no document, and gives no role, grant, key or link.
DIRECTORY_ACTIONS = frozenset({Action.PEOPLE_SEE, Action.PEOPLE_PROVISION})

# What a support person may: look. Nothing that changes anything is on any level.
_SETTINGS = frozenset({Action.SUPPORT_SETTINGS})
_DOCUMENTS = _SETTINGS | {Action.SUPPORT_DOCUMENTS, Action.COLLECTION_SEE}
SUPPORT_ACTIONS: dict[SupportLevel, frozenset[Action]] = {
    SupportLevel.SETTINGS: _SETTINGS,
    SupportLevel.DOCUMENTS: _DOCUMENTS,
    SupportLevel.READING: _DOCUMENTS | {Action.COLLECTION_READ},
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
            Action.PEOPLE_PROVISION,
            Action.TENANT_MANAGE,
            Action.POLICY_SEE,
            Action.POLICY_MANAGE,
            Action.RETENTION_SEE,
            Action.ACCESS_DECIDE,
        }
    ),
    "record": frozenset({Action.RECORD_READ, Action.RECORD_OPEN, Action.POLICY_SEE, Action.RETENTION_SEE}),
    "own": frozenset({Action.OWN_DATA, Action.ACCESS_ASK}),
}

# A service account's key may further be let act for people. No key of a person can: nobody hands on what they may themselves.
ACT_FOR = "act_for"
SERVICE_SCOPES = KEY_SCOPES | {ACT_FOR: frozenset({Action.ACT_FOR})}
