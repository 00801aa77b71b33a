"""Who may write the policy and who sees it; and what is published stays as it is, whoever asks the database."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from governance import models
from governance.errors import Forbidden, NotFound
from governance.policy import builtin, documents, engine, publishing, versions
from governance.policy.rules import Action, Stage
from governance.policy.versions import State
from tests import cast
from tests.cast import House
from tests.governance.database import as_superuser
from tests.governance.policies import FALCON, drafted

DEEDS: dict[str, Callable[[Any, int], object]] = {
    "draft": lambda scope, _: versions.draft(scope),
    "put_rule": lambda scope, number: versions.put_rule(scope, number, documents.of(FALCON)),
    "remove_rule": lambda scope, number: versions.remove_rule(scope, number, "falcon"),
    "describe": lambda scope, number: versions.describe(scope, number, "Mine"),
    "discard": versions.discard,
    "submit": publishing.submit,
    "publish": publishing.publish,
    "restore": lambda scope, _: publishing.restore(scope, 1),
    "require_second": lambda scope, _: publishing.require_second(scope, True),
}


@pytest.fixture(scope="module")
def standing(shared_house: House, django_db_blocker: Any) -> int:
    """The number of a draft of the shared tenant."""
    with django_db_blocker.unblock():
        return drafted(shared_house, FALCON)


@pytest.fixture(scope="module")
def published(django_db_blocker: Any) -> House:
    """A tenant where a version was published and another is superseded."""
    with django_db_blocker.unblock():
        made = cast.house(f"t{uuid.uuid4().hex[:12]}")
        publishing.publish(made.ada, drafted(made, FALCON))
    return made


@pytest.mark.parametrize("who", ["bob", "charlie", "olga"])
@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_but_an_admin_writes_the_policy(deed: str, who: str, shared_house: House, standing: int) -> None:
    before = versions.get(shared_house.ada, standing).sha256
    with pytest.raises(Forbidden):
        DEEDS[deed](shared_house.scope(who), standing)
    assert [one.state for one in versions.listed(shared_house.ada)] == ["draft", "published"]
    assert versions.get(shared_house.ada, standing).sha256 == before


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_an_employee_sees_no_version_and_an_officer_each(who: str, shared_house: House, standing: int) -> None:
    house, number = shared_house, standing
    for look in (versions.listed, lambda scope: versions.get(scope, number)):
        with pytest.raises(Forbidden):
            look(house.scope(who))
        look(house.olga)
    with house.scope(who).transaction():  # nor through a query of their own
        assert [row.number for row in models.PolicyVersion.objects.all()] == [1]


@pytest.mark.parametrize("deed", [name for name in DEEDS if name not in ("draft", "require_second", "restore")])
def test_another_tenants_draft_is_not_there(deed: str, standing: int, neighbour: House) -> None:
    with pytest.raises(NotFound):
        DEEDS[deed](neighbour.ada, standing)
    with pytest.raises(NotFound):
        versions.get(neighbour.ada, standing)


@pytest.mark.parametrize(
    "change",
    [
        "rules = '[]'",
        "sha256 = ''",
        "number = 9",
        "published_by = gen_random_uuid()",
        "state = 'draft'",
        "state = 'discarded'",
        "authors = ARRAY[gen_random_uuid()]",
        "tenant_id = gen_random_uuid()",
    ],
)
def test_what_was_published_cannot_be_changed_even_by_the_databases_owner(published: House, change: str) -> None:
    with as_superuser() as database:
        for where in ("state = 'published'", "state = 'superseded'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(
                    f"UPDATE policy_version SET {change} WHERE tenant_id = %s AND {where}", [published.tenant]
                )


def test_no_version_is_deleted_not_even_a_draft(house: House) -> None:
    drafted(house, FALCON)
    with as_superuser() as database, pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("DELETE FROM policy_version WHERE tenant_id = %s", [house.tenant])


def test_the_database_lets_nobody_but_an_admin_write_a_version(house: House) -> None:
    versions.draft(house.ada)
    for who in (house.bob, house.olga):
        with who.transaction():
            assert not models.PolicyVersion.objects.filter(state="draft").update(note="mine")


def test_two_versions_are_never_in_force_at_once(house: House) -> None:
    number = drafted(house, FALCON)
    with house.system.transaction(), pytest.raises(DatabaseError), transaction.atomic():
        models.PolicyVersion.objects.filter(number=number).update(state=State.PUBLISHED)
    assert connection.chancery_scope is None  # type: ignore[attr-defined]


def test_rules_that_do_not_have_their_hash_are_not_run(house: House) -> None:
    drafted(house, FALCON)
    with house.system.transaction():
        models.PolicyVersion.objects.filter(state="draft").update(rules=[], sha256="0" * 64)
    with pytest.raises(versions.PolicyDamaged):
        versions.compiled(versions.get(house.ada, 2))


def test_a_tenant_without_a_version_has_the_built_in_policy(house: House) -> None:
    with as_superuser() as database:
        database.execute("ALTER TABLE policy_version DISABLE TRIGGER keep")
        database.execute("DELETE FROM policy_version WHERE tenant_id = %s", [house.tenant])
        database.execute("ALTER TABLE policy_version ENABLE ALWAYS TRIGGER keep")
    assert versions.in_force(house.bob) is builtin.policy()
    assert engine.check(versions.in_force(house.bob), Stage.INPUT, "My password is hunter2.").action is Action.BLOCK
