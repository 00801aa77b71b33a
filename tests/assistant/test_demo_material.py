"""The demo's handbook and questions hold what they promise."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import docx
import pypdfium2
import pytest
from lxml import html

from assistant.demo import material
from assistant.demo.material import Item, Question
from bench import build_handbook, handbook_pdf, handbook_source

ITEMS = material.handbook()
QUESTIONS = material.questions()


def text_of(path: Path) -> str:
    """The words of a document, spaces made single, by the plainest means for each format."""
    match path.suffix:
        case ".pdf":
            with pypdfium2.PdfDocument(path) as document:
                text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
        case ".docx":
            text = "\n".join(
                part.text if not hasattr(part, "rows") else "\n".join(c.text for r in part.rows for c in r.cells)
                for part in docx.Document(str(path)).iter_inner_content()
            )
        case ".html":
            tree = html.document_fromstring(path.read_text("utf-8"))
            text = " ".join(tree.xpath("//body//text()[not(ancestor::style or ancestor::script)]"))
        case _:
            text = path.read_text("utf-8")
    return " ".join(text.split())


TEXTS = {(item.tenant, item.key): text_of(item.path) for item in ITEMS}
SOURCES = {
    (target.path.parts[-3], "/".join(target.path.parts[-2:])): " ".join(target.source.read_text("utf-8").split())
    for target in build_handbook.targets()
}


def find(question: Question) -> Item:
    return next(item for item in ITEMS if (item.tenant, item.key) == (question.tenant, question.document))


def may_read(question: Question) -> bool:
    tenant = material.tenant(question.tenant)
    collection = next(one for one in tenant.collections if one.name == find(question).collection)
    return tenant.reads(tenant.person(question.asker), collection)


def test_the_handbook_has_the_promised_documents() -> None:
    halden = [item for item in ITEMS if item.tenant == "halden"]
    formats = Counter(item.path.suffix for item in halden)
    assert len(halden) >= 28
    assert min(formats[ending] for ending in (".pdf", ".docx", ".html", ".md")) >= 5
    assert sum(item.tenant == "corvane" for item in ITEMS) >= 5
    assert sum(item.path.stat().st_size for item in ITEMS) < 3_000_000


def test_every_file_of_the_handbook_is_an_item_of_a_collection() -> None:
    listed = {item.path for item in ITEMS}
    source = build_handbook.SOURCES
    files = {path for path in material.HANDBOOK.rglob("*.*") if path.is_file() and source not in path.parents}
    assert files == listed


def test_halden_documents_are_of_real_length() -> None:
    lengths = {key: len(text.split()) for (tenant, key), text in TEXTS.items() if tenant == "halden"}
    assert {key: length for key, length in lengths.items() if not 600 <= length <= 2000} == {}


def test_no_two_documents_are_near_identical() -> None:
    def shingles(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return set(zip(*(words[start:] for start in range(4)), strict=False))

    sets = {key: shingles(text) for key, text in TEXTS.items()}
    alike = {
        (one, other): len(sets[one] & sets[other]) / len(sets[one] | sets[other])
        for one, other in combinations(sets, 2)
    }
    assert max(alike.values()) < 0.1


def test_committed_files_are_what_the_builder_makes() -> None:
    stale = [
        target.path.name
        for target in build_handbook.targets()
        if build_handbook.content(target.path.read_bytes()) != build_handbook.content(build_handbook.build(target))
    ]
    assert stale == []


def test_a_character_that_the_pdf_fonts_lack_is_an_error() -> None:
    target = next(one for one in build_handbook.targets() if one.path.suffix == ".pdf")
    source = handbook_source.read(target.source)
    source.meta["title"] = "Flow \u2192 pressure"
    with pytest.raises(ValueError, match="fonts lack"):
        handbook_pdf.pdf_bytes(source)


def test_question_counts_hold() -> None:
    kinds = Counter(question.kind for question in QUESTIONS)
    assert len(QUESTIONS) >= 60
    assert kinds["unanswerable"] >= 15
    assert kinds["lookalike"] >= 15
    assert kinds["german"] >= 6
    assert kinds["restricted"] >= 8
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("question", [one for one in QUESTIONS if not one.unanswerable], ids=lambda one: one.id)
def test_facts_stand_in_the_document(question: Question) -> None:
    keys = [(question.tenant, name) for name in (question.document, *question.also)]
    texts = {text for key in keys for text in (TEXTS[key], SOURCES.get(key, TEXTS[key]))}
    assert question.facts
    missing = [fact for fact in question.facts for text in texts if not re.search(fact, text, flags=re.IGNORECASE)]
    assert missing == []


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.decoys], ids=lambda one: one.id)
def test_decoys_stand_somewhere_in_the_demo_and_are_no_facts(question: Question) -> None:
    everything = " ".join(TEXTS.values())
    assert [decoy for decoy in question.decoys if not re.search(decoy, everything)] == []
    assert set(question.decoys).isdisjoint(question.facts)


def test_lookalikes_have_decoys() -> None:
    assert [one.id for one in QUESTIONS if one.kind == "lookalike" and not one.decoys] == []


def test_unanswerable_questions_name_no_document() -> None:
    assert [one.id for one in QUESTIONS if one.unanswerable and (one.document or one.facts)] == []


def test_askers_may_read_what_answers_them_unless_it_is_restricted() -> None:
    wrong = [one.id for one in QUESTIONS if one.document and may_read(one) == (one.kind == "restricted")]
    assert wrong == []


def test_what_is_withheld_stands_nowhere_the_asker_may_read() -> None:
    """Otherwise an answer could hold the fact without any leak, and the question would prove nothing."""
    for question in (one for one in QUESTIONS if one.kind == "restricted"):
        tenant = material.tenant(question.tenant)
        person = tenant.person(question.asker)
        readable = {one.name for one in tenant.collections if tenant.reads(person, one)}
        for item in ITEMS:
            if item.tenant == question.tenant and item.collection in readable:
                found = all(re.search(fact, TEXTS[item.tenant, item.key]) for fact in question.facts)
                assert not found, (question.id, item.key)


def test_the_first_question_is_answerable_and_its_asker_exists() -> None:
    first = material.first_question()
    assert not first.refused
    assert may_read(first)


def test_grants_name_groups_and_people_that_exist() -> None:
    for tenant in material.TENANTS:
        people = {person.email for person in tenant.people}
        assert len(people) == len(tenant.people)
        assert {group for person in tenant.people for group in person.groups} <= set(tenant.groups)
        for grant in (grant for collection in tenant.collections for grant in collection.grants):
            assert grant.holder in (tenant.groups if grant.kind == "group" else people)


def test_the_cast_is_complete() -> None:
    for tenant in material.TENANTS:
        roles = {role for person in tenant.people for role in person.roles}
        assert roles == {"tenant_admin", "compliance_officer"}
        outsiders = [person for person in tenant.people if not any(tenant.reads(person, c) for c in tenant.collections)]
        assert outsiders
        assert tenant.person(material.SHARED_EMAIL)


def test_traps_are_laid_where_they_are_expected() -> None:
    assert "Ignore all previous instructions" in TEXTS["halden", "engineering/vendor-kelvo-cleaning-notes.html"]
    assert "AKIAIOSFODNN7EXAMPLE" in TEXTS["halden", "engineering/build-server-runbook.md"]
    assert "DE89 3704 0044 0532 0130 00" in TEXTS["halden", "company/invoicing-and-bank-details.md"]


def test_licences_are_text_within_bounds_and_the_same_each_time() -> None:
    gathered = material.gathered_licences()
    assert gathered == material.gathered_licences()
    assert 20 <= len(gathered) <= 120
    assert len({name for name, _ in gathered}) == len({raw for _, raw in gathered}) == len(gathered)
    assert all(raw.decode("utf-8").strip() and len(raw) <= 200_000 for _, raw in gathered)
