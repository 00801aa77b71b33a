"""The officers' desk in the portal: words searched, openings approved, and cases."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from governance import assignments, tenants
from governance.audit import words
from governance.audit.officers import cases
from governance.roles import Role
from tests import cast
from tests.assistant import asking, portal
from tests.assistant.officers import TITLE, WHY, of_api, said, send
from tests.governance import sealing
from tests.governance.database import leaves, payloads


@pytest.fixture
def olga(house: cast.House) -> Client:
    return portal.signed_in(house, "olga")


@pytest.fixture
def charlie(house: cast.House) -> Client:
    """A second officer, in a tenant that wants one."""
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    return portal.signed_in(house, "charlie")


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_words_are_searched_by_name_day_and_word_and_lead_to_the_answer(house: cast.House, olga: Client) -> None:
    interaction = said(house)
    said(house, "my salary is mine", "ada")
    day = str(datetime.now(UTC).date())
    response = olga.post("/record/search", {"who": "bob", "day": day, "words": "salary", "reason": WHY})
    found = olga.get(response["Location"])
    shown = text(found)
    assert f"/record/interactions/{interaction}" in shown
    assert "Bob asked" in shown
    assert "once in the question" in shown
    assert "Ada asked" not in shown
    assert "91000" not in shown
    assert "no-store" in found["Cache-Control"]
    (told,) = leaves(house, "record.searched")
    assert told["facts"]["person"] == str(house.ids["bob"])
    assert payloads(house, "record.searched") == [{"words": "salary", "reason": WHY}]


def test_words_stand_in_no_address(house: cast.House, olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "A_PART", 1)
    for _ in range(3):
        said(house)
    response = olga.post("/record/search", {"kind": "questions", "words": "salary", "reason": WHY})
    assert "salary" not in response["Location"]
    address, found = response["Location"], 0
    for _ in range(5):
        page = olga.get(address)
        found += page.content.decode().count('class="panel hits"')
        following = re.search(r'hx-get="([^"]+)"', page.content.decode().partition('id="search-end"')[2])
        if not following:
            break
        address = following[1]
        assert "salary" not in address
    assert found == 3
    assert "3 found" in text(page)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"words": "x", "reason": WHY}, "at least 2 characters"),
        ({"words": "salary", "reason": "because"}, "Say why you open it"),
        ({"words": "salary", "reason": WHY, "who": "zzz"}, "Nobody here is called"),
        ({"words": "salary", "reason": WHY, "who": "a"}, "Several people match"),
    ],
)
def test_a_search_that_cannot_be_done_says_why_and_keeps_what_was_typed(
    sent: dict[str, str], told: str, house: cast.House, olga: Client
) -> None:
    response = olga.post("/record/search", sent)
    assert response.status_code == 400
    assert told in text(response)
    assert f'value="{sent["words"]}"' in response.content.decode()
    assert leaves(house, "record.searched") == []


def test_a_collection_of_the_list_finds_answers_that_were_given_it(
    house: cast.House, olga: Client, settings: Any
) -> None:
    handbook = asking.shelf(house, name="Handbook")
    papers = asking.shelf(house, "Zebras are striped horses of the savannah.", name="Papers")
    asking.speak(settings)
    interaction = asking.answered(house.bob, collections=[handbook]).pk
    asked_of_all = asking.answered(house.bob).pk
    lines = olga.get(f"/record/?collection={handbook}&kind=questions").context["lines"]
    assert {line.event.interaction for line in lines} == {interaction, asked_of_all}
    assert "Handbook" in text(olga.get("/record/"))
    only = olga.get(f"/record/?collection={papers}&kind=questions").context["lines"]
    assert interaction not in {line.event.interaction for line in only}


def test_a_policy_line_says_whose_question_it_was_of(house: cast.House, olga: Client, settings: Any) -> None:
    asking.shelf(house, strictness="lenient")
    asking.speak(settings)
    asking.answered(house.bob, "My phone is +49 561 804 2211: how many working days a year may be spent abroad?")
    told = [line.sentence for line in olga.get("/record/?kind=policy").context["lines"]]
    assert "Policy flagged the question of Bob" in told
    assert "Policy let a passage for Bob pass" in told
    assert "Policy let a part of the answer to Bob pass" in told


def test_an_opening_is_asked_for_approved_in_the_room_and_then_opened(
    house: cast.House, olga: Client, charlie: Client
) -> None:
    interaction = said(house)
    address = f"/record/interactions/{interaction}"
    assert "Ask to open the words" in text(olga.get(address))
    assert olga.post(address, {"reason": WHY}).status_code == 403
    asked = {"kind": "interaction", "target": str(interaction), "reason": WHY}
    assert olga.post("/record/openings/ask", asked)["Location"] == address
    assert "It waits for a second officer" in text(olga.get(address))

    assert "1 <span" in text(charlie.get("/record/"))  # the badge
    queue = charlie.get("/record/openings")
    assert WHY in text(queue)
    assert "Another officer decides" in text(olga.get("/record/openings"))
    opening = queue.context["waiting"][0]["asked"].row.pk
    assert olga.post(f"/record/openings/{opening}", {"decision": "approve"}).status_code == 403
    assert charlie.post(f"/record/openings/{opening}", {"decision": "perhaps"}).status_code == 400
    charlie.post(f"/record/openings/{opening}", {"decision": "approve"})

    assert "A second officer approved it" in text(olga.get(address))
    assert olga.post(address).status_code == 302
    assert "91000" in text(olga.get(address))
    assert "91000" not in text(charlie.get(address))
    assert "approved by Charlie" in text(charlie.get("/record/openings"))


def test_one_event_is_asked_for_as_an_answer_is(house: cast.House, olga: Client, charlie: Client) -> None:
    said(house)
    event = leaves(house, "prompt.received")[0]["id"]
    assert olga.post(f"/record/{event}", {"reason": WHY}).status_code == 403
    olga.post("/record/openings/ask", {"kind": "event", "target": event, "reason": WHY})
    opening = charlie.get("/record/openings").context["waiting"][0]["asked"].row.pk
    charlie.post(f"/record/openings/{opening}", {"decision": "approve"})
    assert "91000" in text(olga.post(f"/record/{event}"))


def test_an_admin_sets_that_it_takes_two(house: cast.House) -> None:
    ada = portal.signed_in(house, "ada")
    refused = ada.post("/settings/opening", {"needed": "on"})
    assert refused.status_code == 409
    assert "second compliance officer first" in text(refused)
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    assert ada.post("/settings/opening", {"needed": "on"}).status_code == 302
    assert tenants.current(house.ada).opening_needs_second
    ada.post("/settings/opening")
    assert not tenants.current(house.ada).opening_needs_second


def test_a_case_is_made_of_a_list_noted_in_and_closed(house: cast.House, olga: Client) -> None:
    interaction, other = said(house), said(house, "what is new?", "ada")
    list_of_bob = f"/record/cases?person={house.ids['bob']}&within=24h"
    assert "It keeps the filters" in text(olga.get(list_of_bob))
    address = olga.post(list_of_bob, {"title": TITLE, "with_answers": "on"})["Location"]
    page = olga.get(address)
    assert [item.interaction for item, _line in page.context["items"]] == [interaction]
    assert "within" not in page.context["case"].query
    assert TITLE in text(page)

    olga.post(f"{address}/answers", {"interaction": str(other)})
    olga.post(f"{address}/notes", {"text": "Bob was told"})
    olga.post(f"{address}/answers/{interaction}")
    page = olga.get(address)
    assert [item.interaction for item, _line in page.context["items"]] == [other]
    assert "Bob was told" in text(page)
    assert "91000" not in text(page)

    assert TITLE in text(olga.get("/record/cases"))
    assert TITLE in text(olga.get(f"/record/interactions/{interaction}"))
    olga.post(f"/record/interactions/{interaction}/case", {"case": address.rpartition("/")[2]})
    assert len(olga.get(address).context["items"]) == 2
    olga.post(f"{address}/close")
    assert TITLE not in text(olga.get("/record/cases"))
    assert TITLE in text(olga.get("/record/cases?state=closed"))
    assert "The case is closed" in text(olga.post(f"{address}/notes", {"text": "more"}))
    olga.post(f"{address}/reopen")
    assert olga.post(f"{address}/notes", {"text": ""}).status_code == 400


def test_another_tenants_officer_finds_none_of_it(house: cast.House, neighbour: cast.House, olga: Client) -> None:
    case = cases.create(house.olga, TITLE).pk
    search = words.begin(house.olga, "salary", WHY)
    stranger = portal.signed_in(neighbour, "olga")
    for address in (f"/record/cases/{case}", f"/record/search/{search}", f"/record/search/{search}/more"):
        assert stranger.get(address).status_code == 404
    for address in (f"/record/cases/{case}/notes", f"/record/cases/{case}/reopen", f"/record/openings/{case}"):
        assert stranger.post(address, {"text": "x", "decision": "approve"}).status_code == 404


def test_the_api_says_by_a_code_that_it_takes_a_second_officer(house: cast.House, charlie: Client) -> None:
    said(house)
    event = leaves(house, "prompt.received")[0]["id"]
    api = Client(headers={"Authorization": f"Bearer {house.key('olga', 'record')}"})
    refused = api.get(f"/api/v1/audit/events/{event}", {"reason": WHY})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "second_officer_needed")


def test_a_case_is_held_taken_away_and_let_go(house: cast.House, olga: Client) -> None:
    case = cases.create(house.olga, TITLE).pk
    address = f"/record/cases/{case}"
    assert "Once answers are in the case" in text(olga.get(address))
    cases.add(house.olga, case, [said(house)])
    olga.post(f"{address}/hold", {"reason": "because"})
    assert leaves(house, "hold.placed") == []
    olga.post(f"{address}/hold", {"reason": WHY})
    assert "nobody in them is erased" in text(olga.get(address))
    assert "on hold" in text(olga.get("/record/cases"))
    bundle = olga.post(f"{address}/bundle", {"reason": ""})["Location"]
    assert "masked" in text(olga.get(bundle))
    olga.post(f"{address}/hold", {"what": "lift", "reason": "The works council is content"})
    assert "Place a hold" in text(olga.get(address))


def test_words_of_a_cases_bundle_are_asked_for_where_it_takes_two(
    house: cast.House, olga: Client, charlie: Client
) -> None:
    case = cases.create(house.olga, TITLE).pk
    cases.add(house.olga, case, [said(house)])
    address = f"/record/cases/{case}"
    assert olga.post(f"{address}/bundle", {"reason": WHY}).status_code == 403
    asked = {"kind": "case", "target": str(case), "reason": WHY}
    assert olga.post("/record/openings/ask", asked)["Location"] == address
    assert "waits for a second officer" in text(olga.get(address))
    opening = charlie.get("/record/openings").context["waiting"][0]["asked"].row.pk
    charlie.post(f"/record/openings/{opening}", {"decision": "approve"})
    assert "a second officer approved it" in text(olga.get(address))
    assert "with their words" in text(olga.get(olga.post(f"{address}/bundle", {"with_words": "on"})["Location"]))


def test_the_overview_shows_numbers_and_how_far_it_is_sealed(house: cast.House, olga: Client, settings: Any) -> None:
    asking.shelf(house)
    asking.speak(settings)
    asking.answered(house.bob, "My phone is +49 561 804 2211: how many working days a year may be spent abroad?")
    before = text(olga.get("/record/overview"))
    assert "No head was signed yet" in before
    sealing.seal(house)
    page = olga.get("/record/overview?days=30")
    shown = text(page)
    assert "cosigned" in shown
    assert page.context["figures"].total("questions") == 1
    assert page.context["figures"].span == 30
    assert [plot.name for plot in page.context["plots"]] == ["events", "ends", "verdicts", "denied"]
    assert page.context["figures"].rules[0].rule in shown
    assert "804 2211" not in shown
    for name in ("ada", "bob"):
        assert portal.signed_in(house, name).get("/record/overview").status_code == 403


def test_a_second_officer_approves_over_the_api(house: cast.House, charlie: Client) -> None:
    said(house)
    event = leaves(house, "prompt.received")[0]["id"]
    olga, second = of_api(house, "olga"), of_api(house, "charlie")
    asked = send(olga, "openings", kind="event", target=event, reason=WHY)
    assert (asked.status_code, asked.json()["status"]) == (202, "waiting")
    (waiting,) = second.get("/api/v1/audit/openings").json()["waiting"]
    assert waiting["reason"] == WHY
    own = send(olga, f"openings/{waiting['id']}", decision="approve")
    assert (own.status_code, own.json()["error"]["code"]) == (403, "forbidden")
    assert send(second, f"openings/{waiting['id']}", decision="approve").json()["status"] == "approved"
    opened = olga.get(f"/api/v1/audit/events/{event}", {"reason": WHY})
    assert opened.json()["payload"] == {"text": "my salary is 91000"}
    assert send(of_api(house, "ada"), "openings", kind="event", target=event, reason=WHY).status_code == 403
