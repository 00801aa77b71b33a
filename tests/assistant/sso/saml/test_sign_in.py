"""Signing in by SAML, and setting it up: who it is, which groups, how long, and what an admin sees."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client
from django.utils import timezone
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser  # type: ignore[import-untyped]
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML  # type: ignore[import-untyped]

from assistant.sso.saml import metadata
from assistant.sso.saml.names import EMAIL, PERSISTENT
from governance import groups, models, people
from governance.errors import InvalidInput
from governance.identity import providers
from governance.identity.refusals import Reason
from tests.assistant import portal
from tests.assistant.sso.saml import idp, ways
from tests.assistant.sso.saml.idp import Provider
from tests.cast import House
from tests.governance.database import leaves


def _form(house: House, provider: Provider, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "saml", "name": "Acme SAML", "metadata": provider.metadata(), "domains": f"{house.slug}.example",
        "group_claim": "groups", "vouches_for_addresses": "on",
    } | changes  # fmt: skip


def test_a_first_sign_in_makes_a_person_without_rights_who_is_known_from_then_on(saml_door: ways.Door) -> None:
    response = saml_door.sign_in()
    assert response["Location"] == "/c/"
    person = saml_door.person
    assert person
    with saml_door.house.system.transaction():
        identity = models.Identity.objects.select_related("person").get()
        assert (identity.issuer, identity.subject) == (saml_door.idp.issuer, f"{PERSISTENT} p-4711")
        assert (identity.person.name, identity.person.email) == ("Sam Ortiz", f"sam@{saml_door.house.slug}.example")
    saml_door.idp.attributes["email"] = ["married@elsewhere.example"]  # who it is does not hang on it
    again = ways.Door(saml_door.house, saml_door.provider, saml_door.idp, Client())
    again.sign_in()
    assert again.person == person
    told = [leaf["facts"] for leaf in leaves(saml_door.house, "session.signed_in")]
    assert [one["how"] for one in told] == ["created", "known"]
    assert {(one["method"], one["provider"]) for one in told} == {("saml", str(saml_door.provider))}
    assert told[0]["acr"] == "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def test_the_table_of_who_it_is_holds_for_saml_too(saml_door: ways.Door) -> None:
    slug = saml_door.house.slug
    for email, reason in (
        (saml_door.house.email("bob"), Reason.LOCAL_PERSON),
        ("sam@elsewhere.example", Reason.FOREIGN_ADDRESS),
        ("", Reason.NO_ADDRESS),
    ):
        saml_door.idp.attributes["email"] = [email]
        saml_door.sign_in()
        assert saml_door.person is None
        assert saml_door.refusals()[-1] == reason
    invited = people.create(saml_door.house.ada, f"sam@{slug}.example", "Sam")
    saml_door.idp.attributes["email"] = [f"sam@{slug}.example"]
    saml_door.sign_in()
    assert saml_door.person == str(invited)
    people.switch_off(saml_door.house.ada, invited)
    saml_door.browser = Client()
    saml_door.sign_in()
    assert saml_door.refusals()[-1] == Reason.SWITCHED_OFF


def test_nobody_new_gets_in_where_the_provider_vouches_for_no_address(house: House, provider: Provider) -> None:
    door = ways.door(house, provider, vouches_for_addresses=False)
    door.sign_in()
    assert door.refusals() == [Reason.UNVERIFIED]


def test_groups_follow_the_attribute_through_the_allow_list_alone(house: House, provider: Provider) -> None:
    board = groups.create(house.ada, "Board")
    door = ways.door(house, provider, groups=frozenset({("idp-board", board)}))

    def held() -> set[uuid.UUID]:
        with house.system.transaction():
            return set(models.Membership.objects.filter(person=uuid.UUID(door.person)).values_list("group", flat=True))

    provider.attributes["groups"] = ["idp-board", "cyclists"]
    door.sign_in()
    assert held() == {board}
    provider.attributes["groups"] = ["cyclists"]
    door.sign_in()
    assert held() == set()


def test_a_configured_attribute_says_who_it_is_and_is_no_address(house: House, provider: Provider) -> None:
    door = ways.door(house, provider, subject="oid")
    told = {"name_format": EMAIL, "name": f"sam@{house.slug}.example"}
    for values, reason in (
        ([], Reason.NO_SUBJECT),
        (["one", "two"], Reason.NO_SUBJECT),
        ([f"SAM@{house.slug}.example"], Reason.ADDRESS_AS_NAME),
    ):
        provider.attributes["oid"] = values
        door.sign_in(**told)
        assert door.refusals()[-1] == reason
    provider.attributes["oid"] = ["8f1c"]
    door.sign_in(**told)
    assert door.person
    with house.system.transaction():
        assert models.Identity.objects.get().subject == "attribute oid 8f1c"


def test_a_session_ends_with_the_providers(saml_door: ways.Door) -> None:
    saml_door.sign_in(session=900)
    assert 880 < saml_door.browser.session.get_expiry_age() <= 900
    other = ways.Door(saml_door.house, saml_door.provider, saml_door.idp, Client())
    other.sign_in(session=90 * 24 * 3600)
    assert other.browser.session.get_expiry_age() <= 12 * 3600  # and never later than ours


def test_a_sign_in_is_as_strong_and_as_new_as_was_asked_for(house: House, provider: Provider) -> None:
    mfa = "https://refeds.org/profile/mfa"
    door = ways.door(house, provider, demanded_acr=(mfa,))
    request, _ = idp.asked(door.leave())
    assert [node.text for node in request.iter("{*}AuthnContextClassRef")] == [mfa]
    assert request.get("ForceAuthn") is None
    door.sign_in()
    assert door.refusals() == [Reason.NOT_STRONG]
    door.sign_in(context=mfa)
    assert door.person
    assert leaves(house, "session.signed_in")[0]["facts"]["acr"] == mfa
    # Asked for anew: the provider is told so, and an old sign-in there is not enough.
    again = door.leave(again="1")
    assert idp.asked(again)[0].get("ForceAuthn") == "true"
    door.come_back(provider.respond(again, context=mfa, signed_in=-3600))
    assert door.refusals()[1:] == [Reason.NOT_AGAIN]
    door.come_back(provider.respond(door.leave(again="1"), context=mfa))
    assert len(leaves(house, "session.signed_in")) == 2


def test_a_new_certificate_beside_the_old_one_is_known(house: House, provider: Provider) -> None:
    found = metadata.read(provider.metadata(idp.FIRST, idp.OTHER))
    both = providers.Saml(found.sign_in_address, found.certificates)
    door = ways.door(house, provider, saml=both)
    provider.pair = idp.OTHER
    door.sign_in()
    assert door.person


def test_the_request_is_one_that_the_provider_can_read(saml_door: ways.Door) -> None:
    address = saml_door.leave()
    assert address.startswith("https://idp.example/sso?app=1&x=2&SAMLRequest=")
    request, _ = idp.asked(address)
    assert isinstance(OneLogin_Saml2_XML.validate_xml(request, "saml-schema-protocol-2.0.xsd"), etree._Element)
    assert request.get("Destination") == "https://idp.example/sso?app=1&x=2"
    assert request.findtext("saml:Issuer", "", idp.NS) == f"http://testserver{saml_door.address}/metadata"
    assert request.get("AssertionConsumerServiceURL") == f"http://testserver{saml_door.address}/answer"


def test_our_metadata_names_what_the_request_names(saml_door: ways.Door) -> None:
    response = Client().get(f"{saml_door.address}/metadata")
    assert response["Content-Type"] == "application/samlmetadata+xml"
    root = etree.fromstring(response.content)
    assert isinstance(OneLogin_Saml2_XML.validate_xml(root, "saml-schema-metadata-2.0.xsd"), etree._Element)
    assert root.get("entityID") == f"http://testserver{saml_door.address}/metadata"
    (node,) = root.iter("{*}AssertionConsumerService")
    assert node.get("Location") == f"http://testserver{saml_door.address}/answer"
    (wants,) = root.iter("{*}SPSSODescriptor")
    assert wants.get("WantAssertionsSigned") == "true"


def test_an_admin_sets_it_up_from_what_was_pasted_and_sees_what_was_read(house: House, provider: Provider) -> None:
    ada = portal.signed_in(house, "ada")
    page = ada.get("/settings/sign-in/new?kind=saml").content.decode()
    chosen = re.search(r'name="id" value="([0-9a-f-]{36})"', page)
    assert chosen
    assert f"http://testserver/t/{house.slug}/sso/{chosen[1]}/answer" in page
    sent = _form(house, provider, id=chosen[1])
    assert ada.post("/settings/sign-in/new", sent)["Location"] == f"/settings/sign-in/{chosen[1]}"
    page = ada.get(f"/settings/sign-in/{chosen[1]}").content.decode()
    for shown in ("https://idp.example/entity", "https://idp.example/sso?app=1&amp;x=2", "CN=first"):
        assert shown in page
    ends_at = metadata.described(idp.FIRST.der).ends_at
    assert timedelta(days=399) < ends_at - timezone.now() < timedelta(days=400)
    # Without the metadata once more, what was read stays; the switch is turned.
    on = _form(house, provider, metadata="", is_enabled="on")
    assert ada.post(f"/settings/sign-in/{chosen[1]}", on).status_code == 302
    row = providers.get(house.ada, uuid.UUID(chosen[1]))
    assert (row.kind, row.issuer, row.is_enabled, row.certificates) == ("saml", provider.issuer, True, [idp.FIRST.der])
    facts = [leaf["facts"] for leaf in leaves(house, "identity.provider_changed")]
    assert [(one["kind"], one["what"]) for one in facts] == [("saml", "created"), ("saml", "changed")]
    # And it is found by the domain, beside whatever else there is.
    shown = Client().get(f"/t/{house.slug}/").content.decode()
    assert f"/t/{house.slug}/sso/{row.pk}/start" in shown


def test_an_admin_gives_the_address_of_the_metadata_and_has_it_read_again(
    house: House, provider: Provider, settings: Any
) -> None:
    provider.host = "127.0.0.1"
    provider.serve()
    ada = portal.signed_in(house, "ada")
    chosen = str(uuid.uuid4())
    told = _form(house, provider, id=chosen, metadata="", metadata_address=f"{provider.origin}/metadata")
    assert ada.post("/settings/sign-in/new", told).status_code == 302
    provider.pair = idp.OTHER
    ada.post(f"/settings/sign-in/{chosen}", told)
    assert providers.get(house.ada, uuid.UUID(chosen)).certificates == [idp.FIRST.der]
    ada.post(f"/settings/sign-in/{chosen}", told | {"again": "on"})
    assert providers.get(house.ada, uuid.UUID(chosen)).certificates == [idp.OTHER.der]
    settings.SSO_INTERNAL_HOSTS = []
    for address in (f"{provider.origin}/metadata", "https://10.1.2.3/metadata", "http://idp.example/m"):
        refused = ada.post(f"/settings/sign-in/{chosen}", told | {"again": "on", "metadata_address": address})
        assert refused.status_code == 400
        assert "The metadata cannot be fetched." in refused.content.decode()


def _certificate(key: Any) -> str:
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made")])
    now = timezone.now()
    made = x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return re.sub(rb"-----.*?-----|\s", b"", made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)).decode()


def test_metadata_that_cannot_be_used_is_refused_with_what_is_amiss(provider: Provider) -> None:
    good = provider.metadata()
    weak = _certificate(rsa.generate_private_key(public_exponent=65537, key_size=1024))
    cases = [
        ("not XML", "no XML"),
        ("<!DOCTYPE x [<!ENTITY e 'x'>]>" + good, "document type"),
        (good + f"<!--{' ' * 300_000}-->", "256 KB"),
        (f"<all>{good}{good}</all>", "exactly one"),
        (good.replace("IDPSSODescriptor", "SPSSODescriptor"), "exactly one"),
        (good.replace("HTTP-Redirect", "HTTP-POST"), "HTTP-Redirect"),
        (good.replace("https://idp.example/sso", "javascript:alert(1)//"), "sign-in address"),
        (good.replace("https://idp.example/sso", "http://idp.example/sso"), "sign-in address"),
        (good.replace('entityID="https://idp.example/entity"', 'entityID=""'), "entity id"),
        (good.replace(idp.FIRST.der, "AAAA"), "certificate"),
        (good.replace(idp.FIRST.der, weak), "2048"),
        (re.sub("<md:KeyDescriptor.*</md:KeyDescriptor>", "", good), "certificate"),
        (good.replace('use="signing"', 'use="encryption"'), "certificate"),
    ]
    for text, why in cases:
        with pytest.raises(InvalidInput, match=why):
            metadata.read(text)
    curve = _certificate(ec.generate_private_key(ec.SECP256R1()))
    assert metadata.read("<!-- of ours -->" + good.replace(idp.FIRST.der, curve)).certificates == (curve,)
    assert OneLogin_Saml2_IdPMetadataParser.parse(good)["idp"]["entityId"] == provider.issuer


def test_a_rehearsal_shows_what_came_and_changes_nothing(house: House, provider: Provider) -> None:
    door = ways.door(house, provider, is_enabled=False)
    door.browser = portal.signed_in(house, "ada")

    def rehearse(**told: Any) -> str:
        away = door.browser.get(f"/settings/sign-in/{door.provider}/test")
        return str(door.come_back(provider.respond(away["Location"], **told)).content.decode())

    provider.attributes["department"] = ["Shipping"]
    page = rehearse()
    for shown in ("This sign-in would succeed.", "Shipping", "department", "p-4711", "A new person would be made"):
        assert shown in page
    page = rehearse(name_format=EMAIL)
    for shown in ("This sign-in would be refused", "Let the provider send a persistent NameID", "Shipping"):
        assert shown in page
    assert "Compare the entity id letter by letter" in rehearse(audience="https://elsewhere.example")
    with house.system.transaction():
        assert not models.Identity.objects.exists()
        assert not models.Person.objects.filter(name="Sam Ortiz").exists()
    outcomes = [leaf["facts"]["outcome"] for leaf in leaves(house, "identity.provider_tested")]
    assert outcomes == ["a sign-in would succeed", Reason.ADDRESS_AS_NAME, Reason.OTHER_AUDIENCE]
    # Whoever else has the admin's answer posted does not see the report, and signs nobody in.
    away = door.browser.get(f"/settings/sign-in/{door.provider}/test")["Location"]
    fields = provider.respond(away)
    stranger = ways.Door(house, door.provider, provider, portal.signed_in(house, "bob"))
    assert stranger.come_back(fields)["Location"] == f"/t/{house.slug}/"


def test_a_provider_keeps_its_language(saml_door: ways.Door) -> None:
    draft = providers.Draft("x", "https://other.example", "client", None, (f"{saml_door.house.slug}.example",))
    with pytest.raises(InvalidInput, match="language"):
        providers.change(saml_door.house.ada, saml_door.provider, draft)


def test_signing_out_leads_to_a_page_that_says_what_is_left(saml_door: ways.Door) -> None:
    saml_door.sign_in()
    page = saml_door.browser.post("/sign-out", follow=True).content.decode()
    assert "You may still be signed in at Acme SAML" in page
