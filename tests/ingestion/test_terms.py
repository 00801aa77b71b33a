"""What of a text is counted, in two languages."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.search import terms


@pytest.mark.parametrize("code", ["E-1042", "foo_bar", "v2.3", "HW-CC-004", "FM45", "10:00", "192.168.1.1", "KC-4"])
def test_a_code_stays_whole(code: str) -> None:
    assert terms.terms(f"See {code}, and ({code}).") == ["see", code.lower(), code.lower()]


def test_a_name_of_many_parts_is_told_by_its_first_figure() -> None:
    assert terms.terms("AB-c-1.d-e AB-c-d") == ["ab-c-1.d-e", "ab", "c", "d"]
    assert terms.terms("a" + "-1" * 4000 + ":x")[:2] == ["1", "1"]


@pytest.mark.parametrize("written", ["1200", "1,200", "1.200", "1'200", "1,200.00", "1.200,00", "1\u202f200"])
def test_one_value_has_one_spelling(written: str) -> None:
    assert terms.terms(f"£{written}.") == ["1200"]


def test_decimals_and_groups_are_told_apart() -> None:
    assert terms.terms("4.60 4,6 0.125 11.0 1,180,000 2,3,4") == ["4.6", "4.6", "0.125", "11", "1180000", "2", "3", "4"]


@pytest.mark.parametrize(
    "forms",
    [
        "policy policies",
        "charge charges charged charging",
        "carry carries carried carrying",
        "cancel cancels cancelled cancelling",
        "employee employees employee's",
        "speed speeding speeds",
        "Tag Tage Tagen Tages",
        "Stunde Stunden",
        "Prüfung Prüfungen",
        "Druckbehälter Druckbehältern",
        "Vertrag Verträge Verträgen",
        "Regel Regeln",
        "Straße STRASSE",
    ],
)
def test_the_forms_of_a_word_are_one_term(forms: str) -> None:
    assert len(set(terms.terms(forms))) == 1


def test_words_that_mean_different_things_stay_apart() -> None:
    apart = "gold silver platinum band bandage works notice note process price address speech need"
    assert len(set(terms.terms(apart))) == len(apart.split())


def test_stop_words_of_both_languages_are_dropped() -> None:
    assert terms.terms("What is the notice? Wie lang ist die Frist, und für wen? It isn't, e.g. z.B.") == [
        "notic",
        "lang",
        "frist",
    ]


def test_numbers_in_words_are_numbers() -> None:
    assert terms.terms("eight weeks, acht Wochen") == ["8", "week", "8", "woch"]


def test_dates_give_their_parts_and_measures_their_unit() -> None:
    assert terms.terms("18.03.2025 2025-03-18 10GB 5th 85dB") == [
        *["18", "3", "2025"],
        *["2025", "3", "18"],
        *["10", "gb", "5", "85", "db"],
    ]


def test_words_joined_by_a_hyphen_or_a_slash_are_words_of_their_own() -> None:
    assert terms.terms("24-hour team-lead m/s Note:careful") == [
        "24",
        "hour",
        "team",
        "lead",
        "m",
        "s",
        "not",
        "careful",
    ]


def test_a_joint_does_not_break_the_number_before_it() -> None:
    assert terms.terms("4,60-Euro 10\u202fm 1,180,000-strong") == ["4.6", "euro", "10", "m", "1180000", "strong"]


def test_the_form_of_unicode_does_not_matter() -> None:
    composed = "Prüfung über Fäden, Betriebs\u00adrat"
    assert terms.terms(unicodedata.normalize("NFD", composed)) == terms.terms(composed)
    assert terms.terms("ﬁre Betriebs\u00adrat") == terms.terms("fire Betriebsrat")


@given(st.text(max_size=200))
def test_terms_of_any_text_are_clean_and_the_same_again(text: str) -> None:
    found = list(terms.tokens(text))
    assert found == list(terms.tokens(text))
    for token in found:
        assert token.term
        assert token.term == token.term.strip()
        assert text[token.start : token.end].strip()
