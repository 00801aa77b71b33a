from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from ingestion import stores
from ingestion.stores.pgvector import PgVector


def test_the_default_store_is_postgres() -> None:
    assert isinstance(stores.store(), PgVector)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"BACKEND": "ingestion.stores.nowhere.Store"},
        {"BACKEND": "collections.OrderedDict"},
        {"BACKEND": "ingestion.stores.pgvector.PgVector", "OPTIONS": {"unknown": 1}},
    ],
)
def test_a_store_that_cannot_be_is_named_at_once(wanted: dict[str, object]) -> None:
    with override_settings(VECTOR_STORE=wanted), pytest.raises(ImproperlyConfigured, match="VECTOR_STORE"):
        stores.store()
