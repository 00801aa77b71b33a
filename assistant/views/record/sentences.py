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
    Event.CONVERSATION_CHANGED: told("%(who)s renamed a conversation"),
    Event.CONVERSATION_PINNED: told("%(who)s pinned a conversation, or took the pin away"),
    Event.CONVERSATION_DELETED: told("%(who)s deleted a conversation"),
    Event.CONVERSATION_RESTORED: told("%(who)s brought a conversation back"),
    Event.COLLECTION_CREATED: told("%(who)s made a collection"),
    Event.COLLECTION_CHANGED: told("%(who)s changed a collection"),
    Event.COLLECTION_DELETED: told("%(who)s deleted a collection"),
    Event.DOCUMENT_UPLOADED: told("%(who)s uploaded a document"),
    Event.DOCUMENT_REFUSED: told("A document of %(who)s was not taken"),
    Event.DOCUMENT_RETRIED: told("%(who)s had a document read once more"),
    Event.DOCUMENT_READY: told("A document became ready to be asked about"),
    Event.DOCUMENT_FAILED: told("A document could not be read"),
    Event.ORDERS_FOUND: told("A document holds passages that give orders to a model"),
    Event.ORDERS_RELEASED: told("%(who)s let a passage through that gave orders"),
    Event.DOCUMENT_READ: told("%(who)s opened a document's file"),
    Event.DOCUMENT_DELETED: told("%(who)s deleted a document"),
    Event.GRANT_GIVEN: told("%(who)s gave access, or denied it"),
    Event.GRANT_WITHDRAWN: told("%(who)s withdrew access"),
    Event.PERSON_CREATED: told("%(who)s added a person"),
    Event.PERSON_CHANGED: told("%(who)s changed a person's name or address"),
    Event.PERSON_INVITED: told("%(who)s made a link to set a password with"),
    Event.PERSON_SWITCHED_OFF: told("%(who)s switched a person off"),
    Event.PERSON_SWITCHED_ON: told("%(who)s switched a person on again"),
    Event.PASSWORD_SET: told("A password was set"),
    Event.ROLE_GIVEN: told("%(who)s gave a role"),
    Event.ROLE_TAKEN: told("%(who)s took a role away"),
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
    Event.IDENTITY_UNLINKED: told("An identity of a provider was taken from a person"),
    Event.KEY_ISSUED: told("%(who)s made an API key"),
    Event.KEY_REVOKED: told("%(who)s revoked an API key"),
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


def sentence(event: Recorded, who: str) -> str:
    """`who` is the actor's name, empty where there is none."""
    name = who or actor_name(event)
    special = _SPECIAL.get(event.action)
    if special:
        return special(event.facts, name)
    template = SENTENCES.get(event.action)
    return _(template) % {"who": name} if template else event.action.replace(".", ": ").replace("_", " ")


def actor_name(event: Recorded) -> str:
    """Of an actor whose name is not known here."""
    if event.actor_kind == "operator":
        return _("An operator")
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
