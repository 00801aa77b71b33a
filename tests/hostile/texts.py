"""Text that is slow to search, wide, long, in no encoding, or in a format made of text: CSV, RTF, mail."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tests.hostile.case import Case

# Each is repeated, and ends in what keeps a pattern from matching: what backtracks then, backtracks over all of it.
SLOW = (
    "a", " ", "\t", "\n", "\r", "-", "=", "*", "_", "#", ">", "|", "`", "[", "]", "(", "<", "&", "!", ".", ",", ";",
    ":", "1", "\\", "a ", " a", "- ", "* ", "1. ", "# ", "> ", "| ", "|-", "-|", "a|", "[a](", "![", "](", "<a ",
    "<!--", "-->", "&a;", "a@", "a.", "a@a.", "1 ", "1.1", "From a\n", "a:\n", "a: b\n ", "=?utf-8?q?a?=", "=20",
    "\n\n", " \n", "\n ", "\n- ", "\n# ", "\n|", "\n> ", "\n1. ", "```\n", "~~~\n", "---\n", "===\n", "a\n---\n",
    "|a|\n|-|\n", "\x0c", "\u00a0", "\u200b", "\u0301", "\U0001f468\u200d", "\u202e", "\ufeff", "AKIA", "ignore all ",
    "eyJ", "-----BEGIN ", "DE89 3704 ", "4111 1111 ",
)  # fmt: skip
SLOW_SIZE = 60_000  # squared, it is minutes
ENDINGS = (".txt", ".md", ".html", ".csv", ".eml", ".json", ".py", ".xml", ".rtf")


def cases() -> Iterator[Case]:
    yield from _slow()
    yield from _wide()
    yield from _encodings()
    yield from _csv()
    yield from _rtf()
    yield from _mail()


def _slow() -> Iterator[Case]:
    """Of each ending some, so that every pattern of every parser meets every repetition in one or the other."""
    for number, unit in enumerate(SLOW):
        for ending in dict.fromkeys((ENDINGS[number % len(ENDINGS)], (".md", ".txt")[number % 2])):
            text = unit * (SLOW_SIZE // len(unit)) + "\x01"
            before = {".html": "<html><body>", ".eml": "Subject: ", ".rtf": "{\\rtf1 ", ".csv": "a,b\n1,"}.get(
                ending, ""
            )
            yield Case("slow to search", f"{number}{ending}", (before + text).encode())


def _wide() -> Iterator[Case]:
    for ending in (".txt", ".md", ".html"):
        yield Case("one long line", f"words{ending}", b"word " * 2_000_000, is_heavy=True)
        yield Case("one long line", f"letters{ending}", b"x" * 1_000_000)
    yield Case("only line breaks", "lines.txt", b"a\n" * 2_000_000, is_heavy=True)
    yield Case("only line breaks", "empty-lines.md", b"\n" * 1_000_000)
    yield Case("combining marks", "zalgo.txt", ("a" + "\u0301" * 200_000).encode())
    yield Case("wide table", "columns.md", b"|" + b"a|" * 300_000 + b"\n|" + b"-|" * 300_000 + b"\n|b|\n")
    yield Case("deep markup", "quotes.md", b"> " * 100_000 + b"deep")
    yield Case("deep markup", "lists.md", b"\n".join(b" " * (2 * n) + b"- a" for n in range(2_000)))
    yield Case(
        "many headings", "headings.md", b"".join(b"%s a%d\n\ntext\n\n" % (b"#" * (n % 6 + 1), n) for n in range(60_000))
    )


def _encodings() -> Iterator[Case]:
    told = {
        "bad-utf8": b"caf\xe9 \xff\xfe\xfd \x80\x81 " * 5_000,
        "overlong": b"\xc0\xaf\xe0\x80\xaf " * 5_000,
        "surrogates": b"\xed\xa0\x80\xed\xb0\x80 " * 5_000,
        "odd-utf16": "words ".encode("utf-16-le") * 999 + b"\x00",
        "utf16-halves": b"\xff\xfe" + b"\x00\xd8" * 5_000,
        "utf32": "words ".encode("utf-32") * 99 + b"\xff\xff\xff\xff",
        "utf7": b"+AHcAbwByAGQ- " * 5_000,
        "mark-alone": b"\xef\xbb\xbf",
        "marks": b"\xff\xfe\x00\x00\xfe\xff\xef\xbb\xbf",
        "nul": bytes(100_000),
        "nul-between": b"a\x00" * 50_000,
        "controls": bytes(range(32)) * 3_000,
        "every-byte": bytes(range(256)) * 500,
        "shift-states": b"\x1b$B" * 30_000 + b"\x1b(B",
        "direction": ("\u202e\u2066\u2069" * 20_000).encode(),
    }
    for name, content in told.items():
        yield Case("no encoding", f"{name}.txt", content)


def _csv() -> Iterator[Case]:
    yield Case("wide csv", "million-columns.csv", b"a," * 1_000_000 + b"a\n" + b"1," * 1_000_000 + b"1\n")
    yield Case("wide csv", "rows.csv", b"a,b\n" + b"1,2\n" * 1_500_000, is_heavy=True)
    yield Case("unclosed csv", "quote.csv", b'a,b\n"' + b"x,y\n" * 500_000)
    yield Case("unclosed csv", "quotes.csv", b"a,b\n" + b'""""""' * 300_000)
    yield Case("unclosed csv", "ragged.csv", b"\n".join(b"a," * (n % 3_000) for n in range(3_000)))
    yield Case("formulas", "formulas.csv", b"name,value\n=cmd|' /C calc'!A0,=HYPERLINK(\"http://x\")\n@SUM(1),-1+1\n")
    yield Case("wide csv", "field.csv", b"a,b\n" + b"x" * 5_000_000 + b",1\n")


def _rtf() -> Iterator[Case]:
    yield Case("deep rtf", "groups.rtf", b"{\\rtf1 " + b"{" * 300_000 + b"deep" + b"}" * 300_000 + b"}")
    yield Case("deep rtf", "unclosed.rtf", b"{\\rtf1 " + b"{\\b " * 200_000)
    yield Case("deep rtf", "binary.rtf", b"{\\rtf1 \\bin2147483647 " + b"x" * 10_000 + b"}")
    yield Case("deep rtf", "unicode.rtf", b"{\\rtf1 \\uc2000000000 " + b"\\u-99999999 " * 50_000 + b"}")
    yield Case("deep rtf", "object.rtf", b"{\\rtf1 {\\object\\objdata " + b"d0cf11e0" * 50_000 + b"}}")
    yield Case("deep rtf", "word.rtf", b"{\\rtf1 \\" + b"a" * 500_000 + b" text}")
    yield Case("deep rtf", "table.rtf", b"{\\rtf1 \\trowd" + b"\\cellx1" * 200_000 + b"\\cell" * 200_000 + b"\\row}")


def _mail() -> Iterator[Case]:
    head = b"From: a@example.com\nTo: b@example.com\nSubject: x\nMIME-Version: 1.0\n"
    nested = b"the innermost text"
    for number in range(300):
        nested = head + b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n\n" % (number, number) + nested
    yield Case("nested mail", "parts.eml", nested)
    within = head + b"\ninnermost"
    for _ in range(300):
        within = head + b"Content-Type: message/rfc822\n\n" + within
    yield Case("nested mail", "mails.eml", within)
    many = b"".join(b"--b\nContent-Disposition: attachment; filename=a%d.txt\n\nwords\n" % n for n in range(20_000))
    mixed = head + b"Content-Type: multipart/mixed; boundary=b\n\n"
    yield Case("many parts", "attachments.eml", mixed + many + b"--b--\n")
    yield Case("many parts", "headers.eml", b"".join(b"X-%d: y\n" % n for n in range(100_000)) + head + b"\nwords")
    yield Case("slow mail", "folded.eml", b"Subject: a\n" + b" \n" * 200_000 + b"\nwords")
    yield Case("slow mail", "addresses.eml", b"From: " + b"(" * 50_000 + b"\nTo: " + b"<a@b>," * 50_000 + b"\n\nwords")
    yield Case("slow mail", "words.eml", b"Subject: " + b"=?utf-8?b?" * 50_000 + b"\nFrom: a@b\n\nwords")
    yield Case("slow mail", "boundary.eml", mixed + b"--b" * 300_000)
    packed = b"--b\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(b"<b>" * 500_000)
    yield Case("slow mail", "base64.eml", mixed + packed + b"\n--b--\n")
    climbing = b'--b\nContent-Disposition: attachment; filename="../../../tmp/climbed"\n\nclimbed\n--b--\n'
    yield Case("path traversal", "attachment.eml", mixed + climbing)
    yield Case("many parts", "box.mbox", (b"From a@b Thu Jan  1 00:00:00 2026\n" + head + b"\nwords\n\n") * 5_000)
    yield Case("many parts", "from.mbox", b"From a@b Thu Jan  1 00:00:00 2026\n" * 200_000)
