"""An event in a person's words. Its technical name stands beside it; nothing here says more than the masked event does."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as told
from django.utils.translation import ngettext

from governance.audit.rows import Recorded
from governance.audit.vocabulary import Event

SENTENCES: dict[str, str] = {
    Event.SIGNED_IN: told("%(who)s signed in"),
    Event.SIGN_IN_REFUSED: told("A sign-in was refused"),
    Event.SIGNED_OUT: told("%(who)s signed out"),
    Event.ACCESS_DENIED: told("%(who)s was turned away"),
    Event.PROMPT_RECEIVED: told("%(who)s asked"),
    Event.REASON_ASKED: told("%(who)s was asked for a reason for a question"),
    Event.PROMPT_REFUSED: told("A question of %(who)s was not taken: over a bound"),
    Event.SEARCHED: told("%(who)s searched for passages"),
    Event.EMBEDDED: told("%(who)s had texts turned into vectors"),
    Event.ANSWER_CANCELLED: told("%(who)s stopped the answer"),
    Event.SEGMENT_WITHHELD: told("A part of the answer was held back and never sent"),
    Event.ANSWER_SUPERSEDED: told("%(who)s asked again, in place of this question"),
    Event.ANSWER_REPLAYED: told("%(who)s had the answer written again from what it was made of"),
    Event.ANSWER_CHOSEN: told("%(who)s went back to another line of a conversation"),
    Event.CONVERSATION_BEGUN: told("%(who)s began a conversation with a file"),
    Event.CONVERSATION_CHANGED: told("%(who)s renamed a conversation"),
    Event.CONVERSATION_PINNED: told("%(who)s pinned a conversation, or took the pin away"),
    Event.CONVERSATION_DELETED: told("%(who)s deleted a conversation"),
    Event.CONVERSATION_RESTORED: told("%(who)s brought a conversation back"),
    Event.CONVERSATION_EXPORTED: told("%(who)s exported a conversation"),
    Event.CONVERSATION_SHARED: told("%(who)s shared a conversation"),
    Event.CONVERSATION_UNSHARED: told("%(who)s took a share of a conversation back"),
    Event.CONVERSATION_READ: told("%(who)s read a conversation that was shared with them"),
    Event.ASSISTANT_COMPOSED: told("%(who)s composed an assistant"),
    Event.ASSISTANT_CHANGED: told("%(who)s changed an assistant"),
    Event.ASSISTANT_DELETED: told("%(who)s deleted an assistant"),
    Event.SAVED_PROMPT_CREATED: told("%(who)s saved a prompt"),
    Event.SAVED_PROMPT_CHANGED: told("%(who)s changed a saved prompt"),
    Event.SAVED_PROMPT_DELETED: told("%(who)s deleted a saved prompt"),
    Event.COLLECTION_CREATED: told("%(who)s made a collection"),
    Event.COLLECTION_CHANGED: told("%(who)s changed a collection"),
    Event.COLLECTION_EXPORTED: told("%(who)s exported a collection with its documents"),
    Event.COLLECTION_DELETED: told("%(who)s deleted a collection"),
    Event.COLLECTION_RESTORED: told("%(who)s brought a deleted collection back"),
    Event.COLLECTION_PURGED: told("A deleted collection is erased for good from here on"),
    Event.COLLECTION_ERASED: told("Nothing is left of a deleted collection"),
    Event.COLLECTION_PAUSED: told("%(who)s held up the reading of a collection"),
    Event.COLLECTION_RESUMED: told("%(who)s had the reading of a collection go on"),
    Event.DOCUMENT_UPLOADED: told("%(who)s uploaded a document"),
    Event.DOCUMENT_REFUSED: told("A document of %(who)s was not taken"),
    Event.DOCUMENT_RETRIED: told("%(who)s had a document read once more"),
    Event.DOCUMENT_READY: told("A document became ready to be asked about"),
    Event.DOCUMENT_FAILED: told("A document could not be read"),
    Event.ORDERS_FOUND: told("A document holds passages that give orders to a model"),
    Event.ORDERS_RELEASED: told("%(who)s let a passage through that gave orders"),
    Event.DOCUMENT_READ: told("%(who)s opened a document's file"),
    Event.DOCUMENT_RELEASED: told("%(who)s released a document that the policy had kept back"),
    Event.DOCUMENT_DELETED: told("%(who)s deleted a document"),
    Event.DOCUMENT_RESTORED: told("%(who)s restored a deleted document"),
    Event.DOCUMENT_PURGED: told("A deleted document went for good"),
    Event.DOCUMENT_RESTRICTED: told("%(who)s restricted a document to named people and groups"),
    Event.DOCUMENT_UNRESTRICTED: told("%(who)s lifted the restriction of a document"),
    Event.DOCUMENT_LABELLED: told("%(who)s gave a document another label"),
    Event.DOCUMENT_WEIGHED: told("%(who)s changed what a document counts for"),
    Event.QUOTA_CHANGED: told("%(who)s changed a limit of the models' use"),
    Event.QUOTA_PRICED: told("%(who)s changed what the models cost"),
    Event.QUOTA_REACHED: told("A limit of the models' use has come to a part of it"),
    Event.QUOTA_RELEASED: told("What was set aside for an answer was settled: its process did not come back"),
    Event.LABELS_CHANGED: told("%(who)s changed the list of labels"),
    Event.CLEARANCE_CHANGED: told("%(who)s changed how far somebody is cleared"),
    Event.COLLECTION_REREAD: told("%(who)s had a collection's documents read again, to cut them anew"),
    Event.GLOSSARY_ADDED: told("%(who)s put a term into the glossary"),
    Event.GLOSSARY_CHANGED: told("%(who)s changed a term of the glossary"),
    Event.GLOSSARY_REMOVED: told("%(who)s took a term out of the glossary"),
    Event.INDEX_BEGUN: told("%(who)s had another search index built"),
    Event.INDEX_PAUSED: told("%(who)s paused the building of a search index"),
    Event.INDEX_RESUMED: told("%(who)s let the building of a search index go on"),
    Event.INDEX_READY: told("A search index became ready to be switched to"),
    Event.INDEX_COMPARED: told("%(who)s asked two search indexes the same questions"),
    Event.INDEX_SWITCHED: told("%(who)s switched to another search index"),
    Event.INDEX_GIVEN_UP: told("%(who)s gave a search index up"),
    Event.INDEX_REMOVED: told("What a search index held was removed"),
    Event.QUESTIONS_CHANGED: told("%(who)s changed the question set of a collection"),
    Event.EVALUATION_STARTED: told("The question set of a collection began to be asked"),
    Event.EVALUATION_ENDED: told("The question set of a collection was asked"),
    Event.DOCUMENT_RENAMED: told("A document was renamed as its source calls it"),
    Event.SOURCE_CREATED: told("%(who)s added a source to a collection"),
    Event.SOURCE_CHANGED: told("%(who)s changed a source, or what it is to do"),
    Event.SOURCE_TESTED: told("%(who)s tried the settings of a source"),
    Event.SOURCE_DELETED: told("%(who)s removed a source"),
    Event.SOURCE_STARTED: told("A look at a source began"),
    Event.SOURCE_FINISHED: told("A look at a source ended"),
    Event.GRANT_GIVEN: told("%(who)s gave access, or denied it"),
    Event.GRANT_WITHDRAWN: told("%(who)s withdrew access"),
    Event.GRANT_ENDED: told("Access came to its end"),
    Event.ACCESS_OFFERED: told("%(who)s said how a collection may be asked for"),
    Event.ACCESS_NOT_OFFERED: told("%(who)s took it back that a collection may be asked for"),
    Event.ACCESS_ASKED: told("%(who)s asked for access"),
    Event.ACCESS_APPROVED: told("%(who)s approved a request for access"),
    Event.ACCESS_REFUSED: told("%(who)s refused a request for access"),
    Event.ACCESS_WITHDRAWN: told("%(who)s withdrew a request for access"),
    Event.ACCESS_LAPSED: told("A request for access lapsed"),
    Event.PERSON_CREATED: told("%(who)s added a person"),
    Event.PERSON_CHANGED: told("%(who)s changed a person's name or address"),
    Event.PERSON_INVITED: told("%(who)s made a link to set a password with"),
    Event.PERSON_SWITCHED_OFF: told("%(who)s switched a person off"),
    Event.PERSON_SWITCHED_ON: told("%(who)s switched a person on again"),
    Event.PASSWORD_SET: told("A password was set"),
    Event.PASSWORD_CHANGED: told("%(who)s changed their password"),
    Event.INVITATION_WITHDRAWN: told("%(who)s withdrew a link to set a password with"),
    Event.FACTOR_ADDED: told("%(who)s set up a second factor or a passkey"),
    Event.FACTOR_RENAMED: told("%(who)s renamed a passkey"),
    Event.FACTOR_REMOVED: told("%(who)s removed a second factor or a passkey"),
    Event.RECOVERY_USED: told("A recovery code was used"),
    Event.UNLOCKED: told("%(who)s let somebody sign in again after too many tries"),
    Event.SESSION_ENDED: told("%(who)s ended sessions"),
    Event.CONFIRMED: told("%(who)s confirmed who they are"),
    Event.CONFIRMATION_REFUSED: told("%(who)s could not confirm who they are"),
    Event.BREAK_GLASS: told("%(who)s came in by password, past single sign-on"),
    Event.ROLE_GIVEN: told("%(who)s gave a role"),
    Event.ROLE_TAKEN: told("%(who)s took a role away"),
    Event.ROLE_ENDED: told("A role came to its end"),
    Event.ROLE_CREATED: told("%(who)s made a role"),
    Event.ROLE_CHANGED: told("%(who)s changed a role"),
    Event.ROLE_DELETED: told("%(who)s deleted a role"),
    Event.SUPPORT_ASKED: told("%(who)s asked to be let in for a support case"),
    Event.SUPPORT_OPENED: told("%(who)s opened something to an operator for a support case"),
    Event.SUPPORT_REFUSED: told("%(who)s refused to let an operator in"),
    Event.SUPPORT_ENDED: told("%(who)s ended what was opened to an operator"),
    Event.SUPPORT_LOOKED: told("%(who)s saw what was opened to support"),
    Event.ACCESS_EXPLAINED: told("%(who)s was told who may do what, and why"),
    Event.GROUP_CREATED: told("%(who)s made a group"),
    Event.GROUP_RENAMED: told("%(who)s renamed a group"),
    Event.GROUP_DELETED: told("%(who)s deleted a group"),
    Event.MEMBER_ADDED: told("%(who)s added a person to a group"),
    Event.MEMBER_REMOVED: told("%(who)s took a person out of a group"),
    Event.TENANT_CREATED: told("The organisation was set up"),
    Event.TENANT_CHANGED: told("%(who)s changed the organisation's settings"),
    Event.POLICY_DRAFTED: told("%(who)s began a draft of the policy"),
    Event.POLICY_CHANGED: told("%(who)s changed a draft of the policy"),
    Event.POLICY_SUBMITTED: told("%(who)s submitted a draft of the policy"),
    Event.POLICY_PUBLISHED: told("%(who)s published a version of the policy"),
    Event.POLICY_ROLLED_BACK: told("%(who)s went back to an older version of the policy"),
    Event.POLICY_DISCARDED: told("%(who)s discarded a draft of the policy"),
    Event.POLICY_REPLAY_STARTED: told("%(who)s had a draft of the policy replayed over recorded words"),
    Event.POLICY_REPLAYED: told("A draft of the policy was replayed"),
    Event.POLICY_REPLAY_ENDED: told("A replay of the policy ended before it had a result"),
    Event.POLICY_REPLAY_SIGNED: told("%(who)s signed a replay of the policy off"),
    Event.PROVIDER_CHANGED: told("%(who)s set up or changed an identity provider"),
    Event.PROVIDER_DELETED: told("%(who)s removed an identity provider"),
    Event.PROVIDER_TESTED: told("%(who)s tried an identity provider"),
    Event.IDENTITY_LINKED: told("An identity of a provider became a person's"),
    Event.DIRECTORY_CREATED: told("%(who)s set up a directory"),
    Event.DIRECTORY_DELETED: told("%(who)s removed a directory"),
    Event.DIRECTORY_TOKEN_ISSUED: told("%(who)s made a token for a directory"),
    Event.DIRECTORY_TOKEN_REVOKED: told("%(who)s ended a token of a directory"),
    Event.DIRECTORY_KEPT: told("A person or a group came into a directory's keeping"),
    Event.DIRECTORY_SAID: told("%(who)s changed what it says of a person or a group"),
    Event.DIRECTORY_LET_GO: told("A directory keeps a person or a group no more"),
    Event.DIRECTORY_REFUSED: told("A change that a directory asked for was refused"),
    Event.IDENTITY_UNLINKED: told("An identity of a provider was taken from a person"),
    Event.PROVIDER_SIGNED_OUT: told("An identity provider ended sessions that began there"),
    Event.LOGOUT_REFUSED: told("An identity provider's word to end sessions was refused"),
    Event.KEY_ISSUED: told("%(who)s made an API key"),
    Event.KEY_REVOKED: told("%(who)s revoked an API key"),
    Event.KEY_ROTATED: told("%(who)s replaced an API key by another"),
    Event.KEY_CHANGED: told("%(who)s changed what an API key is narrowed by"),
    Event.KEY_REFUSED: told("A good API key of %(who)s was not let in"),
    Event.KEY_ENDING: told("An API key ends soon"),
    Event.KEY_EXCHANGED: told("%(who)s was given a token to act for a person"),
    Event.SERVICE_CREATED: told("%(who)s made a service account"),
    Event.SERVICE_CHANGED: told("%(who)s changed a service account"),
    Event.SERVICE_PERMITTED: told("%(who)s changed for whom a service account may act"),
    Event.SERVICE_SWITCHED_OFF: told("%(who)s switched a service account off"),
    Event.SERVICE_SWITCHED_ON: told("%(who)s switched a service account on again"),
    Event.RECORD_READ: told("%(who)s read the record"),
    Event.RECORD_OPENED: told("%(who)s opened words of the record"),
    Event.RECORD_CLOSED: told("%(who)s closed what was open"),
    Event.RECORD_SEARCHED: told("%(who)s searched the record for words"),
    Event.OPENING_ASKED: told("%(who)s asked for a second officer, to open words"),
    Event.OPENING_APPROVED: told("%(who)s approved that another officer opens words"),
    Event.OPENING_DECLINED: told("%(who)s declined that another officer opens words"),
    Event.CASE_OPENED: told("%(who)s opened a case"),
    Event.CASE_CHANGED: told("%(who)s changed what a case is about"),
    Event.CASE_NOTED: told("%(who)s wrote a note in a case"),
    Event.CASE_EXPORTED: told("%(who)s took a case away as evidence"),
    Event.CASE_CLOSED: told("%(who)s closed a case"),
    Event.CASE_REOPENED: told("%(who)s opened a closed case again"),
    Event.RECORD_EXPORTED: told("%(who)s took a list of the record away"),
    Event.FORWARD_CHANGED: told("%(who)s set up or changed where the record is sent to"),
    Event.FORWARD_DELETED: told("%(who)s removed a place that the record was sent to"),
    Event.FORWARD_RETRIED: told("%(who)s had forwarding tried at once"),
    Event.FORWARD_WORDS: told("%(who)s decided whether words of the record are sent on"),
    Event.FORWARD_FAILING: told("Forwarding of the record fails"),
    Event.FORWARD_RESUMED: told("Forwarding of the record goes on"),
    Event.RECORD_VERIFIED: told("The record was verified from end to end"),
    Event.HOLD_PLACED: told("%(who)s placed a legal hold"),
    Event.HOLD_LIFTED: told("%(who)s lifted a legal hold"),
    Event.RETENTION_CHANGED: told("%(who)s changed how long something is kept"),
    Event.RETENTION_RUN: told("What had been kept long enough was let go"),
    Event.ERASURE_REQUESTED: told("%(who)s asked that a person be erased"),
    Event.ERASURE_WITHDRAWN: told("%(who)s withdrew a request for erasure"),
    Event.ERASURE_REFUSED: told("%(who)s refused a request for erasure"),
    Event.ERASURE_APPROVED: told("%(who)s approved the erasure of a person"),
    Event.PERSON_ERASED: told("A person was erased"),
    Event.PERSON_EXPORTED: told("%(who)s took away what is kept of them"),
}
ENDS = {
    "answered": told("The answer was given"),
    "refused": told("No answer was given: nothing found could carry one"),
    "blocked": told("Policy ended it"),
    "cancelled": told("It ended because the person stopped it"),
    "interrupted": told("The answer broke off"),
    "failed": told("No answer was given: something failed"),
}
STAGES = {
    "input": told("the question of %(who)s"),
    "passage": told("a passage for %(who)s"),
    "output": told("a part of the answer to %(who)s"),
    "upload": told("a document of %(who)s"),
}
VERDICTS = {
    "allow": told("Policy let %(what)s pass"),
    "flag": told("Policy flagged %(what)s"),
    "require_reason": told("Policy wanted a reason for %(what)s"),
    "block": told("Policy blocked %(what)s"),
}
TONES = {
    "redact": "warn",
    "flag": "warn",
    "require_reason": "warn",
    "block": "bad",
    "blocked": "bad",
    "refused": "warn",
    "failed": "bad",
    "interrupted": "warn",
}
DENIALS = {Event.ACCESS_DENIED, Event.SIGN_IN_REFUSED, Event.PROMPT_REFUSED, Event.DOCUMENT_REFUSED}
DENIALS |= {Event.KEY_REFUSED, Event.LOGOUT_REFUSED}


def sentence(event: Recorded, who: str, service: str = "") -> str:
    """`who` is the actor's name, empty where there is none; `service` what acted for them."""
    name = who or actor_name(event)
    if service:
        name = _("%(who)s, by %(service)s,") % {"who": name, "service": service}
    special = _SPECIAL.get(event.action)
    if special:
        return special(event.facts, name)
    template = SENTENCES.get(event.action)
    return _(template) % {"who": name} if template else event.action.replace(".", ": ").replace("_", " ")


def actor_name(event: Recorded) -> str:
    """Of an actor whose name is not known here."""
    if event.actor_kind == "directory":
        return _("The directory")
    if event.actor_kind == "operator":
        return _("An operator")
    if event.actor_kind == "support":
        return _("An operator, for a support case,")
    if event.actor_kind == "service":
        return _("A service account that is no longer here")
    return _("Chancery itself") if event.actor is None else _("Somebody who is no longer here")


def tone(event: Recorded) -> str:
    """The colour that an event speaks in: nothing for what went as it should."""
    if event.action in DENIALS:
        return "bad"
    outcome = event.facts.get("action") if event.action == Event.POLICY_DECIDED else event.facts.get("status")
    if event.action == Event.SEGMENT_DELIVERED and event.facts.get("was_redacted"):
        outcome = "redact"
    return TONES.get(str(outcome), "")


def findings(facts: dict[str, Any]) -> int:
    return sum(len(one.get("spans") or ()) for one in facts.get("decisions", ()))


def _policy(facts: dict[str, Any], who: str) -> str:
    what = _(STAGES.get(str(facts.get("stage")), told("a text of %(who)s"))) % {"who": who}
    if facts.get("is_trial"):
        return _("%(who)s tried the policy on a text") % {"who": who}
    if facts.get("action") == "redact":
        number = findings(facts)
        said = ngettext(
            "Policy redacted %(number)s finding in %(what)s", "Policy redacted %(number)s findings in %(what)s", number
        )
        return said % {"number": number, "what": what}
    return _(VERDICTS.get(str(facts.get("action")), told("Policy judged %(what)s"))) % {"what": what}


def _retrieval(facts: dict[str, Any], who: str) -> str:
    number, withheld = len(facts.get("passages", ())), len(facts.get("withheld", ()))
    said = ngettext("%(number)s passage was found", "%(number)s passages were found", number) % {"number": number}
    return f"{said}, {_('%(number)s withheld') % {'number': withheld}}" if withheld else said


def _segment(facts: dict[str, Any], who: str) -> str:
    number = len(facts.get("citations", ()))
    said = ngettext(
        "A part of the answer was delivered, with %(number)s citation",
        "A part of the answer was delivered, with %(number)s citations",
        number,
    )
    return said % {"number": number}


def _end(facts: dict[str, Any], who: str) -> str:
    return _(ENDS.get(str(facts.get("status")), told("The answer ended")))


def _feedback(facts: dict[str, Any], who: str) -> str:
    value = facts.get("value")
    template = told("%(who)s found the answer good") if value == 1 else told("%(who)s found the answer bad")
    back = told("%(who)s took the judgement of the answer back")
    return _(template if value in {1, -1} else back) % {"who": who}


_SPECIAL = {
    str(Event.POLICY_DECIDED): _policy,
    str(Event.RETRIEVED): _retrieval,
    str(Event.SEGMENT_DELIVERED): _segment,
    str(Event.ANSWER_FINISHED): _end,
    str(Event.FEEDBACK_GIVEN): _feedback,
}
