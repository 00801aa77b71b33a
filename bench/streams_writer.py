"""Writes segments for `bench.streams`, in turn for each answer, as a worker does after its commit: the row, then the stream.

python -m bench.streams_writer RATE SECONDS    answers as "tenant person answer" lines on standard input

The row is written as the database's superuser, so that little of the machine goes into it. A text begins with the machine's
monotonic time just before it is published.
"""

from __future__ import annotations

import itertools
import sys
import time
import uuid

import django


def main(rate: float, seconds: float, answers: list[list[str]]) -> None:
    django.setup()
    from assistant.streams import stream
    from bench import record_stand

    numbers = dict.fromkeys((one[2] for one in answers), 0)
    began, sent = time.monotonic(), 0
    with record_stand.as_superuser() as database:
        for tenant, person, answer in itertools.cycle(answers):
            due = began + sent / rate
            if due >= began + seconds:
                return
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            numbers[answer] += 1
            message = _message(numbers[answer])
            database.execute(
                ROW,
                [tenant, person, answer, message["ordinal"], message["text"]],
            )
            stream.publish(uuid.UUID(answer), numbers[answer], message | {"text": f"{time.monotonic():.6f} {WORDS}"})
            sent += 1


ROW = """
INSERT INTO segment (id, created_at, tenant_id, person_id, answer_id, ordinal, text, citations, is_supported, support)
VALUES (gen_random_uuid(), now(), %s, %s, %s, %s, %s, '[]', NULL, '')
"""
WORDS = "Twenty working days a year may be spent abroad, and longer stays need the consent of the head. "


def _message(number: int) -> dict[str, object]:
    text = f"0 {WORDS}"
    return {"ordinal": number - 1, "text": text, "citations": [], "is_supported": None, "support": ""}


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), [line.split() for line in sys.stdin])
