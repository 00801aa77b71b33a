"""Which events each changing route puts on the record, and the request that shows it.

A row is: the route's name, the verb, the events, and what does it. A route that changes something and has no row fails the
suite, as does one whose events do not come. What changes nothing that is recorded stands in `unrecorded`, with its reason.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from governance.audit.vocabulary import Event
from inference import runners
from tests import cast
from tests.assistant import portal
from tests.assistant.test_policy_room import FORM
from tests.coverage import accounts, directories, evaluating, indexing, officers, requesting, sources
from tests.coverage.deed import Deed
from tests.coverage.ground import OPERATORS_PASSWORD, REASON, RULE, SECRET_QUESTION, Ground
from tests.ingestion import papers

P = "/api/v1/policy/versions"
S = "/api/v1/service-accounts"
E = Event
QUESTION = (E.PROMPT_RECEIVED, E.POLICY_DECIDED)
TOLD = (*QUESTION, E.ANSWER_FINISHED)
DESK = {"name": "New desk", "summary": "Trips"}
PROMPT = {"name": "Summary", "text": "What does {document} say of {subject}?"}
CASE = {"ticket": "T-1", "reason": "Nothing is read.", "level": "1", "hours": "4"}
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
    Deed("sso-backchannel", "post", (E.LOGOUT_REFUSED,), lambda g: Client().post(
        f"/t/{g.house.slug}/sso/{uuid.uuid4()}/backchannel", {"logout_token": "nobody's"})),
    Deed("join", "post", (E.PASSWORD_SET,), lambda g: Client().post(
        f"/t/{g.house.slug}/join/{g.invitation()}", {"password": "quite a new one 77", "again": "quite a new one 77"})),
    Deed("saml-answer", "post", (E.SIGN_IN_REFUSED,), lambda g: Client().post(
        f"/t/{g.house.slug}/sso/{g.room.provider}/answer", {"SAMLResponse": "", "RelayState": ""})),
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
    Deed("mcp", "post", TOLD, lambda g: g.send("bob", "post", "/mcp", {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "ask", "arguments": {"question": SECRET_QUESTION}}})),
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
    Deed("answer-choose", "post", (E.ANSWER_CHOSEN,), lambda g: g.bob.post(f"/a/{g.hidden()}/choose")),
    Deed("api-answer-choose", "post", (E.ANSWER_CHOSEN,), lambda g: g.send(
        "bob", "post", f"/api/v1/answers/{g.hidden()}/choose")),
    Deed("answer-replay", "post", (E.ANSWER_REPLAYED,), lambda g: g.bob.post(f"/a/{g.written()}/replay")),
    Deed("api-answer-replay", "post", (E.ANSWER_REPLAYED,), lambda g: g.send(
        "bob", "post", f"/api/v1/answers/{g.written()}/replay")),
    Deed("conversation-export", "post", (E.CONVERSATION_EXPORTED,), lambda g: g.bob.post(
        f"/c/{g.room.conversation}/export", {"as": "markdown"})),
    Deed("api-conversation-export", "get", (E.CONVERSATION_EXPORTED,), lambda g: g.key("bob").get(
        f"/api/v1/conversations/{g.room.conversation}/export")),
    Deed("conversation-shares", "post", (E.CONVERSATION_SHARED,), lambda g: g.bob.post(
        f"/c/{g.room.conversation}/shares", {"holder": f"person:{g.house.ids['charlie']}"})),
    Deed("api-shares", "post", (E.CONVERSATION_SHARED,), lambda g: g.send(
        "bob", "post", f"/api/v1/conversations/{g.room.conversation}/shares", {"person": str(g.house.ids["charlie"])})),
    Deed("share-withdraw", "post", (E.CONVERSATION_UNSHARED,), lambda g: g.bob.post(
        f"/c/{g.room.conversation}/shares/{g.share()}/withdraw")),
    Deed("api-share", "delete", (E.CONVERSATION_UNSHARED,), lambda g: g.send(
        "bob", "delete", f"/api/v1/conversations/{g.room.conversation}/shares/{g.share()}")),
    Deed("shared-thread", "get", (E.CONVERSATION_READ,), lambda g: (
        g.share(), portal.signed_in(g.house, "charlie").get(f"/shared/{g.room.conversation}"))[1]),
    Deed("api-shared-thread", "get", (E.CONVERSATION_READ,), lambda g: (
        g.share(), g.key("charlie").get(f"/api/v1/shared/{g.room.conversation}"))[1]),
    Deed("api-conversation", "patch", (E.CONVERSATION_CHANGED,), lambda g: g.send(
        "bob", "patch", f"/api/v1/conversations/{g.room.conversation}", {"title": "Other"})),
    Deed("api-conversation", "delete", (E.CONVERSATION_DELETED,), lambda g: g.send(
        "bob", "delete", f"/api/v1/conversations/{g.room.conversation}")),
    Deed("api-conversations", "post", (E.CONVERSATION_BEGUN,), lambda g: g.send(
        "bob", "post", "/api/v1/conversations", {"title": "About a file"})),
    Deed("attach", "post", (E.CONVERSATION_BEGUN, E.COLLECTION_CREATED, E.DOCUMENT_UPLOADED), lambda g: g.bob.post(
        "/c/attach", {"file": g.paper})),
    Deed("attached", "post", (E.COLLECTION_CREATED, E.DOCUMENT_UPLOADED), lambda g: g.bob.post(
        f"/c/{g.room.conversation}/attached", {"file": g.paper})),
    Deed("api-attachments", "post", (E.COLLECTION_CREATED, E.DOCUMENT_UPLOADED), lambda g: g.key("bob").post(
        f"/api/v1/conversations/{g.room.conversation}/attachments", {"file": g.paper})),
    Deed("attached-remove", "post", (E.DOCUMENT_DELETED,), lambda g: g.bob.post(
        f"/c/{g.room.conversation}/attached/{g.attached()}/remove")),
    Deed("api-attachment", "delete", (E.DOCUMENT_DELETED,), lambda g: g.send(
        "bob", "delete", f"/api/v1/conversations/{g.room.conversation}/attachments/{g.attached()}")),
    Deed("prompts", "post", (E.SAVED_PROMPT_CREATED,), lambda g: g.bob.post("/prompts/", PROMPT)),
    Deed("prompt", "post", (E.SAVED_PROMPT_CHANGED,), lambda g: g.bob.post(f"/prompts/{g.prompt()}", PROMPT)),
    Deed("prompt-delete", "post", (E.SAVED_PROMPT_DELETED,), lambda g: g.bob.post(f"/prompts/{g.prompt()}/delete")),
    Deed("api-prompts", "post", (E.SAVED_PROMPT_CREATED,), lambda g: g.send("bob", "post", "/api/v1/prompts", PROMPT)),
    Deed("api-prompt", "put", (E.SAVED_PROMPT_CHANGED,), lambda g: g.send(
        "bob", "put", f"/api/v1/prompts/{g.prompt()}", PROMPT)),
    Deed("api-prompt", "delete", (E.SAVED_PROMPT_DELETED,), lambda g: g.send(
        "bob", "delete", f"/api/v1/prompts/{g.prompt()}")),
    Deed("assistant-new", "post", (E.ASSISTANT_COMPOSED,), lambda g: g.ada.post("/settings/assistants/new", DESK)),
    Deed("assistant-composed", "post", (E.ASSISTANT_CHANGED,), lambda g: g.ada.post(
        f"/settings/assistants/{g.assistant()}", DESK)),
    Deed("assistant-delete", "post", (E.ASSISTANT_DELETED,), lambda g: g.ada.post(
        f"/settings/assistants/{g.assistant()}/delete")),
    Deed("api-assistants", "post", (E.ASSISTANT_COMPOSED,), lambda g: g.send("ada", "post", "/api/v1/assistants", DESK)),
    Deed("api-assistant", "put", (E.ASSISTANT_CHANGED,), lambda g: g.send(
        "ada", "put", f"/api/v1/assistants/{g.assistant()}", DESK)),
    Deed("api-assistant", "delete", (E.ASSISTANT_DELETED,), lambda g: g.send(
        "ada", "delete", f"/api/v1/assistants/{g.assistant()}")),
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
    Deed("collection-export", "post", (E.COLLECTION_EXPORTED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/export")),
    Deed("api-collection-export", "get", (E.COLLECTION_EXPORTED,), lambda g: g.key("ada").get(
        f"/api/v1/collections/{g.room.collection}/export")),
    Deed("collection-delete", "post", (E.COLLECTION_DELETED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/delete")),
    Deed("api-collection", "delete", (E.COLLECTION_DELETED,), lambda g: g.send(
        "ada", "delete", f"/api/v1/collections/{g.room.collection}")),
    Deed("collection-restore", "post", (E.COLLECTION_RESTORED,), lambda g: g.ada.post(
        f"/collections/{g.deleted_collection()}/restore")),
    Deed("api-collection-restore", "post", (E.COLLECTION_RESTORED,), lambda g: g.send(
        "ada", "post", f"/api/v1/collections/{g.deleted_collection()}/restore")),
    Deed("collection-purge", "post", (E.COLLECTION_PURGED,), lambda g: g.ada.post(
        f"/collections/{g.deleted_collection()}/purge")),
    Deed("api-collection-purge", "post", (E.COLLECTION_PURGED,), lambda g: g.send(
        "ada", "post", f"/api/v1/collections/{g.deleted_collection()}/purge")),
    Deed("api-collection-pause", "post", (E.COLLECTION_PAUSED,), lambda g: g.send(
        "ada", "post", f"/api/v1/collections/{g.room.collection}/pause")),
    Deed("api-collection-resume", "post", (E.COLLECTION_PAUSED, E.COLLECTION_RESUMED), lambda g: (
        g.send("ada", "post", f"/api/v1/collections/{g.room.collection}/pause"),
        g.send("ada", "post", f"/api/v1/collections/{g.room.collection}/resume"))[1]),
    Deed("documents", "post", (E.DOCUMENT_UPLOADED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/documents", {"files": [g.paper]})),
    Deed("api-documents", "post", (E.DOCUMENT_UPLOADED,), lambda g: g.key("ada").post(
        f"/api/v1/collections/{g.room.collection}/documents", {"file": g.paper})),
    Deed("api-documents-bulk", "post", (E.DOCUMENT_UPLOADED,), lambda g: g.key("ada").post(
        f"/api/v1/collections/{g.room.collection}/documents/bulk", {"file": g.paper})),
    Deed("documents-retry", "post", (E.DOCUMENT_RETRIED,), lambda g: (
        g.failed(), g.ada.post(f"/collections/{g.room.collection}/documents/retry"))[1]),
    Deed("document-retry", "post", (E.DOCUMENT_RETRIED,), lambda g: g.ada.post(f"/documents/{g.failed()}/retry")),
    Deed("documents-delete", "post", (E.DOCUMENT_DELETED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/documents/delete", {"document": [str(g.room.document)]})),
    Deed("collection-pause", "post", (E.COLLECTION_PAUSED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/pause")),
    Deed("collection-resume", "post", (E.COLLECTION_PAUSED, E.COLLECTION_RESUMED), lambda g: (
        g.ada.post(f"/collections/{g.room.collection}/pause"), g.ada.post(f"/collections/{g.room.collection}/resume"))[1]),
    Deed("documents-restore", "post", (E.DOCUMENT_RESTORED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/documents/restore", {"documents": str(g.deleted())})),
    Deed("document-restore", "post", (E.DOCUMENT_RESTORED,), lambda g: g.ada.post(f"/documents/{g.deleted()}/restore")),
    Deed("document-purge", "post", (E.DOCUMENT_PURGED,), lambda g: g.ada.post(f"/documents/{g.deleted()}/purge")),
    Deed("document-release", "post", (E.DOCUMENT_RELEASED,), lambda g: g.ada.post(
        f"/documents/{g.kept_back()}/release", REASON)),
    Deed("document-version-again", "post", (E.DOCUMENT_UPLOADED,), lambda g: g.ada.post(
        f"/documents/{g.older()}/versions/1/again")),
    Deed("api-document-versions", "post", (E.DOCUMENT_UPLOADED,), lambda g: g.send(
        "ada", "post", f"/api/v1/documents/{g.older()}/versions", {"number": 1})),
    Deed("api-document-retry", "post", (E.DOCUMENT_RETRIED,), lambda g: g.send(
        "ada", "post", f"/api/v1/documents/{g.failed()}/retry")),
    Deed("api-document-release", "post", (E.DOCUMENT_RELEASED,), lambda g: g.send(
        "ada", "post", f"/api/v1/documents/{g.kept_back()}/release", REASON)),
    Deed("api-document-restore", "post", (E.DOCUMENT_RESTORED,), lambda g: g.send(
        "ada", "post", f"/api/v1/documents/{g.deleted()}/restore")),
    Deed("passage-release", "post", (E.ORDERS_RELEASED,), lambda g: g.ada.post(f"/passages/{g.quarantined()}/release")),
    Deed("document-delete", "post", (E.DOCUMENT_DELETED,), lambda g: g.ada.post(f"/documents/{g.room.document}/delete")),
    Deed("api-document", "delete", (E.DOCUMENT_DELETED,), lambda g: g.send(
        "ada", "delete", f"/api/v1/documents/{g.room.document}")),
]  # fmt: skip

RIGHTS = [
    Deed("document-restrict", "post", (E.DOCUMENT_RESTRICTED, E.DOCUMENT_UNRESTRICTED), lambda g: (
        g.ada.post(f"/documents/{g.room.document}/restrict", {"holder": f"person:{g.house.ids['bob']}"}),
        g.ada.post(f"/documents/{g.room.document}/restrict", {"deed": "lift"}))[1]),
    Deed("quotas", "post", (E.QUOTA_CHANGED,), lambda g: g.ada.post("/quotas/", {
        "subject": f"group:{g.house.team}", "limit": "90000", "measure": "tokens", "per": "month", "alert_at": "80 100"})),
    Deed("quota-delete", "post", (E.QUOTA_CHANGED,), lambda g: g.ada.post(f"/quotas/{g.limit()}/delete")),
    Deed("api-quotas", "put", (E.QUOTA_CHANGED,), lambda g: g.send("ada", "put", "/api/v1/quotas", {
        "person": str(g.house.ids["bob"]), "limit": "9000", "measure": "seconds", "per": "month"})),
    Deed("api-quota", "delete", (E.QUOTA_CHANGED,), lambda g: g.send("ada", "delete", f"/api/v1/quotas/{g.limit()}")),
    Deed("api-prices", "put", (E.QUOTA_PRICED,), lambda g: g.send("ada", "put", "/api/v1/prices", {
        "currency": "EUR", "prices": [{"model": "usual", "read": "1", "written": "2"}]})),
    Deed("quota-prices", "post", (E.QUOTA_PRICED,), lambda g: g.ada.post(
        "/quotas/prices", {"currency": "EUR", "model": ["usual"], "read": ["0.5"], "written": ["2"]})),
    Deed("api-labels", "put", (E.LABELS_CHANGED, E.TENANT_CHANGED), lambda g: g.send("ada", "put", "/api/v1/labels", {
        "names": ["open", "closed"], "everybody": 1, "stays_home": 1})),
    Deed("api-clearances", "post", (E.CLEARANCE_CHANGED,), lambda g: g.labelled().send(
        "ada", "post", "/api/v1/labels/clearances", {"group": str(g.house.team), "rank": 1})),
    Deed("api-clearance", "delete", (E.CLEARANCE_CHANGED,), lambda g: g.send(
        "ada", "delete", f"/api/v1/labels/clearances/{g.clearance()}")),
    Deed("api-document-readers", "put", (E.DOCUMENT_RESTRICTED,), lambda g: g.send(
        "ada", "put", f"/api/v1/documents/{g.room.document}/readers", {"readers": [{"group": str(g.house.team)}]})),
    Deed("api-document-readers", "delete", (E.DOCUMENT_UNRESTRICTED,), lambda g: (
        g.send("ada", "put", f"/api/v1/documents/{g.room.document}/readers", {"readers": [{"group": str(g.house.team)}]}),
        g.send("ada", "delete", f"/api/v1/documents/{g.room.document}/readers"))[1]),
    Deed("api-document-label", "put", (E.DOCUMENT_LABELLED,), lambda g: g.labelled().send(
        "ada", "put", f"/api/v1/documents/{g.room.document}/label", {"rank": 1})),
    Deed("api-document-authority", "put", (E.DOCUMENT_WEIGHED,), lambda g: g.send(
        "ada", "put", f"/api/v1/documents/{g.room.document}/authority", {"authority": "superseded"})),
    Deed("document-authority", "post", (E.DOCUMENT_WEIGHED,), lambda g: g.ada.post(
        f"/documents/{g.room.document}/authority", {"authority": "authoritative"})),
    Deed("api-collection-label", "put", (E.COLLECTION_CHANGED,), lambda g: g.labelled().send(
        "ada", "put", f"/api/v1/collections/{g.room.collection}/label", {"rank": 1})),
    Deed("labels", "post", (E.LABELS_CHANGED,), lambda g: g.ada.post("/settings/labels", {"names": "open\nclosed"})),
    Deed("labels-cleared", "post", (E.LABELS_CHANGED, E.CLEARANCE_CHANGED), lambda g: (
        g.ada.post("/settings/labels", {"names": "open\nclosed\nsealed"}),
        g.ada.post("/settings/labels/cleared", {"holder": f"group:{g.house.team}", "rank": "1"}))[1]),
    Deed("document-label", "post", (E.LABELS_CHANGED, E.DOCUMENT_LABELLED), lambda g: (
        g.ada.post("/settings/labels", {"names": "open\nclosed\nsealed\nlocked"}),
        g.ada.post(f"/documents/{g.room.document}/label", {"label": "1"}))[1]),
    Deed("collection-narrowed", "post", (E.LABELS_CHANGED, E.COLLECTION_CHANGED), lambda g: (
        g.ada.post("/settings/labels", {"names": "open\nclosed\nsealed\nlocked\nburnt"}),
        g.ada.post(f"/collections/{g.room.collection}/narrowed", {"label": "1"}))[1]),
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
    Deed("access-why", "get", (E.ACCESS_EXPLAINED,), lambda g: g.ada.get(f"/access/why?collection={g.room.collection}")),
    Deed("roles", "post", (E.ROLE_CREATED,), lambda g: g.ada.post("/access/roles", {
        "name": "Keeper", "actions": ["collection.see"]})),
    Deed("role", "post", (E.ROLE_CHANGED,), lambda g: g.ada.post(f"/access/roles/{g.role()}", {
        "name": "Archivist", "actions": ["collection.see"]})),
    Deed("role-delete", "post", (E.ROLE_DELETED,), lambda g: g.ada.post(f"/access/roles/{g.role()}/delete")),
    Deed("role-holders", "post", (E.ROLE_GIVEN,), lambda g: g.ada.post(
        f"/access/roles/{g.role()}/holders", {"holder": f"person:{g.house.ids['bob']}", "until": "2090-01-01"})),
    Deed("role-take", "post", (E.ROLE_TAKEN,), lambda g: g.ada.post(
        "/access/roles/{}/holders/{}/take".format(*g.assignment()))),
    Deed("api-access-explain", "get", (E.ACCESS_EXPLAINED,), lambda g: g.key("ada").get(
        f"/api/v1/access/explain?collection={g.room.collection}")),
    Deed("api-roles", "post", (E.ROLE_CREATED,), lambda g: g.send("ada", "post", "/api/v1/access/roles", {
        "name": "Librarian", "actions": ["collection.see"]})),
    Deed("api-role", "put", (E.ROLE_CHANGED,), lambda g: g.send("ada", "put", f"/api/v1/access/roles/{g.role()}", {
        "name": "Archivist", "actions": ["collection.see"]})),
    Deed("api-role", "delete", (E.ROLE_DELETED,), lambda g: g.send("ada", "delete", f"/api/v1/access/roles/{g.role()}")),
    Deed("api-role-holders", "post", (E.ROLE_GIVEN,), lambda g: g.send(
        "ada", "post", f"/api/v1/access/roles/{g.role()}/holders", {"person": str(g.house.ids["bob"])})),
    Deed("api-role-holder", "delete", (E.ROLE_TAKEN,), lambda g: g.send(
        "ada", "delete", "/api/v1/access/roles/{}/holders/{}".format(*g.assignment()))),
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
    Deed("api-token", "post", (E.KEY_EXCHANGED,), lambda g: Client(headers={
        "Authorization": f"Bearer {g.program('ask', 'act_for').key.secret}"}).post("/api/v1/token", {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": str(g.house.ids["bob"]),
            "subject_token_type": "urn:chancery:params:oauth:token-type:person"}, content_type="application/json")),
    Deed("api-services", "post", (E.SERVICE_CREATED,), lambda g: g.send("ada", "post", S, g.account())),
    Deed("api-service", "patch", (E.SERVICE_CHANGED, E.SERVICE_PERMITTED, E.SERVICE_SWITCHED_OFF), lambda g: g.send(
        "ada", "patch", f"{S}/{g.program().id}",
        {"purpose": "Another.", "permission": {"acts_for": "everybody"}, "is_active": False})),
    Deed("api-service-keys", "post", (E.KEY_ISSUED,), lambda g: g.send(
        "ada", "post", f"{S}/{g.program().id}/keys", {"name": "k", "scopes": ["ask"]})),
    Deed("api-service-key", "put", (E.KEY_CHANGED,), lambda g: g.send(
        "ada", "put", f"{S}/{(p := g.program()).id}/keys/{p.key.id}", {"per_minute": 5})),
    Deed("api-service-key", "delete", (E.KEY_REVOKED,), lambda g: g.send(
        "ada", "delete", f"{S}/{(p := g.program()).id}/keys/{p.key.id}")),
    Deed("api-service-key-rotate", "post", (E.KEY_ISSUED, E.KEY_ROTATED), lambda g: g.send(
        "ada", "post", f"{S}/{(p := g.program()).id}/keys/{p.key.id}/rotate")),
    Deed("api-key-rules", "put", (E.TENANT_CHANGED,), lambda g: g.send(
        "ada", "put", "/api/v1/key-rules", {"allows_personal_keys": True, "key_days_max": 30})),
    Deed("services", "post", (E.SERVICE_CREATED,), lambda g: g.ada.post("/services/", g.account())),
    Deed("key-rules", "post", (E.TENANT_CHANGED,), lambda g: g.ada.post("/services/key-rules", {"key_days_max": "30"})),
    Deed("service-change", "post", (E.SERVICE_CHANGED,), lambda g: g.ada.post(
        f"/services/{g.program().id}/change", g.account())),
    Deed("service-switch", "post", (E.SERVICE_SWITCHED_OFF,), lambda g: g.ada.post(
        f"/services/{g.program().id}/switch", {"to": "off"})),
    Deed("service-permission", "post", (E.SERVICE_PERMITTED,), lambda g: g.ada.post(
        f"/services/{g.program().id}/permission", {"acts_for": "everybody"})),
    Deed("service-groups", "post", (E.MEMBER_ADDED,), lambda g: g.ada.post(
        f"/services/{g.program().id}/groups", {"group": str(g.house.team)})),
    Deed("service-keys", "post", (E.KEY_ISSUED,), lambda g: g.ada.post(
        f"/services/{g.program().id}/keys", {"name": "k", "scopes": ["ask"], "days": "7"})),
    Deed("service-key-rotate", "post", (E.KEY_ISSUED, E.KEY_ROTATED), lambda g: g.ada.post(
        f"/services/{(p := g.program()).id}/keys/{p.key.id}/rotate", {"days": "7"})),
    Deed("service-key-narrow", "post", (E.KEY_CHANGED,), lambda g: g.ada.post(
        f"/services/{(p := g.program()).id}/keys/{p.key.id}/narrow", {"allowed": "10.0.0.0/8"})),
    Deed("service-key-end", "post", (E.KEY_REVOKED,), lambda g: g.ada.post(
        f"/services/{(p := g.program()).id}/keys/{p.key.id}/end")),
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
    Deed("operators-support-ask", "post", (E.SUPPORT_ASKED,), lambda g: g.operator.post(
        f"/operators/tenants/{g.house.tenant}/support", CASE)),
    Deed("operators-support-end", "post", (E.SUPPORT_ENDED,), lambda g: g.operator.post(
        f"/operators/tenants/{g.house.tenant}/support/{g.asked()}/end")),
    Deed("operators-support-tenant", "get", (E.SUPPORT_LOOKED,), lambda g: g.operator.get(
        f"/operators/support/{g.opened()}")),
    Deed("operators-support-documents", "get", (E.SUPPORT_LOOKED,), lambda g: g.operator.get(
        f"/operators/support/{g.opened()}/collections/{g.room.collection}")),
    Deed("operators-support-document", "get", (E.SUPPORT_LOOKED,), lambda g: g.operator.get(
        f"/operators/support/{g.opened()}/documents/{g.room.document}")),
    Deed("support", "post", (E.SUPPORT_OPENED,), lambda g: g.ada.post("/support/", CASE)),
    Deed("support-grant", "post", (E.SUPPORT_OPENED,), lambda g: g.ada.post(f"/support/{g.asked()}/open", CASE)),
    Deed("support-refuse", "post", (E.SUPPORT_REFUSED,), lambda g: g.ada.post(f"/support/{g.asked()}/refuse")),
    Deed("support-end", "post", (E.SUPPORT_ENDED,), lambda g: g.ada.post(f"/support/{g.opened()}/end")),
    Deed("operators-tenant-price", "post", (E.QUOTA_PRICED,), lambda g: g.operator.post(
        f"/operators/tenants/{g.house.tenant}/prices", {
            "currency": "EUR", "model": ["usual"], "read": ["0,25"], "written": ["1"]})),
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
    Deed("document-page-image", "get", (E.DOCUMENT_READ,), lambda g: _with_a_page(g, g.bob, "/documents/{}/pages/1/image")),
    Deed("api-document-page", "get", (E.DOCUMENT_READ,), lambda g: _with_a_page(g, g.key("bob"), "/api/v1/documents/{}/pages/1")),
    Deed("my-data-export", "post", (E.PERSON_EXPORTED,), lambda g: g.bob.post("/my-data/export")),
    Deed("api-own-export", "get", (E.PERSON_EXPORTED,), lambda g: g.key("bob").get("/api/v1/me/export")),
    Deed("my-data-erasure", "post", (E.ERASURE_REQUESTED,), lambda g: g.bob.post("/my-data/erasure", {"note": "x"})),
    Deed("my-data-erasure-withdraw", "post", (E.ERASURE_WITHDRAWN,), lambda g: (
        g.erasure_of_bob(), g.bob.post("/my-data/erasure/withdraw"))[1]),
    Deed("api-own-erasure", "post", (E.ERASURE_REQUESTED,), lambda g: g.send("bob", "post", "/api/v1/me/erasure", {})),
    Deed("api-own-erasure", "delete", (E.ERASURE_WITHDRAWN,), lambda g: (
        g.erasure_of_bob(), g.send("bob", "delete", "/api/v1/me/erasure"))[1]),
]  # fmt: skip

DEEDS = [
    *POLICY_ROOM,
    *IN_AND_OUT,
    *ASKING,
    *DOCUMENTS,
    *RIGHTS,
    *RUNNING,
    *READING,
    *officers.DEEDS,
    *indexing.INDEXES,
    *evaluating.DEEDS,
    *sources.DEEDS,
    *accounts.DEEDS,
    *directories.DEEDS,
    *requesting.DEEDS,
]


def _with_a_file(ground: Ground, client: Client, address: str) -> Any:
    """Ada uploads what Bob then takes away."""
    from ingestion.models import Document

    ground.ada.post(f"/collections/{ground.room.collection}/documents", {"files": [ground.paper]})
    with ground.house.system.transaction():
        row = Document.objects.filter(name="Rules.md", collection=ground.room.collection).get()
        Document.objects.filter(pk=row.pk).update(current=row.latest_id)
    return client.get(address.format(row.pk))


def _with_a_page(ground: Ground, client: Client, address: str) -> Any:
    """A page of what Ada uploaded, as Bob looks at it."""
    from ingestion.models import Document, Version

    paper = SimpleUploadedFile("Rules.pdf", papers.pdf("Trains are booked in second class."))
    ground.ada.post(f"/collections/{ground.room.collection}/documents", {"files": [paper]})
    with ground.house.system.transaction():
        row = Document.objects.filter(name="Rules.pdf", collection=ground.room.collection).get()
        Version.objects.filter(document=row).update(pages=1)
        Document.objects.filter(pk=row.pk).update(current=row.latest_id)
    return client.get(address.format(row.pk))
