"""Every route × every verb × everybody who may not: a matrix made from the URLconf, so that no new route escapes it."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from assistant import models
from assistant.conversations import assistants, prompts, sharing
from assistant.conversations.assistants import Draft as AssistantDraft
from assistant.evaluation import runs, sets
from governance import custom_roles, grants, groups, keys, labels, people, support
from governance import models as governed
from governance.audit.lifecycle import erasure, holds
from governance.audit.out import targets
from governance.identity import providers
from governance.identity.directories import registry as directories
from governance.policy import documents as policy_documents
from governance.policy import rules as policy
from governance.policy import versions
from governance.quotas import limits
from governance.quotas.models import Measure, Per
from governance.requests import asking, offers
from governance.requests.offers import Draft as OfferDraft
from governance.roles import Level
from governance.service_accounts import accounts
from ingestion import catalog, glossary, pipeline
from ingestion.documents import uploads
from ingestion.sources import registry
from ingestion.sources.drafts import Draft
from tests import cast
from tests.assistant import portal
from tests.assistant.scim import doors
from tests.governance import policies, traffic
from tests.governance.database import leaves
from tests.ingestion import shelves

MARKER = "zephyrquartz"
WORDS = {"kind": "person", "what": "days"}  # what stands in an address without being an id
VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
OUTSIDERS = ("anonymous", "no grant", "revoked", "other tenant")
REFUSED = {302, 400, 401, 403, 404, 405, 415}

# What a route needs in its address. A route without a row here fails the suite.
OPEN = {"healthz", "readyz", "metrics", "csp-report", "api-schema", "sign-in", "sign-in-tenant", "join", "language"}
OPEN |= {"operators-sign-in"}
OPEN |= {"sso-start", "sso-callback", "sso-signed-out"}  # before anybody is known; their own tests attack them
OPEN |= {"sign-in-second", "sign-in-enrol", "sign-in-passkey-asked", "sign-in-passkey"}  # on the way in
OPEN |= {"sso-backchannel"}
OPEN |= {"saml-metadata", "saml-answer", "saml-finish"}
OPEN |= {"v1-root", "v1-unknown"}  # addresses where there is nothing
OWN = {
    "home", "conversations", "ask", "sign-out", "sign-in-settings", "sign-in-provider-new", "collections", "keys",
    "my-data", "my-data-export", "my-data-erasure", "my-data-erasure-withdraw", "api-own-data", "api-own-export",
    "attach", "prompts", "prompts-offered", "shared", "api-conversations", "api-shared", "api-prompts", "api-assistants",
    "api-own-erasure", "api-me", "api-search", "api-policy-check", "api-collections", "api-answers", "v1-chat",
    "v1-models",
    "v1-embeddings", "mcp", "api-token",
}  # fmt: skip
RECORD = {
    "record", "record-new", "record-people", "record-export", "record-interaction", "record-interaction-close",
    "record-event", "record-verdicts", "api-events", "api-event", "api-verdicts", "holds", "hold-lift",
    "api-event-proof", "api-checkpoint", "api-consistency", "api-exports", "api-export",
    "record-proof", "record-head", "record-head-file", "record-bundle", "record-bundle-made", "record-bundle-file",
    "record-search", "record-search-found", "record-search-more",
    "api-searches", "api-record-search", "record-openings", "record-opening-ask", "record-opening-decide",
    "record-cases", "record-case", "record-case-add", "record-case-take-out", "record-case-note", "record-case-close",
    "record-case-reopen", "record-interaction-case", "record-case-hold", "record-case-bundle", "record-overview",
    "api-openings", "api-opening", "api-cases", "api-case", "api-case-notes", "api-case-bundle",
}  # fmt: skip
ADMINS = {  # each admin's own
    "people", "groups", "access", "every-key", "settings", "settings-opening", "usage", "usage-csv",
}  # fmt: skip
ADMINS |= {"forwarding", "api-targets", "glossary", "api-glossary"}
ADMINS |= {"assistants", "assistant-new"}
ADMINS |= {"labels", "labels-cleared", "api-clearances"}
OWN |= {"api-labels"}
ADMINS |= {"support"}
ADMINS |= {"quotas", "quota-prices", "api-quotas", "api-prices"}
ADMINS |= {"api-policy-versions", "retention", "retention-telling", "erasures", "replays", "api-replays"}
ADMINS |= {"policy", "policy-second", "indexes", "indexes-progress", "retention-deleted"}
ADMINS |= {"api-certificates", "api-indexes", "provisioning"}
OWN |= {
    "account", "account-password", "account-sessions-end", "account-authenticator", "account-authenticator-remove",
    "account-codes", "account-passkey-new", "confirm-kept",
}  # fmt: skip
ADMINS |= {"sign-in-passwords"}
ADMINS |= {"api-access", "api-access-explain", "api-roles"}
ADMINS |= {"api-certificates", "api-indexes", "api-services", "api-key-rules", "services", "key-rules"}
ADMINS |= {"api-access", "api-access-explain", "api-roles", "access-table", "access-csv", "roles"}
OWN |= {"access-why"}
OWN |= {"requests", "api-offers", "api-requests", "people-found"}
OWN |= {"collections-deleted", "api-collections-deleted"}
# Of people who belong to no tenant, at a door of their own.
OPERATORS = {
    "operators", "operators-live", "operators-versions", "operators-sign-out", "operators-tenants", "operators-tenant",
    "operators-support", "operators-support-ask", "operators-support-end", "operators-support-tenant",
    "operators-support-documents", "operators-support-document",
    "operators-tenant-switch", "operators-tenant-price",
}  # fmt: skip
THEIRS = {
    "forward-target", "forward-target-delete", "forward-target-retry", "forward-target-secret", "forward-target-words",
    "api-target", "api-target-retry", "api-target-secret", "api-target-words",
    "thread", "conversation-rename", "conversation-pin", "conversation-delete", "conversation-restore",
    "conversation-export", "conversation-shares", "share-withdraw", "shared-thread", "prompt", "prompt-delete",
    "assistant", "assistant-composed", "assistant-delete", "api-assistant", "embedded", "embedded-thread",
    "attached", "attached-remove", "api-attachments", "api-attachment",
    "api-conversation", "api-conversation-export", "api-shares", "api-share", "api-shared-thread", "api-prompt",
    "answer-choose", "answer-compare", "api-answer-choose", "api-answer-compare", "api-answer-suggestions",
    "answer-replay", "api-answer-replay",
    "answer", "answer-again", "answer-feedback", "answer-text", "answer-stream", "answer-stop",
    "collection", "collection-rename", "collection-delete", "documents", "grants", "grant-withdraw",
    "collection-export", "api-collection-export", "collection-restore", "collection-purge", "collection-certificate",
    "collection-certificate-file", "api-collection-restore", "api-collection-purge", "api-certificate",
    "sign-in-provider", "sign-in-provider-delete", "sign-in-provider-test", "sign-in-identity-unlink",
    "documents-retry", "documents-delete", "document", "document-file", "document-delete", "document-retry",
    "document-restrict", "document-label", "document-authority", "collection-narrowed",
    "api-document-readers", "api-document-label", "api-document-authority", "api-narrowed", "api-collection-label",
    "api-clearance",
    "document-page", "document-page-image",
    "document-standing", "document-release", "document-restore", "document-purge", "document-version-file",
    "document-version-again", "documents-restore", "collection-deleted", "collection-pause", "collection-resume",
    "api-document-versions", "api-document-version-file", "api-document-chunks", "api-document-retry",
    "api-document-release", "api-document-restore", "api-deleted",
    "passage", "passage-release",
    "api-collection-pause", "api-collection-resume", "collection-cutting", "collection-read-again",
    "collection-gaps", "collection-gaps-close", "api-collection-gaps",
    "api-collection", "api-grants", "api-grant", "api-documents", "api-documents-bulk", "api-document", "api-document-file",
    "api-document-page",
    "api-answer", "api-answer-cancel", "api-answer-feedback",
    "v1-model",
    "index-change", "index-compare", "glossary-entry", "api-glossary-entry",
    "api-index", "api-index-compare", "api-index-pause", "api-index-resume",
    "api-index-switch", "api-index-retire",
    "replay", "replay-progress", "replay-report", "replay-stop", "replay-sign-off",
    "api-replay", "api-replay-report", "api-replay-cancel", "api-replay-sign-off",
    "api-person-groups", "api-group-members",
    "account-session-end", "account-passkey-rename", "account-passkey-remove", "person-link-withdraw", "person-sign-out",
    "person-unlock", "person-factors-remove",
    "person", "person-change", "person-roles", "person-switch", "person-link",
    "group", "group-rename", "group-delete", "group-members", "group-member-remove",
    "policy-version", "policy-builtin", "policy-note", "policy-try", "policy-fixtures", "policy-changes", "policy-submit",
    "policy-publish", "policy-restore", "policy-discard", "policy-rule-new", "policy-rule", "policy-rule-remove",
    "api-policy-version", "api-policy-rules", "api-policy-rule", "api-policy-fixtures", "api-policy-changes",
    "api-policy-submit", "api-policy-publish", "api-policy-restore",
    "questions", "questions-add", "questions-import", "questions-file", "question-delete", "evaluations", "evaluation",
    "evaluation-stop", "api-questions", "api-evaluations", "api-evaluation",
    "sources", "source-new", "source-test", "source", "source-settings", "source-test-again", "source-run", "source-pause",
    "source-resume", "source-answer", "source-delete", "source-item", "source-drift", "source-drift-file",
    "api-sources", "api-source-test", "api-source", "api-source-archive", "api-source-run", "api-source-pause",
    "api-source-resume", "api-source-answer", "api-source-runs", "api-source-items", "api-source-item", "api-source-drift",
    "api-role", "api-role-holders", "api-role-holder",
    "service", "service-change", "service-switch", "service-permission", "service-groups", "service-keys",
    "service-key-rotate", "service-key-narrow", "service-key-end",
    "api-service", "api-service-keys", "api-service-key", "api-service-key-rotate",
    "scim-service", "scim-types", "scim-type", "scim-schemas", "scim-schema", "scim-users", "scim-user-search", "scim-user",
    "scim-groups", "scim-group-search", "scim-group", "scim-search", "scim-bulk", "scim-me", "scim-root", "scim-unknown",
    "directory", "directory-delete", "directory-token", "directory-token-revoke", "directory-hand-over", "directory-release",
    "role", "role-delete", "role-holders", "role-take",
    "support-opening", "support-grant", "support-refuse", "support-end",
    "collection-offer", "collection-offer-withdraw", "request-ask", "request-withdraw", "request-approve", "request-refuse",
    "api-offer", "api-request", "api-request-approve", "api-request-refuse",
    "quota-delete", "api-quota",
    "access-cell", "key-revoke", "erasure", "erasure-approve", "erasure-refuse", "erasure-certificate",
}  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """The same person with a session, for the portal, and with a key, for the API."""

    portal: Client
    api: Client

    def of(self, address: str) -> Client:
        return self.api if address.startswith(("/api/", "/v1/", "/mcp", "/scim/")) else self.portal


@dataclass(frozen=True)
class Stage:
    """What Ada has, and a caller for each who may not have it."""

    ids: dict[str, object]
    callers: dict[str, Caller]
    houses: dict[str, cast.House]  # on whose record each of them stands


@dataclass(frozen=True)
class Route:
    name: str
    address: str  # with {names} where ids go


def routes(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[Route]:
    for pattern in patterns:
        address = before + str(pattern.pattern)
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower()
            address = address.replace(f"<{kind}:{name}>", "{" + name + "}")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, address)
        else:
            yield Route(pattern.name or address, address)


ROUTES = list(routes(get_resolver().url_patterns))


@pytest.fixture(scope="module")
def stage(django_db_blocker: pytest.FixtureRequest) -> Stage:
    return furnished(django_db_blocker.unblock())  # type: ignore[attr-defined]


def furnished(reaching: AbstractContextManager[None]) -> Stage:
    """`reaching` opens the database, which is shut between tests."""
    with reaching:
        house, other = cast.house(f"m{uuid.uuid4().hex[:10]}"), cast.house(f"o{uuid.uuid4().hex[:10]}")
        ada = house.ada
        collection = catalog.create(ada, f"Papers {MARKER}").pk
        grant = grants.give(ada, collection, grants.Holder(person=house.ids["bob"]), Level.MANAGE)
        text = f"# {MARKER}\n\nThe {MARKER} is kept in room seven of the old mill.\n".encode()
        document = uploads.upload(ada, collection, f"{MARKER}.md", io.BytesIO(text))
        assert document.latest_id
        pipeline.ingest(house.tenant, document.latest_id)
        grants.withdraw(ada, collection, grant.pk)
        chunk = _chunk(house, document.pk)
        answer = _answer(house)
        ids = {
            "collection": collection,
            "grant": _a_grant(house, collection),
            "document": document.pk,
            "chunk": chunk,
            "conversation": answer.conversation_id,
            "answer": answer.pk,
            "event": uuid.uuid4(),
            **dict.fromkeys(("search", "case", "opening"), uuid.uuid4()),
            "interaction": answer.pk,
            "bundle": uuid.uuid4(),
            "person": house.ids["olga"],
            "group": groups.create(ada, f"Circle {MARKER}"),
            "holder": house.ids["olga"],
            "role": (role := custom_roles.create(ada, f"Librarian {MARKER}", ["collection.see"])),
            "assignment": custom_roles.give(ada, role, grants.Holder(person=house.ids["olga"])),
            "key": _a_key(house),
            "service": accounts.create(ada, accounts.Draft(f"Run {MARKER}", f"For {MARKER}.", house.ids["ada"])),
            "hold": holds.place(house.olga, f"A claim about {MARKER}.", about=house.ids["bob"]),
            "erasure": erasure.request(house.olga, f"I leave, says {MARKER}.").pk,
            "replay": traffic.replay_of(house),
            "index": shelves.index_beside(house),
            "clearance": _a_clearance(house),
            "entry": glossary.add(ada, MARKER, ["room seven"]).pk,
            "limit": _a_limit(house),
            "token": uuid.uuid4().hex,
            "target": targets.create(
                ada, targets.Draft(f"To {MARKER}", "webhook", f"https://{MARKER}.example", "jsonl")
            )[0],
            **WORDS,
            **_a_request(house, collection),
            **_a_draft(house),
            "tenant": house.tenant,
            "slug": house.slug,
            "provider": (provider := _a_provider(house)),
            "identity": _an_identity(house, provider),
            **_a_directory(house),
            "source": registry.create(ada, collection, _a_source()),
            "item": uuid.uuid4(),
            "session": uuid.uuid4(),
            "passkey": uuid.uuid4(),
            "question": sets.add(ada, collection, {"question": f"What is {MARKER}?", "facts": [MARKER]}).pk,
            "run": runs.start(ada, collection).pk,
            "share": sharing.share(ada, answer.conversation_id, grants.Holder(person=house.ids["olga"])).pk,
            "prompt": prompts.create(ada, f"About {MARKER}", f"Where is the {MARKER} of {{floor}}?").pk,
            "assistant": assistants.compose(ada, AssistantDraft(f"Desk {MARKER}", f"About {MARKER}")).pk,
            "model": f"chancery/{collection}",
            "rest": "engines",
            "support_access": support.offer(ada, "", support.Draft(f"T {MARKER}", f"About {MARKER}.")),
        }
        callers = {
            "anonymous": Caller(Client(), Client()),
            "no grant": _caller(house, "charlie"),
            "revoked": _caller(house, "bob"),
            "other tenant": _caller(other, "ada"),
            "ada": _caller(house, "ada"),
        }
        houses = {"no grant": house, "revoked": house, "other tenant": other}
        return Stage(ids, callers, houses)


def _a_directory(house: cast.House) -> dict[str, object]:
    """What it keeps bears the marker, and has an id that its addresses name."""
    door = doors.door(house, f"Directory {MARKER}")
    (token,) = directories.tokens(house.ada, door.directory)
    one = door.user(MARKER)["id"]
    return {"directory": door.directory, "secret": token.pk, "one": one, "kept": one}


def _a_limit(house: cast.House) -> uuid.UUID:
    limit = limits.Draft(limits.Subject(model=MARKER), Measure.TOKENS, Per.DAY, Decimal(1_000_000))
    limits.write(house.ada, limit)
    return next(one.id for one in limits.listed(house.ada) if one.id)


def _a_clearance(house: cast.House) -> uuid.UUID:
    labels.write(house.ada, ["open", "closed"], 0)
    labels.clear(house.ada, grants.Holder(group=house.team), 1)
    (one,) = labels.cleared(house.ada)
    return one.id


def _a_source() -> Draft:
    return Draft(f"Cloud {MARKER}", "webdav", {"url": f"https://{MARKER}.example/dav/"})


def _a_request(house: cast.House, collection: uuid.UUID) -> dict[str, object]:
    """Shown to a circle of one, who has asked."""
    dora = people.create(house.system, f"dora@{house.slug}.example", "Dora")
    circle = groups.create(house.ada, f"Askers {MARKER}")
    groups.add(house.ada, circle, dora)
    offer = offers.put(house.ada, collection, OfferDraft(f"Papers {MARKER}", groups=(circle,))).pk
    wish = asking.Wish(Level.READ, 5, f"For {MARKER}.")
    return {"offer": offer, "asked": asking.ask(people.scope_in(house.tenant, dora), offer, wish).pk}


def _caller(house: cast.House, name: str) -> Caller:
    key = Client(headers={"Authorization": f"Bearer {house.key(name)}"}, raise_request_exception=False)
    return Caller(portal.signed_in(house, name), key)


def _chunk(house: cast.House, document: uuid.UUID) -> uuid.UUID:
    from ingestion.models import Chunk

    with house.system.transaction():
        return Chunk.objects.filter(tenant_id=house.tenant, document_id=document).values_list("pk", flat=True)[0]


def _a_grant(house: cast.House, collection: uuid.UUID) -> uuid.UUID:
    return grants.listed(house.ada, collection)[0].pk


def _a_provider(house: cast.House) -> uuid.UUID:
    draft = providers.Draft(
        name="Login",  # the sign-in page shows it to everybody
        issuer=f"https://{MARKER}.example",
        client_id="chancery",
        client_secret="",
        domains=(f"{MARKER}.example",),
    )
    return providers.create(house.ada, draft)


def _an_identity(house: cast.House, provider: uuid.UUID) -> uuid.UUID:
    with house.ada.transaction():
        models_of = {"tenant_id": house.tenant, "person_id": house.ids["bob"]}
        return governed.Identity.objects.create(**models_of, issuer=f"https://{MARKER}.example", subject=MARKER).pk


def _a_key(house: cast.House) -> uuid.UUID:
    keys.issue(house.ada, house.ids["ada"], f"Key {MARKER}", ["ask"], 1)
    return keys.mine(house.ada)[0].pk


def _a_draft(house: cast.House) -> dict[str, object]:
    """Under a number that the neighbour has not, although each tenant counts from 1."""
    rule = policies.words(f"rule-{MARKER}", policy.Stage.INPUT, policy.Action.BLOCK, MARKER)
    for _ in range(3):
        versions.discard(house.ada, versions.draft(house.ada).number)
    row = versions.draft(house.ada, f"About {MARKER}", [policy_documents.of(rule)])
    return {"number": row.number, "rule": rule.name}


def _answer(house: cast.House) -> models.Answer:
    ada = people.scope_in(house.tenant, house.ids["ada"])
    with ada.transaction():
        mine = {"tenant_id": house.tenant, "person_id": ada.person}
        conversation = models.Conversation.objects.create(**mine, title=f"About {MARKER}")
        answer = models.Answer.objects.create(
            **mine, conversation=conversation, question=f"Where is the {MARKER}?", status=models.Status.ANSWERED
        )
        models.Segment.objects.create(**mine, answer=answer, ordinal=0, text=f"The {MARKER} is in room seven.")
    return answer


def test_every_route_has_its_row() -> None:
    known = OPEN | OWN | RECORD | ADMINS | OPERATORS | THEIRS
    assert {route.name for route in ROUTES} == known, "add the new route to the table it belongs in"


def test_ada_sees_what_the_others_must_not(stage: Stage) -> None:
    """The matrix would pass on a broken stage: here the same addresses do show the marker to the one who may see it."""
    shown = [
        route.name
        for route in ROUTES
        if route.name in THEIRS
        and MARKER.encode() in _body(stage.callers["ada"].of(route.address).get(route.address.format(**stage.ids)))
    ]
    assert {
        "thread",
        "answer",
        "answer-again",
        "prompt",
        "api-prompt",
        "assistant-composed",
        "api-assistant",
        "api-conversation",
        "collection",
        "document",
        "passage",
        "api-collection",
        "api-document",
        "api-answer",
        "support-opening",
        "sources",
        "source",
        "source-settings",
        "source-drift",
        "api-sources",
        "api-source",
        "questions",
        "questions-file",
        "api-questions",
        "policy-version",
        "policy-rule",
        "api-policy-version",
        "api-policy-rules",
        "api-policy-rule",
        "collection-offer",
        "api-offer",
        "api-request",
    } <= set(shown)


@pytest.mark.parametrize("outsider", OUTSIDERS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nobody_else_gets_through(route: Route, outsider: str, stage: Stage) -> None:
    address = route.address.format(**stage.ids)
    for verb in VERBS:
        response = getattr(stage.callers[outsider].of(address), verb)(address)
        body = _body(response)
        assert MARKER.encode() not in body, f"{outsider} {verb} {address} shows the marker"
        is_closed = route.name in THEIRS | RECORD | OPERATORS or (route.name in ADMINS and outsider != "other tenant")
        if is_closed:
            assert response.status_code in REFUSED or verb == "options", (
                f"{outsider} {verb} {address}: {response.status_code}"
            )


@pytest.mark.parametrize("route", [route for route in ROUTES if route.name in THEIRS], ids=lambda route: route.name)
def test_not_yours_and_not_there_are_one_answer(route: Route, stage: Stage) -> None:
    unknown = {name: uuid.uuid4() for name in stage.ids} | WORDS | {"number": 4_000}
    for outsider in ("no grant", "revoked", "other tenant"):
        client = stage.callers[outsider].of(route.address)
        theirs, nothing = client.get(route.address.format(**stage.ids)), client.get(route.address.format(**unknown))
        assert theirs.status_code == nothing.status_code
        assert _without_ids(theirs, stage.ids) == _without_ids(nothing, unknown)


@pytest.mark.parametrize("outsider", ["no grant", "revoked", "other tenant"])
@pytest.mark.parametrize("route", [route for route in ROUTES if route.name in THEIRS], ids=lambda route: route.name)
def test_who_was_turned_away_is_on_the_record(route: Route, outsider: str, stage: Stage) -> None:
    address = route.address.format(**stage.ids)
    for verb in ("get", "post"):
        response = getattr(stage.callers[outsider].of(address), verb)(address)
        if response.status_code in {403, 404}:
            denied = leaves(stage.houses[outsider], "access.denied")
            assert response["X-Request-ID"] in {leaf["request"] for leaf in denied}, f"{verb} {address}"


def _without_ids(response: object, ids: Mapping[str, object]) -> bytes:
    """The body, less the ids that were sent and the request's own number."""
    import re

    body = _body(response)
    for value in {name: one for name, one in ids.items() if name not in {*WORDS, "number"}}.values():
        body = body.replace(str(value).encode(), b"ID")
    body = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", body)
    return re.sub(rb"[0-9a-f]{32}", b"REQUEST", body)


def _body(response: object) -> bytes:
    if getattr(response, "streaming", False):
        if getattr(response, "is_async", False):
            return b""  # a stream that was opened at all has failed on its status
        return b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return bytes(response.content)  # type: ignore[attr-defined]
