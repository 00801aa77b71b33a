"""What is not theirs and what is not there look the same, at the same cost. bench/existence_oracle.py takes the time."""

from __future__ import annotations

import uuid
from typing import Any
from unittest import mock

import pytest

from governance import access, models
from tests.assistant import oracle, test_matrix
from tests.assistant.test_matrix import Stage


@pytest.fixture(scope="module")
def stage(django_db_blocker: Any) -> Stage:
    return test_matrix.furnished(django_db_blocker.unblock())


def test_body_headers_and_statements_are_the_same_for_either(stage: Stage) -> None:
    """Every route that takes an id, portal and API: of two that stand beside each other one is read and one is written to."""
    told, looked = [], 0
    for pair in oracle.pairs(stage, is_each=False):
        client = stage.callers["no grant"].of(pair.theirs)
        theirs, nothing = oracle.seen(client, pair.verb, pair.theirs), oracle.seen(client, pair.verb, pair.nothing)
        looked += 1
        if differs := theirs.differs(nothing):
            told.append(f"{pair.name} {pair.verb}: {differs}; {len(theirs.shape)} and {len(nothing.shape)} statements")
    assert looked > 200
    assert told == []


def test_a_statement_more_for_what_is_there_is_seen(stage: Stage) -> None:
    """The check above would pass on a probe that sees nothing."""
    client, usual = stage.callers["no grant"].api, access.require

    def telling(scope: Any, action: Any, resource: uuid.UUID | None = None) -> Any:
        with scope.transaction():
            if resource and models.Resource.objects.filter(pk=resource).exists():
                models.Grant.objects.filter(resource=resource).count()
        return usual(scope, action, resource)

    address = "/api/v1/collections/{}/documents"
    with mock.patch.object(access, "require", telling):
        theirs = oracle.seen(client, "get", address.format(stage.ids["collection"]))
        nothing = oracle.seen(client, "get", address.format(uuid.uuid4()))
    assert theirs.differs(nothing) == "shape"
