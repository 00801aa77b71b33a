"""The FAQs as question sets and folders of documents: `python -m bench.faqs.sets [FOLDER]`.

Each answer is a document that does not hold its own question. What cannot be answered are another FAQ's questions. Facts
are those of
`bench.faqs.facts`: a question without any measures search alone.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from bench.faqs import facts, material, packages
from bench.faqs.material import Entry, Faq

# Whose questions a FAQ cannot answer: another subject, in the same language.
STRANGERS = {
    "python": "debian",
    "git": "r",
    "r": "debian",
    "debian": "perl",
    "perl": "r",
    "django": "r",
    "ffmpeg": "debian",
}
STRANGERS_MOST = 40
SEED = 7


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else packages.HOME / "sets"
    for faq in material.FAQS:
        try:
            path = written(faq, folder)
        except packages.NotThere as fault:
            print(f"{faq.name}: left out, {fault}")
            continue
        print(f"{faq.name}: {path}, {sum(1 for _ in (path / 'documents').iterdir())} documents")
    return 0


def written(faq: Faq, folder: Path) -> Path:
    """`questions.jsonl` and `documents/*.md` below folder/name. Raises packages.NotThere."""
    entries = faq.entries()
    home = folder / faq.name
    (home / "documents").mkdir(parents=True, exist_ok=True)
    for entry in entries:
        (home / "documents" / named(entry)).write_text(entry.answer + "\n", encoding="utf-8")
    told = [*_answerable(faq, entries), *_unanswerable(faq)]
    lines = [json.dumps(one, ensure_ascii=False) for one in told]
    (home / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return home


def named(entry: Entry) -> str:
    return f"{entry.id}.md"


def _answerable(faq: Faq, entries: list[Entry]) -> list[dict[str, object]]:
    said = facts.kept(entries)
    return [
        {
            "id": entry.id,
            "question": entry.question,
            "documents": [named(entry)],
            "facts": [list(said[entry.id])] if entry.id in said else [],
            "kind": "faq",
            "language": faq.language,
        }
        for entry in entries
    ]


def strangers(faq: Faq) -> list[Entry]:
    """Whose questions it cannot answer, drawn with a seed."""
    stranger = next((one for one in material.FAQS if one.name == STRANGERS.get(faq.name)), None)
    entries = stranger.entries() if stranger else []
    return random.Random(SEED).sample(entries, min(STRANGERS_MOST, len(entries)))


def _unanswerable(faq: Faq) -> list[dict[str, object]]:
    return [
        {
            "id": f"{faq.name}-not-{entry.id}",
            "question": entry.question,
            "unanswerable": True,
            "kind": "another subject",
            "language": faq.language,
        }
        for entry in strangers(faq)
    ]


if __name__ == "__main__":
    sys.exit(main())
