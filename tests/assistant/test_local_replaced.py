"""Servers of the operator's own, named by a variable: one that does not answer is told at once, without its password."""

from __future__ import annotations

import pytest

from assistant.local import stack, testing
from governance.errors import Unavailable

NOBODY = "127.0.0.1"


@pytest.fixture(autouse=True)
def _none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variable", "address"),
    [("DATABASE_URL", "postgresql://app:hush@{place}/chancery"), ("REDIS_URL", "redis://:hush@{place}/0")],
)
def test_one_that_does_not_answer_is_named_without_its_password(
    variable: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"{NOBODY}:1"
    monkeypatch.setenv(variable, address.format(place=place))
    with pytest.raises(Unavailable, match=f"{variable} is set") as fault:
        stack.check_replaced()
    assert "hush" not in fault.value.message


def test_those_that_answer_and_those_that_are_not_set_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    stack.check_replaced()
    services = testing.services()
    monkeypatch.setenv("DATABASE_URL", services.superuser_url)
    monkeypatch.setenv("REDIS_URL", f"{services.valkey_url}/0")
    stack.check_replaced()
