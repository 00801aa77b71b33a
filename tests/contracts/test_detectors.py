"""What every detector promises, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import InvalidInput
from governance.policy import detectors, seams
from governance.policy.detectors import judge
from tests.governance.policy_words import texts

OPTIONS: dict[str, dict[str, object]] = {
    "topic": {"examples": ["The merger with Falke is not public yet.", "Wir übernehmen Falke."]},
    "judge": {"question": "Is a password in it?"},
    "pattern": {"words": ["Projekt Falke", "über"], "expressions": [r"\bX-\d{3,6}\b"]},
}
NAMES = detectors.names()
# What looks at sentences and stretches, and not for a thing that has an end.
SEAMED = [name for name in NAMES if name not in ("pattern", "injection", "injection_score", "topic", "judge")]
# Nobody is asked about so much at once: it is a text that was not checked.
READ_WHOLE = [name for name in NAMES if name != "judge"]


@pytest.fixture(scope="module", autouse=True)
def _a_model() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        asked = lambda _, text, *__: judge.Opinion("scripted", "password" in text)  # noqa: E731
        patch.setitem(judge._registered, "judge", asked)
        yield


def detect(name: str, text: str) -> list[detectors.Finding]:
    return detectors.get(name).detect(text, OPTIONS.get(name, {}))


@pytest.mark.parametrize("name", NAMES)
def test_a_detector_is_found_by_its_name_and_accepts_its_options(name: str) -> None:
    detector = detectors.get(name)
    assert detector.name == name
    detector.check(OPTIONS.get(name, {}))


@pytest.mark.parametrize("name", NAMES)
def test_an_option_nobody_knows_is_an_error(name: str) -> None:
    with pytest.raises(InvalidInput, match="no option 'colour'"):
        detectors.get(name).check({**OPTIONS.get(name, {}), "colour": "red"})


@pytest.mark.parametrize("name", [name for name in NAMES if "types" in detectors.get(name).options])
def test_a_type_nobody_knows_is_an_error(name: str) -> None:
    with pytest.raises(InvalidInput, match="no type 'shoe_size'"):
        detectors.get(name).check({"types": ["shoe_size"]})


def test_a_detector_nobody_knows_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="no detector 'horoscope'"):
        detectors.get("horoscope")


SAID_OF_ANY = "every text counts"  # the same of all, so it quotes none


@pytest.mark.parametrize("name", NAMES)
@given(text=st.one_of(texts(), st.text(max_size=400)))
@settings(max_examples=40, deadline=None)
def test_findings_lie_inside_the_text_in_order_with_scores_between_0_and_1(name: str, text: str) -> None:
    findings = detect(name, text)
    assert findings == sorted(findings, key=lambda finding: finding.start)
    for finding in findings:
        assert 0 <= finding.start < finding.end <= len(text)
        assert 0 < finding.score <= 1
        assert finding.reason
        assert finding.reason == SAID_OF_ANY or text[finding.start : finding.end] not in finding.reason


@pytest.mark.parametrize("name", NAMES)
@given(text=texts(), cut=st.integers(min_value=0, max_value=2_000))
@settings(max_examples=60, deadline=None)
def test_what_is_settled_does_not_change_when_the_text_goes_on(name: str, text: str, cut: int) -> None:
    start = text[: cut % (len(text) + 1)]
    settled = detectors.get(name).settled(start, OPTIONS.get(name, {}))
    assert 0 <= settled <= len(start)
    before = {finding for finding in detect(name, start) if finding.start < settled}
    after = {finding for finding in detect(name, text) if finding.start < settled}
    assert before == after


@pytest.mark.parametrize("name", SEAMED)
@given(text=texts())
@settings(max_examples=60, deadline=None)
def test_a_finding_never_reaches_across_a_break(name: str, text: str) -> None:
    for finding in detect(name, text):
        if finding.type != "private_key":
            inside = text[finding.start : finding.end]
            assert seams.first_break(f"{inside} 1", 0) > len(inside)


@pytest.mark.parametrize("name", READ_WHOLE)
def test_one_megabyte_of_hostile_text_ends(name: str) -> None:
    """A detector that is not linear needs minutes for one of these, and this test would be seen to hang."""
    for piece in (
        "eyJ",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "4111 1111 ",
        "password: ",
        "a@b.",
        "://a:b",
        " ",
        "ignore all ",
    ):
        assert isinstance(detect(name, piece * (1_000_000 // len(piece))), list)
