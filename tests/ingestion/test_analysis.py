"""What the index counts of a text, in its language, and by what a question is looked up."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.search import analysis, languages, terms

TOLD = {
    "en": "The leave of an employee is agreed with the team, and it is not carried over to the next year.",
    "de": "Der Urlaub wird mit dem Team abgestimmt, und er wird nicht in das nächste Jahr übertragen.",
    "fr": "Le congé est décidé avec l'équipe, et il n'est pas reporté sur l'année suivante.",
    "es": "Las vacaciones se acuerdan con el equipo y no se pasan al año siguiente.",
    "it": "Le ferie sono concordate con la squadra e non sono riportate nell'anno successivo.",
    "nl": "Het verlof wordt met het team afgesproken en het wordt niet naar het volgende jaar overgedragen.",
    "pt": "As férias são acordadas com a equipa e não são transferidas para o ano seguinte.",
    "sv": "Semestern bestäms med gruppen och den kan inte flyttas till nästa år.",
    "da": "Ferien aftales med gruppen, og den bliver ikke overført til det næste år.",
    "no": "Ferien avtales med gruppen, og den blir ikke overført til det neste året.",
    "fi": "Loma sovitaan ryhmän kanssa, eikä sitä voi siirtää seuraavaan vuoteen, jos se ei ole mahdollista.",
}
FORMS = {
    "en": "policy policies, cancelled cancelling",
    "de": "Vertrag Verträge Verträgen",
    "fr": "remboursement remboursements",
    "es": "vacación vacaciones",
    "it": "contratto contratti",
    "nl": "contract contracten",
    "pt": "contrato contratos",
    "sv": "avtal avtalen",
    "fi": "hotelli hotellin",
}


def _found(question: str, text: str, language: str) -> set[str]:
    counted = set(analysis.counted(text, language))
    return {word.written for word in analysis.asked(question) if word.variants & counted}


def test_a_text_is_read_in_its_own_language_and_a_line_of_code_in_that_of_its_document() -> None:
    assert [languages.of_text(text) for text in TOLD.values() if text not in (TOLD["da"], TOLD["no"])] == [
        code for code in TOLD if code not in {"da", "no"}
    ]
    assert {languages.of_text(TOLD[code]) for code in ("da", "no")} <= {"da", "no"}
    assert languages.of_texts([TOLD["fr"], "x = f(1)", TOLD["de"]]) == ["fr", "fr", "de"]
    assert languages.of_texts(["x = f(1)"]) == [languages.DEFAULT]
    assert languages.of_texts([]) == []


def test_other_letters_tell_a_language_that_has_no_stemmer() -> None:
    told = {
        "年度の予算はいくらですか": "ja", "年度预算是多少": "zh", "휴가는 며칠": "ko", "Сколько дней отпуска?": "ru",
        "Πόσες ημέρες άδειας": "el", "ما هي سياسة السفر": "ar", "วันหยุด": "th",
        "How long is leave in the 北京 office?": "", "x = f(1)": "", "№ 5 naïve café": "", "": "", "Հայերեն": "",
    }  # fmt: skip
    assert {text: languages.of_script(text) for text in told} == told
    assert languages.written_in("年度预算是多少") == "zh"
    assert languages.written_in(TOLD["de"]) == "de"


def test_a_question_finds_the_forms_of_its_words_in_each_language() -> None:
    for code, forms in FORMS.items():
        for group in forms.split(","):
            one, *others = group.split()
            for other in others:
                assert _found(one, other, code) == {one.lower()}, (code, one, other)
                assert _found(other, one, code) == {other.lower()}, (code, other, one)


def test_a_question_in_one_language_finds_a_name_in_the_text_of_another() -> None:
    assert _found("What is the Reisekostenabrechnung?", "Die Reisekostenabrechnungen sind fällig.", "de") == {
        "reisekostenabrechnung"
    }


def test_the_words_of_asking_are_dropped_in_the_language_of_the_question() -> None:
    assert [word.written for word in analysis.asked("Comment puis-je annuler la réservation d'un hôtel ?")] == [
        *["annuler", "réservation", "hôtel"]
    ]
    assert [word.written for word in analysis.asked("Wie lange gilt die Frist?")] == ["lange", "gilt", "frist"]
    assert "die" in [word.written for word in analysis.asked("How does a process die?")]


def test_a_short_name_is_no_stop_word() -> None:
    assert _found("Who runs IT?", "The head of IT does; it is her office.", "en") == {"it"}
    assert _found("Who runs it?", "The head of IT does.", "en") == set()


def test_capitals_tell_no_abbreviation_where_all_is_written_in_them() -> None:
    for question in ("WHAT IS THE NOTICE PERIOD?", "WHAT IS THE NOTICE PERIOD? (notice)"):
        assert [word.written for word in analysis.asked(question)] == ["notice", "period"]
    for question in ("IT", "IT?", "Is it IT?"):
        assert [word.written for word in analysis.asked(question)] == ["it"]
    assert [word.written for word in analysis.asked("Who runs IT and HR?")] == ["runs", "it", "hr"]


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("max_connections", ["connections", "max"]),
        ("os.path.join", ["path", "join"]),
        ("getElementById", ["element"]),
        ("HTTPServer", ["server", "http"]),
        ("/etc/apt/sources.list", ["sources", "apt", "list"]),
        ("www.debian.org", ["debian"]),
    ],
)
def test_a_code_is_found_whole_and_by_its_parts(code: str, parts: list[str]) -> None:
    text = f"Set {code} first."
    for part in parts:
        assert _found(part, text, "en") == {part}
        assert part in _found(code, f"The {part} is set.", "en")
    whole = code.lower().rpartition("/")[2]
    assert whole in _found(code, text, "en")


def test_a_number_of_an_error_is_not_found_by_its_digits_alone() -> None:
    assert _found("E-1042", "See E-1042.", "en") == {"e-1042"}
    assert _found("E-1042", "See E-1043 and 1042.", "en") == set()
    assert _found("v2.3", "2 of 3", "en") == set()


def test_accents_and_umlauts_may_be_left_out_or_written_otherwise() -> None:
    assert _found("Kuendigung", "Die Kündigung", "de") == {"kuendigung"}
    assert _found("Kündigung", "Die Kuendigung", "de") == {"kündigung"}
    assert _found("reservation", "La réservation", "fr") == {"reservation"}
    assert "spéc" not in analysis.counted("la spécification", "fr")


def test_writing_without_blanks_is_counted_by_pairs_of_signs() -> None:
    assert len(_found("旅行費用", "出張の旅行費用は会社が払います。", "en")) == 3
    assert _found("猫", "旅行費用", "en") == set()


def test_figures_and_letters_within_writing_without_blanks_are_read_by_themselves() -> None:
    assert _found("合同 2024", "本合同自2024年1月1日起生效", "en") == {"合同", "2024"}
    assert _found("Wi-Fi 接続", "Wi-Fi接続の設定", "en") == {"wi", "fi", "接続"}
    assert _found("予算", "2024年度の予算は", "en") == {"予算"}
    assert _found("2024年度", "2024年度の予算は", "en") == {"2024", "年度"}
    assert _found("佐々木", "担当は佐々木です", "en") == {"佐々", "々木"}
    assert analysis.counted("二〇二四年", "en") == ["二〇", "〇二", "二四", "四年"]
    assert analysis.counted("ﾃｽﾄ３回、3,000円", "en") == ["テス", "スト", "3", "回", "3000", "円"]


def test_a_sign_that_stands_for_several_words_is_one_term() -> None:
    text = "رسول الله ﷺ ﹷ"
    assert all(" " not in term for term in analysis.counted(text, "en"))
    assert "".join(["صلى", "الله", "عليه", "وسلم"]) in terms.terms("ﷺ")


def test_no_term_is_empty_where_a_sign_stands_for_an_accent_or_a_comma() -> None:
    for sign in ("\ufe76", "\u037a", "\U0001f101"):
        for language in languages.LANGUAGES:
            assert all(analysis.counted(sign, language))
        assert all(all(word.variants) for word in analysis.asked(sign))
        assert all(terms.terms(sign))


def test_two_words_with_a_form_in_common_are_one() -> None:
    words = analysis.asked("hotel hotels Hotel?")
    assert len(words) == 1
    assert sorted(term for word in words for term in word.variants) == sorted(words[0].variants)


def test_threads_that_stem_at_once_do_not_disturb_each_other() -> None:
    words = [
        f"{stem}{ending}" for stem in ("reserv", "connect", "vertrag", "congé") for ending in ("s", "ing", "ed", "en")
    ]
    languages._stem.cache_clear()
    alone = {(word, code): languages.stem(word, code) for word in words for code in languages.LANGUAGES}
    wrong: list[str] = []

    def stem() -> None:
        for _ in range(20):
            for (word, code), right in alone.items():
                if languages._stem.__wrapped__(word, code) != right:
                    wrong.append(word)

    threads = [threading.Thread(target=stem) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@given(st.text(max_size=120), st.sampled_from(sorted(languages.LANGUAGES)))
def test_any_text_can_be_counted_and_asked_for(text: str, language: str) -> None:
    terms = analysis.counted(text, language)
    assert all(term and not term.isspace() and " " not in term for term in terms)
    words = analysis.asked(text)
    variants = [term for word in words for term in word.variants]
    assert len(variants) == len(set(variants))
