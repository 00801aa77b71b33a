"""What is said of signing in, of who is here, and of what they may."""

from __future__ import annotations

from governance.audit.fields.kinds import (
    ACCOUNT,
    API,
    AUTHENTICATION,
    BEFORE_AND_AFTER,
    CREATE,
    DELETE,
    ENTITY,
    GROUP,
    NAME,
    OTHER,
    UPDATE,
    USER_ACCESS,
    WHO,
    Kind,
    kind,
)
from governance.audit.vocabulary import Event

SIGN_INS: dict[Event, Kind] = {
    Event.SIGNED_IN: kind(
        "a session began",
        (AUTHENTICATION, 1),
        {
            "method": "password, passkey, oidc or saml",
            "second": "what was given beside a password: totp or recovery",
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
    Event.SESSION_ENDED: kind(
        "sessions were ended from another one, or by an admin", (AUTHENTICATION, 2), {"sessions": "how many"}
    ),
    Event.CONFIRMED: kind(
        "somebody proved once more who they are", (AUTHENTICATION, 1), {"method": "password, totp, recovery or passkey"}
    ),
    Event.CONFIRMATION_REFUSED: kind(
        "such a proof failed", (AUTHENTICATION, 1), {"method": "what was given", "reason": "why"}
    ),
    Event.BREAK_GLASS: kind(
        "an admin signed in with a password, past the single sign-on that is demanded",
        (AUTHENTICATION, 1),
        {"mfa": "whether a second factor was given"},
    ),
    Event.PROVIDER_SIGNED_OUT: kind(
        "a provider ended the sessions that began there (back-channel logout)",
        (AUTHENTICATION, 2),
        {
            "provider": "the identity provider",
            "sessions": "how many; none where they had ended here before",
            "by": "session or subject: what the provider named",
        },
    ),
    Event.LOGOUT_REFUSED: kind(
        "a provider's word to end sessions was refused",
        (AUTHENTICATION, 2),
        {"provider": "the identity provider that was named", "reason": "why"},
        {"detail": "what came instead", "slug": "the organisation that was named"},
    ),
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

GRANT = {
    "person": "who holds it",
    "group": "which group holds it",
    "level": "read, contribute or manage",
    "denies": "it denies",
    "until": "when it ends",
}
ASKED = {"request": "which", "person": "who asked", "level": "read or contribute", "days": "for how long"}
ACCOUNT_THERE = {"user_name": "what it calls them", "external_id": "their id there"}
MEMBER = {
    "person": "who",
    "source": "manual, sso (a provider's claim) or scim (a directory)",
    "by": "the identity provider or the directory; none for a hand",
}
ROLE = {"role": "which", "until": "when it ends", "group": "whose members hold it, where a group does"}
RIGHTS: dict[Event, Kind] = {
    Event.GRANT_GIVEN: kind("a grant on a collection was given or changed", (USER_ACCESS, 1), GRANT, BEFORE_AND_AFTER),
    Event.GRANT_WITHDRAWN: kind("a grant was withdrawn", (USER_ACCESS, 2), GRANT, BEFORE_AND_AFTER),
    Event.LABELS_CHANGED: kind(
        "the tenant's list of labels was changed", (ENTITY, UPDATE), {"labels": "how many there are"}, BEFORE_AND_AFTER
    ),
    Event.CLEARANCE_CHANGED: kind(
        "somebody was cleared up to another label",
        (USER_ACCESS, 1),
        {"person": "who", "group": "which group", "rank": "up to which label; none where no further than everybody"},
    ),
    Event.ROLE_GIVEN: kind("a role was given", (USER_ACCESS, 1), ROLE, BEFORE_AND_AFTER),
    Event.ROLE_TAKEN: kind("a role was taken", (USER_ACCESS, 2), ROLE, BEFORE_AND_AFTER),
    Event.GRANT_ENDED: kind("a grant came to its end", (USER_ACCESS, 2), GRANT),
    Event.ROLE_ENDED: kind("a role came to its end", (USER_ACCESS, 2), ROLE),
    Event.ROLE_CREATED: kind("a role of the organisation's own was made", (ENTITY, CREATE), {"actions": "what it opens"}, NAME),
    Event.ROLE_CHANGED: kind(
        "a role of the organisation's own was changed", (ENTITY, UPDATE), {"actions": "what it opens"}, BEFORE_AND_AFTER
    ),
    Event.ROLE_DELETED: kind(
        "a role of the organisation's own was deleted", (ENTITY, DELETE), {"held": "by how many people and groups"}, NAME
    ),
    Event.ACCESS_EXPLAINED: kind(
        "somebody was told why another may or may not, or who may",
        (API, 2),
        {
            "action": "what was asked about",
            "person": "about whom; none where it was asked who may",
            "of": "the moment that was asked about",
            "allowed": "what they were told",
            "people": "how many were named",
        },
    ),
    Event.ACCESS_OFFERED: kind(
        "access to a collection may be asked for, or otherwise than before",
        (ENTITY, UPDATE),
        {
            "level": "the highest that may be asked for",
            "approvals": "how many it takes",
            "days": "for how long at most",
            "lapses": "after how many days a request lapses that nobody decides",
            "approvers": "which group decides; none for those who manage it",
            "groups": "to how many groups it is shown; none for everybody",
        },
        BEFORE_AND_AFTER,
    ),
    Event.ACCESS_NOT_OFFERED: kind(
        "access to a collection may be asked for no more", (ENTITY, DELETE), {"requests": "how many ended with it"}
    ),
    Event.ACCESS_ASKED: kind("somebody asked for access", (USER_ACCESS, OTHER), ASKED, {"reason": "why, in their words"}),
    Event.ACCESS_APPROVED: kind(
        "one of those who decide approved a request for access",
        (USER_ACCESS, OTHER),
        ASKED | {"approvals": "how many have", "needed": "how many it takes"},
    ),
    Event.ACCESS_REFUSED: kind(
        "a request for access was refused", (USER_ACCESS, OTHER), ASKED, {"answer": "why, in the words of who refused"}
    ),
    Event.ACCESS_WITHDRAWN: kind("whoever asked for access withdrew it", (USER_ACCESS, OTHER), ASKED),
    Event.ACCESS_LAPSED: kind("nobody decided a request for access in time", (USER_ACCESS, OTHER), ASKED),
    Event.GROUP_CREATED: kind("a group was made", (GROUP, 6), {}, NAME),
    Event.GROUP_RENAMED: kind("a group was renamed", (ENTITY, UPDATE), {}, BEFORE_AND_AFTER),
    Event.GROUP_DELETED: kind(
        "a group was deleted", (GROUP, 5), {"members": "how many it had", "grants": "how many it held"}, BEFORE_AND_AFTER
    ),
    Event.MEMBER_ADDED: kind("somebody was put into a group", (GROUP, 3), MEMBER),
    Event.MEMBER_REMOVED: kind(
        "a source no longer says that somebody is in a group",
        (GROUP, 4),
        MEMBER | {"kept_by": "which sources still say so: with none, the membership has ended"},
    ),
    Event.PERSON_CREATED: kind("a person was made", (ACCOUNT, 1), {}, {"email": "theirs", "name": "theirs"}),
    Event.PERSON_CHANGED: kind("a name or an address was changed", (ACCOUNT, 99), {"changed": "which"}, BEFORE_AND_AFTER),
    Event.PERSON_INVITED: kind(
        "a link for setting a password was made", (ACCOUNT, 4), {"invitation": "the link", "days": "how long it works"}
    ),
    Event.PERSON_SWITCHED_OFF: kind("a person was switched off", (ACCOUNT, 5), {"keys_revoked": "how many keys ended"}),
    Event.PERSON_SWITCHED_ON: kind("a person was switched on again", (ACCOUNT, 2)),
    Event.PASSWORD_SET: kind("a password was set", (ACCOUNT, 3), {"invitation": "the link that was used"}),
    Event.PASSWORD_CHANGED: kind("somebody changed their password", (ACCOUNT, 3)),
    Event.INVITATION_WITHDRAWN: kind("links for setting a password were withdrawn", (ACCOUNT, 99)),
    Event.FACTOR_ADDED: kind(
        "a second factor, a passkey or recovery codes were set up",
        (ACCOUNT, 10),
        {"factor": "totp, passkey or recovery codes", "passkey": "which"},
    ),
    Event.FACTOR_RENAMED: kind("a passkey was renamed", (ACCOUNT, 99), {"factor": "passkey", "passkey": "which"}),
    Event.FACTOR_REMOVED: kind(
        "a second factor or a passkey was removed", (ACCOUNT, 11), {"factor": "totp or passkey", "passkey": "which"}
    ),
    Event.RECOVERY_USED: kind("a recovery code was used", (ACCOUNT, 99), {"left": "how many are left"}),
    Event.UNLOCKED: kind("an admin let somebody try again after too many tries", (ACCOUNT, 99)),
    Event.IDENTITY_LINKED: kind(
        "a person was linked to an account at a provider",
        (ACCOUNT, 99),
        {"identity": "the link", "provider": "the identity provider", "how": "linked or created"},
        {"issuer": "the provider's address", "subject": "the account there"},
    ),
    Event.IDENTITY_UNLINKED: kind("such a link was taken away", (ACCOUNT, 99), {"identity": "the link"}),
    Event.DIRECTORY_KEPT: kind(
        "a person or a group came into a directory's keeping",
        (ACCOUNT, 99),
        {"directory": "which", "how": "created, taken over, handed over, accepted or came back"},
        ACCOUNT_THERE,
    ),
    Event.DIRECTORY_SAID: kind(
        "a directory changed a person or a group that it keeps",
        (ACCOUNT, 99),
        {"directory": "which", "changed": "the names of what it says otherwise"},
        ACCOUNT_THERE,
    ),
    Event.DIRECTORY_LET_GO: kind(
        "a directory keeps a person or a group no more",
        (ACCOUNT, 99),
        {"directory": "which", "how": "deleted there, or released here"},
        ACCOUNT_THERE,
    ),
    Event.KEY_ISSUED: kind(
        "an API key was made",
        (ENTITY, CREATE),
        {"person": "whose", "scopes": "what it may", "days": "how long it works"},
    ),
    Event.KEY_REVOKED: kind("an API key was ended", (ENTITY, DELETE), {"person": "whose"}),
    Event.KEY_ROTATED: kind(
        "an API key was followed by another",
        (ENTITY, UPDATE),
        {"person": "whose", "follows": "the new key", "hours": "how long the old one goes on beside it"},
    ),
    Event.KEY_CHANGED: kind(
        "what an API key is narrowed by was changed",
        (ENTITY, UPDATE),
        {"person": "whose", "changed": "which of place, pace and allowance"},
        BEFORE_AND_AFTER,
    ),
    Event.KEY_REFUSED: kind(
        "a good API key was not let in",
        (API, OTHER),
        {"reason": "address or pace"},
        {"address": "where it was tried from"},
    ),
    Event.KEY_ENDING: kind(
        "an API key ends soon",
        (ENTITY, OTHER),
        {"person": "whose", "owner": "who was told", "days": "how many are left"},
    ),
    Event.KEY_EXCHANGED: kind(
        "a service account was given a token to act for a person",
        (AUTHENTICATION, 1),
        {
            "person": "for whom",
            "by": "the service account's key",
            "scopes": "what it may at most",
            "seconds": "how long it works",
            "how": "named, or shown by an ID token",
        },
    ),
    Event.SERVICE_CREATED: kind(
        "a service account was made", (ACCOUNT, 1), {"owner": "who answers for it"}, NAME | {"purpose": "what it is for"}
    ),
    Event.SERVICE_CHANGED: kind("a service account was changed", (ACCOUNT, 99), {"changed": "which"}, BEFORE_AND_AFTER),
    Event.SERVICE_PERMITTED: kind(
        "for whom a service account may act was changed",
        (USER_ACCESS, 1),
        {"acts_for": "nobody, group or everybody", "group": "which", "ended": "how many tokens ended with it"},
        BEFORE_AND_AFTER,
    ),
    Event.SERVICE_SWITCHED_OFF: kind(
        "a service account was switched off", (ACCOUNT, 5), {"keys_revoked": "how many keys ended"}
    ),
    Event.SERVICE_SWITCHED_ON: kind("a service account was switched on again", (ACCOUNT, 2)),
}  # fmt: skip
