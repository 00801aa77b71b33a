"""What is known and not read, and what its owner is told."""

from __future__ import annotations

from governance.sentence import phrase

READABLE = phrase(
    "Chancery reads PDF, Office documents, tables, mail, web pages, scans and pictures, texts of every kind, and ZIP"
    " archives of these."
)
PACKED = phrase("Of archives only ZIP can be read; pack the files as ZIP. %(readable)s")
BY_MAGIC = (
    (b"\x1f\x8b", PACKED),
    (b"7z\xbc\xaf", PACKED),
    (b"Rar!\x1a", PACKED),
    (b"BZh91AY", PACKED),
    (b"\xfd7zXZ", PACKED),
    (
        b"\x78\x9f\x3e\x22",
        phrase("Outlook has packed this file so that only Outlook reads it (winmail.dat). %(readable)s"),
    ),
    (b"%!PS", phrase("PostScript cannot be read; save it as PDF. %(readable)s")),
)
UNKNOWN = phrase("This kind of file cannot be read. %(readable)s")
DAMAGED = phrase("This archive is damaged. %(readable)s")
OFFICE = phrase("This kind of Office file cannot be read; save it as PDF. %(readable)s")
BINARY_WORKBOOK = phrase("Binary workbooks (XLSB) cannot be read; save it as XLSX. %(readable)s")
PAGES = phrase("Files of Pages, Numbers and Keynote cannot be read; save them as PDF. %(readable)s")
PROGRAM = phrase("This is a program, and not a document. %(readable)s")
LOCKED = phrase(
    "This Office file is protected by a password. Save it without the password and upload it again. %(readable)s"
)
NO_OFFICE = phrase("This is a file of a program that is not known here, or a damaged one. %(readable)s")
REFUSALS = (
    UNKNOWN,
    DAMAGED,
    OFFICE,
    BINARY_WORKBOOK,
    PAGES,
    PROGRAM,
    LOCKED,
    NO_OFFICE,
    *(said for _, said in BY_MAGIC),
)
