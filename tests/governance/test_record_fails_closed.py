"""Where the record cannot be written nothing is done; and what it holds in clear tells no secret."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg import sql

from governance import assignments, grants, groups, invitations, keys, people, tenants
from governance.audit import events, keyring
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.grants import Holder
from governance.policy import builtin, documents, enforcement, publishing, versions
from governance.policy.rules import Stage
from governance.roles import Level, Role
from tests import cast
from tests.cast import House
from tests.governance.database import as_superuser, leaves, numbers, stored

APPEND = "audit.append(bytea, bytea)"


@pytest.fixture
def broken() -> Iterator[None]:
    """The application may not append, in this database alone."""
    with as_superuser() as database:
        database.execute(f"REVOKE EXECUTE ON FUNCTION {APPEND} FROM chancery_app")
        yield
        database.execute(f"GRANT EXECUTE ON FUNCTION {APPEND} TO chancery_app")


def shelf(house: House) -> uuid.UUID:
    resource = uuid.uuid4()
    with house.system.transaction():
        grants.register(house.system, resource, "collection", house.ids["ada"])
    return resource


def contents(tenant: uuid.UUID) -> dict[str, str]:
    """A fingerprint of every row of the tenant's, by table."""
    found = {}
    with as_superuser() as database:
        names = database.execute(
            "SELECT c.table_name FROM information_schema.columns c JOIN pg_class p ON p.relname = c.table_name"
            " WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' AND NOT p.relispartition"
        ).fetchall()
        for (name,) in names:
            ask = sql.SQL(
                "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t WHERE tenant_id = %s"
            )
            row = database.execute(ask.format(sql.Identifier(name)), [tenant]).fetchone()
            found[name] = row[0] if row else ""
    return found


def deeds(house: House) -> dict[str, Callable[[], object]]:
    """Every service of the ground that changes something, ready to be called."""
    resource, ada, system = shelf(house), house.ada, house.system
    grant = grants.give(ada, resource, Holder(group=house.team), Level.READ)
    scope = keys.resolve(house.key("bob"))
    assert scope is not None
    key = scope.key
    assert key is not None
    link, rule = invitations.issue(ada, house.ids["bob"]), documents.of(builtin.rules()[0])
    ready = versions.draft(ada).number
    charlie, bob, team = house.ids["charlie"], house.ids["bob"], house.team
    return {
        "people.create": lambda: people.create(ada, "new@example.com", "New"),
        "people.change": lambda: people.change(ada, bob, email="b@example.com", name="B"),
        "people.switch_off": lambda: people.switch_off(ada, house.ids["olga"]),
        "invitations.issue": lambda: invitations.issue(ada, charlie),
        "invitations.accept": lambda: invitations.accept(house.slug, link, "a wholly new long password"),
        "assignments.take": lambda: assignments.take(ada, house.ids["olga"], Role.COMPLIANCE_OFFICER),
        "groups.rename": lambda: groups.rename(ada, team, "Crew"),
        "groups.remove": lambda: groups.remove(ada, team, bob),
        "tenants.change": lambda: tenants.change(ada, "New", tenants.Limits(1, 1, 1, 1, None, False)),
        "versions.put_rule": lambda: versions.put_rule(ada, ready, rule | {"message": "No."}),
        "versions.remove_rule": lambda: versions.remove_rule(ada, ready, "control-tokens"),
        "versions.describe": lambda: versions.describe(ada, ready, "Why not"),
        "publishing.submit": lambda: publishing.submit(ada, ready),
        "publishing.publish": lambda: publishing.publish(ada, ready),
        "assignments.give": lambda: assignments.give(ada, charlie, Role.TENANT_ADMIN),
        "groups.create": lambda: groups.create(ada, "New"),
        "groups.add": lambda: groups.add(ada, team, charlie),
        "grants.give": lambda: grants.give(ada, resource, Holder(person=charlie), Level.READ),
        "grants.withdraw": lambda: grants.withdraw(ada, resource, grant.pk),
        "grants.replace": lambda: grants.replace(ada, resource, Holder(person=charlie), [grants.Held(Level.MANAGE)]),
        "groups.delete": lambda: groups.delete(ada, team),
        "keys.issue": lambda: keys.issue(system, bob, "k", ["ask"], 1),
        "keys.revoke": lambda: keys.revoke(system, key),
        "enforcement.check": lambda: enforcement.check(
            ada, Stage.INPUT, "write to a@example.com", interaction=uuid.uuid4()
        ),
    }


def test_where_the_record_cannot_be_written_nothing_is_done(house: House, broken: None) -> None:
    with as_superuser() as database:  # the deeds need something to be done to
        database.execute(f"GRANT EXECUTE ON FUNCTION {APPEND} TO chancery_app")
        ready = deeds(house)
        database.execute(f"REVOKE EXECUTE ON FUNCTION {APPEND} FROM chancery_app")
    before, recorded = contents(house.tenant), numbers(house.tenant)
    for name, deed in ready.items():
        with pytest.raises(RecordUnavailable, match="nothing was done") as refused:
            deed()
        assert refused.value.status == 503, name
        assert contents(house.tenant) == before, name
    assert numbers(house.tenant) == recorded


def test_a_tenant_whose_beginning_cannot_be_recorded_is_not_made(broken: None) -> None:
    slug = f"x{uuid.uuid4().hex[:12]}"
    with pytest.raises(RecordUnavailable):
        tenants.create(slug, "Never")
    assert tenants.find_for_login(slug) is None


def test_where_the_keys_cannot_be_reached_nothing_is_done(house: House, settings: Any) -> None:
    before = contents(house.tenant)
    ada = house.ada
    settings.RECORD_KEY = b""
    keyring.ring().cached.clear()  # type: ignore[attr-defined]
    with pytest.raises(RecordUnavailable):
        groups.create(ada, "New")
    assert contents(house.tenant) == before


def test_the_record_works_again_once_it_can_be_written(house: House) -> None:
    assert groups.create(house.ada, "New")


def test_no_leaf_holds_a_name_an_address_or_a_text(house: House) -> None:
    for deed in deeds(house).values():
        deed()
    events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "my salary is 91000"})
    told = json.dumps(leaves(house), ensure_ascii=False).lower()
    forbidden = [
        *(house.email(name) for name in house.ids),
        *(f'"{name}"' for name in house.ids),
        *("new@example.com", "a@example.com", "91000", "salary", '"new"', '"team"', house.slug, cast.PASSWORD),
    ]
    assert [word for word in forbidden if word in told] == []


def test_the_stored_payload_is_ciphertext(house: House) -> None:
    event = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "my salary is 91000"})
    leaf, ciphertext = stored(house, event)
    assert ciphertext is not None
    assert b"91000" not in leaf + ciphertext
