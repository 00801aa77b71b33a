"""That a limit is come near to reaches a receiver outside: once, signed, without a word of what was asked."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from governance import models, quotas
from governance.audit.out import forwarder, targets
from governance.errors import QuotaSpent
from governance.quotas import limits
from governance.quotas.limits import Draft, Subject
from governance.quotas.models import Measure, Per
from tests.cast import House
from tests.governance.out import receivers
from tests.governance.sealing import seal


def test_an_alert_arrives_at_a_webhook_that_asked_for_it_once_and_signed(house: House) -> None:
    def use(tokens: int) -> None:
        one = uuid.uuid4()
        quotas.reserve(house.bob, one, tokens)
        quotas.settle(house.bob, one, tokens)

    def sent() -> None:
        seal(house)
        forwarder.forward(house.tenant, target)

    with receivers.webhook() as hook:
        draft = targets.Draft("Pager", "webhook", hook.url, "jsonl", only=["quota.reached"])
        target, secret = targets.create(house.ada, draft, from_now=True)
        limits.write(house.ada, Draft(Subject(group=house.team), Measure.TOKENS, Per.DAY, Decimal(1_000)))
        use(799)
        sent()
        assert hook.requests == []
        use(1)
        use(1)
        hook.answers = receivers.always(503)  # away as it comes: it comes again
        sent()
        hook.answers = receivers.always(204)
        with house.system.transaction():
            models.ForwardCursor.objects.filter(target=target).update(next_try_at=timezone.now())
        sent()
        with pytest.raises(QuotaSpent):
            quotas.reserve(house.bob, uuid.uuid4(), 500)
        sent()
        sent()
    assert [(line["kind"], line["event"]["action"]) for line in hook.arrived.lines] == [("event", "quota.reached")] * 2
    facts = [line["event"]["facts"] for line in hook.arrived.lines]
    assert [(one["percent"], one["used"]) for one in facts] == [(80, 800), (100, 801)]
    assert {(one["of"], one["subject"], one["limit"], one["per"]) for one in facts} == {
        ("group", str(house.team), 1_000, "day")
    }
    assert len(hook.requests) == 3
    for headers, body in hook.requests:
        assert receivers.is_signed(headers, body, secret)
        assert "Bob" not in json.dumps(body.decode())
