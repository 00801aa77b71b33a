"""The doors: what may be read before a tenant is known is little, and nothing in it speaks."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from governance import grants, models, people, tenants
from governance.errors import Conflict, InvalidInput
from governance.roles import Level
from governance.scope import Scope
from tests.cast import House
from tests.governance.database import as_role, as_superuser

# What each gives back: ids, the words of a tenant that its sign-in page shows anyway, numbers. Never a text or a hash.
RETURNS = {
    "answer_figures": "TABLE(answers bigint, tokens bigint, seconds double precision)",
    "fault_figures": "TABLE(kind text, status text, code text, amount bigint, latest timestamp with time zone)",
    "queue_figures": "TABLE(queue text, status text, amount bigint, oldest timestamp with time zone)",
    "tenant_figures": (
        "TABLE(id uuid, slug text, name text, domain text, created_at timestamp with time zone,"
        " switched_off_at timestamp with time zone, is_demo boolean, people bigint, documents bigint, answers bigint,"
        " tokens_today bigint)"
    ),
    "answers_ahead": "bigint",
    "collections": "SETOF uuid",
    "conversations_with": "TABLE(conversation_id uuid, answer_id uuid)",
    "create_partitions": "void",
    "create_tenant": "uuid",
    "due_answers": "TABLE(tenant_id uuid, id uuid)",
    "due_replays": "TABLE(tenant_id uuid, id uuid)",
    "due_forwards": "TABLE(tenant uuid, target uuid)",
    "forward_figures": (
        "TABLE(target uuid, tenants bigint, behind bigint, failing bigint, failing_since timestamp with time zone,"
        " sent_at timestamp with time zone)"
    ),
    "due_versions": "TABLE(tenant_id uuid, id uuid)",
    "has_role": "boolean",
    "open_answers": "TABLE(waiting bigint, running bigint, mine bigint)",
    "resolve_key": "TABLE(tenant_id uuid, id uuid, person_id uuid, scopes text[])",
    "resolve_session_person": "uuid",
    "tenant_for_login": "TABLE(id uuid, slug text, name text)",
    "tenants": "SETOF uuid",
}


@pytest.fixture
def app() -> Iterator[psycopg.Connection[Any]]:
    """The application's role, with no scope."""
    with as_role("chancery_app") as connection_:
        yield connection_


def rows(app: psycopg.Connection[Any], call: str, *values: object) -> list[tuple[Any, ...]]:
    return app.execute(f"SELECT * FROM chancery.{call}", values).fetchall()


def asked(scope: Scope, call: str, *values: str | int) -> list[tuple[Any, ...]]:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM chancery.{call}", values)
        return list(cursor.fetchall())


def test_a_door_gives_what_it_must_and_no_more() -> None:
    with as_superuser() as database:
        found = database.execute(
            "SELECT proname, pg_get_function_result(oid) FROM pg_proc"
            " WHERE pronamespace = 'chancery'::regnamespace AND prosecdef"
        ).fetchall()
    assert dict(found) == RETURNS


def test_a_key_is_found_by_its_whole_hash(house: House, app: psycopg.Connection[Any]) -> None:
    digest = hashlib.sha256(house.key("bob", "read ask").encode()).hexdigest()
    ((tenant, _, person, scopes),) = rows(app, "resolve_key(%s)", digest)
    assert (tenant, person, scopes) == (house.tenant, house.ids["bob"], ["ask", "read"])
    for wrong in (digest[:-1], f"{digest[:-1]}%", "%", "", digest.upper() + "'"):
        assert rows(app, "resolve_key(%s)", wrong) == []
    assert rows(app, "resolve_key(NULL)") == []


def test_a_person_who_is_switched_off_has_no_session(house: House, app: psycopg.Connection[Any]) -> None:
    bob = house.ids["bob"]
    assert rows(app, "resolve_session_person(%s)", bob) == [(house.tenant,)]
    with house.system.transaction():
        models.Person.objects.filter(pk=bob).update(is_active=False)
    assert rows(app, "resolve_session_person(%s)", bob) == [(None,)]
    assert rows(app, "resolve_session_person(%s)", uuid.uuid4()) == [(None,)]


def test_a_tenant_that_is_switched_off_is_found_by_nobody(house: House, app: psycopg.Connection[Any]) -> None:
    digest = hashlib.sha256(house.key("bob").encode()).hexdigest()
    with house.system.transaction():
        models.Tenant.objects.filter(pk=house.tenant).update(switched_off_at=timezone.now())
    assert rows(app, "tenant_for_login(%s)", house.slug) == []
    assert rows(app, "resolve_session_person(%s)", house.ids["bob"]) == [(None,)]
    assert rows(app, "resolve_key(%s)", digest) == []


def test_a_tenant_is_found_by_its_whole_name_or_domain(house: House, app: psycopg.Connection[Any]) -> None:
    for known in (house.slug, house.slug.upper(), f"{house.slug}.example", f"{house.slug}.EXAMPLE"):
        assert [row[0] for row in rows(app, "tenant_for_login(%s)", known)] == [house.tenant]
    for unknown in ("%", "", f"{house.slug}%", house.slug[:-1], f"sub.{house.slug}.example", "' OR true --"):
        assert rows(app, "tenant_for_login(%s)", unknown) == []


def test_every_tenant_is_an_id_to_sweep(house: House, neighbour: House, app: psycopg.Connection[Any]) -> None:
    assert {(house.tenant,), (neighbour.tenant,)} <= set(rows(app, "tenants()"))
    assert {house.tenant, neighbour.tenant} <= set(tenants.every())


def test_without_a_scope_nobody_has_a_role_or_a_collection(house: House, app: psycopg.Connection[Any]) -> None:
    assert rows(app, "has_role(%s)", "tenant_admin") == [(False,)]
    assert rows(app, "collections(1)") == []
    assert rows(app, "open_answers()") == [(0, 0, 0)]
    app.execute("SELECT set_config('chancery.actor_kind', 'system', false)")  # without a tenant it is nothing
    assert rows(app, "collections(1)") == []


def test_a_role_is_the_persons_in_their_own_tenant(house: House, neighbour: House) -> None:
    assert asked(house.ada, "has_role(%s)", "tenant_admin") == [(True,)]
    assert asked(house.bob, "has_role(%s)", "tenant_admin") == [(False,)]
    stranger = Scope(neighbour.tenant, house.ada.kind, house.ids["ada"])
    assert asked(stranger, "has_role(%s)", "tenant_admin") == [(False,)]


def test_a_person_named_in_another_tenant_reads_nothing(house: House, neighbour: House) -> None:
    resource = uuid.uuid4()
    with house.system.transaction():
        grants.register(house.system, resource, "collection", house.ids["ada"])
    assert asked(house.ada, "collections(%s)", int(Level.MANAGE)) == [(resource,)]
    assert asked(Scope(neighbour.tenant, house.ada.kind, house.ids["ada"]), "collections(1)") == []
    assert asked(neighbour.system, "collections(1)") == []


def test_a_tenant_comes_with_its_partitions_and_its_policy(house: House) -> None:
    with as_superuser() as database:
        for parent in ("chunk", "embedding", "posting"):
            found = database.execute("SELECT to_regclass(%s)", [f"public.{parent}_{house.tenant.hex}"]).fetchone()
            assert found != (None,)
    with house.system.transaction():
        assert models.PolicyVersion.objects.filter(state="published").count() == 1


def test_partitions_are_made_once(house: House) -> None:
    with as_superuser() as database:
        for _ in range(2):
            database.execute("SELECT chancery.create_partitions(%s)", [house.tenant])


def test_two_tenants_do_not_share_a_name_or_a_domain(house: House) -> None:
    for slug, domain in ((house.slug, "other.example"), (f"x{uuid.uuid4().hex[:12]}", f"{house.slug}.EXAMPLE")):
        with pytest.raises(Conflict):
            tenants.create(slug, "Twin", domain=domain)
    assert tenants.find_for_login("other.example") is None


@pytest.mark.parametrize("slug", ["", "a", "-a", "a-", "A b", "ab/..", "ü", "x" * 61, "ab\n"])
def test_a_short_name_that_no_address_could_hold_is_refused(slug: str) -> None:
    with pytest.raises(InvalidInput):
        tenants.create(slug, "Never")


def test_a_tenant_without_a_domain_is_found_by_its_short_name_alone() -> None:
    slug = f"x{uuid.uuid4().hex[:12]}"
    tenant = tenants.create(slug, "Domainless")
    other = tenants.create(f"{slug}b", "Domainless too")
    found = tenants.find_for_login(f" {slug.upper()} ")
    assert found is not None
    assert (found.id, found.slug, found.name) == (tenant, slug, "Domainless")
    assert tenants.find_for_login("") is None
    assert tenant != other


def test_a_tenant_sees_itself_alone_and_is_not_made_or_deleted_from_within(house: House, neighbour: House) -> None:
    with house.ada.transaction():
        assert [tenant.pk for tenant in models.Tenant.objects.all()] == [house.tenant]
    with pytest.raises(Exception, match="permission denied"), house.system.transaction():
        models.Tenant.objects.filter(pk=house.tenant).delete()
    with pytest.raises(Exception, match="permission denied"), house.system.transaction():
        models.Tenant.objects.create(slug=f"x{uuid.uuid4().hex[:12]}", name="Trojan")


def test_an_address_is_one_persons_within_a_tenant_whatever_its_case(house: House) -> None:
    with pytest.raises(Conflict):
        people.create(house.system, house.email("bob").upper(), "Bob again")
    with pytest.raises(IntegrityError), house.system.transaction():
        models.Person.objects.create(tenant_id=house.tenant, email=house.email("bob").title(), name="Bob")
