"""The calls of the API. Made by generate.py from the server's OpenAPI file: change that, and make this anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from chancery_client.shapes import (
    Answer,
    CaseFile,
    Clearances,
    Collection,
    Collections,
    Documents,
    Found,
    Grant,
    Grants,
    Labels,
    Me,
    NamedReader,
    NarrowedList,
    Readers,
    Suggestions,
    Turn,
    Verdict,
)
from chancery_client.transport import Id, Transport


class Operations(Transport):
    """What is left out is not sent. Every method raises what stands in `chancery_client.errors`."""

    def ask(
        self,
        question: str,
        *,
        collections: Sequence[Id] | None = None,
        conversation: Id | None = None,
        model_only: bool | None = None,
        replaces: Id | None = None,
        model: str | None = None,
        reason: str | None = None,
        assistant: Id | None = None,
        deterministic: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """The answer in its final status; with `stream` as events `segment`, `citation`, `status` and `done`."""
        return cast(
            "Answer",
            self.call(
                "POST",
                "/api/v1/answers",
                json={
                    "question": question,
                    "collections": collections,
                    "conversation": conversation,
                    "model_only": model_only,
                    "replaces": replaces,
                    "model": model,
                    "reason": reason,
                    "assistant": assistant,
                    "deterministic": deterministic,
                },
                headers={"Idempotency-Key": idempotency_key},
            ),
        )

    def get_answer(self, answer: Id) -> Answer:
        """One of the caller's own, as far as it has come."""
        return cast("Answer", self.call("GET", f"/api/v1/answers/{answer}"))

    def cancel_answer(self, answer: Id) -> Answer:
        """Stop it; what was delivered until then stays."""
        return cast("Answer", self.call("POST", f"/api/v1/answers/{answer}/cancel"))

    def give_feedback(self, answer: Id, value: int, *, reason: str | None = None) -> None:
        """1 for a good answer, -1 for a bad one, 0 to take it back."""
        self.call("POST", f"/api/v1/answers/{answer}/feedback", json={"value": value, "reason": reason})

    def suggest_questions(self, answer: Id) -> Suggestions:
        """What might be asked next: about what stands near the cited passages, of what the caller may read."""
        return cast("Suggestions", self.call("GET", f"/api/v1/answers/{answer}/suggestions"))

    def list_collections(self, *, cursor: str | None = None, limit: int | None = None) -> Collections:
        """Those that the caller may see, by name."""
        return cast("Collections", self.call("GET", "/api/v1/collections", params={"cursor": cursor, "limit": limit}))

    def create_collection(
        self,
        name: str,
        *,
        description: str | None = None,
        classification: Literal["internal", "restricted"] | None = None,
        strictness: Literal["lenient", "balanced", "strict"] | None = None,
        half_life_days: int | None = None,
        idempotency_key: str | None = None,
    ) -> Collection:
        """A collection that the caller manages."""
        return cast(
            "Collection",
            self.call(
                "POST",
                "/api/v1/collections",
                json={
                    "name": name,
                    "description": description,
                    "classification": classification,
                    "strictness": strictness,
                    "half_life_days": half_life_days,
                },
                headers={"Idempotency-Key": idempotency_key},
            ),
        )

    def get_collection(self, collection: Id) -> Collection:
        return cast("Collection", self.call("GET", f"/api/v1/collections/{collection}"))

    def change_collection(
        self,
        collection: Id,
        *,
        name: str | None = None,
        description: str | None = None,
        classification: Literal["internal", "restricted"] | None = None,
        strictness: Literal["lenient", "balanced", "strict"] | None = None,
        half_life_days: int | None = None,
        if_match: str | None = None,
    ) -> Collection:
        """What is named is changed, the rest stays."""
        return cast(
            "Collection",
            self.call(
                "PATCH",
                f"/api/v1/collections/{collection}",
                json={
                    "name": name,
                    "description": description,
                    "classification": classification,
                    "strictness": strictness,
                    "half_life_days": half_life_days,
                },
                headers={"If-Match": if_match},
            ),
        )

    def delete_collection(self, collection: Id, *, if_match: str | None = None) -> None:
        """Out of everybody's reach; it can come back while the tenant keeps what is deleted."""
        self.call("DELETE", f"/api/v1/collections/{collection}", headers={"If-Match": if_match})

    def list_documents(
        self, collection: Id, *, cursor: str | None = None, limit: int | None = None, page: str | None = None
    ) -> Documents:
        """By name. `page` is what `cursor` was once called; a number in it is that of a page."""
        return cast(
            "Documents",
            self.call(
                "GET",
                f"/api/v1/collections/{collection}/documents",
                params={"cursor": cursor, "limit": limit, "page": page},
            ),
        )

    def list_grants(self, collection: Id, *, cursor: str | None = None, limit: int | None = None) -> Grants:
        """Who may use it."""
        return cast(
            "Grants",
            self.call("GET", f"/api/v1/collections/{collection}/grants", params={"cursor": cursor, "limit": limit}),
        )

    def give_grant(
        self,
        collection: Id,
        level: Literal["read", "contribute", "manage"],
        *,
        person: Id | None = None,
        group: Id | None = None,
        denies: bool | None = None,
        until: str | None = None,
    ) -> Grant:
        """To a person or to a group; `denies` beats whatever else was given."""
        return cast(
            "Grant",
            self.call(
                "POST",
                f"/api/v1/collections/{collection}/grants",
                json={"person": person, "group": group, "level": level, "denies": denies, "until": until},
            ),
        )

    def withdraw_grant(self, collection: Id, grant: Id) -> None:
        self.call("DELETE", f"/api/v1/collections/{collection}/grants/{grant}")

    def label_collection(self, collection: Id, rank: int | None) -> None:
        """What its documents carry that have no label of their own. Null is the lowest."""
        self.call("PUT", f"/api/v1/collections/{collection}/label", json={"rank": rank})

    def list_narrowed(self, collection: Id, *, cursor: str | None = None, limit: int | None = None) -> NarrowedList:
        """All that is restricted, or has a label of its own, for whoever runs the collection: what is kept from them, too."""
        return cast(
            "NarrowedList",
            self.call("GET", f"/api/v1/collections/{collection}/narrowed", params={"cursor": cursor, "limit": limit}),
        )

    def get_document(self, document: Id) -> CaseFile:
        """Its case file: `standing` is null once it has ended; `visible_to` is a number of people, by today's grants."""
        return cast("CaseFile", self.call("GET", f"/api/v1/documents/{document}"))

    def delete_document(self, document: Id, *, if_match: str | None = None) -> None:
        """Into the bin, from where `restore` brings it back while the tenant's days last."""
        self.call("DELETE", f"/api/v1/documents/{document}", headers={"If-Match": if_match})

    def weigh_document(self, document: Id, authority: Literal["authoritative", "ordinary", "superseded"]) -> None:
        """What it counts for among those that speak of the same, with all that came within it, for who runs its collection."""
        self.call("PUT", f"/api/v1/documents/{document}/authority", json={"authority": authority})

    def label_document(self, document: Id, rank: int | None) -> None:
        """Its own label, or with null its collection's. Nobody gives or takes one above what they are cleared for."""
        self.call("PUT", f"/api/v1/documents/{document}/label", json={"rank": rank})

    def list_readers(self, document: Id) -> Readers:
        """To whom it is restricted, for whoever runs its collection. Of who may read it at all tells `access/explain`."""
        return cast("Readers", self.call("GET", f"/api/v1/documents/{document}/readers"))

    def restrict_document(self, document: Id, readers: Sequence[NamedReader]) -> Readers:
        """To these alone of its collection's readers, in the place of those before."""
        return cast("Readers", self.call("PUT", f"/api/v1/documents/{document}/readers", json={"readers": readers}))

    def lift_restriction(self, document: Id) -> None:
        """For everybody again who may read its collection."""
        self.call("DELETE", f"/api/v1/documents/{document}/readers")

    def list_labels(self) -> Labels:
        """The organisation's labels, the lowest first, and how far all, and the caller, are cleared."""
        return cast("Labels", self.call("GET", "/api/v1/labels"))

    def write_labels(
        self, names: Sequence[str], *, everybody: int | None = None, stays_home: int | None = None
    ) -> Labels:
        """The whole list. What is left out of it is set to nothing."""
        return cast(
            "Labels",
            self.call("PUT", "/api/v1/labels", json={"names": names, "everybody": everybody, "stays_home": stays_home}),
        )

    def list_clearances(self, *, cursor: str | None = None, limit: int | None = None) -> Clearances:
        """Who is cleared further than everybody."""
        return cast(
            "Clearances", self.call("GET", "/api/v1/labels/clearances", params={"cursor": cursor, "limit": limit})
        )

    def set_clearance(self, rank: int | None, *, person: Id | None = None, group: Id | None = None) -> None:
        """How far a person or a group is cleared, in the place of what was said of them before."""
        self.call("POST", "/api/v1/labels/clearances", json={"person": person, "group": group, "rank": rank})

    def take_clearance(self, clearance: Id) -> None:
        """No further than everybody again."""
        self.call("DELETE", f"/api/v1/labels/clearances/{clearance}")

    def me(self) -> Me:
        """Who the key is, of which tenant, and what it is good for."""
        return cast("Me", self.call("GET", "/api/v1/me"))

    def check_policy(
        self, stage: Literal["input", "passage", "output", "upload"], text: str, *, version: int | None = None
    ) -> Verdict:
        """What the policy says of a text at a stage, without anything being asked or kept of it. It is recorded."""
        return cast(
            "Verdict",
            self.call("POST", "/api/v1/policy/check", json={"stage": stage, "text": text, "version": version}),
        )

    def search(
        self,
        query: str,
        *,
        collections: Sequence[Id] | None = None,
        limit: int | None = None,
        earlier: Sequence[Turn] | None = None,
        without: Sequence[Literal["follow_up", "spelling", "glossary", "facets", "filters", "names", "quotes"]]
        | None = None,
    ) -> Found:
        """Passages that the caller may read, the best first. It is recorded."""
        return cast(
            "Found",
            self.call(
                "POST",
                "/api/v1/search",
                json={
                    "query": query,
                    "collections": collections,
                    "limit": limit,
                    "earlier": earlier,
                    "without": without,
                },
            ),
        )
