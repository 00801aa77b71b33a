from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from governance import access, keys, models, people
from governance.actions import Action
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.roles import KEY_SCOPES, Role
from governance.scope import Scope
from tests.cast import House
from tests.governance.database import leaves


def resolved(key: str) -> Scope:
    scope = keys.resolve(key)
    assert scope is not None
    return scope


def row(house: House, key: str) -> models.ApiKey:
    with house.system.transaction():
        return models.ApiKey.objects.get(hash=hashlib.sha256(key.encode()).hexdigest())


def test_a_key_is_its_person_narrowed(house: House) -> None:
    key = house.key("ada", "ask,read")
    scope = keys.resolve(key, "request-1")
    assert scope is not None
    assert (scope.tenant, scope.person, scope.request_id) == (house.tenant, house.ids["ada"], "request-1")
    assert (scope.key_scopes, scope.key) == (frozenset({"ask", "read"}), row(house, key).pk)
    assert Role.TENANT_ADMIN in scope.roles
    assert access.decide(scope, Action.ASK).allowed
    assert not access.decide(scope, Action.PEOPLE_MANAGE).allowed


def test_the_key_itself_is_not_kept(house: House) -> None:
    key = house.key("bob")
    kept = row(house, key)
    assert key.startswith(keys.PREFIX)
    assert len(key) >= 40
    assert key not in str(vars(kept))
    assert key[len(keys.PREFIX) + 10 :] not in str(vars(kept)) + str(leaves(house))
    assert key.startswith(kept.prefix)


def test_no_two_keys_are_alike(house: House) -> None:
    assert len({house.key("bob") for _ in range(5)}) == 5


@pytest.mark.parametrize("key", ["", "chy_", "chy_" + "x" * 43, "bearer", "ü", "a\x00b"])
def test_an_unknown_key_is_nobody(key: str) -> None:
    assert keys.resolve(key) is None


def test_a_key_in_another_case_is_nobody(house: House) -> None:
    key = house.key("bob")
    assert keys.resolve(key.swapcase()) is None
    assert keys.resolve(f"{key} ") is None


def test_a_revoked_key_is_nobody_from_the_next_request_on(house: House) -> None:
    key = house.key("bob")
    keys.revoke(house.system, resolved(key).key or uuid.uuid4())
    assert keys.resolve(key) is None
    (leaf,) = leaves(house, "key.revoked")
    assert leaf["resource"] == {"kind": "key", "id": str(row(house, key).pk)}


def test_a_key_is_revoked_once(house: House) -> None:
    key = row(house, house.key("bob")).pk
    keys.revoke(house.system, key)
    for unknown in (key, uuid.uuid4()):
        with pytest.raises(NotFound):
            keys.revoke(house.system, unknown)


def test_an_expired_key_is_nobody(house: House) -> None:
    key = house.key("bob")
    with house.system.transaction():
        models.ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert keys.resolve(key) is None


def test_a_key_of_a_person_who_is_switched_off_is_nobody(house: House) -> None:
    key = house.key("bob")
    with house.system.transaction():
        models.Person.objects.filter(pk=house.ids["bob"]).update(is_active=False)
    assert keys.resolve(key) is None


def test_a_key_follows_its_persons_roles(house: House) -> None:
    key = house.key("ada")
    with house.system.transaction():
        models.RoleAssignment.objects.all().delete()
    assert not access.decide(resolved(key), Action.PEOPLE_MANAGE).allowed


def test_issuing_is_recorded_by_ids(house: House) -> None:
    key = house.key("bob", "ask")
    (leaf,) = leaves(house, "key.issued")
    assert leaf["facts"] == {"person": str(house.ids["bob"]), "scopes": ["ask"], "days": 1}
    assert leaf["resource"] == {"kind": "key", "id": str(row(house, key).pk)}


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_key_does_not_live_for_ever(house: House, days: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 366 days"):
        keys.issue(house.system, house.ids["bob"], "k", ["ask"], days)


def test_scopes_are_read_in_either_spelling() -> None:
    assert keys.scopes_from("read, ask") == keys.scopes_from("ask read") == frozenset({"read", "ask"})
    assert keys.scopes_from("*") == keys.scopes_from("all") == frozenset(KEY_SCOPES)


@pytest.mark.parametrize("text", ["", " , ", "everything", "read,rite"])
def test_scopes_that_are_not_there_are_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(InvalidInput, match="read, write, search"):
        keys.scopes_from(text)


def test_a_key_of_a_neighbours_person_cannot_be_issued(house: House, neighbour: House) -> None:
    with pytest.raises(NotFound):
        keys.issue(house.system, neighbour.ids["bob"], "k", ["ask"], 1)


def test_a_colleague_neither_sees_nor_revokes_a_key(house: House) -> None:
    key = row(house, house.key("bob")).pk
    with pytest.raises(NotFound):
        keys.revoke(house.charlie, key)
    with house.charlie.transaction():
        assert not models.ApiKey.objects.exists()
    keys.revoke(house.ada, key)


def test_what_a_key_asked_for_stays_as_narrow_as_the_key_and_ends_with_it(house: House) -> None:
    key = row(house, house.key("bob", "ask"))
    narrowed = replace(house.bob, key=key.pk, charged=key.pk, key_scopes=frozenset({"ask"}))
    assert people.scope_in(house.tenant, house.ids["bob"], key=key.pk) == narrowed == keys.renewed(narrowed)
    with pytest.raises(NotFound):  # it is nobody else's
        people.scope_in(house.tenant, house.ids["charlie"], key=key.pk)
    keys.revoke(house.system, key.pk)
    with pytest.raises(NotFound):
        keys.renewed(narrowed)


def test_a_key_makes_no_keys(house: House) -> None:
    for scopes in ("ask", "all"):
        with pytest.raises(Forbidden, match="not through another key"):
            keys.issue(resolved(house.key("ada", scopes)), house.ids["ada"], "wider", ["all"], 1)


def test_a_key_ends_itself_and_no_other_unless_it_may_manage(house: House) -> None:
    weak, other, strong = house.key("ada", "ask"), house.key("ada", "all"), house.key("ada", "manage")
    with pytest.raises(Forbidden):
        keys.revoke(resolved(weak), row(house, other).pk)
    keys.revoke(resolved(weak), row(house, weak).pk)
    assert keys.resolve(weak) is None
    keys.revoke(resolved(strong), row(house, other).pk)
    assert keys.resolve(other) is None


def test_a_person_makes_keys_for_themselves(house: House) -> None:
    key = keys.issue(house.bob, house.ids["bob"], "mine", ["ask"], 1)
    assert resolved(key).person == house.ids["bob"]


def test_nobody_becomes_somebody_else_through_a_key_not_even_an_admin(house: House) -> None:
    for name in ("ada", "bob"):
        with pytest.raises(Forbidden, match="for yourself"):
            keys.issue(house.scope(name), house.ids["olga"], "k", ["record"], 1)
    with house.system.transaction():
        assert not models.ApiKey.objects.exists()


def test_who_is_switched_off_gets_no_key(house: House) -> None:
    with house.system.transaction():
        models.Person.objects.filter(pk=house.ids["bob"]).update(is_active=False)
    with pytest.raises(NotFound):
        keys.issue(house.system, house.ids["bob"], "k", ["ask"], 1)


def test_when_a_key_was_last_used_is_noted_once_a_minute(house: House) -> None:
    key = house.key("bob", "ask")
    assert row(house, key).last_used_at is None
    resolved(key)
    first = row(house, key).last_used_at
    assert first is not None
    resolved(key)
    assert row(house, key).last_used_at == first
    with house.system.transaction():
        models.ApiKey.objects.filter(pk=row(house, key).pk).update(last_used_at=first - timedelta(hours=1))
    resolved(key)
    noted = row(house, key).last_used_at
    assert noted is not None
    assert noted >= first
