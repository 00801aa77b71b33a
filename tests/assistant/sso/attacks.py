"""What goes wrong in a sign-in, as an attacker, a broken provider or a lost browser makes it: one thing each."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
from django.core.cache import cache
from django.test import Client

from governance import people
from tests.assistant.sso import forging
from tests.assistant.sso.hostile import Forge, Hostile
from tests.assistant.sso.journeys import Door


@dataclass
class Scene:
    """The tenant's door with a provider behind it, a second provider of the same tenant, and a neighbour's."""

    door: Door
    second: Door
    strong: Door  # the first provider once more, set to demand values
    neighbours: Door


Attack = Callable[[Scene], Any]


def claims(**change: Any) -> Attack:
    """The ID token says so, though the provider's own key signed it. {slug}, {issuer} and {who} are filled in."""

    def attack(scene: Scene) -> Any:
        door = scene.door
        fill = {"issuer": door.idp.issuer, "slug": door.house.slug, "who": door.idp.subject}
        door.idp.change = {name: _filled(one, fill) for name, one in change.items()}
        return door.sign_in()

    return attack


def _filled(value: Any, fill: dict[str, str]) -> Any:
    return value.format(**fill) if isinstance(value, str) else value


def forged(forge: Forge) -> Attack:
    def attack(scene: Scene) -> Any:
        scene.door.idp.forge = forge
        return scene.door.sign_in()

    return attack


def described(**config: Any) -> Attack:
    """The provider's configuration document says so."""

    def attack(scene: Scene) -> Any:
        cache.clear()
        scene.door.idp.config = config
        return _tried(scene.door)

    return attack


def _tried(door: Door) -> Any:
    response = door.browser.get(f"{door.address}/start")
    there = str(response["Location"])
    return door.come_back(door.idp.authorize(there)) if there.startswith(door.idp.issuer) else response


def raw(path: str, status: int, body: bytes, place: str = "") -> Attack:
    def attack(scene: Scene) -> Any:
        cache.clear()
        scene.door.idp.raw = {path: (status, place, body)}
        return _tried(scene.door)

    return attack


def published(keys: Callable[[Hostile], list[Any]]) -> Attack:
    def attack(scene: Scene) -> Any:
        cache.clear()
        scene.door.idp.published = keys(scene.door.idp)
        return scene.door.sign_in()

    return attack


def userinfo(**said: Any) -> Attack:
    def attack(scene: Scene) -> Any:
        scene.door.idp.userinfo = said
        return scene.door.sign_in()

    return attack


def answered(**sent: str) -> Attack:
    """The browser comes back with this in the address."""
    return lambda scene: scene.door.sign_in(**sent)


def without(name: str) -> Attack:
    """The browser comes back, and this is missing in the address."""

    def attack(scene: Scene) -> Any:
        parts = urlsplit(scene.door.idp.authorize(scene.door.leave()))
        kept = {one: value[0] for one, value in parse_qs(parts.query).items() if one != name}
        return scene.door.come_back(urlunsplit(parts._replace(query=urlencode(kept))))

    return attack


def of_another_browser(scene: Scene) -> Any:
    back = scene.door.idp.authorize(scene.door.leave())
    scene.door.browser = Client()
    return scene.door.come_back(back)


def of_another_provider(scene: Scene) -> Any:
    """Mixed up within one tenant: the first one's answer, carried to the second one's address."""
    back = scene.second.idp.authorize(replace(scene.second, browser=scene.door.browser).leave())
    return scene.door.come_back(back.replace(str(scene.second.provider), str(scene.door.provider)))


def used_before(scene: Scene) -> Any:
    back = scene.door.idp.authorize(scene.door.leave())
    scene.door.browser.get(back.partition("?")[0].removeprefix("http://testserver"), {"state": _state(back)})
    return scene.door.come_back(back)


def _state(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def expired_state(scene: Scene) -> Any:
    back, later = scene.door.idp.authorize(scene.door.leave()), time.time() + 601
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("allauth.socialaccount.internal.statekit.time.time", lambda: later)
        return scene.door.come_back(back)


def code_of_another_sign_in(scene: Scene) -> Any:
    """Injected: our verifier does not fit it."""
    thief = replace(scene.door, browser=Client())
    code = parse_qs(urlsplit(thief.idp.authorize(thief.leave())).query)["code"][0]
    return scene.door.sign_in(code=code)


def code_used_before(scene: Scene) -> Any:
    address = scene.door.leave()
    back = scene.door.idp.authorize(address)
    code = parse_qs(urlsplit(back).query)["code"][0]
    del scene.door.idp.codes[code]
    return scene.door.come_back(back)


def downgraded(scene: Scene) -> Any:
    """Whoever can change the address on its way asks for a challenge of their own; ours still sends the first verifier."""
    parts = urlsplit(scene.door.leave())
    asked = {one: value[0] for one, value in parse_qs(parts.query).items()} | {"code_challenge": "mine"}
    return scene.door.come_back(scene.door.idp.authorize(urlunsplit(parts._replace(query=urlencode(asked)))))


def a_nonce_of_before(scene: Scene) -> Any:
    old = parse_qs(urlsplit(scene.door.leave()).query)["nonce"][0]
    return claims(nonce=old)(scene)


def at_the_neighbours_provider(scene: Scene) -> Any:
    return scene.door.browser.get(f"/t/{scene.door.house.slug}/sso/{scene.neighbours.provider}/start")


def by_the_neighbours_answer(scene: Scene) -> Any:
    theirs = replace(scene.neighbours, browser=scene.door.browser)
    back = theirs.idp.authorize(theirs.leave())
    return scene.door.come_back(back.replace(theirs.address, scene.door.address))


def switched_off(scene: Scene) -> Any:
    house, email = scene.door.house, scene.door.idp.claims["email"]
    people.switch_off(house.ada, people.create(house.ada, email, "Off"))
    return scene.door.sign_in()


def of_another_subject(scene: Scene) -> Any:
    """The provider has given somebody's address to somebody else."""
    replace(scene.door, browser=Client()).sign_in()
    scene.door.idp.subject += "-again"
    return scene.door.sign_in()


def of_another_issuer(scene: Scene) -> Any:
    """The second provider says an address of the first one's."""
    replace(scene.door, browser=Client()).sign_in()
    theirs = replace(scene.second, browser=scene.door.browser)
    theirs.idp.claims, theirs.idp.subject = scene.door.idp.claims, scene.door.idp.subject
    return theirs.sign_in()


def old_key(scene: Scene) -> Any:
    """Keys are rotated, and a sign-in by the new one is accepted; the old one is worth nothing from then on."""
    idp, new = scene.door.idp, forging.rogue("second")
    old, idp.keys = idp.keys[0], [new]
    honest = replace(scene.door, browser=Client())
    honest.sign_in()
    assert honest.person
    idp.forge = lambda _, said: old.sign(said)
    return scene.door.sign_in()


def short_key(scene: Scene) -> Any:
    """Published, and the provider's own, but of 1024 bits."""
    cache.clear()
    scene.door.idp.keys = [forging.rogue("short", 1024)]
    with warnings.catch_warnings():  # of the library that signs with it
        warnings.simplefilter("ignore")
        return scene.door.sign_in()


def too_weak(**change: Any) -> Attack:
    def attack(scene: Scene) -> Any:
        scene.strong.browser, scene.door.idp.change = scene.door.browser, change
        return scene.strong.sign_in()

    return attack


def twice(idp: Hostile) -> list[Any]:
    return [idp.keys[0].public(), forging.rogue(idp.keys[0].name).public()]


def symmetric(idp: Hostile) -> list[Any]:
    return [{"kty": "oct", "kid": idp.keys[0].name, "k": "c2VjcmV0", "alg": "RS256"}]


def for_encryption(idp: Hostile) -> list[Any]:
    return [idp.keys[0].public() | {"use": "enc"}]
