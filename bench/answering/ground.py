"""A database that holds the FAQs and the demo, and what its search finds for a case as the person who asks it."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from bench import demo_database
from bench.faqs import material, packages, sets

if TYPE_CHECKING:
    from bench.answering.cases import Case
    from bench.faqs.material import Entry
    from governance.scope import Scope
    from ingestion.search import Found


def prepare() -> None:
    """Postgres and Valkey run until this process ends; what is missing of the documents is read."""
    demo_database.prepare()
    demo_database.fill(print)
    from bench.answering import cases

    for faq in (one for one in material.FAQS if one.name in (*cases.FAQS, *cases.APART)):
        try:
            read(faq.name, faq.entries())
        except packages.NotThere as fault:
            print(f"{faq.name}: left out, {fault}")
    demo_database.recount(admin().tenant)


def scope_of(case: Case) -> Scope:
    return _scope(case.tenant, case.asker)


def collections_of(case: Case) -> list[uuid.UUID]:
    """Empty where all is asked that the asker may read."""
    return [_shelves(case.tenant, case.asker)[case.collection]] if case.collection else []


def find(case: Case, limit: int) -> Found:
    from ingestion import search

    return search.passages(scope_of(case), case.question, collections_of(case), limit)


def read(name: str, entries: Sequence[Entry]) -> uuid.UUID:
    """The collection with every answer in it, ready. What is there already is not read again."""
    from ingestion import catalog, documents, pipeline
    from ingestion.documents import uploads
    from ingestion.models import Status

    scope = admin()
    there = {row.name: row.pk for row in catalog.listed(scope)}
    shelf = there.get(name) or catalog.create(scope, name).pk
    held = {row.name for row in documents.listed(scope, shelf) if row.latest and row.latest.status == Status.READY}
    for entry in entries:
        if sets.named(entry) in held:
            continue
        row = uploads.upload(scope, shelf, sets.named(entry), io.BytesIO(entry.answer.encode()))
        if row.latest_id and documents.get(scope, row.pk).current_id is None:
            pipeline.ingest(scope.tenant, row.latest_id)
    unread = [row.name for row in documents.listed(scope, shelf) if row.latest and row.latest.status != Status.READY]
    if unread:
        raise SystemExit(f"{name}: not ready: {', '.join(unread[:5])}")
    return shelf


def admin() -> Scope:
    from bench import looking
    from bench.answering import cases

    return looking.admin(cases.FAQS_TENANT)


@cache
def _scope(tenant: str, asker: str) -> Scope:
    from assistant.demo import seeding
    from bench.answering import cases

    return admin() if tenant == cases.FAQS_TENANT else seeding.scope_for(tenant, asker)


@cache
def _shelves(tenant: str, asker: str) -> dict[str, uuid.UUID]:
    from ingestion import catalog

    return {row.name: row.pk for row in catalog.listed(_scope(tenant, asker))}
