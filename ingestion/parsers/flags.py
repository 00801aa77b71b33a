"""What a document carries beside its words that may act on whoever opens it. Nothing of it is run or followed here: the
document's owner is told, and the record keeps the names.
"""

from __future__ import annotations

from collections.abc import Iterable

from governance.sentence import phrase

MACROS = "macros"
JAVASCRIPT = "javascript"
EMBEDDED_FILES = "embedded_files"
EXTERNAL_LINKS = "external_links"  # parts that its program loads from elsewhere as it opens; not links that one clicks
LAUNCH_ACTION = "launch_action"

SAYS = {
    MACROS: phrase("It holds macros, which are not run here."),
    JAVASCRIPT: phrase("It holds JavaScript, which is not run here."),
    EMBEDDED_FILES: phrase("Files are embedded in it, which are not read here."),
    EXTERNAL_LINKS: phrase("It loads parts of itself from elsewhere, which is not done here."),
    LAUNCH_ACTION: phrase("It asks to start a program as it opens, which is not done here."),
}


def told(flags: Iterable[str]) -> list[str]:
    """A sentence for each, in the order of the list above; what is not on it says nothing."""
    there = set(flags)
    return [said for flag, said in SAYS.items() if flag in there]
