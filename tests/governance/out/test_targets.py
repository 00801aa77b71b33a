"""Who sets a target up, what one may be, and what of it stands on the record."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from governance import models
from governance.audit import keyring
from governance.audit.out import forwarder, targets
from governance.audit.out.targets import Draft
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.roles import Role
from governance.scope import Scope
from tests import cast
from tests.cast import House
from tests.governance.database import as_superuser, leaves, payloads
from tests.governance.out import receivers
from tests.governance.sealing import seal

HOOK = Draft("SIEM", "webhook", "https://siem.example/in", "jsonl")


def test_an_admin_sets_a_target_up_and_its_secret_is_shown_once(house: House) -> None:
    target, secret = targets.create(house.ada, HOOK)
    assert len(secret) > 40
    (state,) = targets.listed(house.ada)
    assert (state.row.pk, state.row.name, state.behind, state.failures) == (target, "SIEM", 0, 0)
    (leaf,) = leaves(house, "forward.changed")
    assert leaf["facts"] == {
        "what": "created", "kind": "webhook", "format": "jsonl", "enabled": True, "words": False, "from_index": 0,
        "secret": True,
    }  # fmt: skip
    assert leaf["resource"] == {"kind": "forward_target", "id": str(target)}
    assert payloads(house, "forward.changed") == [{"name": "SIEM", "address": "https://siem.example/in"}]
    with as_superuser() as database:
        row = database.execute("SELECT t::text FROM forward_target t WHERE id = %s", [target]).fetchone()
    assert row is not None
    assert secret not in row[0]
    assert secret.encode().hex() not in row[0]


DEEDS: dict[str, Callable[[Scope, uuid.UUID], Any]] = {
    "create": lambda scope, _: targets.create(scope, HOOK),
    "change": lambda scope, target: targets.change(scope, target, HOOK),
    "delete": targets.delete,
    "retry": targets.retry,
    "renew_secret": targets.renew_secret,
}


@pytest.fixture(scope="module")
def standing(django_db_blocker: Any) -> tuple[House, uuid.UUID]:
    """A target that nobody who is refused can touch."""
    with django_db_blocker.unblock():
        house = cast.house(f"t{uuid.uuid4().hex[:12]}")
        return house, targets.create(house.ada, HOOK)[0]


@pytest.mark.parametrize("deed", sorted(DEEDS))
@pytest.mark.parametrize("who", ["bob", "charlie", "olga"])
def test_nobody_else_does(standing: tuple[House, uuid.UUID], deed: str, who: str) -> None:
    house, target = standing
    before = len(leaves(house, "forward"))
    with pytest.raises(Forbidden):
        DEEDS[deed](house.scope(who), target)
    assert len(leaves(house, "forward")) == before
    assert [state.row.name for state in targets.listed(house.ada)] == ["SIEM"]


@pytest.mark.parametrize("deed", sorted(set(DEEDS) - {"create"}))
def test_the_neighbours_target_is_not_there(house: House, neighbour: House, deed: str) -> None:
    target, _ = targets.create(neighbour.ada, HOOK)
    with pytest.raises(NotFound):
        DEEDS[deed](house.ada, target)
    assert targets.listed(house.ada) == []
    assert len(targets.listed(neighbour.ada)) == 1


def test_employees_do_not_see_where_the_record_goes_and_officers_do(house: House) -> None:
    target, _ = targets.create(house.ada, HOOK)
    for name in ("bob", "charlie"):
        with pytest.raises(Forbidden):
            targets.listed(house.scope(name))
        with house.scope(name).transaction():
            assert list(models.ForwardTarget.objects.all()) == []
            assert list(models.ForwardCursor.objects.all()) == []
    assert targets.get(house.olga, target).row.name == "SIEM"


def test_words_are_an_officers_decision_for_a_reason_and_another_address_takes_it_back(house: House) -> None:
    target, _ = targets.create(house.ada, HOOK)
    reason = "The works council has agreed to it."
    with pytest.raises(Forbidden):
        targets.carry_words(house.ada, target, carries=True, reason=reason)
    with pytest.raises(InvalidInput):
        targets.carry_words(house.olga, target, carries=True, reason="so")
    targets.carry_words(house.olga, target, carries=True, reason=reason)
    (leaf,) = leaves(house, "forward.words")
    assert leaf["facts"] == {"words": True}
    assert payloads(house, "forward.words") == [{"reason": reason}]
    targets.change(house.ada, target, Draft("SIEM 2", "webhook", HOOK.address, "ocsf"))
    assert targets.get(house.ada, target).row.carries_words is True
    targets.change(house.ada, target, Draft("SIEM 2", "webhook", "https://elsewhere.example/in", "ocsf"))
    assert targets.get(house.ada, target).row.carries_words is False
    assert leaves(house, "forward.changed")[-1]["facts"]["words"] is False


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://siem.example/in"),
        ("webhook", "https://name:word@siem.example/in"),
        ("webhook", "siem.example"),
        ("webhook", ""),
        ("webhook", "https://siem.example/" + "x" * 500),
        ("webhook", "https://siem.example/a b"),
        ("webhook", "https://[::1"),
        ("syslog", "udp://siem.example:514"),
        ("syslog", "tls://"),
        ("syslog", "tls://siem.example:99999"),
        ("syslog", "tls://siem.example/path"),
        ("syslog", "tcp://siem.example:514"),
        ("file", "/etc/passwd"),
        ("mail", "siem@example.com"),
    ],
)
def test_what_cannot_be_a_target_is_refused(shared_house: House, kind: str, address: str) -> None:
    with pytest.raises(InvalidInput):
        targets.create(shared_house.ada, Draft("SIEM", kind, address, "jsonl"))
    assert targets.listed(shared_house.ada) == []


def test_a_name_is_one_targets_and_a_kind_stays(house: House) -> None:
    first, _ = targets.create(house.ada, HOOK)
    with pytest.raises(Conflict):
        targets.create(house.ada, HOOK)
    second, secret = targets.create(house.ada, Draft("Log", "syslog", "tls://siem.example:6514", "ocsf"))
    assert secret == ""
    with pytest.raises(Conflict):
        targets.change(house.ada, second, Draft("SIEM", "syslog", "tls://siem.example:6514", "ocsf"))
    with pytest.raises(InvalidInput):
        targets.change(house.ada, first, Draft("SIEM", "syslog", "tls://siem.example:6514", "ocsf"))
    with pytest.raises(InvalidInput):
        targets.renew_secret(house.ada, second)


def test_a_new_secret_signs_from_then_on(house: House) -> None:
    with receivers.webhook() as hook:
        target, old = targets.create(house.ada, Draft("SIEM", "webhook", hook.url, "jsonl"))
        seal(house)
        forwarder.forward(house.tenant, target)
        new = targets.renew_secret(house.ada, target)
        seal(house)
        forwarder.forward(house.tenant, target)
    first, last = hook.requests[0], hook.requests[-1]
    assert receivers.is_signed(*first, old)
    assert receivers.is_signed(*last, new)
    assert not receivers.is_signed(*last, old)


def test_a_target_that_is_removed_takes_its_cursor_and_its_key_with_it(house: House) -> None:
    target, _ = targets.create(house.ada, HOOK)
    targets.delete(house.ada, target)
    assert targets.listed(house.ada) == []
    with house.system.transaction():
        assert not models.ForwardCursor.objects.filter(target=target).exists()
    with pytest.raises(keyring.KeyGone):
        keyring.ring().key(house.tenant, target)
    assert forwarder.forward(house.tenant, target) == 0


def test_where_the_keyring_is_gone_nothing_is_sent_unsigned(house: House) -> None:
    with receivers.webhook() as hook:
        target, _ = targets.create(house.ada, Draft("SIEM", "webhook", hook.url, "jsonl"))
        seal(house)
        keyring.ring().destroy(house.tenant, target)
        assert forwarder.forward(house.tenant, target) == 0
        assert hook.requests == []
    assert "was destroyed" in targets.get(house.ada, target).last_error


def test_one_who_is_both_may_do_both(house: House) -> None:
    from governance import assignments

    assignments.give(house.system, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    target, _ = targets.create(house.ada, HOOK)
    targets.carry_words(house.ada, target, carries=True, reason="I hold both of the roles.")
    assert targets.get(house.ada, target).row.carries_words is True
