"""Everything that can be done, as far as permission is concerned."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    ASK = "ask"
    SEARCH = "search"
    COLLECTION_CREATE = "collection.create"
    COLLECTION_SEE = "collection.see"  # its name and settings
    COLLECTION_READ = "collection.read"  # what its documents say
    COLLECTION_MANAGE = "collection.manage"  # rename, delete, and who may use it
    DOCUMENT_WRITE = "document.write"  # upload and delete
    PEOPLE_SEE = "people.see"
    PEOPLE_MANAGE = "people.manage"
    PEOPLE_PROVISION = "people.provision"  # who is here, switched on or off, and in which groups; no role, key or link
    TENANT_MANAGE = "tenant.manage"  # its name, its limits, how its people sign in, and how much of it is used
    POLICY_CHECK = "policy.check"
    POLICY_SEE = "policy.see"  # its versions and their rules, and what a draft would say
    POLICY_MANAGE = "policy.manage"  # write a draft, publish it, go back
    RECORD_READ = "record.read"  # who did what when, masked
    RECORD_OPEN = "record.open"  # the words themselves, for a reason
    HOLD = "hold"  # place and lift legal holds
    RETENTION_SEE = "retention.see"  # the periods, and what has been let go
    RETENTION_SET = "retention.set"
    ERASURE_DECIDE = "erasure.decide"  # ask for, approve or refuse the erasure of somebody else
    ACCESS_ASK = "access.ask"  # ask for what is offered, and follow what became of it
    ACCESS_DECIDE = "access.decide"  # of what others asked for, where one is among those who decide it
    ACT_FOR = "act_for"  # exchange one's key for a token that acts for a person: a service account's alone
    SUPPORT_SETTINGS = "support.settings"  # how a tenant is set up and how it is, in numbers: what it opens to support
    SUPPORT_DOCUMENTS = "support.documents"  # names of documents and how their reading went, without what they say
    OWN_DATA = "own_data"  # see, take away and have erased what is kept of oneself
