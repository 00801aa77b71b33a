"""A tagged PDF says itself what its headings are: believed, where what it says can be so."""

from __future__ import annotations

import io
from collections.abc import Sequence

from ingestion.parsers.base import Parsed
from ingestion.parsers.pages.pdf import Pdf

Part = tuple[str, int, str]  # the tag, the size of its letters, the words
FONTS = "<</Font <</F1 5 0 R>>>>"


def tagged(parts: Sequence[Part], roles: str = "") -> bytes:
    """One page, with a structure tree whose elements are the parts."""
    drawn, foot = [], 740
    for number, (tag, size, words) in enumerate(parts):
        drawn.append(f"/{tag} <</MCID {number}>> BDC BT /F1 {size} Tf 72 {foot} Td ({words}) Tj ET EMC")
        foot -= 30
    content = "\n".join(drawn)
    elements = [
        f"<</Type /StructElem /S /{tag} /P 6 0 R /Pg 3 0 R /K {number}>>" for number, (tag, _, _) in enumerate(parts)
    ]
    kids = " ".join(f"{at} 0 R" for at in range(7, 7 + len(parts)))
    objects = [
        "<</Type /Catalog /Pages 2 0 R /MarkInfo <</Marked true>> /StructTreeRoot 6 0 R>>",
        "<</Type /Pages /Kids [3 0 R] /Count 1>>",
        f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /StructParents 0 /Contents 4 0 R /Resources {FONTS}>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
        "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
        f"<</Type /StructTreeRoot /K [{kids}] /ParentTree <</Nums [0 [{kids}]]>> /RoleMap <<{roles}>>>>",
        *elements,
    ]
    made, places = "%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer <</Size {len(objects) + 1} /Root 1 0 R>>\nstartxref\n{len(made)}\n%%EOF\n"
    return f"{made}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()


def told(parts: Sequence[Part], roles: str = "") -> list[tuple[tuple[str, ...], str]]:
    read: Parsed = Pdf().parse(io.BytesIO(tagged(parts, roles)))
    return [(one.heading_path, one.text) for one in read.sections]


LEAVE = "Everybody has thirty working days of leave a year, and may carry five of them over."
SICK = "Who is ill tells their manager before nine in the morning, by phone or in the portal."
TEXT = "Trips are booked by the travel desk, which knows the rates of every hotel in town."


def test_headings_are_what_the_tags_say_and_not_what_is_large() -> None:
    parts = [
        ("H1", 11, "Leave"),
        ("P", 18, "A large word"),
        ("P", 11, LEAVE),
        ("H2", 11, "Illness"),
        ("P", 11, SICK),
        ("H1", 11, "Travel"),
        ("P", 11, TEXT),
    ]
    assert told(parts) == [
        (("Leave",), f"A large word\n\n{LEAVE}"),
        (("Leave", "Illness"), SICK),
        (("Travel",), TEXT),
    ]


def test_a_documents_own_names_are_looked_up_in_its_role_map() -> None:
    parts = [
        ("Kapitel", 11, "Leave"),
        ("P", 11, LEAVE),
        ("Kapitel", 11, "Illness"),
        ("P", 11, SICK),
        ("H2", 11, "More"),
        ("P", 11, TEXT),
    ]
    assert [path for path, _ in told(parts, "/Kapitel /H1")] == [("Leave",), ("Illness",), ("Illness", "More")]


def test_two_headings_one_after_the_other_are_two() -> None:
    parts = [("H1", 14, "Part one"), ("H1", 14, "Leave"), ("P", 11, LEAVE), ("H1", 14, "Illness"), ("P", 11, SICK)]
    assert [path for path, _ in told(parts)][-2:] == [("Leave",), ("Illness",)]


def test_where_everything_or_nearly_nothing_is_a_heading_the_letters_tell() -> None:
    everything = [("H1", 18, "Leave"), ("H1", 11, LEAVE), ("H1", 18, "Illness"), ("H1", 11, SICK)]
    few = [("H1", 11, "Page one"), ("P", 18, "Leave"), ("P", 11, LEAVE), ("P", 18, "Illness"), ("P", 11, SICK)]
    for parts in (everything, few):
        assert [path for path, _ in told(parts) if path] == [("Leave",), ("Illness",)]


def test_a_tree_that_refers_to_what_is_not_there_is_no_fault() -> None:
    made = tagged([("H1", 14, "Leave"), ("P", 11, LEAVE)]).replace(b"/K [7 0 R 8 0 R]", b"/K [6 0 R 99 0 R]")
    assert LEAVE in "".join(one.text for one in Pdf().parse(io.BytesIO(made)).sections)
