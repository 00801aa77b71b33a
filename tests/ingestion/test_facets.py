"""Several questions in one, both sides of a comparison, and what belongs to them."""

from __future__ import annotations

from ingestion.understanding import facets


def test_several_questions_in_one_are_taken_apart() -> None:
    cases = {
        "How long is it valid?": ["How long is it valid?"],
        "Do research and development share a budget?": ["Do research and development share a budget?"],
        "What is the difference between the Gold and the Platinum plan?": ["Gold plan", "Platinum plan"],
        "Compare the price of FM40 and FM45": ["the price of FM40".removeprefix("the "), "price of FM45"],
        "How long must a password be, and who resets it?": [
            "How long must a password be", "who resets it? (password)",
        ],
        "I lost my laptop. Whom do I tell, and where?": [
            "I lost my laptop. Whom do I tell", "where? (lost laptop)",
        ],
    }  # fmt: skip
    for question, parts in cases.items():
        assert facets.split(question) == parts
    assert facets.merge([[1, 2, 3], [4, 1, 5]], 4) == [1, 4, 2, 3]


def test_what_asks_nothing_by_itself_is_not_searched_by_itself() -> None:
    for question in (
        "How and when do I submit expenses?",
        "When and where is the party?",
        "What is and is not covered by the insurance?",
        "What can and can't I bring?",
        "How long and how often may I work abroad?",
        "Which forms and which receipts do I need?",
        "Wann und wo findet die Feier statt?",
        "What is the difference between what is covered and what is not?",
    ):
        assert facets.split(question) == [question]
    assert facets.split("How long is a badge valid, and how and when is it renewed?") == [
        "How long is a badge valid",
        "how and when is it renewed? (badge valid)",
    ]


def test_what_is_said_around_a_comparison_is_searched_too() -> None:
    cases = {
        "What is the difference between Gold and Platinum? And how do I cancel a plan?": [
            "Gold", "Platinum", "And how do I cancel a plan? (difference Gold Platinum)",
        ],
        "What is the difference between Gold and Platinum, and who signs?": [
            "Gold", "Platinum", "who signs? (difference Gold Platinum)",
        ],
        "For contractors in Kassel, what is the difference between sick leave and unpaid leave?": [
            "For contractors in Kassel, sick leave", "For contractors in Kassel, unpaid leave",
        ],
        "I lost my card. What is the difference between blocking and cancelling it?": [
            "I lost my card. blocking it", "I lost my card. cancelling it",
        ],
        "How do hotel rates in Berlin compare with Munich and Hamburg?": [
            "How do hotel rates in Berlin compare with Munich and Hamburg?",
        ],
        "Can you compare Gold with Silver?": ["Gold", "Silver"],
        "Vergleichen Sie Gold mit Silber.": ["Gold", "Silber"],
    }  # fmt: skip
    for question, parts in cases.items():
        assert facets.split(question) == parts


def test_an_abbreviation_ends_no_question() -> None:
    for question in (
        "Muss ich z. B. Dr. Meyer nach Art. 5 oder Nr. 3 fragen?",
        "May I book e.g. hotels under Art. 5 of the rules?",
        "Is it Mr. Tamm who signs, or No. 2?",
    ):
        assert facets.split(question) == [question]


def test_a_statement_is_searched_along_with_the_question_that_follows_it() -> None:
    cases = {
        "How long is leave? I work in Kassel. Who approves it?": [
            "How long is leave?", "I work in Kassel. Who approves it? (leave)",
        ],
        "How long is leave, and who approves it? I work in Kassel.": [
            "How long is leave", "who approves it? (leave) I work in Kassel.",
        ],
        "How long is leave? I work in Kassel.": ["How long is leave? I work in Kassel."],
    }  # fmt: skip
    for question, parts in cases.items():
        assert facets.split(question) == parts


def test_no_question_of_many_is_left_out() -> None:
    asked = [
        *["How long is annual leave carried over?", "Who approves business travel abroad?"],
        *["Where are company laptops repaired?", "When must expense reports arrive?"],
        *["Which training courses does everybody attend?", "I am new.", "Where do visitors park cars?"],
    ]
    assert facets.split(" ".join(asked)) == [*asked[:3], " ".join(asked[3:])]
