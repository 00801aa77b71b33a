"""Which words of a question name documents, and days since when they are meant."""

from __future__ import annotations

from datetime import date

from ingestion.understanding import mentions


def test_filters_are_read_out_of_plain_words() -> None:
    told = {
        "What is the limit in the 2024 travel policy?": [("2024", "travel")],
        "According to the leave guide, how many days?": [("leave",)],
        "Was steht in der Reiserichtlinie 2024?": [("Reise", "2024")],
        "What does travel-policy-2025.pdf say?": [("travel-policy-2025.pdf",)],
        "What is the policy on hotels?": [],
        "What is new in the policy?": [],
        "What is allowed in the AI policy?": [("AI",)],
        "Where in Austria can we plan a team event?": [],
        "In Germany how do I plan parental leave?": [],
        "Mit wem schließe ich in Spanien einen Vertrag?": [],
        "What is forbidden in the code of conduct policy?": [("code", "conduct")],
    }
    for question, words in told.items():
        assert [one.words for one in mentions.documents(question)] == words, question


def test_a_day_is_read_however_it_is_written() -> None:
    today = date(2026, 2, 10)
    days = {
        "Which documents were added since March?": date(2025, 3, 1),
        "What changed since 1 May 2024?": date(2024, 5, 1),
        "Was ist neu seit Januar?": date(2026, 1, 1),
        "updates since 2023-11-05": date(2023, 11, 5),
        "Who has worked here since 2020?": None,
        "What was uploaded since 31 February 2024?": None,
        "What changed since March 15, 2024?": date(2024, 3, 15),
        "What changed since March 15th 2024?": date(2024, 3, 15),
        "What changed since March, 2024?": date(2024, 3, 1),
        "What changed since March 2024?": date(2024, 3, 1),
        "What changed since the 1st May, 2024?": date(2024, 5, 1),
        "Was ist neu seit dem 15.03.2024?": date(2024, 3, 15),
        "Welche Dokumente sind neu seit 5. 3. 2024?": date(2024, 3, 5),
        "What is new since January 5?": date(2026, 1, 5),
        "What is new since March 15?": date(2025, 3, 15),
        "What is new since 20 February?": date(2025, 2, 20),
        "What changed since 15.13.2024?": None,
        "Was hat sich seit Januar geändert?": date(2026, 1, 1),
        "documents uploaded after 1 May 2024": date(2024, 5, 1),
        "Dokumente ab März": date(2025, 3, 1),
        "Which new expense rates have applied since January?": None,
        "Welche neuen Spesensätze gelten ab Januar?": None,
        "What changes for parents after May 1?": None,
        "Welche Dokumente brauche ich ab Mai?": None,
    }
    for question, day in days.items():
        found = mentions.since(question, today)
        assert (found.day if found else None) == day, question
    said = mentions.since("What changed since March 15, 2024 in Kassel?", today)
    assert said is not None
    assert said.said == "since March 15, 2024"


def test_a_possessive_is_no_word_of_a_name() -> None:
    told = {
        "What is the limit in the company's travel policy?": [("travel",)],
        "What does it say in the employee’s leave guide?": [("employee", "leave")],
    }
    for question, words in told.items():
        assert [one.words for one in mentions.documents(question)] == words, question
