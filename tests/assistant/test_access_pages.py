"""The pages and the API that say who was given what, and why somebody may or may not."""

from __future__ import annotations

import csv
import html
import io
import re
import uuid
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from governance import custom_roles, grants, people
from governance.grants import Held, Holder
from governance.roles import Level
from governance.service_accounts import accounts
from ingestion import catalog
from ingestion.documents import restrictions
from tests.assistant import portal
from tests.cast import House
from tests.ingestion import shelves


def test_what_was_given_is_one_table_that_is_read_filtered_and_taken_away(house: House) -> None:
    shelf, other = catalog.create(house.ada, "Handbook").pk, catalog.create(house.ada, "=Plans").pk
    until = timezone.now() + timedelta(days=3, hours=1)
    grants.give(house.ada, shelf, Holder(group=house.team), Level.READ, until=until)
    grants.give(house.ada, other, Holder(person=house.ids["charlie"]), Level.MANAGE)
    role = custom_roles.create(house.ada, "Librarian", ["collection.see"])
    custom_roles.give(house.ada, role, Holder(group=house.team))
    admin = portal.signed_in(house, "ada")
    page = admin.get("/access/table").content.decode()
    assert all(word in page for word in ("Handbook", "Team", "ends in", "3", "Librarian", "Ada", "by hand"))
    ofbob = admin.get(f"/access/table?person={house.ids['bob']}").content.decode()
    assert "Role Librarian" in ofbob
    assert ">Plans<" not in ofbob
    rows = list(csv.DictReader(io.StringIO(admin.get("/access/table.csv").content.decode())))
    assert {row["collection"] for row in rows if row["kind"] == "grant"} == {"Handbook", "'=Plans"}
    key = Client(headers={"Authorization": f"Bearer {house.key('charlie')}"})
    told = key.get("/api/v1/access/grants").json()["rows"]  # a manager sees their own, and no roles
    assert {(row["collection"], row["kind"]) for row in told} == {("=Plans", "grant")}
    assert portal.signed_in(house, "bob").get("/access/table").status_code == 403


def test_why_is_told_with_the_whole_way_and_to_everybody_of_themselves(house: House) -> None:
    shelf = catalog.create(house.ada, "Handbook").pk
    grants.give(house.ada, shelf, Holder(group=house.team), Level.READ)
    admin, bob = portal.signed_in(house, "ada"), portal.signed_in(house, "bob")
    page = admin.get(f"/access/why?collection={shelf}&person={house.ids['bob']}").content.decode()
    assert all(word in page for word in ("Yes", "by hand", "Team", "Handbook", "decides"))
    page = admin.get(f"/access/why?collection={shelf}").content.decode()
    assert "2 people may" in page
    assert "No: " in admin.get(f"/access/why?collection={shelf}&person={house.ids['charlie']}").content.decode()
    early = admin.get(f"/access/why?collection={shelf}&at=2001-01-01T00:00")
    assert (early.status_code, b"and not before" in early.content) == (400, True)
    mine = bob.get(f"/access/why?collection={shelf}&person={house.ids['ada']}").content.decode()  # of himself alone
    assert "Bob" in mine
    assert "Ada" not in mine.split("</form>")[-1].replace("by Ada", "")
    assert portal.signed_in(house, "charlie").get(f"/access/why?collection={shelf}").status_code == 404
    key = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    told = key.get(f"/api/v1/access/explain?collection={shelf}&person={house.ids['bob']}").json()
    (way,) = told["ways"]
    assert (told["allowed"], way["through"]["name"], way["through"]["sources"]) == (True, "Team", ["manual"])
    assert key.get("/api/v1/access/explain?at=nonsense").status_code == 400


def test_a_role_is_made_given_and_taken_in_the_portal(house: House) -> None:
    admin = portal.signed_in(house, "ada")
    assert admin.post("/access/roles", {"name": "Keeper", "actions": []}).status_code == 400
    made = admin.post("/access/roles", {"name": "Keeper", "actions": ["collection.see", "policy.see"]})
    assert made.status_code == 302
    (role,) = custom_roles.listed(house.ada)
    admin.post(f"/access/roles/{role.pk}/holders", {"holder": f"group:{house.team}", "until": "2090-01-01"})
    page = admin.get(f"/access/roles/{role.pk}").content.decode()
    assert "Team" in page
    assert "2090" in page
    assert house.bob.opened == {"collection.see", "policy.see"}
    (held,) = custom_roles.get(house.ada, role.pk).assignments.all()
    admin.post(f"/access/roles/{role.pk}/holders/{held.pk}/take")
    assert not house.bob.opened


def test_a_cell_gives_until_a_day_and_its_undo_takes_that_end_away_again(house: House) -> None:
    shelf, charlie = catalog.create(house.ada, "Handbook").pk, Holder(person=house.ids["charlie"])
    admin, address = portal.signed_in(house, "ada"), f"/access/{shelf}/person/{house.ids['charlie']}"

    def held() -> list[Held]:
        with house.ada.transaction():
            return list(grants.held_by(shelf, charlie))

    grants.give(house.ada, shelf, charlie, Level.READ)
    part = {"HX-Request": "true"}
    changed = admin.post(address, {"choice": "contribute", "until": "2090-05-01"}, headers=part).content.decode()
    (now,) = held()
    assert (now.level, str(now.until)[:16]) == (Level.CONTRIBUTE, "2090-05-01 23:59")
    undo = re.search(r'name="choice"\s+value="([^"]+)"', changed)
    assert undo
    admin.post(address, {"choice": html.unescape(undo[1])})
    assert held() == [Held(Level.READ)]
    exact = timezone.now() + timedelta(days=3)
    grants.give(house.ada, shelf, charlie, Level.READ, until=exact)
    admin.post(address, {"choice": "contribute", "until": f"{exact:%Y-%m-%d}"})  # as the form shows it: untouched
    assert held() == [Held(Level.CONTRIBUTE, until=exact)]
    admin.post(address, {"choice": "contribute", "until": ""})
    assert held() == [Held(Level.CONTRIBUTE)]
    admin.post(
        f"/collections/{shelf}/grants", {"holder": f"person:{charlie.person}", "level": "1", "until": "2090-05-01"}
    )
    assert [str(one.until)[:10] for one in held()] == ["2090-05-01"]


def test_a_cell_keeps_the_end_of_what_is_held_and_its_undo_brings_the_end_back(house: House) -> None:
    shelf, team = catalog.create(house.ada, "Handbook").pk, Holder(group=house.team)
    until = timezone.now() + timedelta(days=3, hours=1)
    grants.give(house.ada, shelf, team, Level.READ, until=until)
    admin, address = portal.signed_in(house, "ada"), f"/access/{shelf}/group/{house.team}"

    def held() -> tuple[Held, ...]:
        with house.ada.transaction():
            return grants.held_by(shelf, team)

    assert "ends in" in admin.get(address).content.decode()
    admin.post(address, {"choice": "read"})
    assert held() == (Held(Level.READ, until=until),)
    admin.post(address, {"choice": "contribute"})
    assert held() == (Held(Level.CONTRIBUTE, until=until),)
    changed = admin.post(address, {"choice": "deny-read"}, headers={"X-Requested-With": "fetch"}).content.decode()
    assert held() == (Held(Level.READ, denies=True),)  # a denial is not what ends then
    undo = re.search(r'name="choice"\s+value="([^"]+)"', changed)
    assert undo
    admin.post(address, {"choice": html.unescape(undo[1])})
    assert held() == (Held(Level.CONTRIBUTE, until=until),)
    assert admin.post(address, {"choice": "read@soon"}).status_code == 400
    assert admin.post(address, {"choice": "read@2001-01-01"}).status_code == 400
    assert held() == (Held(Level.CONTRIBUTE, until=until),)


def test_of_a_document_that_is_narrowed_it_is_told_who_may_read_it_and_to_others_that_nothing_is_there(
    house: House,
) -> None:
    shelf = catalog.create(house.ada, "Handbook").pk
    grants.give(house.ada, shelf, Holder(group=house.team), Level.READ)
    document = shelves.indexed(house.system, shelf, ["The budget."]).document_id
    admin, bob = (Client(headers={"Authorization": f"Bearer {house.key(name)}"}) for name in ("ada", "bob"))
    address = f"/api/v1/access/explain?document={document}"

    def told(key: Client, who: str) -> tuple[object, object]:
        answer = key.get(f"{address}&person={house.ids[who]}").json()
        return answer["allowed"], [way["standing"] for way in answer["ways"]]

    assert told(bob, "bob") == told(admin, "bob") == (True, ["decides"])
    assert len(admin.get(address).json()["people"]) == 2
    restrictions.restrict(house.ada, document, [Holder(person=house.ids["ada"])])
    assert told(admin, "bob") == (False, ["beaten"])
    assert "names neither" in admin.get(f"{address}&person={house.ids['bob']}").json()["reason"]
    assert told(admin, "ada") == (True, ["decides"])
    assert [one["person"]["name"] for one in admin.get(address).json()["people"]] == ["Ada"]
    mine, nothing = (
        bob.get(f"/api/v1/access/explain?document={one}&person={house.ids['bob']}") for one in (document, uuid.uuid4())
    )
    assert mine.status_code == nothing.status_code == 404
    assert mine.json()["error"]["message"] == nothing.json()["error"]["message"]


def test_forms_offer_the_first_people_and_find_the_others_by_name(house: House) -> None:
    """Nobody's browser is sent a list of thousands; programs are no colleagues, and those switched off are offered to nobody."""
    shelf = catalog.create(house.ada, "Handbook").pk
    made = {n: people.create(house.system, f"z{n}@{house.slug}.example", f"Zoe {n:02d}") for n in range(30)}
    people.switch_off(house.ada, made[29])
    accounts.create(house.ada, accounts.Draft("Zoe the program", "Figures.", house.ids["ada"]))
    role = custom_roles.create(house.ada, "Librarian", ["collection.see"])
    admin = portal.signed_in(house, "ada")
    for address in (
        f"/collections/{shelf}",
        f"/groups/{house.team}",
        f"/access/roles/{role}",
        "/access/table",
        "/services/",
    ):
        page = admin.get(address).content.decode()
        assert page.count("Zoe ") <= people.OFFERED_MOST + 1, address
        assert "Find a person" in page, address
    found = admin.get(f"/people/found?of=holder&find=zoe+2&holder=person:{house.ids['bob']}").content.decode()
    assert f'value="person:{house.ids["bob"]}" selected' in found
    assert all(f'value="person:{made[n]}"' in found for n in range(20, 29))
    assert str(made[29]) not in found
    assert "program" not in admin.get("/people/found?of=person&find=zoe").content.decode()
    assert admin.get(f"/access/table?person={made[28]}").content.decode().count(f'value="{made[28]}" selected') == 1
