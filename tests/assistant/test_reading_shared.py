"""With whom the reading of a prompt is shared: those alone who may read the same."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable

from assistant import conversations
from assistant.answering import sharing
from assistant.conversations import attachments
from governance import grants
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog, documents
from ingestion.documents import restrictions
from tests.assistant import asking
from tests.cast import House


def key(scope: Scope, searched: Iterable[uuid.UUID] = ()) -> str:
    return sharing.key(scope, searched, is_model_only=False)


def test_people_who_may_read_the_same_collections_share(house: House) -> None:
    made = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, made, grants.Holder(group=house.team), Level.READ)
    assert key(house.ada) == key(house.bob)
    assert key(house.ada, [made]) == key(house.ada)


def test_an_outsider_shares_with_nobody_who_may_read_more(house: House) -> None:
    travel = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, travel, grants.Holder(group=house.team), Level.READ)
    assert key(house.charlie) != key(house.bob)
    catalog.create(house.ada, "Board")
    assert key(house.ada) != key(house.bob)


def test_who_may_read_fewer_documents_of_a_collection_does_not_share(house: House) -> None:
    travel = asking.shelf(house, asking.RULE)
    assert key(house.ada) == key(house.bob)
    (document,) = documents.listed(house.ada, travel)
    restrictions.restrict(house.ada, document.pk, [grants.Holder(person=house.ids["ada"])])
    assert key(house.ada) != key(house.bob)
    restrictions.lift(house.ada, document.pk)
    assert key(house.ada) == key(house.bob)


def test_no_other_tenant_shares_even_where_nothing_may_be_read(house: House, neighbour: House) -> None:
    assert key(house.bob) == key(house.charlie)
    assert key(house.bob) != key(neighbour.bob)


def test_without_documents_each_person_reads_alone(house: House) -> None:
    scopes = [house.ada, house.bob, house.charlie]
    found = {sharing.key(scope, (), is_model_only=True) for scope in scopes} | {key(house.bob)}
    assert len(found) == len(scopes) + 1
    assert sharing.key(house.bob, (), is_model_only=True) in found


def test_what_is_attached_to_a_conversation_is_shared_with_nobody(house: House) -> None:
    made = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, made, grants.Holder(group=house.team), Level.READ)
    talk = conversations.begin(house.bob, "Lift").pk
    attachments.attach(house.bob, talk, "notes.md", io.BytesIO(b"The lift is out of order."), 25)
    attached = catalog.bound(house.bob, talk)
    assert attached is not None
    own = key(house.bob, [made, attached])
    assert own not in {key(house.bob), key(house.ada)}
    # Whoever names another's collection gets no nearer to their key.
    assert key(house.ada, [made, attached]) == key(house.ada)
