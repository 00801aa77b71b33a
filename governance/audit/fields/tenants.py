"""What is said of running an organisation here: its limits, and how its people sign in."""

from __future__ import annotations

from governance.audit.fields.kinds import API, BEFORE_AND_AFTER, CREATE, DELETE, ENTITY, OTHER, UPDATE, Kind, kind
from governance.audit.vocabulary import Event

WHOSE_LIMIT = {
    "person": "whose", "group": "whose", "key": "whose", "model": "whose; the whole organisation's where none is named",
    "is_each": "it is one for every person of them",
}  # fmt: skip
KINDS: dict[Event, Kind] = {
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
    Event.QUOTA_CHANGED: kind(
        "a limit of the models' use was set or taken away",
        (ENTITY, UPDATE),
        WHOSE_LIMIT
        | {
            "measure": "tokens, seconds or money", "per": "day or month", "limit": "how much; none where it was taken away",
            "before": "how much it was; none where there was none", "alert_at": "the percents at which the admins are told",
        },
    ),
    Event.QUOTA_PRICED: kind(
        "what the models cost was changed",
        (ENTITY, UPDATE),
        {"changed": "of which models", "currency": "what the prices are in"},
        BEFORE_AND_AFTER,
    ),
    Event.QUOTA_REACHED: kind(
        "a limit of the models' use has come to a part of it",
        (ENTITY, OTHER),
        {
            "of": "whose limit it is: tenant, group, person, key or model", "is_each": "it is one for every person of them",
            "subject": "of which use: an id, or a model's name; none for the tenant", "measure": "tokens, seconds or money",
            "per": "day or month", "currency": "of money", "limit": "how much it is", "used": "how much of it is used",
            "percent": "the part that it has come to", "since": "when its day or month began",
        },
    ),
    Event.QUOTA_RELEASED: kind(
        "what was set aside by a process that did not come back was settled",
        (ENTITY, OTHER),
        {"person": "for whom", "reserved": "how many tokens were set aside", "counted": "how many of them count as used"},
        {"owner": "the process"},
    ),
    Event.PROVIDER_CHANGED: kind(
        "an identity provider was set up or changed",
        (ENTITY, UPDATE),
        {
            "what": "created or changed", "kind": "openid or saml", "enabled": "it is switched on",
            "required": "it is the only way in",
            "groups": "how many lines its list of groups has", "secret": "its secret was set",
            "role": "what a first sign-in gives", "acr": "the levels of assurance of which one is demanded",
            "amr": "the factors of which one is demanded",
        },
        {
            "name": "its name", "issuer": "its address", "client": "our id there", "domains": "whose addresses it vouches for",
            "group_claim": "the claim with the groups", "allow_list": "which value opens which group",
            "sign_in_address": "where it lets people sign in (SAML)", "certificates": "SHA-256 of those it signs with (SAML)",
            "subject_claim": "the attribute that says who it is (SAML)", "email_claim": "the attribute with the address (SAML)",
        },
    ),
    Event.PROVIDER_DELETED: kind("an identity provider was removed", (ENTITY, DELETE)),
    Event.DIRECTORY_CREATED: kind(
        "a directory that provisions people over SCIM was set up", (ENTITY, CREATE), {}, {"name": "its name"}
    ),
    Event.DIRECTORY_DELETED: kind(
        "a directory was removed",
        (ENTITY, DELETE),
        {"entries": "how many people and groups it kept", "memberships": "how many of its memberships ended"},
        {"name": "its name"},
    ),
    Event.DIRECTORY_TOKEN_ISSUED: kind(
        "a directory's token was made", (ENTITY, UPDATE), {"token": "its id", "days": "how long it works"}
    ),
    Event.DIRECTORY_TOKEN_REVOKED: kind("a directory's token was ended", (ENTITY, UPDATE), {"token": "its id"}),
    Event.DIRECTORY_REFUSED: kind(
        "a change that a directory asked for was refused",
        (API, OTHER),
        {"method": "of the request", "kind": "User, Group, or neither", "status": "the answer's", "code": "why"},
        {"detail": "why, in a sentence", "target": "what it was about, in the directory's word"},
    ),
    Event.PROVIDER_TESTED: kind("an identity provider was tried out", (ENTITY, OTHER), {"outcome": "what would come of it"}),
}  # fmt: skip
