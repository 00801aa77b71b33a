"""What a provider gives whoever signs in with it, how strongly it has to know them, and what the session remembers of that."""

from __future__ import annotations

import time
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from assistant.sign_in import strength
from governance import assignments, groups, models
from governance.errors import InvalidInput
from governance.identity import identities, providers
from governance.identity.refusals import Reason
from governance.roles import Role
from tests.assistant import portal
from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Hostile
from tests.assistant.sso.test_settings import form, rehearsed
from tests.cast import House
from tests.governance.database import leaves, payloads


def in_groups(house: House, who: str | None) -> set[str]:
    with house.system.transaction():
        rows = models.Membership.objects.filter(person=uuid.UUID(who or "")).select_related("group")
        return {f"{row.group.name} by {row.source}" for row in rows}


def test_who_is_new_gets_the_role_once_and_everybody_the_groups(house: House, idp: Hostile) -> None:
    board = groups.create(house.ada, "Board")
    given: dict[str, Any] = {"default_role": "compliance_officer", "default_groups": frozenset({house.team})}
    door = journeys.door(house, idp, groups=frozenset({("idp-board", board)}), **given)
    idp.claims["groups"] = ["idp-board", ""]
    door.sign_in()
    sam = uuid.UUID(door.person or "")
    assert assignments.of(house.ada, sam) == {Role.COMPLIANCE_OFFICER}
    assert [leaf["resource"]["id"] for leaf in leaves(house, "role.given")][-1:] == [str(sam)]
    assert in_groups(house, door.person) == {"Board by sso", "Team by sso"}
    assignments.take(house.ada, sam, Role.COMPLIANCE_OFFICER)
    door.sign_in()
    assert assignments.of(house.ada, sam) == frozenset()
    providers.change(
        house.ada, door.provider, journeys.draft(house, idp.issuer, groups=frozenset({("idp-board", board)}))
    )
    assert in_groups(house, door.person) == {"Board by sso"}
    door.sign_in()
    assert in_groups(house, door.person) == {"Board by sso"}


def test_without_a_choice_who_is_new_is_an_employee_without_a_group(house: House, idp: Hostile) -> None:
    door = journeys.door(house, idp)
    idp.claims["groups"] = ["", "staff"]
    door.sign_in()
    assert assignments.of(house.ada, uuid.UUID(door.person or "")) == frozenset()
    assert in_groups(house, door.person) == set()


def test_who_was_invited_keeps_the_role_that_the_admin_gave(house: House, idp: Hostile) -> None:
    from governance import people

    door = journeys.door(house, idp, default_role="compliance_officer")
    invited = people.create(house.ada, f"sam@{house.slug}.example", "Sam")
    door.sign_in()
    assert door.person == str(invited)
    assert assignments.of(house.ada, invited) == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        {"default_role": "tenant_admin"},
        {"default_role": "nonsense"},
        {"demanded_acr": ("two words",)},
        {"demanded_amr": tuple(f"m{number}" for number in range(21))},
    ],
)
def test_what_no_provider_may_give_or_demand(change: dict[str, Any], shared_house: House) -> None:
    with pytest.raises(InvalidInput):
        providers.create(shared_house.ada, journeys.draft(shared_house, "https://login.example", **change))
    assert providers.listed(shared_house.ada) == []


def test_an_admin_chooses_in_the_form_and_the_test_tells_what_comes_of_it(house: House, idp: Hostile) -> None:
    ada, chosen = portal.signed_in(house, "ada"), uuid.uuid4()
    wanted = {
        "default_role": "compliance_officer",
        "default_group": [str(house.team)],
        "demanded_acr": "urn:high, urn:top",
    }
    sent = form(house, idp, id=str(chosen), demanded_amr="mfa", **wanted)
    assert ada.post("/settings/sign-in/new", sent).status_code == 302
    row = providers.get(house.ada, chosen)
    assert (row.default_role, row.demanded_acr, row.demanded_amr) == (
        "compliance_officer",
        ["urn:high", "urn:top"],
        ["mfa"],
    )
    assert providers.default_groups(house.ada, chosen) == {house.team}
    page = ada.get(f"/settings/sign-in/{chosen}").content.decode()
    for shown in ("urn:high, urn:top", f'value="{house.team}"', "compliance_officer"):
        assert shown in page
    facts = leaves(house, "identity.provider_changed")[-1]["facts"]
    assert (facts["role"], facts["acr"], facts["amr"]) == ("compliance_officer", ["urn:high", "urn:top"], ["mfa"])
    assert (
        ada.post("/settings/sign-in/new", sent | {"id": str(uuid.uuid4()), "default_group": ["x"]}).status_code == 400
    )

    door = journeys.Door(house, chosen, idp, Client())
    idp.claims = {"email": f"sam@{house.slug}.example", "email_verified": True, "acr": "urn:low", "amr": ["pwd"]}
    told = rehearsed(door, ada).content.decode()
    for shown in ("This sign-in would be refused", "acr is urn:low", "urn:high or urn:top", "pwd"):
        assert shown in told
    idp.claims |= {"acr": "urn:top", "amr": ["pwd", "mfa"]}
    told = rehearsed(door, ada).content.decode()
    for shown in ("This sign-in would succeed", "They would get the role “Compliance officer”", "Team"):
        assert shown in told
    with house.system.transaction():
        assert not models.Identity.objects.exists()


def test_what_was_demanded_and_what_came_is_on_the_record(house: House, idp: Hostile) -> None:
    door = journeys.door(house, idp, demanded_amr=("hwk", "mfa"))
    idp.claims["amr"] = ["pwd"]
    door.sign_in()
    assert door.refusals() == [Reason.NOT_STRONG]
    assert payloads(house, "session.refused") == [{"detail": "amr is pwd, and has to hold hwk or mfa"}]
    assert identities.of_issuer(house.ada, idp.issuer) == []


def test_the_session_remembers_how_strongly_and_when(door: journeys.Door) -> None:
    at = int(time.time()) - 3000
    door.idp.claims |= {"acr": "urn:high", "amr": ["pwd", "mfa"], "auth_time": at}
    door.sign_in()
    known = strength.of(door.browser.session)
    assert known == strength.Strength("oidc", True, at, "urn:high", ("mfa", "pwd"))
    assert not strength.is_fresh(door.browser.session)
    door.idp.claims |= {"auth_time": int(time.time()) + 9999, "acr": None, "amr": None}
    door.sign_in()
    known = strength.of(door.browser.session)
    assert known
    assert (known.mfa, known.acr, known.amr) == (None, "", ())
    assert known.at <= time.time()


ANEW: dict[str, tuple[Any, bool]] = {
    "just now": (lambda: int(time.time()), True),
    "an hour ago": (lambda: int(time.time()) - 3600, False),
    "not said": (lambda: None, False),
    "a text": (lambda: "now", False),
}


def test_who_shows_anew_who_they_are_has_done_so_just_now(door: journeys.Door) -> None:
    """`prompt` can be taken out of the address by whoever sits there: the token has to say when it was."""
    door.idp.config = {"claims_supported": ["sub", "auth_time"]}
    cache.clear()
    door.sign_in()
    found = {}
    for name, (at, _) in ANEW.items():
        asked = door.leave(again="1")
        sent = parse_qs(urlsplit(asked).query)
        assert (sent["prompt"], sent["max_age"]) == (["login"], ["0"])
        door.idp.change = {"auth_time": at()}
        found[name] = door.come_back(door.idp.authorize(asked))["Location"] == "/c/"
        assert door.person, "the session of before goes on"
    assert found == {name: is_right for name, (_, is_right) in ANEW.items()}
    assert door.refusals() == [Reason.NOT_AGAIN] * 3
    assert "prompt" not in parse_qs(urlsplit(door.leave()).query)
