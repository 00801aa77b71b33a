"""Which worker does what, and when by itself."""

from __future__ import annotations

from celery.schedules import crontab

ROUTES = {
    "assistant.tasks.answer": {"queue": "answers"},
    "ingestion.tasks.take": {"queue": "ingest"},
    # A queue of its own: an empty one says to who rings for documents that nobody was rung for yet.
    "ingestion.tasks.build": {"queue": "build"},
    "*": {"queue": "housekeeping"},
}
BEAT = {
    "ring-answers": {"task": "assistant.tasks.sweep", "schedule": 5.0},
    "ring-ingestion": {"task": "ingestion.tasks.sweep", "schedule": 5.0},
    "ring-indexes": {"task": "ingestion.tasks.sweep_indexes", "schedule": 15.0},
    "ring-rereading": {"task": "ingestion.tasks.sweep_rereading", "schedule": 60.0},
    "ring-rewriting": {"task": "ingestion.tasks.sweep_rewriting", "schedule": 300.0},
    "ring-replays": {"task": "governance.policy.replay.tasks.sweep", "schedule": 15.0},
    "ring-sources": {"task": "ingestion.tasks.sweep_sources", "schedule": 5.0},
    "purge-deleted": {"task": "ingestion.tasks.purge", "schedule": 60.0},
    "ring-forwarding": {"task": "assistant.tasks.sweep_forwarding", "schedule": 3.0},
    "ring-evaluations": {"task": "assistant.tasks.sweep_evaluations", "schedule": 4.0},
    "begin-evaluations": {"task": "assistant.tasks.begin_evaluations", "schedule": 60.0},
    "remove-stray-files": {"task": "ingestion.tasks.remove_strays", "schedule": 86400.0},
    "forget-idempotent": {"task": "assistant.tasks.forget_idempotent", "schedule": 3600.0},
    "end-access": {"task": "assistant.tasks.end_access", "schedule": 30.0},
    "settle-reservations": {"task": "assistant.tasks.sweep_reservations", "schedule": 30.0},
    "go-on-erasing": {"task": "assistant.tasks.erase", "schedule": 60.0},
    "warn-of-keys": {"task": "assistant.tasks.warn_of_keys", "schedule": 3600.0},
    "verify-record": {"task": "assistant.tasks.verify_record", "schedule": crontab(hour=2, minute=7)},
    "let-go": {"task": "assistant.tasks.retain", "schedule": crontab(hour=3, minute=17)},  # of UTC, once a day
}
