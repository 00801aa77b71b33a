"""Proofs that an outsider checks with the standalone verifier alone."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from governance.audit import events, proofs
from governance.audit.proofs import Proof
from governance.audit.tree import heads, verifier
from governance.audit.tree.verifier import Checkpoint
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from tests.cast import House
from tests.governance import sealing
from tests.governance.database import leaves, stored
from tests.governance.tamper import scene


def check(house: House, proof: Proof, leaf: bytes) -> Checkpoint:
    """As somebody outside would: with the note, the sealer's public key and the event's bytes."""
    head = Checkpoint.parse(proof.note)
    key = heads.sealer(house.tenant)
    assert key is not None
    head.require(key)
    assert verifier.leaf_hash(leaf) == proof.leaf_hash
    assert head.size == proof.tree_size
    root = verifier.root_by_inclusion(verifier.leaf_hash(leaf), proof.leaf_index, head.size, proof.path)
    assert root == head.root
    return head


def test_every_event_under_a_head_is_proven_to_stand_under_it(house: House) -> None:
    here = scene.sealed(house)
    with scene.disarmed() as database:
        every = [scene.event_at(database, here, index) for index in range(here.size)]
    for index, event in enumerate(every):
        proof = proofs.of_event(house.olga, event)
        assert proof.leaf_index == index
        assert check(house, proof, stored(house, event)[0]).size == here.size


def test_what_no_head_covers_yet_has_no_proof(house: House) -> None:
    sealing.seal(house)
    event = events.record(house.bob, Event.SIGNED_OUT)
    with pytest.raises(Conflict, match="No signed head covers"):
        proofs.of_event(house.olga, event)
    with pytest.raises(NotFound, match="no such event"):
        proofs.of_event(house.olga, uuid.uuid4())


def test_the_head_leads_on_from_every_earlier_one(house: House) -> None:
    with pytest.raises(NotFound, match="No head"):
        proofs.head(house.olga)
    here = scene.sealed(house)
    with house.olga.transaction():
        roots = {head.size: head.root for head in heads.newest(10)}
    assert len(roots) == 3
    for size, root in roots.items():
        head, path = proofs.consistency(house.olga, size)
        verifier.check_consistency(size, head.size, root, head.root, path)
        if size != head.size:
            with pytest.raises(verifier.NotProvenError):
                verifier.check_consistency(size, head.size, hashlib.sha256(b"other").digest(), head.root, path)
    assert proofs.consistency(house.olga, 0)[1] == []
    for wrong in (-1, here.size + 1):
        with pytest.raises(InvalidInput, match=f"over {here.size} leaves"):
            proofs.consistency(house.olga, wrong)


def test_a_proof_is_a_reading_of_the_record_and_for_those_with_the_role(house: House, neighbour: House) -> None:
    sealing.seal(house)
    with scene.disarmed() as database:
        row = database.execute("SELECT event_id FROM audit.leaf WHERE tenant_id = %s", [house.tenant]).fetchone()
    assert row is not None
    event = uuid.UUID(str(row[0]))
    proofs.of_event(house.olga, event)
    proofs.of_event(house.olga, event)
    assert [one["facts"] for one in leaves(house, "record.read")] == [{"event": str(event)}]
    for scope in (house.bob, house.ada, house.charlie):
        with pytest.raises(Forbidden):
            proofs.of_event(scope, event)
        with pytest.raises(Forbidden):
            proofs.head(scope)
        with pytest.raises(Forbidden):
            proofs.consistency(scope, 1)
        with pytest.raises(Forbidden):
            proofs.standing(scope)
    with pytest.raises(NotFound):
        proofs.of_event(neighbour.olga, event)


def test_where_the_tree_is_damaged_nothing_is_proven_and_that_is_said(house: House) -> None:
    here = scene.sealed(house)
    with scene.disarmed() as database:
        event = scene.event_at(database, here, 0)
        database.execute("DELETE FROM audit.leaf WHERE tenant_id = %s AND index = %s", [here.tenant, here.last])
    with pytest.raises(Unavailable, match="not whole"):
        proofs.of_event(house.olga, event)


def test_a_receipt_tells_a_person_of_their_own_answer_and_not_who_looked(house: House) -> None:
    interaction = uuid.uuid4()
    for event in (Event.PROMPT_RECEIVED, Event.POLICY_DECIDED, Event.ANSWER_FINISHED, Event.RECORD_OPENED):
        events.record(house.bob, event, interaction=interaction)
    found = proofs.receipt(house.bob, interaction)
    assert [one.action for one in found.events] == ["prompt.received", "policy.decided", "answer.finished"]
    assert found.proofs == {}
    sealing.seal(house)
    found = proofs.receipt(house.bob, interaction)
    assert list(found.proofs) == [one.id for one in found.events]
    for one, proof in found.proofs.items():
        check(house, proof, stored(house, one)[0])
