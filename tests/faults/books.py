"""What must hold in the rows and in the record, counted as a superuser: nothing twice, no gap, nothing half visible."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]
DOCUMENT_ENDS = {"ready", "failed", "rejected", "quarantined"}
ANSWER_ENDS = {"answered", "refused", "blocked", "cancelled", "interrupted", "failed"}

# A document that readers see, of which something is missing or too much.
HALF = """
SELECT d.name, v.status, v.chunks, c.n, e.n, p.n FROM document d JOIN version v ON v.id = d.current_id,
LATERAL (SELECT count(*) AS n FROM chunk WHERE tenant_id = %(tenant)s AND version_id = v.id) c,
LATERAL (SELECT count(*) AS n FROM embedding WHERE tenant_id = %(tenant)s AND version_id = v.id) e,
LATERAL (SELECT count(*) AS n FROM posting WHERE tenant_id = %(tenant)s AND version_id = v.id AND term = '') p
WHERE d.tenant_id = %(tenant)s
  AND (v.status <> 'ready' OR v.chunks = 0 OR v.chunks <> c.n OR v.chunks <> e.n OR v.chunks <> p.n)
"""

# Each is a sentence of what is wrong, and the rows that are.
TWICE = {
    "a chunk stands twice": """
        SELECT version_id, ordinal, count(*) FROM chunk WHERE tenant_id = %(tenant)s
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "a version's chunks are not numbered through": """
        SELECT version_id, count(*), max(ordinal) FROM chunk WHERE tenant_id = %(tenant)s
        GROUP BY 1 HAVING count(*) <> max(ordinal) + 1""",
    "something is left of a version that is not ready": """
        SELECT v.id, v.status FROM version v WHERE v.tenant_id = %(tenant)s AND v.status <> 'ready'
          AND (EXISTS (SELECT 1 FROM chunk c WHERE c.tenant_id = %(tenant)s AND c.version_id = v.id)
               OR EXISTS (SELECT 1 FROM embedding e WHERE e.tenant_id = %(tenant)s AND e.version_id = v.id)
               OR EXISTS (SELECT 1 FROM posting p WHERE p.tenant_id = %(tenant)s AND p.version_id = v.id))""",
    "a document has more or fewer than one version": """
        SELECT d.name, count(v.id) FROM document d LEFT JOIN version v ON v.document_id = d.id
        WHERE d.tenant_id = %(tenant)s GROUP BY d.id, d.name HAVING count(v.id) <> 1""",
    "an answer's segments are not numbered through": """
        SELECT answer_id, count(*), max(ordinal) FROM segment WHERE tenant_id = %(tenant)s
        GROUP BY 1 HAVING count(*) <> max(ordinal) + 1""",
    "a segment's text was delivered twice": """
        SELECT answer_id, text FROM segment WHERE tenant_id = %(tenant)s GROUP BY 1, 2 HAVING count(*) > 1""",
    "segments and their events do not match": """
        SELECT s.answer_id, s.ordinal, e.ordinal FROM
            (SELECT answer_id, ordinal FROM segment WHERE tenant_id = %(tenant)s) s
        FULL JOIN
            (SELECT interaction, (convert_from(leaf, 'UTF8')::jsonb #>> '{facts,ordinal}')::int AS ordinal
             FROM audit.event WHERE tenant_id = %(tenant)s AND action = 'answer.segment') e
        ON e.interaction = s.answer_id AND e.ordinal = s.ordinal
        GROUP BY s.answer_id, s.ordinal, e.ordinal
        HAVING count(*) <> 1 OR s.ordinal IS NULL OR e.ordinal IS NULL""",
    "an answer has not exactly one question and one end on the record": """
        SELECT a.id, a.status, e.action, count(e.id) FROM answer a
        CROSS JOIN (VALUES ('prompt.received'), ('answer.finished')) AS one (action)
        LEFT JOIN audit.event e ON e.tenant_id = a.tenant_id AND e.interaction = a.id AND e.action = one.action
        WHERE a.tenant_id = %(tenant)s GROUP BY a.id, a.status, one.action, e.action HAVING count(e.id) <> 1""",
    "the record tells another end than the row": """
        SELECT a.id, a.status FROM answer a
        JOIN audit.event e ON e.tenant_id = a.tenant_id AND e.interaction = a.id AND e.action = 'answer.finished'
        WHERE a.tenant_id = %(tenant)s
          AND convert_from(e.leaf, 'UTF8')::jsonb #>> '{facts,status}' <> a.status""",
    "passages were searched for more often than the answer was tried": """
        SELECT a.id, a.attempts, count(e.id) FROM answer a
        JOIN audit.event e ON e.tenant_id = a.tenant_id AND e.interaction = a.id AND e.action = 'retrieval.performed'
        WHERE a.tenant_id = %(tenant)s GROUP BY a.id, a.attempts HAVING count(e.id) > a.attempts + %(outages)s""",
    "a document has not exactly one upload and one end on the record": """
        SELECT d.name, one.kind, count(e.id) FROM document d
        CROSS JOIN (VALUES ('uploaded', ARRAY['document.uploaded']), ('ended', ARRAY['document.ready', 'document.failed']))
            AS one (kind, actions)
        LEFT JOIN audit.event e ON e.tenant_id = d.tenant_id AND e.resource_id = d.id AND e.action = ANY (one.actions)
        WHERE d.tenant_id = %(tenant)s GROUP BY d.id, d.name, one.kind HAVING count(e.id) <> 1""",
    "a writer's numbers have a gap": """
        SELECT w.id, w.last, count(e.id), max(e.number) FROM audit.writer w
        LEFT JOIN audit.event e ON e.tenant_id = w.tenant_id AND e.writer = w.id
        WHERE w.tenant_id = %(tenant)s GROUP BY w.id, w.last HAVING count(e.id) <> w.last OR max(e.number) <> w.last""",
    "an event is of no writer": """
        SELECT e.id FROM audit.event e WHERE e.tenant_id = %(tenant)s
          AND NOT EXISTS (SELECT 1 FROM audit.writer w WHERE w.tenant_id = e.tenant_id AND w.id = e.writer)""",
    "a leaf stands twice": """
        SELECT leaf, count(*) FROM audit.event WHERE tenant_id = %(tenant)s GROUP BY 1 HAVING count(*) > 1""",
}


@dataclass
class States:
    documents: dict[str, str] = field(default_factory=dict)  # name: status of its one version
    answers: dict[uuid.UUID, str] = field(default_factory=dict)
    segments: Counter[uuid.UUID] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)  # why a document or an answer ended as it did

    @property
    def are_final(self) -> bool:
        return set(self.documents.values()) <= DOCUMENT_ENDS and set(self.answers.values()) <= ANSWER_ENDS

    @property
    def ready(self) -> set[str]:
        return {name for name, status in self.documents.items() if status == "ready"}

    @property
    def running(self) -> list[uuid.UUID]:
        return [answer for answer, status in self.answers.items() if status == "running"]


def states(connection: Connection, tenant: str) -> States:
    found, values = States(), {"tenant": tenant}
    for name, status, why in connection.execute(
        "SELECT d.name, v.status, v.error FROM document d JOIN version v ON v.id = d.latest_id"
        " WHERE d.tenant_id = %(tenant)s",
        values,
    ):
        found.documents[name] = status
        found.reasons[name] = why
    for answer, status, why in connection.execute(
        "SELECT id, status, notice FROM answer WHERE tenant_id = %(tenant)s", values
    ):
        found.answers[answer] = status
        found.reasons[str(answer)] = why
    found.segments.update(
        dict(
            connection.execute(
                "SELECT answer_id, count(*) FROM segment WHERE tenant_id = %(tenant)s GROUP BY 1", values
            ).fetchall()
        )
    )
    return found


def half_visible(connection: Connection, tenant: str) -> list[tuple[Any, ...]]:
    return connection.execute(HALF, {"tenant": tenant}).fetchall()


def faults(connection: Connection, tenant: str, outages: int = 0) -> dict[str, list[tuple[Any, ...]]]:
    """What is wrong once everything has come to its end; empty where all is well.

    `outages` of the record, or of the model, may each have cost an answer one attempt, which is not counted against it.
    """
    values = {"tenant": tenant, "outages": outages}
    found = {wrong: connection.execute(query, values).fetchall() for wrong, query in TWICE.items()}
    found["a document is half visible"] = half_visible(connection, tenant)
    return {wrong: rows for wrong, rows in found.items() if rows}
