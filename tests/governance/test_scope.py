from __future__ import annotations

import uuid

import pytest
from django.db import ProgrammingError, connection, transaction

from governance import models
from governance.scope import Scope, ScopesDoNotNestError
from tests.cast import House


def settings_now() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('chancery.tenant', true), current_setting('chancery.person', true)")
        return tuple(value or "" for value in cursor.fetchone())


def test_without_a_scope_there_are_no_rows(house: House) -> None:
    assert models.Person.objects.count() == 0
    with house.ada.transaction():
        assert models.Person.objects.count() == 4


def test_a_scope_sees_its_own_tenant_only(house: House, neighbour: House) -> None:
    with house.ada.transaction():
        assert {p.tenant_id for p in models.Person.objects.all()} == {house.tenant}
        assert not models.Person.objects.filter(pk=neighbour.ids["ada"]).exists()


def test_another_tenants_row_cannot_be_written(house: House, neighbour: House) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), house.ada.transaction():
        models.Group.objects.create(tenant_id=neighbour.tenant, name="Trojan")


def test_scopes_do_not_nest_unless_equal(house: House) -> None:
    ada, bob = house.ada, house.bob
    with ada.transaction():
        with ada.transaction():
            assert models.Person.objects.count() == 4
        with pytest.raises(ScopesDoNotNestError), bob.transaction():
            pass


def test_a_part_that_failed_is_not_left_out_of_a_whole_that_commits(house: House) -> None:
    ada, name = house.ada, "Half a change"
    with ada.transaction():
        models.Group.objects.create(tenant_id=house.tenant, name=name)
        with pytest.raises(ZeroDivisionError), ada.transaction():
            _ = 1 / 0
        assert connection.needs_rollback
    with ada.transaction():
        assert not models.Group.objects.filter(name=name).exists()


def test_settings_are_put_back_where_a_scope_ends_inside_a_longer_transaction(house: House) -> None:
    scope = house.ada
    with transaction.atomic():
        with scope.transaction():
            assert settings_now() == (str(house.tenant), str(scope.actor))
        assert settings_now() == ("", "")
        assert models.Person.objects.count() == 0


def test_a_failed_scope_leaves_nothing_behind(house: House) -> None:
    scope = house.ada
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), scope.transaction():
            _ = 1 / 0
        assert settings_now() == ("", "")


def test_a_system_scope_has_no_person() -> None:
    with pytest.raises(LookupError):
        _ = Scope.system(uuid.uuid4()).person
