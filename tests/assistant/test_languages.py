"""People read the portal in their language, programs and the record in English; and the catalogue is whole."""

from __future__ import annotations

import ast
import gettext
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

import polib
import pytest
from django.test import Client
from django.utils import translation

from assistant.answering import evidence
from assistant.management.commands import makemessages
from assistant.showing import notices, wording
from assistant.templatetags import elements
from governance.errors import ChanceryError
from governance.quotas import bounds
from governance.quotas.models import Measure, Per
from governance.sentence import sentence
from tests import cast
from tests.assistant import portal

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "assistant/locale/de/LC_MESSAGES/django.po"
FLOORS = ("assistant", "ingestion", "inference", "governance")
PLACE = re.compile(r"%\(\w+\)[sd]|%%|</?\w+[^>]*>")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def test_a_browser_that_asks_for_german_gets_it_and_one_for_another_language_english() -> None:
    page = Client(headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"}).get("/")
    assert b'<html lang="de">' in page.content
    assert "Anmelden" in page.text
    assert b'<html lang="en">' in Client(headers={"accept-language": "fr"}).get("/").content


def test_what_a_person_chooses_stays_and_wins_over_their_browser(house: cast.House) -> None:
    client = portal.signed_in(house, "bob")
    assert b'<html lang="en">' in client.get("/c/").content
    page = "http://testserver/c/"
    assert client.post("/language", {"language": "de"}, headers={"referer": page})["Location"] == page
    assert b'<html lang="de">' in client.get("/c/", headers={"accept-language": "en"}).content
    assert client.cookies["django_language"]["max-age"]


def test_choosing_a_language_leads_to_no_other_site() -> None:
    sent = {"language": "de", "next": "https://evil.example/"}
    assert Client().post("/language", sent, headers={"referer": "https://evil.example/"})["Location"] == "/"


def test_a_service_s_refusal_is_read_in_the_language_of_the_page(house: cast.House) -> None:
    client = portal.signed_in(house, "ada")
    german = {"accept-language": "de"}
    nothing = client.post("/collections/", {"name": "x" * 500}, headers=german)
    assert nothing.status_code == 400
    assert "Name einer Sammlung hat 1 bis 200 Zeichen" in nothing.text
    refused = Client(headers=german).post("/", {"email": house.email("bob"), "password": "wrong"})
    assert "The e-mail address or the password is wrong." not in refused.text


def test_programs_are_answered_in_english(house: cast.House) -> None:
    answered = Client().get("/api/v1/me", headers={"accept-language": "de"}).json()
    assert answered["error"]["message"].startswith("Send an API key")
    key = house.key("bob")
    refused = Client().post(
        "/api/v1/answers",
        {"question": ""},
        content_type="application/json",
        headers={"accept-language": "de", "authorization": f"Bearer {key}"},
    )
    assert refused.json()["error"]["message"] == "question: This field may not be blank."


@pytest.mark.parametrize(
    "stored",
    [
        notices.STOPPED,
        str(sentence(bounds.SPENT[Measure.TOKENS, Per.DAY], limit=20_000, whose="your group", left=0)),
        evidence.refusal({}),
        evidence.refusal({"collections": [{"name": "Travel"}]}),
        evidence.refusal({"collections": [{"name": "Travel"}]}, ["Platinum", "Gold"]),
        sentence("A name has at most %(most)s characters.", most=200),
    ],
)
def test_what_rows_keep_is_english_and_read_in_german(stored: str) -> None:
    assert wording.translated(stored) == stored
    with translation.override("de"):
        said = wording.translated(stored)
    assert said != stored or stored.startswith("A name")
    assert re.findall(r"Travel|Platinum|Gold", said) == re.findall(r"Travel|Platinum|Gold", stored)
    assert "%(" not in said
    assert ("20.000" in said) is ("20,000" in stored)


def test_what_the_catalogue_does_not_know_stays_as_it_is() -> None:
    with translation.override("de"):
        assert wording.translated("Our own rule: 100% no, %(x)s.") == "Our own rule: 100% no, %(x)s."
        assert wording.translated("") == ""


def test_every_message_is_translated_with_what_it_names(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not entry.translated() or entry.obsolete] == []
    for entry in catalogue:
        whole = set(PLACE.findall(entry.msgid_plural or entry.msgid))
        for said in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            assert set(PLACE.findall(said)) <= whole, entry.msgid
        assert set(PLACE.findall(entry.msgstr_plural[1] if entry.msgid_plural else entry.msgstr)) == whole, entry.msgid
        ends = [text[-1] for text in (entry.msgid, entry.msgstr or entry.msgstr_plural[0])]
        assert ends[0] == ends[1] or not set(ends) & set(":\n"), entry.msgid


def test_what_is_read_at_run_time_is_what_was_translated(catalogue: polib.POFile) -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in catalogue:
        if entry.msgid_plural:
            said = [compiled.ngettext(entry.msgid, entry.msgid_plural, number) for number in (1, 2)]
            assert said == [entry.msgstr_plural[0], entry.msgstr_plural[1]]
        elif entry.msgctxt:
            assert compiled.pgettext(entry.msgctxt, entry.msgid) == entry.msgstr, "run `make messages`"
        else:
            assert compiled.gettext(entry.msgid) == entry.msgstr, "run `make messages`"


@pytest.mark.skipif(not shutil.which("xgettext"), reason="xgettext is missing: install gettext to check the catalogue")
def test_the_catalogue_holds_every_message_there_is(catalogue: polib.POFile, tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    for floor in (*FLOORS, "templates"):
        shutil.copytree(ROOT / floor, copy / floor, ignore=shutil.ignore_patterns("__pycache__", "static", "*.mo"))
    shutil.copy(ROOT / "manage.py", copy)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--locale", "de"], cwd=copy, check=True, capture_output=True
    )
    there = polib.pofile(str(copy / CATALOGUE.relative_to(ROOT)))
    wanted = {entry.msgid for entry in there if not entry.obsolete}
    assert wanted == {entry.msgid for entry in catalogue}, "run `make messages` and translate what is new"


def test_what_errors_are_raised_with_can_be_translated() -> None:
    """A message is a literal, or a sentence with its values apart, in a call that the catalogue is made from."""
    errors = {error.__name__ for error in _family(ChanceryError)}
    held = {holder.partition(":")[0] for holder in makemessages.HOLDERS}
    for where, call, name in _calls():
        if name in errors and call.args:
            assert not isinstance(call.args[0], ast.JoinedStr | ast.BinOp), f"{where}: use sentence(…)"
            assert name in held or not isinstance(call.args[0], ast.Constant), f"{where}: name {name} among the HOLDERS"


def _family(error: type[ChanceryError]) -> Iterator[type[ChanceryError]]:
    yield error
    for one in error.__subclasses__():
        yield from _family(one)


def _calls() -> Iterator[tuple[str, ast.Call, str]]:
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if any(fnmatch(name, pattern) for pattern in makemessages.ENGLISH):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    yield f"{name}:{node.lineno}", node, called


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", ["3 Mar 2026", "3 Mar 2026, 09:05", "3 Mar 2026, 09:05:07"]),
        ("de", ["3. März 2026", "3. März 2026, 09:05", "3. März 2026, 09:05:07"]),
    ],
)
def test_a_time_is_written_as_the_reader_writes_it(language: str, written: list[str]) -> None:
    at = datetime(2026, 3, 3, 9, 5, 7, tzinfo=UTC)
    with translation.override(language):
        told = [elements.as_day(at), elements.as_minute(at), elements.to_second(at)]
    assert [re.sub("<[^>]*>", "", one) for one in told] == written
