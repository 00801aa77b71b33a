"""Conversations that are shared, taken away, and found: each reader by their own rights."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pytest
from django.db import connection
from django.test import Client
from markdown_it import MarkdownIt

from assistant import conversations, models
from assistant.conversations import exporting, quoting, shared, sharing, threads
from assistant.conversations import titles as naming
from assistant.models import Status
from assistant.showing import notices
from governance import grants, groups
from governance.audit.lifecycle import erasure
from governance.errors import InvalidInput, NotFound
from governance.grants import Holder
from governance.roles import Level
from tests.assistant import asking, portal
from tests.assistant.test_threads import turn
from tests.cast import House
from tests.governance.database import leaves

OPEN = "Twenty working days a year may be spent abroad."
CLOSED = "The zephyrquartz bonus is paid to the board in March."


@dataclass
class Told:
    """Bob's conversation of three turns: on what Charlie may read, on both, and without documents."""

    open: uuid.UUID
    closed: uuid.UUID
    conversation: uuid.UUID
    answer: uuid.UUID


@pytest.fixture
def told(house: House, settings: Any) -> Told:
    made = asking.shelf(house, OPEN, name="Handbook")
    vault = asking.shelf(house, CLOSED, name="Vault")
    grants.give(house.ada, made, Holder(person=house.ids["charlie"]), Level.READ)
    asking.speak(
        settings, [OPEN, f"{OPEN} {CLOSED} Nobody else gets such a bonus at all.", "In short: room for the board."]
    )
    first = asking.answered(house.bob, "How many working days may be spent abroad?", collections=[made])
    both = asking.answered(
        house.bob,
        "What of working days abroad and the zephyrquartz bonus?",
        conversation=first.conversation_id,
        collections=[made, vault],
    )
    asking.answered(house.bob, "Make it shorter.", conversation=first.conversation_id, is_model_only=True)
    assert [one.status for one in threads.turns(house.bob, first.conversation_id).answers] == [Status.ANSWERED] * 3
    return Told(made, vault, first.conversation_id, both.pk)


def with_charlie(house: House, told: Told) -> list[shared.Turn]:
    sharing.share(house.bob, told.conversation, Holder(person=house.ids["charlie"]))
    return shared.read(house.charlie, told.conversation)[1]


def test_a_reader_gets_what_stands_on_documents_of_theirs_and_a_plain_note_for_the_rest(
    house: House, told: Told
) -> None:
    one, both, short = with_charlie(house, told)
    assert "".join(said.text for said in one.said).strip() == OPEN
    assert not one.is_partial
    assert [said.text.strip() for said in both.said] == [OPEN, ""]
    assert [source.name for source in both.sources] == [one.sources[0].name]
    assert both.is_partial
    assert short.is_partial, "it may say in other words what the turn before it stands on"
    assert all(said.is_withheld for said in short.said)
    (leaf,) = leaves(house, "conversation.read")
    assert leaf["facts"] == {"owner": str(house.ids["bob"]), "answers": 3, "withheld": 3}


def test_nothing_of_the_closed_document_is_on_the_page_or_in_the_api(house: House, told: Told) -> None:
    with_charlie(house, told)
    charlie = portal.signed_in(house, "charlie")
    page = charlie.get(f"/shared/{told.conversation}").content.decode()
    assert OPEN in page
    assert "Part of this answer stands on documents you may not see." in page
    api = Client(headers={"Authorization": f"Bearer {house.key('charlie')}"})
    answered = api.get(f"/api/v1/shared/{told.conversation}").content.decode()
    closed = str(told.closed)
    for hidden in ("bonus is paid", "Nobody else", "room for the board", "Vault", closed):
        assert hidden not in page, hidden
        assert hidden not in answered, hidden
    cited = [one for one in _citations(house, told.answer) if "zephyrquartz" in one["quote"]]
    assert cited
    for name in ("chunk_id", "document_id", "document_name"):
        assert cited[0][name] not in page
        assert cited[0][name] not in answered
    assert [
        one["segments"].count(None) for one in api.get(f"/api/v1/shared/{told.conversation}").json()["answers"]
    ] == [0, 1, 1]


def test_the_numbers_of_sentences_and_sources_do_not_tell_how_much_is_withheld(house: House, settings: Any) -> None:
    made = asking.shelf(house, OPEN, name="Handbook")
    vault = asking.shelf(house, CLOSED, name="Vault")
    grants.give(house.ada, made, Holder(person=house.ids["charlie"]), Level.READ)
    asking.speak(settings, [f"{CLOSED} Nobody else gets such a bonus at all. {OPEN}"])
    question = "What of working days abroad and the zephyrquartz bonus?"
    row = asking.answered(house.bob, question, collections=[made, vault])
    assert row.segments.count() == 3
    sharing.share(house.bob, row.conversation_id, Holder(person=house.ids["charlie"]))
    (one,) = shared.read(house.charlie, row.conversation_id)[1]
    assert [(said.ordinal, said.is_withheld) for said in one.said] == [(0, True), (1, False)]
    charlie = portal.signed_in(house, "charlie")
    page = charlie.get(f"/shared/{row.conversation_id}").content.decode()
    assert 'data-ordinal="1"' in page
    assert "segment=2" not in page
    (source,) = one.sources
    address = f"/passages/{source.chunk}?answer={one.id}&segment={source.segment}&shared={row.conversation_id}"
    assert f"<mark data-quoted>{OPEN}</mark>" in charlie.get(address).content.decode()


def _citations(house: House, answer: uuid.UUID) -> list[dict[str, Any]]:
    return [one for segment in asking.seen(house.bob, answer).segments.all() for one in segment.citations]


def test_rights_are_asked_anew_at_each_reading(house: House, told: Told) -> None:
    assert with_charlie(house, told)[1].is_partial
    given = grants.give(house.ada, told.closed, Holder(person=house.ids["charlie"]), Level.READ)
    assert not any(turn.is_partial for turn in shared.read(house.charlie, told.conversation)[1])
    grants.withdraw(house.ada, told.closed, given.pk)
    (open_one,) = [one for one in grants.listed(house.ada, told.open) if one.person_id == house.ids["charlie"]]
    grants.withdraw(house.ada, told.open, open_one.pk)
    assert all(turn.is_partial and not turn.sources for turn in shared.read(house.charlie, told.conversation)[1])


def test_a_source_opens_at_what_the_sentence_quotes_for_its_reader_too(house: House, told: Told) -> None:
    one = with_charlie(house, told)[0]
    source = one.sources[0]
    address = f"/passages/{source.chunk}?answer={one.id}&segment={source.segment}&shared={told.conversation}"
    page = portal.signed_in(house, "charlie").get(address).content.decode()
    assert f"<mark data-quoted>{OPEN}</mark>" in page
    (hidden,) = {c["chunk_id"] for c in _citations(house, told.answer) if "zephyrquartz" in c["quote"]}
    gone = portal.signed_in(house, "charlie").get(
        f"/passages/{hidden}?answer={told.answer}&segment=1&shared={told.conversation}"
    )
    assert gone.status_code == 404


def test_it_reaches_as_far_as_it_had_come_and_no_further_until_it_is_shared_again(house: House) -> None:
    row = turn(house.bob, "First", "One.")
    sharing.share(house.bob, row.conversation_id, Holder(group=house.team))
    groups.add(house.system, house.team, house.ids["charlie"])
    asking.ask(house.bob, "Between us", conversation=row.conversation_id)
    later = turn(house.bob, "Second", "Two.", conversation=row.conversation_id)
    assert [one.question for one in shared.read(house.charlie, row.conversation_id)[1]] == ["First"]
    sharing.share(house.bob, row.conversation_id, Holder(group=house.team))
    assert [one.question for one in shared.read(house.charlie, row.conversation_id)[1]] == ["First", "Second"]
    assert len(sharing.listed(house.bob, row.conversation_id)) == 1
    groups.remove(house.system, house.team, house.ids["charlie"])
    with pytest.raises(NotFound):
        shared.read(house.charlie, row.conversation_id)
    assert later.pk


def test_what_is_taken_back_or_deleted_is_gone_at_the_next_look(house: House, neighbour: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    made = sharing.share(house.bob, row.conversation_id, Holder(person=house.ids["charlie"]))
    assert [one.title for one in shared.with_me(house.charlie)] == ["Mine"]
    for other in (house.ada, house.olga, neighbour.charlie, house.bob):
        assert shared.with_me(other) == []
        with pytest.raises(NotFound):
            shared.read(other, row.conversation_id)
    threads.delete(house.bob, row.conversation_id)
    assert shared.with_me(house.charlie) == []
    threads.restore(house.bob, row.conversation_id)
    sharing.unshare(house.bob, row.conversation_id, made.pk)
    with pytest.raises(NotFound):
        shared.read(house.charlie, row.conversation_id)
    assert [leaf["facts"] for leaf in leaves(house, "conversation.unshared")] == [
        {"person": str(house.ids["charlie"]), "group": None}
    ]


def test_a_reader_changes_nothing_and_goes_on_with_nothing(house: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    sharing.share(house.bob, row.conversation_id, Holder(person=house.ids["charlie"]))
    for attempt in (
        lambda: conversations.get(house.charlie, row.conversation_id),
        lambda: asking.ask(house.charlie, "Go on", conversation=row.conversation_id),
        lambda: asking.ask(house.charlie, "Again", replaces=row.pk),
        lambda: conversations.show(house.charlie, row.pk),
        lambda: conversations.give_feedback(house.charlie, row.pk, 1),
        lambda: sharing.share(house.charlie, row.conversation_id, Holder(person=house.ids["ada"])),
        lambda: exporting.export(house.charlie, row.conversation_id, "markdown", lambda _: ""),
        lambda: threads.delete(house.charlie, row.conversation_id),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_it_is_shared_with_somebody_who_is_there_and_somebody_else(house: House, neighbour: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    for nobody in (Holder(person=neighbour.ids["charlie"]), Holder(group=neighbour.team), Holder(person=uuid.uuid4())):
        with pytest.raises(NotFound):
            sharing.share(house.bob, row.conversation_id, nobody)
    for odd in (Holder(), Holder(house.ids["ada"], house.team), Holder(person=house.ids["bob"])):
        with pytest.raises(InvalidInput):
            sharing.share(house.bob, row.conversation_id, odd)
    assert sharing.listed(house.bob, row.conversation_id) == []


def titles(house: House, conversation: uuid.UUID) -> tuple[str, str]:
    """As Bob sees it and as Charlie does, in the list and on the page."""
    (listed,) = shared.with_me(house.charlie)
    assert shared.read(house.charlie, conversation)[0].title == listed.title
    return conversations.get(house.bob, conversation).title, listed.title


def test_what_nothing_was_asked_in_is_not_shared(house: House) -> None:
    made = conversations.begin(house.bob, "Attached files")
    bob = portal.signed_in(house, "bob")
    refused = bob.post(f"/c/{made.pk}/shares", {"holder": f"person:{house.ids['charlie']}"})
    assert (refused.status_code, "Ask something first." in refused.text) == (409, True)
    assert sharing.listed(house.bob, made.pk) == []
    asking.ask(house.bob, "Why was A. Schmidt dismissed?", conversation=made.pk)
    sharing.share(house.bob, made.pk, Holder(person=house.ids["charlie"]))
    assert titles(house, made.pk) == ("Why was A. Schmidt dismissed?",) * 2


def test_a_title_is_the_first_question_as_it_was_asked_last(house: House) -> None:
    first = asking.ask(house.bob, "Why was A. Schmidt dismissed?")
    place = first.conversation_id
    other = asking.ask(house.bob, "How do dismissals work?", replaces=first.pk)
    assert conversations.get(house.bob, place).title == "How do dismissals work?"
    later = asking.ask(house.bob, "And in Kassel?", conversation=place)
    asking.ask(house.bob, "And in Bristol?", replaces=later.pk)
    assert conversations.get(house.bob, place).title == "How do dismissals work?"
    threads.rename(house.bob, place, "Dismissals")
    asking.ask(house.bob, "How does a dismissal work?", replaces=other.pk)
    assert conversations.get(house.bob, place).title == "Dismissals"


def test_a_title_that_policy_withheld_gives_way_to_the_next_question(house: House) -> None:
    blocked = asking.ask(house.bob, "my password is Tr0ub4dor&3x-Kassel")
    assert blocked.status == Status.BLOCKED
    edited = asking.ask(house.bob, "How long is a password?", replaces=blocked.pk)
    assert conversations.get(house.bob, edited.conversation_id).title == "How long is a password?"
    blocked = asking.ask(house.bob, "my password is Tr0ub4dor&3x-Kassel")
    asking.ask(house.bob, "Who keeps the passwords?", conversation=blocked.conversation_id)
    assert conversations.get(house.bob, blocked.conversation_id).title == "Who keeps the passwords?"
    asking.ask(house.bob, "my password is Tr0ub4dor&3x-Kassel", replaces=edited.pk)
    assert conversations.get(house.bob, edited.conversation_id).title == "How long is a password?"


@pytest.mark.parametrize("more", ["", " For reasons that nobody in the house was ever told." * 3])
def test_a_reader_is_told_no_words_of_a_question_that_is_not_shared_with_them(house: House, more: str) -> None:
    """Neither in the other wording of the first question, nor in one that was asked later, cut to a title or whole."""
    charlie = Holder(person=house.ids["charlie"])
    secret, harmless = f"Why was A. Schmidt dismissed?{more}", f"How do dismissals work?{more}"
    first = turn(house.bob, secret, "So.")
    place = first.conversation_id
    with house.bob.transaction():
        models.Conversation.objects.filter(pk=place).update(title=naming.of(secret))
    asking.ask(house.bob, harmless, replaces=first.pk)
    sharing.share(house.bob, place, charlie)
    assert titles(house, place) == (naming.of(harmless),) * 2
    conversations.show(house.bob, first.pk)
    assert titles(house, place) == (naming.of(harmless), naming.of(secret)), "that is what is shown by now"
    with house.bob.transaction():  # as conversations are called that were edited before this was minded
        models.Conversation.objects.filter(pk=place).update(title=naming.of(secret))
    asked = asking.ask(house.bob, "What is severance pay?", replaces=first.pk)
    with house.bob.transaction():
        models.Conversation.objects.filter(pk=place).update(title=naming.of(secret))
    assert titles(house, place) == (naming.of(secret), "A conversation"), "nothing that is shown was shared"
    sharing.share(house.bob, place, charlie)
    assert titles(house, place) == (naming.of(secret), asked.question)
    threads.rename(house.bob, place, "Severance")
    assert titles(house, place) == ("Severance", "Severance")
    page = portal.signed_in(house, "charlie").get(f"/shared/{place}").text
    assert "Schmidt" not in page


def test_a_conversation_is_opened_however_many_others_are_shared(
    house: House, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing.share(house.bob, told.conversation, Holder(person=house.ids["charlie"]))
    monkeypatch.setattr(shared, "MOST", 0)
    assert shared.with_me(house.charlie) == []
    assert shared.read(house.charlie, told.conversation)[0].conversation == told.conversation


def test_the_doors_say_nothing_to_whom_nothing_is_shared_with(house: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    sharing.share(house.bob, row.conversation_id, Holder(person=house.ids["charlie"]))
    calls = (
        "chancery.shared_with_me(9, NULL)",
        *(f"chancery.shared_{n}('{row.conversation_id}')" for n in ("answers", "segments")),
    )
    for scope, found in ((house.charlie, [1, 1, 1]), (house.ada, [0, 0, 0]), (house.bob, [0, 0, 0])):
        with scope.transaction(), connection.cursor() as cursor:
            counted = []
            for call in calls:
                cursor.execute(f"SELECT count(*) FROM {call}")
                counted.append(cursor.fetchone()[0])
        assert counted == found
    with house.charlie.transaction():
        assert not models.Share.objects.exists()
        assert not models.Answer.objects.filter(conversation=row.conversation_id).exists()


def test_who_is_erased_neither_shares_nor_is_shared_with(house: House) -> None:
    row = turn(house.bob, "Mine", "Yes.")
    sharing.share(house.bob, row.conversation_id, Holder(person=house.ids["charlie"]))
    erasure.approve(house.ada, erasure.request(house.charlie).pk)
    assert sharing.listed(house.bob, row.conversation_id) == []


def test_an_export_lists_each_source_with_its_place_and_where_it_opens(house: House, told: Told) -> None:
    bob = portal.signed_in(house, "bob")
    conversations.get(house.bob, told.conversation)
    written = bob.post(f"/c/{told.conversation}/export", {"as": "markdown"})
    assert written["Content-Disposition"].endswith('.md"')
    text = written.content.decode()
    (cited,) = {
        (c["document_id"], c["chunk_id"], c["document_name"])
        for c in _citations(house, told.answer)
        if "zephyr" in c["quote"]
    }
    assert f"http://testserver/documents/{cited[0]}?chunk={cited[1]}#p-{cited[1]}" in text
    assert f"{CLOSED} [" in text
    assert quoting.DOUBT in text, "a sentence without a source is marked"
    drawn = bob.post(f"/c/{told.conversation}/export", {"as": "pdf"})
    assert drawn["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(io.BytesIO(drawn.content))
    shown = "\n".join(page.get_textpage().get_text_range() for page in document)
    for words in ("zephyrquartz", "[2]", cited[2], "Number on the record"):
        assert words in " ".join(shown.split()), words
    assert f"chunk={cited[1]}".encode() in drawn.content, "the source is a link"
    forms = [leaf["facts"]["form"] for leaf in leaves(house, "conversation.exported")]
    assert forms == ["markdown", "pdf"]
    assert bob.post(f"/c/{told.conversation}/export", {"as": "docx"}).status_code == 400


def test_hostile_words_are_drawn_as_words(house: House) -> None:
    hostile = '<b>bold</b> & <a href="x">]] </para> **not **closed ' + "ö€Σж中" + "x" * 500
    row = turn(house.bob, hostile, hostile, "\n\n- one\n- two\n" * 200)
    made = exporting.export(house.bob, row.conversation_id, "pdf", lambda _: "")
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(io.BytesIO(made.content)))
    assert "<b>bold</b> & <a" in text
    assert "öΣж".replace("Σ", "€Σ") in text


def test_the_api_lists_finds_reads_renames_and_deletes_ones_own(house: House) -> None:
    row = turn(house.bob, "Where is the zephyrquartz?", "In room seven.")
    turn(house.bob, "Other", "No.")
    api = Client(headers={"Authorization": f"Bearer {house.key('bob', 'ask')}"})
    base = "/api/v1/conversations"
    assert [one["title"] for one in api.get(base).json()["conversations"]] == ["Other", "Where is the zephyrquartz?"]
    (match,) = api.get(f"{base}?q=room+zephyr").json()["conversations"]
    assert match["answer"] == str(row.pk)
    assert {part["text"].lower() for part in match["parts"] if part["is_hit"]} <= {"room", "zephyr"}
    one = f"{base}/{row.conversation_id}"
    assert [turn["text"] for turn in api.get(one).json()["answers"]] == ["In room seven."]
    assert api.patch(one, {"title": "Quartz", "is_pinned": True}, content_type="application/json").json()["is_pinned"]
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404
    reads = Client(headers={"Authorization": f"Bearer {house.key('bob', 'read')}"})
    assert [reads.get(address).status_code for address in (base, f"{base}?q=x", one)] == [403, 403, 403]


def test_an_export_and_a_copy_say_what_the_portal_says_beside_an_answer(house: House) -> None:
    row = turn(house.bob, "How many?", "Twenty. ", "Or more.")
    with house.bob.transaction():
        models.Segment.objects.filter(answer=row, ordinal=1).update(is_supported=False)
        models.Answer.objects.filter(pk=row.pk).update(notice=notices.LENGTH_REACHED, is_model_only=True)
    bob = portal.signed_in(house, "bob")
    ways = [
        exporting.export(house.bob, row.conversation_id, "markdown", lambda _: "").content.decode(),
        bob.get(f"/a/{row.pk}/text").text,
        bob.get(f"/a/{row.pk}/text?as=markdown").text,
    ]
    for written in ways:
        assert "Or more. †" in written
        assert "† No passage supports this sentence." in written
        assert notices.LENGTH_REACHED in written
        assert "Written by the model alone" in written


def test_a_documents_words_are_neither_a_link_nor_a_picture_in_markdown(house: House) -> None:
    hostile = "See ![x](https://evil.example/p.png), [a][b] and <img src=x>.\n\n[b]: https://evil.example\n"
    row = turn(house.bob, "What does it say?", hostile)
    bob = portal.signed_in(house, "bob")
    for written in (
        exporting.export(house.bob, row.conversation_id, "markdown", lambda _: "").content.decode(),
        bob.get(f"/a/{row.pk}/text?as=markdown").text,
    ):
        drawn = MarkdownIt("commonmark").render(written)
        assert not {"<img", "<a "} & {tag for tag in ("<img", "<a ") if tag in drawn}, drawn
        assert "https://evil.example/p.png" in drawn
    assert "![x](https" in bob.get(f"/a/{row.pk}/text").text, "as plain text it is as it was"


def test_a_reader_is_told_that_an_answer_was_broken_off(house: House) -> None:
    row = turn(house.bob, "How many?", "Twenty or")
    with house.bob.transaction():
        models.Answer.objects.filter(pk=row.pk).update(status=models.Status.CANCELLED)
    sharing.share(house.bob, row.conversation_id, Holder(person=house.ids["charlie"]))
    page = portal.signed_in(house, "charlie").get(f"/shared/{row.conversation_id}").text
    assert "this is the part that was written" in page
