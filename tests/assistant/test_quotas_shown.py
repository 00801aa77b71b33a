"""What is left, before it is refused and as it is: to whoever asks, to programs, and to admins."""

from __future__ import annotations

import html
import json
import threading
import uuid
from decimal import Decimal
from typing import Any

from django.test import Client

from assistant import answering, conversations, models
from governance import quotas
from governance.models import Spent
from governance.quotas import limits, prices
from governance.quotas.limits import Draft, Subject
from governance.quotas.models import Measure, Per
from governance.quotas.prices import Priced
from inference.runners.base import ChatRequest
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance.database import leaves


def limit(house: House, subject: Subject, amount: int, measure: Measure = Measure.TOKENS) -> None:
    limits.write(house.ada, Draft(subject, measure, Per.DAY, Decimal(amount)))


def used(house: House, tokens: int) -> None:
    one = uuid.uuid4()
    quotas.reserve(house.bob, one, tokens)
    quotas.settle(house.bob, one, tokens)


def text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def bobs(house: House) -> tuple[int, int]:
    with house.system.transaction():
        row = Spent.objects.get(kind="person", subject=str(house.ids["bob"]))
        return row.tokens, row.held_tokens


def test_what_is_left_is_shown_quietly_and_then_it_is_refused_with_how_long(house: House, settings: Any) -> None:
    asking.shelf(house)
    asking.speak(settings, [asking.RULE])
    limit(house, Subject(is_each=True), 10_000)
    page, headers = portal.signed_in(house, "bob"), {"Authorization": f"Bearer {house.key('bob')}"}
    said = "tokens are left for your own use"
    assert said not in text(page.get("/c/"))
    assert "10,000 of 10,000 " + said in text(page.get("/my-data/"))
    used(house, 9_000)
    for address in ("/c/", "/my-data/"):
        assert "1,000 of 10,000 " + said in text(page.get(address))
    told = Client(headers=headers).get("/api/v1/me").json()["quotas"]
    assert [(one["of"], one["is_each"], one["used"], one["left"]) for one in told] == [("tenant", True, 9_000, 1_000)]
    used(house, 900)
    body = json.dumps({"question": asking.QUESTION})
    refused = Client(headers=headers).post("/api/v1/answers", body, content_type="application/json")
    assert refused.status_code == 429
    fault = refused.json()["error"]
    assert fault["code"] == "quota_spent"
    assert (fault["quota"]["left"], fault["quota"]["asked"]) == (100, 512)
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert (refused["RateLimit-Limit"], refused["RateLimit-Remaining"]) == ("10000", "100")
    assert refused["RateLimit-Policy"] == '10000;w=86400;comment="tokens"'
    by_v1 = json.dumps({"model": "chancery", "messages": [{"role": "user", "content": asking.QUESTION}]})
    v1 = Client(headers=headers).post("/v1/chat/completions", by_v1, content_type="application/json")
    assert (v1.status_code, v1.json()["error"]["code"], v1["x-should-retry"]) == (429, "insufficient_quota", "false")
    in_portal = page.post("/c/ask", {"question": asking.QUESTION})
    assert in_portal.status_code == 429
    assert "10,000 tokens a day for your own use is used up; 100 are left" in text(in_portal)
    facts = leaves(house, "prompt.refused")[-1]["facts"]
    assert facts["quota"] == {"of": "tenant", "measure": "tokens", "per": "day"}
    assert [leaf["facts"]["percent"] for leaf in leaves(house, "quota.reached")] == [80, 100]
    with house.system.transaction():
        assert not models.Answer.objects.exists()


def test_an_answer_is_settled_to_what_it_used_however_it_ends(house: House, settings: Any) -> None:
    """Answered, refused without a model, stopped as it waits, blocked: afterwards nothing is set aside."""
    asking.shelf(house)
    asking.speak(settings, [asking.RULE])
    row = asking.answered(house.bob)
    usage = row.capsule["usage"]
    spent = usage["prompt_tokens"] + usage["completion_tokens"]
    assert bobs(house) == (spent, 0)
    asking.answered(house.bob, asking.OFF_TOPIC)
    waits = asking.ask(house.bob)
    assert bobs(house) == (spent, 512)
    conversations.cancel(house.bob, waits.pk)
    assert asking.ask(house.bob, "my password is Tr0ub4dor&3x-Kassel").status == models.Status.BLOCKED
    assert bobs(house) == (spent, 0)


def test_a_prompt_that_is_over_what_is_left_is_refused_before_the_model_is_asked(house: House, settings: Any) -> None:
    asking.shelf(house)
    model = asking.speak(settings, [asking.RULE])
    limit(house, Subject(group=house.team), 1_000)
    used(house, 480)
    row = asking.answered(house.bob)
    assert (row.status, row.fault) == (models.Status.FAILED, "quota_spent")
    assert "1,000 tokens a day for your group is used up; 520 are left" in row.notice
    assert model.requests == []
    assert bobs(house) == (480, 0)


def test_where_seconds_are_limited_one_answer_has_no_more_than_was_set_aside(
    house: House, settings: Any, monkeypatch: Any
) -> None:
    """Here nothing at all, so that nobody waits for it."""
    asking.shelf(house)
    limit(house, Subject(), 600, Measure.SECONDS)
    monkeypatch.setattr(quotas, "CLAIM_S", 0.0)
    waited, patience = list[int](), threading.Event()

    def speech(_: ChatRequest) -> Any:
        for number in range(2_000):
            waited.append(number)
            patience.wait(0.01)
            yield " "

    asking.speak(settings, speech)
    asked = asking.ask(house.bob)
    answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert row.status == models.Status.FAILED
    assert "one answer has two minutes" in row.notice
    assert len(waited) < 2_000
    (left,) = quotas.left(house.bob)
    assert left.used > 0
    assert left.held == 0


def test_the_same_by_the_api(house: House) -> None:
    ada = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    priced = {"currency": "CHF", "prices": [{"model": "usual", "read": "0.5", "written": "2.000001"}]}
    told = ada.put("/api/v1/prices", priced, content_type="application/json").json()
    assert told == ada.get("/api/v1/prices").json()
    assert (told["currency"], told["prices"][0]["written"]) == ("CHF", "2.000001")
    sent = {"group": str(house.team), "is_each": True, "measure": "money", "per": "month", "limit": "12.5"}
    assert ada.put("/api/v1/quotas", sent, content_type="application/json").status_code == 200
    used(house, 1_000)
    (made,) = ada.get("/api/v1/quotas").json()["limits"]
    assert made | {"id": "", "resets_at": ""} == {
        "id": "", "subject": str(house.team), "of": "group", "is_each": True, "measure": "money", "per": "month",
        "currency": "CHF", "limit": 12.5, "used": 2.000001, "set_aside": 0, "left": 10.499999, "resets_at": "",
        "alert_at": [80, 100],
    }  # fmt: skip
    for wrong in ({"limit": "1e9"}, {"person": str(house.ids["bob"])}, {"alert_at": [0]}, {"measure": "litres"}):
        assert ada.put("/api/v1/quotas", sent | wrong, content_type="application/json").status_code == 400, wrong
    assert (
        ada.put("/api/v1/quotas", sent | {"group": str(uuid.uuid4())}, content_type="application/json").status_code
        == 404
    )
    assert ada.delete(f"/api/v1/quotas/{made['id']}").status_code == 204
    assert ada.get("/api/v1/quotas").json() == {"limits": [], "next": None}


def test_an_admin_sets_limits_and_prices_and_sees_how_they_stand(house: House) -> None:
    ada, bob = portal.signed_in(house, "ada"), portal.signed_in(house, "bob")
    assert "Nothing is limited" in text(ada.get("/quotas/"))
    sent = {
        "subject": f"each:{house.team}",
        "limit": "12,5",
        "measure": "money",
        "per": "month",
        "alert_at": "50, 100%",
    }
    assert ada.post("/quotas/", sent).status_code == 302
    assert bob.post("/quotas/", sent).status_code in {403, 404}
    priced = {"currency": "chf", "model": ["usual", "other"], "read": ["0,5", ""], "written": ["2", ""]}
    assert ada.post("/quotas/prices", priced).status_code == 302
    assert prices.listed(house.ada) == {"usual": Priced(Decimal("0.5"), Decimal(2))}
    used(house, 4_000)
    page = text(ada.get("/quotas/"))
    for said in ("Each person of Team", "12.50 CHF", "8.00 CHF", "50 %", "Bob"):
        assert said in page
    (made,) = limits.listed(house.ada)
    assert made.bound.alert_at == (50, 100)
    for wrong in ({"limit": "much"}, {"subject": "nobody"}, {"measure": "litres"}, {"alert_at": "x"}, {"limit": "-1"}):
        again = ada.post("/quotas/", sent | wrong)
        assert again.status_code == 400, wrong
        assert "Each person of Team" in text(again)
    bobs = f"person:{house.ids['bob']}"
    refused = ada.post("/quotas/", sent | {"subject": bobs, "limit": "much"})
    for kept in (refused, ada.get("/people/found", {"of": "subject", "find": "ada", "subject": bobs})):
        assert f'value="{bobs}" selected' in kept.content.decode()
    assert ada.post(f"/quotas/{made.id}/delete").status_code == 302
    assert limits.listed(house.ada) == []
