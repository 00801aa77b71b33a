"""Facts of a text: one spelling for one value, with its kind."""

from __future__ import annotations

import pytest

from ingestion.attribution import facts
from ingestion.attribution.facts import Fact


def values(text: str) -> list[Fact]:
    return facts.values(facts.bare(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("£1,640 and 4,60 Euro and $77", [Fact("1640", "£"), Fact("4.6", "€"), Fact("77", "$")]),
        ("60 %, 60 percent, 0,5 Prozent", [Fact("60", "%"), Fact("60", "%"), Fact("0.5", "%")]),
        ("4 business hours, acht Wochen, a 30-day limit", [Fact("4", "hour"), Fact("8", "week"), Fact("30", "day")]),
        ("2 a year, 3 Feiertage", [Fact("2"), Fact("3")]),
        ("9:00 to 3 pm, 10.30 Uhr", [Fact("9", "time"), Fact("15", "time"), Fact("10:30", "time")]),
        ("an average of 3.6.", [Fact("3.6")]),
        ("FM45 in DN 50 by E-1042", [Fact("50")]),
    ],
)
def test_values_are_read_with_their_kind(text: str, wanted: list[Fact]) -> None:
    assert values(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("twenty-five days", [Fact("25", "day")]),
        ("twenty five days", [Fact("25", "day")]),
        ("seventeen days", [Fact("17", "day")]),
        ("two hundred days", [Fact("200", "day")]),
        ("two hundred and fifty days", [Fact("250", "day")]),
        ("a hundred days", [Fact("100", "day")]),
        ("five thousand euros", [Fact("5000", "€")]),
        ("two hundred and fifty thousand euros", [Fact("250000", "€")]),
        ("two thousand five hundred euros", [Fact("2500", "€")]),
        ("5 million euros, 5 billion euros", [Fact("5000000", "€"), Fact("5000000000", "€")]),
        ("1,5 Mio. € und zwei Milliarden Euro", [Fact("1500000", "€"), Fact("2000000000", "€")]),
        ("half a million euros, £5m", [Fact("500000", "€"), Fact("5000000", "£")]),
        ("fünfundzwanzig Tage", [Fact("25", "day")]),
        ("zweihundertfünfzig Tage", [Fact("250", "day")]),
        ("zweitausendfünfhundert Euro, fünf tausend Euro", [Fact("2500", "€"), Fact("5000", "€")]),
        ("hundert Prozent, einhunderttausend Euro", [Fact("100", "%"), Fact("100000", "€")]),
        ("one of us, ein Tag, several thousand people, mehrere tausend Leute", []),
        ("between five hundred and six hundred", [Fact("500"), Fact("600")]),
    ],
)
def test_numbers_of_several_words_are_one_value(text: str, wanted: list[Fact]) -> None:
    assert values(text) == wanted


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u2009", "\u202f"])
def test_a_blank_may_part_the_thousands(blank: str) -> None:
    assert values(f"1{blank}200 € and 12{blank}000{blank}000,50 €") == [
        Fact("1200", "€"),
        Fact("12000000.5", "€"),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("in 2024 100 people", ["2024", "100"]),
        ("from 10:30 200 people", ["10:30", "200"]),
        ("45 120 30", ["45", "120", "30"]),
        ("1.5 200", ["1.5", "200"]),
        ("| 5 | 100 |", ["5", "100"]),
    ],
)
def test_two_numbers_side_by_side_stay_two(text: str, wanted: list[str]) -> None:
    assert [one.value for one in values(text)] == wanted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("200 francs, 200 Franken, CHF 200", "chf"),
        ("200 kr, 200 SEK, 200 kronor", "kr"),
        ("200 mm, 200mm, 200 Millimeter", "mm"),
        ("200 cm, 200 centimetres", "cm"),
        ("200 m, 200 mètres", "m"),
        ("200 km, 200 Kilometern", "km"),
        ("200 mg, 200 milligrams", "mg"),
        ("200 g, 200 grammes", "g"),
        ("200 kg, 200kg, 200 Kilogramm", "kg"),
        ("200 ml, 200 millilitres", "ml"),
        ("200 l, 200 Liter, 200 litros", "l"),
        ("200 °C, 200 degrees Celsius, 200°C", "°C"),
        ("200 jours, 200 días, 200 giorni, 200 dagen, 200 dias", "day"),
        ("200 semaines, 200 semanas, 200 settimane, 200 weken", "week"),
        ("200 mois, 200 meses, 200 mesi, 200 maanden", "month"),
        ("200 ans, 200 años, 200 anni, 200 jaar, 200 anos", "year"),
        ("200 heures, 200 horas, 200 ore, 200 uur", "hour"),
        ("200 kWh, 200kWh, 200 kilowatt-hours, 200 Kilowattstunden", "kWh"),
        ("200 pour cent, 200 per cent", "%"),
        ("200 m², 200m2, 200 square metres", "m²"),
        ("200 m³, 200m3, 200 Kubikmeter", "m³"),
    ],
)
def test_units_are_told_apart(text: str, kind: str) -> None:
    assert values(text) == [Fact("200", kind)] * len(text.split(", "))


def test_words_that_look_like_units_are_none() -> None:
    assert values("3 fois mes droits, 2 par jour") == [Fact("3"), Fact("2")]


def test_a_minus_is_kept_and_a_hyphen_is_none() -> None:
    cold = [Fact("-20", "°C")]
    assert values("-20 °C") == values("minus 20 °C") == values("\u221220 °C") == cold
    assert values("at minus twenty degrees") == [Fact("-20")]
    assert values("10-20, 2024-05") == [Fact("10"), Fact("20"), Fact("2024"), Fact("5")]


@pytest.mark.parametrize(
    "text",
    ["31/03/2025", "03/31/2025", "31 de marzo de 2025", "31st of March 2025", "31 mars 2025", "31 maart 2025"],
)
def test_a_date_is_read_in_other_languages_and_with_slashes(text: str) -> None:
    assert values(text) == [Fact("month 3", "date"), Fact("3-31", "date"), Fact("2025")]


def test_may_is_a_month_where_it_is_written_as_one() -> None:
    assert values("5 may be carried over") == [Fact("5")]
    assert values("5 May") == [Fact("month 5", "date"), Fact("5-5", "date")]
    assert values("5 may 2025") == [Fact("month 5", "date"), Fact("5-5", "date"), Fact("2025")]


@pytest.mark.parametrize("text", ["18 March 2025", "March 18, 2025", "18. März 2025", "2025-03-18", "18.03.2025"])
def test_a_date_is_the_same_however_it_is_written(text: str) -> None:
    assert values(f"on {text}") == [Fact("month 3", "date"), Fact("3-18", "date"), Fact("2025")]


def test_a_date_without_its_year_is_read_after_a_word_that_announces_one() -> None:
    assert values("bis zum 31.12. möglich") == [Fact("month 12", "date"), Fact("12-31", "date")]


def test_codes_are_names_with_digits_and_not_measures() -> None:
    assert facts.codes("FM45, E-1042, KC-4 and v2.3; 10kg, the 5th, 24-hour") == {"fm45", "e-1042", "kc-4", "v2.3"}


def test_a_code_is_told_by_its_terms_and_a_word_written_onto_a_number_is_none() -> None:
    assert facts.codes("A4-Blatt, 3D-Druck, § 12a, 5G, Art. 5ter") == {"a4", "3d", "12a", "5g", "5ter"}
    assert facts.codes("250mg, 200EUR, 17h30, 1er, 3ème, 30jährig, 2mal, 60 m², 60m³, 30-m²-Raum") == set()
    assert facts.without_codes("FM45 in DN 50") == "     in DN 50"


def test_a_code_of_several_parts_is_one_with_all_its_figures_and_the_words_before_them() -> None:
    assert facts.compounds("B2-115, Q3-2023, North-B2, B2-A") == {"b2 115", "q3 2023", "north b2", "b2 a"}
    assert facts.compounds("A4-Blatt, E-1042, HW-CC-004, 24-hour, FM45") == set()
    assert facts.in_order("Room B2-115, or North B2.") == " room b2 115 or north b2 "
    assert facts.without_codes("by North-B2-115 now") == "by North-  -    now"
    assert values("Room B2-115 seats 12.") == [Fact("12")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("250mg, 1,5l", [Fact("250", "mg"), Fact("1.5", "l")]),
        ("30Tage, 200EUR", [Fact("30", "day"), Fact("200", "€")]),
        ("17h30, à 17h, 9h", [Fact("17:30", "time"), Fact("17", "time"), Fact("9", "h")]),
        ("60m², 60m2, 30-m²-Raum", [Fact("60", "m²"), Fact("60", "m²"), Fact("30", "m²")]),
        ("50µg, 7,5t, 3GWh, 400ppm", [Fact("50", "µg"), Fact("7.5", "t"), Fact("3", "GWh"), Fact("400", "ppm")]),
        ("5mA, 8kPa, 7,5A, 3ha", [Fact("5", "mA"), Fact("8", "kPa"), Fact("7.5"), Fact("3")]),
        ("au 3ème, le 1er mai", [Fact("month 5", "date"), Fact("5-1", "date"), Fact("3")]),
        ("§ 12a, room 12C, 5G, E-20g", []),
    ],
)
def test_a_unit_may_be_written_onto_its_number(text: str, wanted: list[Fact]) -> None:
    assert values(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "15. März 2025: Abgabe",
        "15. Mär. 2025: Abgabe",
        "- 15. März 2025: Abgabe",
        "15. marts 2025 er fristen.",
        "15. mars 2025 er fristen.",
        "15. maaliskuuta 2025 on määräpäivä.",
    ],
)
def test_the_day_of_a_date_that_begins_a_line_is_no_marker(text: str) -> None:
    assert values(f"Fristen\n{text}") == [Fact("month 3", "date"), Fact("3-15", "date"), Fact("2025")]


@pytest.mark.parametrize(
    "text",
    [
        "1. Jan Koops",
        "1. May we smoke?",
        "15) March to the gate",
        "3. Marketing",
        "1. March: the audit begins.",
        "12. December is quiet.",
    ],
)
def test_a_marker_stays_one_before_what_only_looks_like_a_month(text: str) -> None:
    assert values(text) == []


def test_units_are_compared_only_where_both_are_written() -> None:
    assert Fact("30", "day").agrees(Fact("30"))
    assert not Fact("30", "day").agrees(Fact("30", "month"))
    assert not Fact("30").agrees(Fact("31"))


def test_an_hour_by_its_letter_says_when_or_how_long() -> None:
    assert Fact("9", "h").agrees(Fact("9", "time"))
    assert Fact("9", "hour").agrees(Fact("9", "h"))
    assert not Fact("9", "hour").agrees(Fact("9", "time"))
    assert not Fact("9", "h").agrees(Fact("9", "day"))


def test_what_numbers_a_line_or_cites_is_no_value() -> None:
    assert values("2. Ask first [1][12].\n- 7 days") == [Fact("7", "day")]
