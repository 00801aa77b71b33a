"""Which events each changing route puts on the record, and the request that shows it.

A row is: the route's name, the verb, the events, and what does it. A route that changes something and has no row fails the
suite, as does one whose events do not come. What changes nothing that is recorded stands in `unrecorded`, with its reason.
"""

from __future__ import annotations

from typing import Any

from django.test import Client

from governance.audit.vocabulary import Event
from inference import runners
from tests import cast
from tests.assistant.test_policy_room import FORM
from tests.coverage import officers
from tests.coverage.deed import Deed
from tests.coverage.ground import OPERATORS_PASSWORD, REASON, RULE, SECRET_QUESTION, Ground

P = "/api/v1/policy/versions"
E = Event
QUESTION = (E.PROMPT_RECEIVED, E.POLICY_DECIDED)
TOLD = (*QUESTION, E.ANSWER_FINISHED)
LIMITS = {
    "answers_running_max": "3", "answers_waiting_max": "20", "answers_per_person_max": "2", "documents_max": "500",
    "tokens_per_day": "",
}  # fmt: skip

IN_AND_OUT = [
    Deed("sign-in", "post", (E.SIGN_IN_REFUSED,), lambda g: Client().post(
        "/", {"email": g.house.email("bob"), "password": "wrong"})),
    Deed("sign-in-tenant", "post", (E.SIGNED_IN,), lambda g: Client().post(
        f"/t/{g.house.slug}/", {"email": g.house.email("bob"), "password": cast.PASSWORD})),
    Deed("sign-out", "post", (E.SIGNED_OUT,), lambda g: g.bob.post("/sign-out")),
    Deed("join", "post", (E.PASSWORD_SET,), lambda g: Client().post(
        f"/t/{g.house.slug}/join/{g.invitation()}", {"password": "quite a new one 77", "again": "quite a new one 77"})),
    Deed("operators-sign-in", "post", (E.OPERATOR_REFUSED,), lambda _: Client().post(
        "/operators/sign-in", {"email": "nobody@installation.example", "password": "wrong"}), on_the_installation=True),
    Deed("operators-sign-out", "post", (E.OPERATOR_SIGNED_OUT,), lambda g: g.operator.post("/operators/sign-out"),
         on_the_installation=True),
]  # fmt: skip

ASKING = [
    Deed("ask", "post", QUESTION, lambda g: g.bob.post("/c/ask", {"question": "How many days abroad?"})),
    Deed("api-answers", "post", TOLD, lambda g: g.send("bob", "post", "/api/v1/answers", {"question": SECRET_QUESTION})),
    Deed("v1-chat", "post", TOLD, lambda g: g.send("bob", "post", "/v1/chat/completions", {
        "model": "chancery", "messages": [{"role": "user", "content": SECRET_QUESTION}]})),
    Deed("v1-embeddings", "post", (E.EMBEDDED, E.POLICY_DECIDED), lambda g: g.send(
        "bob", "post", "/v1/embeddings", {"model": runners.embedder().name, "input": "days abroad"})),
    Deed("api-search", "post", (E.SEARCHED,), lambda g: g.send("bob", "post", "/api/v1/search", {"query": "days abroad"})),
    Deed("api-policy-check", "post", (E.POLICY_DECIDED,), lambda g: g.send(
        "bob", "post", "/api/v1/policy/check", {"stage": "input", "text": "hello"})),
    Deed("answer-again", "post", (*QUESTION, E.ANSWER_SUPERSEDED), lambda g: g.bob.post(
        f"/a/{g.room.answer}/again", {"question": "How many days abroad?"})),
    Deed("answer-stop", "post", (E.ANSWER_CANCELLED, E.ANSWER_FINISHED), lambda g: g.bob.post(f"/a/{g.question().pk}/stop")),
    Deed("api-answer-cancel", "post", (E.ANSWER_CANCELLED, E.ANSWER_FINISHED), lambda g: g.send(
        "bob", "post", f"/api/v1/answers/{g.question().pk}/cancel")),
    Deed("answer-feedback", "post", (E.FEEDBACK_GIVEN,), lambda g: g.bob.post(
        f"/a/{g.room.answer}/feedback", {"value": "1", "reason": "good"})),
    Deed("api-answer-feedback", "post", (E.FEEDBACK_GIVEN,), lambda g: g.send(
        "bob", "post", f"/api/v1/answers/{g.room.answer}/feedback", {"value": -1})),
    Deed("conversation-rename", "post", (E.CONVERSATION_CHANGED,), lambda g: g.bob.post(
        f"/c/{g.room.conversation}/rename", {"title": "Other"})),
    Deed("conversation-pin", "post", (E.CONVERSATION_PINNED,), lambda g: g.bob.post(
        f"/c/{g.room.conversation}/pin", {"is_pinned": "1"})),
    Deed("conversation-delete", "post", (E.CONVERSATION_DELETED,), lambda g: g.bob.post(f"/c/{g.room.conversation}/delete")),
    Deed("conversation-restore", "post", (E.CONVERSATION_DELETED, E.CONVERSATION_RESTORED), lambda g: (
        g.bob.post(f"/c/{g.room.conversation}/delete"), g.bob.post(f"/c/{g.room.conversation}/restore"))[1]),
]  # fmt: skip

DOCUMENTS = [
    Deed("collections", "post", (E.COLLECTION_CREATED, E.GRANT_GIVEN), lambda g: g.ada.post(
        "/collections/", {"name": "Papers", "description": ""})),
    Deed("api-collections", "post", (E.COLLECTION_CREATED,), lambda g: g.send(
        "ada", "post", "/api/v1/collections", {"name": "Papers"})),
    Deed("collection-rename", "post", (E.COLLECTION_CHANGED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/rename", {"name": "Other", "description": ""})),
    Deed("api-collection", "patch", (E.COLLECTION_CHANGED,), lambda g: g.send(
        "ada", "patch", f"/api/v1/collections/{g.room.collection}", {"name": "Other"})),
    Deed("collection-delete", "post", (E.COLLECTION_DELETED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/delete")),
    Deed("api-collection", "delete", (E.COLLECTION_DELETED,), lambda g: g.send(
        "ada", "delete", f"/api/v1/collections/{g.room.collection}")),
    Deed("documents", "post", (E.DOCUMENT_UPLOADED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/documents", {"files": [g.paper]})),
    Deed("api-documents", "post", (E.DOCUMENT_UPLOADED,), lambda g: g.key("ada").post(
        f"/api/v1/collections/{g.room.collection}/documents", {"file": g.paper})),
    Deed("documents-retry", "post", (E.DOCUMENT_RETRIED,), lambda g: (
        g.failed(), g.ada.post(f"/collections/{g.room.collection}/documents/retry"))[1]),
    Deed("document-retry", "post", (E.DOCUMENT_RETRIED,), lambda g: g.ada.post(f"/documents/{g.failed()}/retry")),
    Deed("documents-delete", "post", (E.DOCUMENT_DELETED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/documents/delete", {"document": [str(g.room.document)]})),
    Deed("passage-release", "post", (E.ORDERS_RELEASED,), lambda g: g.ada.post(f"/passages/{g.quarantined()}/release")),
    Deed("document-delete", "post", (E.DOCUMENT_DELETED,), lambda g: g.ada.post(f"/documents/{g.room.document}/delete")),
    Deed("api-document", "delete", (E.DOCUMENT_DELETED,), lambda g: g.send(
        "ada", "delete", f"/api/v1/documents/{g.room.document}")),
]  # fmt: skip

RIGHTS = [
    Deed("grants", "post", (E.GRANT_GIVEN,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/grants", {"holder": f"person:{g.house.ids['charlie']}", "level": "1"})),
    Deed("api-grants", "post", (E.GRANT_GIVEN,), lambda g: g.send(
        "ada", "post", f"/api/v1/collections/{g.room.collection}/grants",
        {"person": str(g.house.ids["charlie"]), "level": "read"})),
    Deed("grant-withdraw", "post", (E.GRANT_WITHDRAWN,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/grants/{g.grant()}/withdraw")),
    Deed("api-grant", "delete", (E.GRANT_WITHDRAWN,), lambda g: g.send(
        "ada", "delete", f"/api/v1/collections/{g.room.collection}/grants/{g.grant()}")),
    Deed("access-cell", "post", (E.GRANT_GIVEN,), lambda g: g.ada.post(
        f"/access/{g.room.collection}/person/{g.house.ids['charlie']}", {"choice": "read"})),
    Deed("people", "post", (E.PERSON_CREATED, E.PERSON_INVITED), lambda g: g.ada.post(
        "/people/", {"email": "new@people.example", "name": "New"})),
    Deed("person-change", "post", (E.PERSON_CHANGED,), lambda g: g.ada.post(
        f"/people/{g.house.ids['bob']}/change", {"email": "bob2@people.example", "name": "Bob"})),
    Deed("person-roles", "post", (E.ROLE_GIVEN,), lambda g: g.ada.post(
        f"/people/{g.house.ids['bob']}/roles", {"role-tenant_admin": "1"})),
    Deed("person-switch", "post", (E.PERSON_SWITCHED_OFF,), lambda g: g.ada.post(
        f"/people/{g.house.ids['bob']}/switch", {"to": "off"})),
    Deed("person-link", "post", (E.PERSON_INVITED,), lambda g: g.ada.post(f"/people/{g.house.ids['bob']}/link")),
    Deed("groups", "post", (E.GROUP_CREATED,), lambda g: g.ada.post("/groups/", {"name": "Circle"})),
    Deed("group-rename", "post", (E.GROUP_RENAMED,), lambda g: g.ada.post(f"/groups/{g.group()}/rename", {"name": "Ring"})),
    Deed("group-delete", "post", (E.GROUP_DELETED,), lambda g: g.ada.post(f"/groups/{g.group()}/delete")),
    Deed("group-members", "post", (E.MEMBER_ADDED,), lambda g: g.ada.post(
        f"/groups/{g.group()}/members", {"person": str(g.house.ids["bob"])})),
    Deed("group-member-remove", "post", (E.MEMBER_REMOVED,), lambda g: g.ada.post(
        f"/groups/{g.house.team}/members/{g.house.ids['bob']}/remove")),
    Deed("keys", "post", (E.KEY_ISSUED,), lambda g: g.bob.post("/keys/", {"name": "R", "scopes": ["ask"], "days": "7"})),
    Deed("key-revoke", "post", (E.KEY_REVOKED,), lambda g: g.bob.post(f"/keys/{g.api_key()}/revoke")),
]  # fmt: skip

RUNNING = [
    Deed("settings", "post", (E.TENANT_CHANGED,), lambda g: g.ada.post("/settings/", LIMITS | {"name": "Another name"})),
    Deed("sign-in-provider-new", "post", (E.PROVIDER_CHANGED,), lambda g: g.ada.post("/settings/sign-in/new", g.provider())),
    Deed("sign-in-provider", "post", (E.PROVIDER_CHANGED,), lambda g: g.ada.post(
        f"/settings/sign-in/{g.room.provider}", g.provider())),
    Deed("sign-in-provider-delete", "post", (E.PROVIDER_DELETED,), lambda g: g.ada.post(
        f"/settings/sign-in/{g.room.provider}/delete")),
    Deed("sign-in-identity-unlink", "post", (E.IDENTITY_UNLINKED,), lambda g: g.ada.post(
        f"/settings/sign-in/{g.room.provider}/identities/{g.identity()}/unlink")),
    Deed("operators-tenants", "post", (E.TENANT_CREATED,), lambda g: g.operator.post("/operators/tenants", {
        "slug": f"s{g.house.slug}", "name": "New", "domain": "", "admin": "first@new.example",
        "password": OPERATORS_PASSWORD})),
    Deed("operators-tenant", "post", (E.TENANT_CHANGED,), lambda g: g.operator.post(
        f"/operators/tenants/{g.house.tenant}", LIMITS)),
    Deed("operators-tenant-switch", "post", (E.TENANT_CHANGED,), lambda g: g.operator.post(
        f"/operators/tenants/{g.house.tenant}/switch", {"on": "0"})),
    Deed("api-policy-versions", "post", (E.POLICY_DRAFTED,), lambda g: g.send("ada", "post", P, {"note": "x"})),
    Deed("api-policy-version", "patch", (E.POLICY_CHANGED,), lambda g: g.send(
        "ada", "patch", f"{P}/{g.draft()}", {"note": "another"})),
    Deed("api-policy-version", "delete", (E.POLICY_DISCARDED,), lambda g: g.send("ada", "delete", f"{P}/{g.draft()}")),
    Deed("api-policy-rules", "post", (E.POLICY_CHANGED,), lambda g: g.send(
        "ada", "post", f"{P}/{g.draft()}/rules", RULE | {"name": "hawk"})),
    Deed("api-policy-rule", "put", (E.POLICY_CHANGED,), lambda g: g.send(
        "ada", "put", f"{P}/{g.draft()}/rules/falcon", RULE | {"message": "Other words."})),
    Deed("api-policy-rule", "delete", (E.POLICY_CHANGED,), lambda g: g.send(
        "ada", "delete", f"{P}/{g.draft()}/rules/falcon")),
    Deed("api-policy-submit", "post", (E.POLICY_SUBMITTED,), lambda g: g.send("ada", "post", f"{P}/{g.draft()}/submit")),
    Deed("api-policy-publish", "post", (E.POLICY_PUBLISHED,), lambda g: g.send("ada", "post", f"{P}/{g.draft()}/publish")),
    Deed("api-policy-restore", "post", (E.POLICY_ROLLED_BACK,), lambda g: g.send(
        "ada", "post", f"{P}/{g.published()}/restore", {"note": "back"})),
]  # fmt: skip

POLICY_ROOM = [
    Deed("policy", "post", (E.POLICY_DRAFTED,), lambda g: g.ada.post("/policy/", {"note": "x"})),
    Deed("policy-second", "post", (E.TENANT_CHANGED,), lambda g: g.ada.post("/policy/second", {"is_needed": "1"})),
    Deed("policy-note", "post", (E.POLICY_CHANGED,), lambda g: g.ada.post(f"/policy/{g.draft()}/note", {"note": "another"})),
    Deed("policy-try", "post", (E.POLICY_DECIDED,), lambda g: g.ada.post(
        f"/policy/{g.draft()}/try", {"stage": "input", "text": "hello"})),
    Deed("policy-rule-new", "post", (E.POLICY_CHANGED,), lambda g: g.ada.post(
        f"/policy/{g.draft()}/new-rule?detector=pattern", FORM | {"name": "hawk"})),
    Deed("policy-rule", "post", (E.POLICY_CHANGED,), lambda g: g.ada.post(f"/policy/{g.draft()}/rules/falcon", FORM)),
    Deed("policy-rule-remove", "post", (E.POLICY_CHANGED,), lambda g: g.ada.post(f"/policy/{g.draft()}/rules/falcon/remove")),
    Deed("policy-builtin", "post", (E.POLICY_CHANGED,), lambda g: g.ada.post(f"/policy/{g.incomplete()}/built-in")),
    Deed("policy-submit", "post", (E.POLICY_SUBMITTED,), lambda g: g.ada.post(f"/policy/{g.draft()}/submit")),
    Deed("policy-publish", "post", (E.POLICY_PUBLISHED,), lambda g: g.ada.post(f"/policy/{g.draft()}/publish")),
    Deed("policy-restore", "post", (E.POLICY_ROLLED_BACK,), lambda g: g.ada.post(
        f"/policy/{g.published()}/restore", {"note": "back"})),
    Deed("policy-discard", "post", (E.POLICY_DISCARDED,), lambda g: g.ada.post(f"/policy/{g.draft()}/discard")),
]  # fmt: skip

READING = [
    Deed("record", "get", (E.RECORD_READ,), lambda g: g.olga.get("/record/")),
    Deed("api-events", "get", (E.RECORD_READ,), lambda g: g.key("olga").get("/api/v1/audit/events")),
    Deed("api-event", "get", (E.RECORD_READ,), lambda g: g.key("olga").get(f"/api/v1/audit/events/{g.event()}")),
    Deed("record-event", "post", (E.RECORD_OPENED,), lambda g: g.olga.post(f"/record/{g.event()}", REASON)),
    Deed("record-interaction", "get", (E.RECORD_READ,), lambda g: g.olga.get(f"/record/interactions/{g.interaction()}")),
    Deed("record-interaction", "post", (E.RECORD_OPENED,), lambda g: g.olga.post(
        f"/record/interactions/{g.interaction()}", REASON)),
    Deed("record-interaction-close", "post", (E.RECORD_OPENED, E.RECORD_CLOSED), lambda g: (
        one := g.interaction(), g.olga.post(f"/record/interactions/{one}", REASON),
        g.olga.post(f"/record/interactions/{one}/close"))[-1]),
    Deed("record-export", "post", (E.RECORD_EXPORTED,), lambda g: g.olga.post("/record/export", {"format": "csv"})),
    Deed("document-file", "get", (E.DOCUMENT_READ,), lambda g: _with_a_file(g, g.bob, "/documents/{}/file")),
    Deed("api-document-file", "get", (E.DOCUMENT_READ,), lambda g: _with_a_file(g, g.key("bob"), "/api/v1/documents/{}/file")),
    Deed("my-data-export", "post", (E.PERSON_EXPORTED,), lambda g: g.bob.post("/my-data/export")),
    Deed("api-own-export", "get", (E.PERSON_EXPORTED,), lambda g: g.key("bob").get("/api/v1/me/export")),
    Deed("my-data-erasure", "post", (E.ERASURE_REQUESTED,), lambda g: g.bob.post("/my-data/erasure", {"note": "x"})),
    Deed("my-data-erasure-withdraw", "post", (E.ERASURE_WITHDRAWN,), lambda g: (
        g.erasure_of_bob(), g.bob.post("/my-data/erasure/withdraw"))[1]),
    Deed("api-own-erasure", "post", (E.ERASURE_REQUESTED,), lambda g: g.send("bob", "post", "/api/v1/me/erasure", {})),
    Deed("api-own-erasure", "delete", (E.ERASURE_WITHDRAWN,), lambda g: (
        g.erasure_of_bob(), g.send("bob", "delete", "/api/v1/me/erasure"))[1]),
]  # fmt: skip

DEEDS = [*POLICY_ROOM, *IN_AND_OUT, *ASKING, *DOCUMENTS, *RIGHTS, *RUNNING, *READING, *officers.DEEDS]


def _with_a_file(ground: Ground, client: Client, address: str) -> Any:
    """Ada uploads what Bob then takes away."""
    from ingestion.models import Document

    ground.ada.post(f"/collections/{ground.room.collection}/documents", {"files": [ground.paper]})
    with ground.house.system.transaction():
        row = Document.objects.filter(name="Rules.md", collection=ground.room.collection).get()
        Document.objects.filter(pk=row.pk).update(current=row.latest_id)
    return client.get(address.format(row.pk))
