"""The admins' rooms over HTTP, without a browser: what each form does, and how many questions a page asks the database."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assistant import models, usage
from assistant.showing import plots
from governance import access, assignments, groups, invitations, keys, people
from governance import models as governed
from governance.actions import Action
from governance.errors import Forbidden, NotFound
from governance.roles import Role
from ingestion import catalog
from tests import cast
from tests.assistant import portal
from tests.governance import origins

NEW_PASSWORD = "a wholly new long password"
LISTS = ("/people/", "/groups/", "/access/", "/keys/all", "/settings/", "/usage/")


@pytest.fixture
def ada(house: cast.House) -> Client:
    return portal.signed_in(house, "ada")


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def join_address(page: bytes) -> str:
    found = re.search(r'value="http://testserver(/t/[^"]+)"', page.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("name", ["bob", "olga"])
def test_the_admins_rooms_are_shut_to_everybody_else(name: str, house: cast.House) -> None:
    client = portal.signed_in(house, name)
    for address in (*LISTS, f"/people/{house.ids['bob']}", f"/groups/{house.team}", "/usage/days.csv"):
        assert client.get(address).status_code == 403, address
    assert b">Admin</a>" not in client.get("/keys/").content


def test_an_admin_reads_neither_documents_nor_the_record(house: cast.House) -> None:
    room = portal.furnished(house)
    bob = portal.signed_in(house, "bob")
    people_page = portal.signed_in(house, "ada").get("/record/")
    assert people_page.status_code == 403
    other = people.create(house.system, "root@example.com", "Root", password=cast.PASSWORD)
    assignments.give(house.system, other, Role.TENANT_ADMIN)
    root = Client()
    root.post(f"/t/{house.slug}/", {"email": "root@example.com", "password": cast.PASSWORD})
    page = root.get(f"/collections/{room.collection}")
    assert page.status_code == 200
    assert b"A document" not in page.content
    assert root.get(f"/documents/{room.document}").status_code == 404
    assert bob.get(f"/documents/{room.document}").status_code == 200


def test_a_person_is_added_follows_the_link_and_signs_in(house: cast.House, ada: Client) -> None:
    made = ada.post("/people/", {"name": "Nia New", "email": "nia@example.com", "role-compliance_officer": "on"})
    assert made["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    address = join_address(made.content)
    visitor = Client()
    assert b"Welcome, Nia New" in visitor.get(address).content
    assert visitor.post(address, {"password": NEW_PASSWORD, "again": "another"}).status_code == 400
    assert visitor.post(address, {"password": "short", "again": "short"}).status_code == 400
    assert visitor.post(address, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})["Location"] == f"/t/{house.slug}/"
    assert visitor.get(address).status_code == 404
    visitor.post(f"/t/{house.slug}/", {"email": "nia@example.com", "password": NEW_PASSWORD})
    assert visitor.get("/record/").status_code == 200
    assert address not in ada.get("/people/").content.decode()


def test_a_wrong_address_is_told_beside_the_form_that_keeps_what_was_written(ada: Client, house: cast.House) -> None:
    page = ada.post("/people/", {"name": "Nia New", "email": house.email("bob")})
    assert page.status_code == 409
    assert 'value="Nia New"' in page.content.decode()


def test_a_link_is_mailed_where_there_is_a_mail_server(house: cast.House, ada: Client, settings: Any) -> None:
    ada.post(f"/people/{house.ids['bob']}/link", {"mail": "on"})
    assert mail.outbox == []
    settings.MAIL_IS_THERE = True
    page = ada.post(f"/people/{house.ids['bob']}/link", {"mail": "on"})
    (sent,) = mail.outbox
    assert sent.to == [house.email("bob")]
    assert join_address(page.content) in sent.body


def test_a_new_password_ends_the_sessions_of_the_old_one(house: cast.House) -> None:
    bob = portal.signed_in(house, "bob")
    token = invitations.issue(house.ada, house.ids["bob"])
    Client().post(f"/t/{house.slug}/join/{token}", {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert bob.get("/keys/").status_code == 302


def test_switching_off_ends_a_session_at_once_and_for_good(house: cast.House, ada: Client) -> None:
    bob = portal.signed_in(house, "bob")
    ada.post(f"/people/{house.ids['bob']}/switch", {"to": "off"})
    assert bob.get("/keys/").status_code == 302
    ada.post(f"/people/{house.ids['bob']}/switch", {"to": "on"})
    assert bob.get("/keys/").status_code == 302
    portal.signed_in(house, "bob")


def test_the_last_admin_is_kept_with_words(house: cast.House, ada: Client) -> None:
    refused = ada.post(f"/people/{house.ids['ada']}/roles", {})
    assert refused.status_code == 409
    assert b"Make somebody else an admin first." in refused.content


def test_roles_change_and_the_undo_puts_them_back(house: cast.House, ada: Client) -> None:
    address = f"/people/{house.ids['bob']}/roles"
    page = ada.post(address, {"role-tenant_admin": "on"}, follow=True).content.decode()
    assert "tenant_admin" in house.bob.roles
    assert f'action="{address}"' in page
    assert "data-take-back" in page
    ada.post(address, {})
    assert "tenant_admin" not in house.bob.roles


def test_a_persons_page_says_what_they_may_do_and_why(house: cast.House, ada: Client) -> None:
    room = portal.furnished(house)
    page = ada.get(f"/people/{house.ids['bob']}").content.decode()
    assert "through Team" in page
    ada.post(f"/access/{room.collection}/person/{house.ids['bob']}", {"choice": "deny-read"})
    page = ada.get(f"/people/{house.ids['bob']}").content.decode()
    assert "a grant denies it" in page
    assert not access.decide(house.bob, Action.COLLECTION_READ, room.collection).allowed


def test_a_group_is_made_filled_emptied_and_deleted(house: cast.House, ada: Client) -> None:
    where = ada.post("/groups/", {"name": "Crew"})["Location"]
    charlie = house.ids["charlie"]
    ada.post(f"{where}/members", {"person": str(charlie)})
    assert b"charlie@" in ada.get(where).content
    ada.post(f"{where}/members/{charlie}/remove")
    assert house.charlie.groups == frozenset()
    ada.post(f"{where}/rename", {"name": "Night crew"})
    assert b"Night crew" in ada.get("/groups/?q=night").content
    ada.post(f"{where}/delete")
    assert ada.get(where).status_code == 404
    assert ada.post("/groups/", {"name": "Team"}).status_code == 409


def test_members_of_the_identity_provider_carry_no_button(house: cast.House, ada: Client) -> None:
    origins.by_claim(house, house.ids["charlie"], "Corner")
    page = ada.get(f"/groups/{house.team}").content.decode()
    assert "Claim from Corner" in page
    assert "Claim from Corner" in ada.get(f"/people/{house.ids['charlie']}").content.decode()
    assert f"/groups/{house.team}/members/{house.ids['charlie']}/remove" not in page


def test_a_cell_of_the_matrix_is_changed_and_undone(house: cast.House, ada: Client) -> None:
    room = portal.furnished(house)
    address = f"/access/{room.collection}/group/{house.team}"
    assert address in ada.get("/access/").content.decode()
    assert re.search(r'value="read"\s+checked', ada.get(address).content.decode())
    changed = ada.post(address, {"choice": "none"}, headers={"X-Requested-With": "fetch"}).content.decode()
    assert 'name="choice" value="read@"' in changed  # the undo's form
    assert not access.decide(house.bob, Action.COLLECTION_READ, room.collection).allowed
    ada.post(address, {"choice": "read"})
    assert access.decide(house.bob, Action.COLLECTION_READ, room.collection).allowed
    assert ada.post(address, {"choice": "everything"}).status_code == 400
    assert ada.get(f"/access/{room.collection}/person/{uuid.uuid4()}").status_code == 404


def test_a_manager_has_the_matrix_of_what_they_manage(house: cast.House, ada: Client) -> None:
    room = portal.furnished(house)
    bob = portal.signed_in(house, "bob")
    assert bob.get("/access/").status_code == 403
    assert bob.get("/access/?q=Hand").status_code == 403
    ada.post(f"/access/{room.collection}/person/{house.ids['bob']}", {"choice": "manage"})
    ada.post("/collections/", {"name": "Board papers"})
    page = bob.get("/access/").content.decode()
    assert "Handbook" in page
    assert "Board papers" not in page
    assert b"Nothing matches" in bob.get("/access/?q=Board").content


def test_a_key_is_shown_once_and_ended_by_its_person_or_an_admin(house: cast.House, ada: Client) -> None:
    bob = portal.signed_in(house, "bob")
    page = bob.post("/keys/", {"name": "Report", "scopes": ["ask"], "days": "30"}).content.decode()
    found = re.search(r'value="(chy_[^"]+)"', page)
    assert found
    assert keys.resolve(found[1]) is not None
    assert found[1] not in bob.get("/keys/").content.decode()
    (mine,) = keys.mine(house.bob)
    assert portal.signed_in(house, "charlie").post(f"/keys/{mine.pk}/revoke").status_code == 404
    assert b"Report" in ada.get("/keys/all").content
    ada.post(f"/keys/{mine.pk}/revoke")
    assert keys.resolve(found[1]) is None
    for wrong in ({"name": "", "scopes": ["ask"]}, {"name": "x"}, {"name": "x", "scopes": ["ask"], "days": "9999"}):
        assert bob.post("/keys/", wrong).status_code == 400


def test_limits_are_changed_in_the_settings(house: cast.House, ada: Client) -> None:
    sent = {
        "name": "Renamed",
        "answers_running_max": "2",
        "answers_waiting_max": "3",
        "answers_per_person_max": "4",
        "documents_max": "5",
        "tokens_per_day": "",
    }
    assert ada.post("/settings/", sent).status_code == 302
    page = ada.get("/settings/").content.decode()
    assert 'value="Renamed"' in page
    assert ada.post("/settings/", sent | {"documents_max": "none"}).status_code == 400


def test_usage_counts_what_happened_and_tells_no_small_group_apart(house: cast.House, ada: Client) -> None:
    room = portal.furnished(house)
    found = usage.over(house.ada, 7)
    assert (found.questions, found.answered, found.people, found.documents) == (1, 1, 1, 1)
    assert [(shelf.documents, shelf.cited) for shelf in found.shelves] == [(1, 1)]
    assert [(team.members, team.questions) for team in found.teams] == [(1, None)]
    for name in ("charlie", "olga"):
        groups.add(house.ada, house.team, house.ids[name])
    assert usage.over(house.ada, 7).teams[0].questions == 1
    page = ada.get("/usage/?days=90").content.decode()
    assert page.count('<svg class="plot"') == 4
    assert "style=" not in page
    assert str(room.answer) not in page
    with pytest.raises(Forbidden):
        usage.over(house.olga, 7)
    with pytest.raises(NotFound):
        usage.table(found, "people")


def test_usage_comes_as_csv_that_no_spreadsheet_runs(house: cast.House, ada: Client) -> None:
    ada.post("/collections/", {"name": "=1+1"})
    rows = ada.get("/usage/collections.csv?days=7").content.decode().splitlines()
    assert rows == ["collection,documents,answers_citing_it", "'=1+1,0,0"]
    days = ada.get("/usage/days.csv?days=7").content.decode().splitlines()
    assert len(days) == 8
    assert ada.get("/usage/people.csv").status_code == 404


def test_a_scale_is_a_round_number_that_holds_the_highest_bar() -> None:
    assert [plots.ceiling(most) for most in (0, 1, 2, 3, 5, 11, 40, 99, 101)] == [2, 2, 2, 4, 10, 20, 40, 100, 200]
    assert [plots.short(value) for value in (0, 5, 999, 1500, 2_000_000)] == ["0", "5", "999", "1.5k", "2M"]


def test_a_page_asks_as_much_of_a_full_house_as_of_an_empty_one(house: cast.House, ada: Client) -> None:
    room = portal.furnished(house)
    addresses = (
        *LISTS,
        f"/people/{house.ids['bob']}",
        f"/groups/{house.team}",
        "/keys/",
        f"/access/{room.collection}/group/{house.team}",
    )
    before = {address: queries(ada, address) for address in addresses}
    fill(house)
    after = {address: queries(ada, address) for address in addresses}
    assert {address: number for address, number in after.items() if number > before[address]} == {}
    assert max(after.values()) <= 75  # with the statements that open and close each transaction


def fill(house: cast.House) -> None:
    with house.system.transaction():
        staff = governed.Person.objects.bulk_create(
            governed.Person(tenant_id=house.tenant, email=f"p{n:03}@example.com", name=f"P {n:03}") for n in range(60)
        )
        teams = governed.Group.objects.bulk_create(
            governed.Group(tenant_id=house.tenant, name=f"G {n:02}") for n in range(30)
        )
        governed.Membership.objects.bulk_create(
            governed.Membership(tenant_id=house.tenant, group=teams[n % 30], person=person)
            for n, person in enumerate(staff)
        )
        governed.RoleAssignment.objects.bulk_create(
            governed.RoleAssignment(tenant_id=house.tenant, person=person, role="compliance_officer")
            for person in staff
        )
        governed.Membership.objects.bulk_create(
            governed.Membership(tenant_id=house.tenant, group_id=house.team, person=person) for person in staff
        )
        conversation = models.Conversation.objects.create(tenant_id=house.tenant, person=staff[0], title="x")
        models.Answer.objects.bulk_create(
            models.Answer(tenant_id=house.tenant, person=staff[0], conversation=conversation, question="?")
            for _ in range(50)
        )
    for n in range(12):
        catalog.create(house.ada, f"C {n:02}")
    for n in range(5):
        keys.issue(house.ada, house.ids["ada"], f"K {n}", ["ask"], 5)
