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
    "answers_run": "boolean",
    # Of one's own tenant: its part of what is answered at once, and how many more of its could begin.
    "answers_share": "TABLE(share double precision, room bigint)",
    "changed_sets": "TABLE(tenant_id uuid, run uuid, collection_id uuid, person uuid, key uuid)",
    "close_index": "void",
    "collections": "SETOF uuid",
    "conversations_with": "TABLE(conversation_id uuid, answer_id uuid)",
    "create_partitions": "void",
    "create_tenant": "uuid",
    "due_answers": "TABLE(tenant_id uuid, id uuid)",
    "due_indexes": "TABLE(tenant_id uuid, id uuid)",
    "due_purges": "SETOF uuid",
    "due_requests": "SETOF uuid",
    "due_reservations": "TABLE(tenant_id uuid, interaction uuid)",
    "asking": "TABLE(awaiting integer, is_any boolean)",
    "decidable": "SETOF uuid",
    "due_replays": "TABLE(tenant_id uuid, id uuid)",
    "due_set_runs": "TABLE(tenant_id uuid, id uuid)",
    "due_sources": "TABLE(tenant_id uuid, id uuid)",
    "due_forwards": "TABLE(tenant uuid, target uuid)",
    "forward_figures": (
        "TABLE(target uuid, tenants bigint, behind bigint, failing bigint, failing_since timestamp with time zone,"
        " sent_at timestamp with time zone)"
    ),
    "due_ends": "SETOF uuid",
    "has_role": "boolean",
    "leave_sets": "void",
    "holdings": "TABLE(person uuid, mark text)",
    "narrowings": "TABLE(tenant uuid, mark text)",
    "opens": "boolean",
    "remember": "trigger",
    "open_index": "void",
    "open_answers": "TABLE(waiting bigint, running bigint, mine bigint)",
    # What the caller may see at the most, and what is kept from them of the collections that they read: ids alone, which the
    # rows' own rules ask for.
    "clearance": "integer",
    "hidden_documents": "SETOF uuid",
    "hidden_versions": "SETOF uuid",
    # Of the collections asked for, those that the caller reads whole and that a graph stands for.
    "graphs": "TABLE(collection uuid, dimensions integer, chunks bigint)",
    # The owner's alone, who builds them.
    "vector_sizes": "TABLE(place text, index_name text, collection uuid, chunks bigint, dimensions integer)",
    "resolve_directory_token": "TABLE(tenant_id uuid, directory_id uuid, id uuid, idles boolean)",
    "resolve_key": (
        "TABLE(tenant_id uuid, id uuid, person_id uuid, scopes text[], allowed text[], per_minute integer)"
    ),
    "resolve_person": (
        "TABLE(tenant_id uuid, roles text[], groups uuid[], key_scopes text[], key_idles boolean, opened text[],"
        " is_service boolean, service uuid, charged uuid)"
    ),
    "tenant_for_login": "TABLE(id uuid, slug text, name text)",
    "take_answer": "TABLE(tenant_id uuid, id uuid)",
    "take_version": "TABLE(tenant_id uuid, id uuid)",
    "tenants": "SETOF uuid",
    "versions_wait": "boolean",
    # What was opened to an operator for a support case: whether it is, which collections, and what of it is seen.
    "resolve_support": (
        "TABLE(tenant_id uuid, tenant text, ticket text, level integer, ends_at timestamp with time zone,"
        " is_named boolean, collections uuid[])"
    ),
    "support_collections": "SETOF uuid",
    "support_of": (
        "TABLE(id uuid, tenant_id uuid, tenant text, ticket text, level integer, hours integer,"
        " created_at timestamp with time zone, opened_at timestamp with time zone, ends_at timestamp with time zone,"
        " closed_at timestamp with time zone, closed_how text, is_named boolean)"
    ),
    "support_open": "TABLE(tenant_id uuid, id uuid, level integer)",
    "support_settings": (
        "TABLE(name text, slug text, domain text, created_at timestamp with time zone, answers_running_max integer,"
        " answers_waiting_max integer, answers_per_person_max integer, documents_max integer, tokens_per_day integer,"
        " allows_model_only boolean, demands_witness boolean, demands_forwarding boolean, second_factor_for text,"
        " allows_personal_keys boolean, key_days_max integer, bin_days integer, policy integer)"
    ),
    "support_health": ("TABLE(kind text, status text, code text, amount bigint, latest timestamp with time zone)"),
    "support_shelves": (
        "TABLE(id uuid, name text, documents bigint, waiting bigint, failed bigint, paused_at timestamp with time zone)"
    ),
    "support_documents": (
        "TABLE(id uuid, name text, number integer, media_type text, size bigint, status text, stage text,"
        " error_code text, uploaded_at timestamp with time zone, ended_at timestamp with time zone, chunks integer,"
        " amount bigint)"
    ),
    "support_document": (
        "TABLE(id uuid, name text, collection_id uuid, collection text, created_by uuid,"
        " created_at timestamp with time zone, current integer, versions jsonb)"
    ),
    "support_passages": "TABLE(ordinal integer, heading_path jsonb, locator jsonb, text text, amount bigint)",
    # These speak, of what the database itself has found this person may be told: words that two people asked with, to who
    # manages the collection (test_gaps), and conversations that were shared with them (test_sharing).
    "gaps": (
        "TABLE(term text, word text, people bigint, questions bigint, last_at timestamp with time zone, beside text[])"
    ),
    "shared_with_me": (
        "TABLE(conversation_id uuid, title character varying, owner_id uuid, until timestamp with time zone)"
    ),
    "shared_answers": (
        "TABLE(id uuid, question text, status character varying, asked_at timestamp with time zone, passages jsonb,"
        " alone boolean, name text)"
    ),
    "shared_segments": (
        "TABLE(answer_id uuid, ordinal integer, said text, citations jsonb, is_supported boolean,"
        " support character varying)"
    ),
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
    ((tenant, _, person, scopes, allowed, per_minute),) = rows(app, "resolve_key(%s)", digest)
    assert (tenant, person, scopes) == (house.tenant, house.ids["bob"], ["ask", "read"])
    assert (allowed, per_minute) == ([], None)
    for wrong in (digest[:-1], f"{digest[:-1]}%", "%", "", digest.upper() + "'"):
        assert rows(app, "resolve_key(%s)", wrong) == []
    assert rows(app, "resolve_key(NULL)") == []


def test_a_person_who_is_switched_off_has_no_session(house: House, app: psycopg.Connection[Any]) -> None:
    bob = house.ids["bob"]
    assert rows(app, "resolve_person(%s, NULL)", bob) == [
        (house.tenant, [], [house.team], None, True, [], False, None, None)
    ]
    with house.system.transaction():
        models.Person.objects.filter(pk=bob).update(is_active=False)
    assert rows(app, "resolve_person(%s, NULL)", bob) == []
    assert rows(app, "resolve_person(%s, NULL)", uuid.uuid4()) == []


def test_a_person_is_narrowed_by_a_key_of_theirs_alone_and_while_it_opens_something(
    house: House, neighbour: House, app: psycopg.Connection[Any]
) -> None:
    keys_of = {}
    for where, name in ((house, "bob"), (house, "olga"), (neighbour, "bob")):
        digest = hashlib.sha256(where.key(name, "read ask").encode()).hexdigest()
        keys_of[where.tenant, name] = rows(app, "resolve_key(%s)", digest)[0][1]
    bob, theirs = house.ids["bob"], keys_of[house.tenant, "bob"]
    for key, scopes in ((theirs, ["ask", "read"]), (keys_of[house.tenant, "olga"], None),
                        (keys_of[neighbour.tenant, "bob"], None), (uuid.uuid4(), None)):  # fmt: skip
        ((_, _, _, found, *_),) = rows(app, "resolve_person(%s, %s)", bob, key)
        assert found == scopes
    for over in ({"expires_at": timezone.now()}, {"revoked_at": timezone.now()}):
        with house.system.transaction():
            models.ApiKey.objects.filter(pk=theirs).update(**over)
        assert rows(app, "resolve_person(%s, %s)", bob, theirs)[0][3] is None


def test_a_tenant_that_is_switched_off_is_found_by_nobody(house: House, app: psycopg.Connection[Any]) -> None:
    digest = hashlib.sha256(house.key("bob").encode()).hexdigest()
    with house.system.transaction():
        models.Tenant.objects.filter(pk=house.tenant).update(switched_off_at=timezone.now())
    assert rows(app, "tenant_for_login(%s)", house.slug) == []
    assert rows(app, "resolve_person(%s, NULL)", house.ids["bob"]) == []
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
