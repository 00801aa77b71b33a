"""Support access: opened by the tenant, as far as it says, for hours, to look only; whoever asks, Postgres too."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from governance import access, ends, models, operators, support
from governance.actions import Action
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.roles import SUPPORT_ACTIONS, SupportLevel
from governance.scope import ActorKind
from governance.support import looks
from ingestion import catalog, documents
from ingestion.documents import supported
from tests.cast import House
from tests.governance import cases
from tests.governance.database import as_role, as_superuser, leaves, payloads
from tests.governance.test_isolation_catalog import EXEMPT, _insert, quoted, tables

S, D, R = SupportLevel
CHANGING = set(Action) - {a for actions in SUPPORT_ACTIONS.values() for a in actions}


def draft(**given: Any) -> support.Draft:
    return support.Draft(**({"ticket": "T-1", "reason": "Nothing is read."} | given))


def test_an_operator_asks_an_admin_opens_and_ends_and_all_of_it_is_on_the_tenants_record(house: House) -> None:
    by, (handbook, _) = cases.operator(), cases.shelf(house)
    asked = support.ask(by, house.tenant, draft(level=R, hours=8))
    with pytest.raises(NotFound):
        looks.opened(by, asked)
    (row,) = support.listed(house.ada)
    assert (row.access.state, row.operator, row.level) == ("asked", by, R)
    support.open_to(house.ada, asked, D, 2, [handbook])  # less than was asked for
    found = looks.opened(by, asked)
    assert (found.level, set(found.support.collections)) == (D, {handbook})
    assert timedelta(hours=1.9) < found.ends_at - timezone.now() <= timedelta(hours=2)
    with pytest.raises(Conflict):
        support.open_to(house.ada, asked, R, 2, [handbook])
    support.end(house.ada, asked)
    with pytest.raises(NotFound):
        looks.opened(by, asked)
    told = {leaf["action"]: leaf for leaf in leaves(house) if leaf["action"].startswith("support.")}
    assert set(told) == {"support.asked", "support.opened", "support.ended"}
    assert told["support.asked"]["actor"] == {"kind": "operator", "id": str(by.pk)}
    assert told["support.opened"]["facts"]["operator"] == str(by.pk)
    assert told["support.opened"]["facts"]["collections"] == [str(handbook)]
    assert told["support.ended"]["facts"] == {"how": "ended", "operator": str(by.pk), "was_open": True}
    assert all(leaf["resource"] == {"kind": "support_access", "id": str(asked)} for leaf in told.values())
    assert payloads(house, "support.opened") == [{"operator": by.email, "ticket": "T-1", "reason": "Nothing is read."}]


def test_who_may_open_refuse_and_end_is_the_admin_alone(house: House, neighbour: House) -> None:
    by = cases.operator()
    asked = support.ask(by, house.tenant, draft())
    deeds = (
        lambda scope: support.offer(scope, "", draft()),
        lambda scope: support.open_to(scope, asked, S, 1, []),
        lambda scope: support.refuse(scope, asked),
        lambda scope: support.end(scope, asked),
        lambda scope: support.get(scope, asked),
        lambda scope: looks.made(scope, asked),
    )
    for scope in (house.bob, house.charlie, house.olga, operators.scope_in(by, house.tenant)):
        for deed in deeds:
            with pytest.raises(Forbidden):
                deed(scope)
    for deed in deeds[1:5]:  # their own admin may, in their own tenant: there is nothing of that name
        with pytest.raises(NotFound):
            deed(neighbour.ada)
    assert looks.made(neighbour.ada, asked) == []
    support.refuse(house.ada, asked)
    with pytest.raises(Conflict):
        support.refuse(house.ada, asked)
    with pytest.raises(Conflict):
        support.open_to(house.ada, asked, S, 1, [])


def test_what_is_asked_for_has_bounds(house: House, neighbour: House) -> None:
    by, (theirs, _) = cases.operator(), cases.shelf(neighbour)
    for wrong in ({"ticket": " "}, {"ticket": "x" * 81}, {"reason": "x"}, {"hours": 0}, {"hours": 73}):
        with pytest.raises(InvalidInput):
            support.ask(by, house.tenant, draft(**wrong))
        with pytest.raises(InvalidInput):
            support.offer(house.ada, "", draft(**wrong))
    with pytest.raises(InvalidInput):
        support.offer(house.ada, "nobody@installation.example", draft())
    for level in (D, R):
        with pytest.raises(InvalidInput):  # content is of collections that are named
            support.offer(house.ada, "", draft(level=level))
        for one in (theirs, uuid.uuid4()):
            with pytest.raises(NotFound):
                support.offer(house.ada, "", draft(level=level, collections=frozenset({one})))
    with pytest.raises(NotFound):
        support.ask(by, uuid.uuid4(), draft())
    for _ in range(support.ASKED_MAX):
        support.ask(by, house.tenant, draft())
    with pytest.raises(Conflict):
        support.ask(by, house.tenant, draft())


def test_it_is_the_named_operators_alone_or_anybodys_and_what_was_never_opened_is_the_same_answer(house: House) -> None:
    by, another = cases.operator(), cases.operator()
    mine, any_ones = cases.opened(house, by, S), cases.opened(house, None, S)
    assert looks.opened(by, mine).is_named
    refusals = set()
    for who, opening in ((another, mine), (another, uuid.uuid4()), (by, support.ask(by, house.tenant, draft()))):
        with pytest.raises(NotFound) as refused:
            looks.opened(who, opening)
        refusals.add(str(refused.value))
    assert len(refusals) == 1
    assert looks.opened(another, any_ones).operator == another
    assert {one.id for one in looks.mine(another)} == {any_ones} | {
        one.id for one in looks.mine(another) if one.tenant_id != house.tenant
    }
    with pytest.raises(NotFound):  # another's is not theirs to give back
        support.give_back(another, house.tenant, mine)
    support.give_back(by, house.tenant, mine)
    with pytest.raises(NotFound):
        looks.opened(by, mine)
    models.Operator.objects.filter(pk=another.pk).update(is_active=False)
    with pytest.raises(NotFound):
        looks.opened(another, any_ones)


@pytest.mark.parametrize("level", [S, D, R])
def test_each_level_opens_what_it_names_and_nothing_that_changes_anything(house: House, level: SupportLevel) -> None:
    (named, inside), (other, outside) = cases.shelf(house), cases.shelf(house)
    found = cases.entered(house, level, [named] if level > S else ())
    for action in Action:
        for resource in (None, named, other, uuid.uuid4()):
            allowed = access.decide(found.scope, action, resource).allowed
            is_of_tenant = action in {Action.SUPPORT_SETTINGS, Action.SUPPORT_DOCUMENTS}
            reached = resource == named if resource else is_of_tenant
            expected = action in SUPPORT_ACTIONS[level] and reached and (resource is None or level > S)
            assert allowed == expected, (action, resource)
        each = access.decide_each(found.scope, action, [named, other])
        assert {one: said.allowed for one, said in each.items()} == {
            one: access.decide(found.scope, action, one).allowed for one in (named, other)
        }
        assert action not in CHANGING or not access.decide(found.scope, action, named).allowed
    assert looks.settings(found).slug == house.slug
    assert {one.id for one in supported.shelves(found)} == ({named} if level > S else set())
    for collection in (other, uuid.uuid4()):
        with pytest.raises(NotFound):
            supported.listed(found, collection, 1)
    for document in (outside, uuid.uuid4()):
        with pytest.raises((NotFound, Forbidden)):
            supported.get(found, document)
    if level is S:
        with pytest.raises(Forbidden):
            supported.get(found, inside)
        return
    _shelf, page = supported.listed(found, named, 1)
    assert [one.id for one in page.rows] == [inside]
    file = supported.get(found, inside)
    assert file.uploads[0].status == "ready"
    assert (cases.SECRET in cases.text_of(file)) == (level is R)


def test_it_is_nobody_and_postgres_shows_it_no_row_and_lets_it_write_none(house: House) -> None:
    named, inside = cases.shelf(house)
    found = cases.entered(house, R, [named])
    assert found.scope.kind is ActorKind.SUPPORT
    assert found.scope.roles == found.scope.groups == frozenset()
    with pytest.raises(LookupError):
        _ = found.scope.person
    with pytest.raises(LookupError):
        found.scope.as_system()
    with pytest.raises(NotFound):  # the services of people find nothing
        documents.get(found.scope, inside)
    with as_superuser() as catalog_, as_role("chancery_app") as app:
        catalog_.row_factory = psycopg.rows.namedtuple_row
        for name, value in (("tenant", house.tenant), ("actor_kind", "support"), ("person", found.support.access)):
            app.execute("SELECT set_config(%s, %s, false)", [f"chancery.{name}", str(value)])
        assert app.execute("SELECT level FROM chancery.support_open()").fetchall() == [(int(R),)]
        for table in tables(catalog_):
            if table.name in EXEMPT or table.relispartition or table.name.startswith("audit."):
                continue
            count = psycopg.sql.SQL("SELECT count(*) FROM {}").format(quoted(table.name))
            assert app.execute(count).fetchone() == (0,), table.name
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(_insert(catalog_, table, house))
            key = "tenant_id" if table.name != "public.tenant" else "id"
            for verb in ("UPDATE {} SET {key} = {key}", "DELETE FROM {}"):
                statement = psycopg.sql.SQL(verb).format(quoted(table.name), key=psycopg.sql.Identifier(key))
                try:
                    assert app.execute(statement).rowcount == 0, table.name
                except psycopg.errors.InsufficientPrivilege:
                    continue
        app.execute("SELECT set_config('chancery.actor_kind', 'person', false)")  # the same settings, as a person would
        assert app.execute("SELECT count(*) FROM support_access").fetchone() == (0,)
        assert app.execute("SELECT 1 FROM chancery.support_open()").fetchall() == []


def test_an_operator_cannot_open_it_for_themselves_past_the_application(house: House) -> None:
    by = cases.operator()
    asked, mine = support.ask(by, house.tenant, draft()), cases.opened(house, by, S)
    scope = operators.scope_in(by, house.tenant)
    opening = {"opened_at": timezone.now(), "ends_at": timezone.now() + timedelta(hours=1), "opened_by": by.pk}
    for one, changed in (
        (asked, opening),
        (mine, {"level": 3}),
        (mine, {"ends_at": timezone.now() + timedelta(days=9)}),
    ):
        with pytest.raises(DatabaseError), scope.transaction():
            models.SupportAccess.objects.filter(pk=one).update(**changed)
    with scope.transaction():
        assert models.SupportAccess.objects.filter(pk=asked).delete()[0] == 0
    with pytest.raises(DatabaseError), scope.transaction():
        models.SupportAccess.objects.create(
            tenant_id=house.tenant, operator=by.pk, ticket="T", reason="mine", level=3, hours=1, **opening
        )
    with house.bob.transaction():
        assert not models.SupportAccess.objects.exists()


@pytest.mark.parametrize("how", ["ended", "over", "switched off", "collection deleted"])
def test_its_end_cuts_what_is_open_at_the_next_request_and_in_the_midst_of_one(how: str, house: House) -> None:
    named, inside = cases.shelf(house)
    found = cases.entered(house, R, [named])
    opening = found.support.access
    assert cases.SECRET in cases.text_of(supported.get(found, inside))
    before = len(leaves(house, "support.looked"))
    if how == "ended":
        support.end(house.ada, opening)
    elif how == "over":
        cases.over(opening)
    elif how == "switched off":
        with as_superuser() as database:
            database.execute("UPDATE tenant SET switched_off_at = now() WHERE id = %s", [house.tenant])
    else:
        catalog.delete(house.ada, named)
    for look in (lambda: supported.get(found, inside), lambda: supported.listed(found, named, 1)):
        with pytest.raises(NotFound):  # what was looked up before is a memory
            look()
    if how != "collection deleted":
        with pytest.raises(NotFound):
            looks.settings(found)
        with pytest.raises(NotFound):
            looks.opened(found.operator, opening)
        with pytest.raises(DatabaseError), found.scope.transaction(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT audit.append(%s, NULL)",
                [b'{"id": "%s", "tenant": "%s"}' % (str(uuid.uuid4()).encode(), str(house.tenant).encode())],
            )
    assert len(leaves(house, "support.looked")) == before


def test_what_has_ended_by_itself_is_written_down(house: House) -> None:
    by = cases.operator()
    opening = cases.opened(house, by, S)
    assert ends.settle(house.tenant) == 0
    cases.over(opening)
    assert house.tenant in ends.due()
    assert ends.settle(house.tenant) == 1
    assert house.tenant not in ends.due()
    (leaf,) = leaves(house, "support.ended")
    assert (leaf["actor"]["kind"], leaf["facts"]["how"]) == ("system", "over")
    assert support.get(house.ada, opening).access.state == "over"
