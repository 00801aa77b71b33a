"""Each attack starts from an answer that is accepted, is refused, signs nobody in, and is on the right tenant's record."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree

from assistant.sso.saml import answers, markup
from governance import models, people
from governance.identity.refusals import Reason, Refused
from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Hostile
from tests.assistant.sso.saml import idp, surgery, ways
from tests.assistant.sso.saml.attacks import ATTACKS, Attack
from tests.assistant.sso.saml.idp import Provider
from tests.cast import House
from tests.governance.database import leaves


def _answers(door: ways.Door, attack: Attack) -> tuple[str, str, str, answers.Expected]:
    """The answer before anybody tampered with it, the one after, the RelayState, and what is expected of both."""
    request, state = idp.asked(door.leave())
    honest = idp.answer(door.idp.tell(request))
    idp.sign(idp.assertion_of(honest))
    root = idp.answer(door.idp.tell(request, **attack.told))
    attack.before(root)
    if attack.signing is not None:
        idp.sign(idp.assertion_of(root), **attack.signing)
    expected = answers.Expected(
        door.idp.issuer,
        (idp.FIRST.der,),
        request.findtext("saml:Issuer", "", idp.NS),
        request.get("AssertionConsumerServiceURL", ""),
        request.get("ID", ""),
        timezone.now(),
    )
    return idp.sent(honest), idp.sent(attack.after(idp.reread(root))), state, expected


def test_every_attack_is_refused_and_recorded_with_its_reason(saml_door: ways.Door) -> None:
    wanted, got = [], []
    for attack in ATTACKS:
        honest, tampered, state, expected = _answers(saml_door, attack)
        assert answers.verify(honest, expected).name == "p-4711"
        response = saml_door.come_back({"SAMLResponse": tampered, "RelayState": state})
        assert response.status_code == 302, attack.name
        assert response["Location"] == f"/t/{saml_door.house.slug}/", attack.name
        assert saml_door.person is None, attack.name
        got.append((attack.name, saml_door.refusals()[-1]))
        wanted.append((attack.name, str(attack.reason)))
    assert got == wanted
    assert len(saml_door.refusals()) == len(ATTACKS) >= 30
    assert leaves(saml_door.house, "session.signed_in") == []
    with saml_door.house.system.transaction():
        assert not models.Identity.objects.exists()
    saml_door.sign_in()
    assert saml_door.person


def test_what_is_read_is_what_was_signed_even_where_assertions_are_not_counted(
    saml_door: ways.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layers behind the first: whichever assertion of a wrapped answer is taken, the forged name is never read."""
    wrapped = [one for one in ATTACKS if one.name.startswith("XSW")]
    assert len(wrapped) == 8
    monkeypatch.setattr(markup, "require_schema", lambda _: None)
    for attack in wrapped:
        _, tampered, _, expected = _answers(saml_door, attack)
        assert len(_assertions(etree.fromstring(markup.decoded(tampered)))) == 2
        for place in range(2):
            monkeypatch.setattr(answers, "_only_assertion", lambda root, at=place: _assertions(root)[at])
            assert _read(tampered, expected) in {
                "p-4711", Reason.UNSIGNED, Reason.SIGNATURE_FORM, Reason.SAME_IDS, Reason.ALTERED
            }, (attack.name, place)  # fmt: skip


def _assertions(root: etree._Element) -> list[etree._Element]:
    return list(root.iter(f"{surgery.SAML}Assertion"))


def _read(sent: str, expected: answers.Expected) -> str:
    """The name, or why there is none."""
    try:
        return answers.verify(sent, expected).name
    except Refused as refusal:
        return refusal.reason


def test_a_minute_of_leeway_and_not_more(saml_door: ways.Door) -> None:
    for told in ({"confirmed": -50}, {"until": -50, "since": -300}, {"since": 50}, {"session": -50}):
        saml_door.browser = Client()
        saml_door.sign_in(**told)
        assert saml_door.person, told


def test_an_assertion_opens_once(saml_door: ways.Door) -> None:
    """Even where the very answer would answer two requests: whoever knows a request's id could have it asked again."""
    first = saml_door.idp.respond(saml_door.leave(), assertion="_once")
    saml_door.come_back(first)
    assert saml_door.person
    thief = ways.Door(saml_door.house, saml_door.provider, saml_door.idp, Client())
    thief.sign_in(assertion="_once")
    assert thief.person is None
    assert saml_door.refusals() == [Reason.REPLAYED]
    with saml_door.house.system.transaction():
        models.SeenAssertion.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    thief.sign_in(assertion="_another")
    with saml_door.house.system.transaction():
        assert models.SeenAssertion.objects.count() == 1  # what has ended is forgotten


def test_an_answer_that_is_played_again(saml_door: ways.Door) -> None:
    fields = saml_door.idp.respond(saml_door.leave())
    saml_door.come_back(fields)
    saml_door.browser.post("/sign-out")
    saml_door.come_back(fields)
    assert saml_door.person is None
    assert saml_door.refusals() == [Reason.STATE]
    saml_door.browser.get(f"{saml_door.address}/finish", {"state": fields["RelayState"]})
    assert saml_door.refusals() == [Reason.STATE] * 2


def test_the_relay_state_of_another_browser(saml_door: ways.Door) -> None:
    """Somebody's own good answer, posted by somebody else's browser, must not sign that one in."""
    fields = saml_door.idp.respond(saml_door.leave())
    victim = ways.Door(saml_door.house, saml_door.provider, saml_door.idp, Client())
    victim.leave()
    victim.come_back(fields)
    assert victim.person is None
    assert victim.refusals() == [Reason.STATE]


def test_the_answer_of_one_request_under_the_relay_state_of_another(saml_door: ways.Door) -> None:
    answer = saml_door.idp.respond(saml_door.leave())["SAMLResponse"]
    state = saml_door.idp.respond(saml_door.leave())["RelayState"]
    saml_door.come_back({"SAMLResponse": answer, "RelayState": state})
    assert saml_door.person is None
    assert saml_door.refusals() == [Reason.OTHER_REQUEST]


def test_a_provider_that_begins_by_itself(saml_door: ways.Door) -> None:
    answer = saml_door.idp.respond(saml_door.leave(), request=None)["SAMLResponse"]
    for state in ("", "https://chancery.example/"):
        saml_door.come_back({"SAMLResponse": answer, "RelayState": state})
    assert saml_door.person is None
    assert saml_door.refusals() == [Reason.UNASKED] * 2


def test_the_step_that_another_site_posts_touches_no_session(saml_door: ways.Door) -> None:
    fields = saml_door.idp.respond(saml_door.leave())
    for sent in (fields, {"SAMLResponse": "x", "RelayState": "y"}):
        assert "chancery_session" not in saml_door.post(sent).cookies


def test_another_tenants_provider_opens_nothing_here(
    saml_door: ways.Door, neighbour: House, provider: Provider
) -> None:
    """Whoever runs a provider may say anything of anybody: in their own tenant, and nowhere else."""
    evil_idp = Provider()
    evil_idp.pair, evil_idp.issuer = idp.OTHER, provider.issuer  # it calls itself as the honest one does
    evil = ways.door(neighbour, evil_idp, domains=(f"{saml_door.house.slug}.example",))
    evil_idp.attributes = {"email": [saml_door.house.email("ada")]}
    evil.sign_in()
    assert evil.person  # a new person of the neighbours
    assert people.scope_of(uuid.UUID(evil.person)).tenant == neighbour.tenant  # type: ignore[union-attr]
    request, state = idp.asked(saml_door.leave())
    root = idp.answer(evil_idp.tell(request))
    idp.sign(idp.assertion_of(root), idp.OTHER)
    saml_door.come_back({"SAMLResponse": idp.sent(root), "RelayState": state})
    theirs = evil_idp.respond(evil.leave())
    saml_door.come_back(theirs)  # a good answer of theirs, posted here
    mixed = ways.Door(saml_door.house, evil.provider, evil_idp, Client())
    mixed.come_back(evil_idp.respond(evil.leave()))
    assert saml_door.person is None
    assert mixed.person is None
    assert saml_door.refusals() == [Reason.FOREIGN_KEY, Reason.STATE, Reason.NO_PROVIDER]
    assert leaves(saml_door.house, "session.signed_in") == []


def test_each_language_keeps_to_its_own_addresses(house: House, provider: Provider, idp: Hostile) -> None:
    saml, openid = ways.door(house, provider), journeys.door(house, idp)
    browser = Client()
    assert browser.get(f"{saml.address}/callback?state=x&code=y")["Location"] == f"/t/{house.slug}/"
    for step in ("metadata", "finish?state=x"):
        assert browser.get(f"{openid.address}/{step}")["Location"] == f"/t/{house.slug}/"
    assert browser.post(f"{openid.address}/answer")["Location"] == f"/t/{house.slug}/"
    reasons = [leaf["facts"]["reason"] for leaf in leaves(house, "session.refused")]
    assert reasons == [Reason.NO_PROVIDER] * 4


def test_the_same_name_is_somebody_else_in_another_format_and_in_another_language(
    house: House, provider: Provider, idp: Hostile
) -> None:
    provider.issuer = idp.issuer
    saml, openid = ways.door(house, provider), journeys.door(house, idp)
    saml.sign_in()
    assert saml.person
    idp.subject = "p-4711"
    openid.sign_in()
    assert openid.person is None
    other = ways.Door(house, saml.provider, provider, Client())
    other.sign_in(name_format=None)
    assert other.person is None
    assert [leaf["facts"]["reason"] for leaf in leaves(house, "session.refused")] == [Reason.ANOTHER_SUBJECT] * 2


def test_a_request_is_worth_nothing_after_ten_minutes(saml_door: ways.Door, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = saml_door.idp.respond(saml_door.leave())
    later = time.time() + 601
    monkeypatch.setattr("assistant.sso.saml.asking.time.time", lambda: later)
    response: Any = saml_door.come_back(fields)
    monkeypatch.undo()
    assert response["Location"] == f"/t/{saml_door.house.slug}/"
    assert saml_door.refusals() == [Reason.STATE]


def test_a_flood_of_answers_to_nothing_stops_filling_the_record(
    saml_door: ways.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.sso.entry.STRAYS", 3)
    found = [saml_door.post({"SAMLResponse": "x", "RelayState": f"{number}"}).status_code for number in range(5)]
    assert found == [302] * 3 + [429] * 2
    saml_door.sign_in()
    assert saml_door.person
