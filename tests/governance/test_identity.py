"""Providers and identities as Postgres guards them, whatever the application forgets."""

from __future__ import annotations

import uuid

import pytest
from django.db import Error, IntegrityError

from governance import models, people
from governance.errors import Forbidden
from governance.identity import identities, providers
from tests.cast import House


def draft(house: House) -> providers.Draft:
    return providers.Draft("Login", "https://login.example", "chancery", "hush", (f"{house.slug}.example",))


def identity(house: House, name: str, subject: str, issuer: str = "https://login.example") -> uuid.UUID:
    with house.system.transaction():
        who = {"tenant_id": house.tenant, "person_id": house.ids[name]}
        return models.Identity.objects.create(**who, issuer=issuer, subject=subject).pk


@pytest.mark.parametrize("name", ["bob", "olga"])
def test_only_an_admin_reads_or_writes_a_provider(house: House, name: str) -> None:
    provider = providers.create(house.ada, draft(house))
    scope = house.scope(name)
    with scope.transaction():
        assert not models.IdentityProvider.objects.exists()
        assert not models.ProviderGroup.objects.exists()
        assert models.IdentityProvider.objects.filter(pk=provider).update(issuer="https://evil.example") == 0
    with pytest.raises(Error, match="row-level security"), scope.transaction():
        models.IdentityProvider.objects.create(
            tenant_id=house.tenant, name="Mine", issuer="https://evil.example", client_id="x", domains=[]
        )
    for refused in (
        lambda: providers.listed(scope),
        lambda: providers.get(scope, provider),
        lambda: providers.create(scope, draft(house)),
        lambda: providers.delete(scope, provider),
        lambda: identities.of_issuer(scope, "https://login.example"),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_a_person_reads_their_own_identity_and_writes_none(house: House) -> None:
    mine, others = identity(house, "bob", "subject-b"), identity(house, "charlie", "subject-c")
    with house.bob.transaction():
        assert [row.pk for row in models.Identity.objects.all()] == [mine]
        assert models.Identity.objects.filter(pk=mine).update(subject="the-director") == 0
    with pytest.raises(Error, match="row-level security"), house.bob.transaction():
        models.Identity.objects.create(
            tenant_id=house.tenant, person_id=house.ids["bob"], issuer="https://evil.example", subject="s"
        )
    with pytest.raises(Forbidden):
        identities.unlink(house.bob, others)


def test_a_subject_is_one_persons_and_a_person_has_one_at_an_issuer(house: House, neighbour: House) -> None:
    identity(house, "bob", "subject-b")
    for name, subject in (("charlie", "subject-b"), ("bob", "subject-c")):
        with pytest.raises(IntegrityError):
            identity(house, name, subject)
    identity(house, "bob", "subject-b", issuer="https://another.example")
    identity(neighbour, "bob", "subject-b")  # the same words in another tenant are somebody else's


def test_an_identity_does_not_reach_across_tenants(house: House, neighbour: House) -> None:
    with pytest.raises(IntegrityError), house.system.transaction():
        models.Identity.objects.create(
            tenant_id=house.tenant, person_id=neighbour.ids["bob"], issuer="https://login.example", subject="s"
        )


def test_a_provider_that_is_off_cannot_be_the_only_way_in(house: House) -> None:
    provider = providers.create(house.ada, draft(house))
    with pytest.raises(IntegrityError), house.ada.transaction():
        models.IdentityProvider.objects.filter(pk=provider).update(is_required=True)
    assert not providers.are_required(house.system)
    assert providers.ways(house.system) == []


def test_a_person_made_by_a_provider_is_listed_with_the_others(house: House) -> None:
    provider = providers.get(house.ada, providers.create(house.ada, draft(house)))
    said = identities.Presented(provider.issuer, "s", f"new@{house.slug}.example", True, "New\x07 One", frozenset())
    person, how = identities.admit(house.system, provider, said)
    assert how == "created"
    assert people.get(house.ada, person).name == "New One"
