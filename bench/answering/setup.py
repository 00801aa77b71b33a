"""Django for the benches of answers: with the database where something has yet to be searched, and without one where what
was found is kept."""

from __future__ import annotations

import os
from pathlib import Path

import django as framework

KEPT = Path("var/bench/answering/found.jsonl")


def django() -> None:
    if KEPT.exists():
        without_search()
        return
    search()


def search() -> None:
    """All that is not kept yet."""
    from bench.answering import ground

    ground.prepare()
    from bench.answering import cases, found

    found.keep(cases.every(), KEPT)


def without_search() -> None:
    """For what needs no passages that were found."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    os.environ.setdefault("CHANCERY_LOG_LEVEL", "ERROR")
    framework.setup()
