"""A place in a document is said as whoever opens the document would look for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from assistant.showing import places
from ingestion import catalog
from tests.assistant.portal import signed_in
from tests.cast import House
from tests.ingestion import bells
from tests.ingestion.conftest import SCRIPTED
from tests.ingestion.workbooks import row, workbook


@pytest.mark.parametrize(
    ("locator", "english", "german"),
    [
        ({}, "", ""),
        ({"page": 3, "heading": None}, "page 3", "Seite 3"),
        ({"page": 3, "heading": "Travel"}, "page 3 · Travel", "Seite 3 · Travel"),
        (
            {"page": 3, "confidence": 0.914},
            "page 3 · read by text recognition, confidence 0.91",
            "Seite 3 · von der Texterkennung gelesen, Sicherheit 0.91",
        ),
        ({"slide": 4, "heading": "Rates"}, "slide 4 · Rates", "Folie 4 · Rates"),
        (
            {"sheet": "Budget", "columns": "A:F", "lines": [5, 20], "heading": "Budget"},
            "Budget, A5:F20",
            "Budget, A5:F20",
        ),
        ({"sheet": "Budget", "columns": "C", "lines": [5, 20]}, "Budget, C5:C20", "Budget, C5:C20"),
        ({"sheet": "Budget", "columns": "C", "lines": [5, 5]}, "Budget, C5", "Budget, C5"),
        ({"sheet": "Budget", "columns": "A:B", "lines": [5, 5], "heading": "2025"}, "Budget, A5:B5 · 2025", None),
        ({"sheet": "Budget", "lines": [2, 3]}, "Budget, rows 2 to 3", "Budget, Zeilen 2 bis 3"),
        ({"sheet": "Budget"}, "Budget", "Budget"),
        ({"columns": "A:C", "lines": [2, 9]}, "A2:C9", "A2:C9"),
        ({"lines": [7, 7]}, "line 7", "Zeile 7"),
        ({"lines": [7, 9]}, "lines 7 to 9", "Zeilen 7 bis 9"),
    ],
)
def test_a_place_is_said_in_words(locator: dict[str, Any], english: str, german: str | None) -> None:
    assert places.name(locator) == english
    if german is not None:
        with translation.override("de"):
            assert places.name(locator) == german


def test_a_passage_of_a_sheet_says_its_cells_in_the_portal_and_in_search(house: House, settings: Any) -> None:
    settings.CHANCERY_RUNNERS = SCRIPTED
    rows = row(3, "City", "Rate") + row(4, "Kassel", "120")
    document = bells.ingested(house, catalog.create(house.ada, "Finance").pk, workbook(rows), "rates.xlsx")
    assert "Budget, A3:B4" in signed_in(house, "ada").get(f"/documents/{document.pk}").text
    key = {"Authorization": f"Bearer {house.key('ada')}"}
    found = Client().post("/api/v1/search", {"query": "Kassel"}, "application/json", headers=key).json()
    locator = found["passages"][0]["locator"]
    assert (locator["sheet"], locator["columns"], locator["lines"]) == ("Budget", "A:B", [3, 4])
