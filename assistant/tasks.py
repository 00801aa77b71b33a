"""Celery's doorbells: one call out. A ring for an answer names none, since the database says whose turn it is."""

from __future__ import annotations

import uuid

from celery import shared_task


@shared_task(name="assistant.tasks.answer")
def answer(*_: str) -> None:
    """Messages of earlier versions, which may still lie in the broker, name an answer."""
    from assistant import answering

    answering.answer_next()


@shared_task(name="assistant.tasks.sweep")
def sweep() -> None:
    """Ring again for what a lost broker or a killed worker left behind; rings that nobody has heard yet count for it."""
    from assistant import answering, conversations
    from assistant.operators import health

    unheard = health.broker().get("answers", 0)
    for tenant, answer_id in answering.due()[unheard:]:
        conversations.ring(tenant, answer_id)


@shared_task(name="assistant.tasks.forward")
def forward(tenant: str, target: str) -> None:
    from governance.audit.out import forwarder

    forwarder.forward(uuid.UUID(tenant), uuid.UUID(target))


@shared_task(name="assistant.tasks.sweep_forwarding")
def sweep_forwarding() -> None:
    """Ring for each place that sealed events wait to be sent to. A ring that is lost comes again in seconds."""
    from governance.audit.out import forwarder

    for tenant, target in forwarder.due():
        forward.apply_async((str(tenant), str(target)), retry=False, expires=30)


@shared_task(name="assistant.tasks.retain")
def retain() -> int:
    """Once a day: let go of what is kept no longer."""
    from governance import tenants
    from governance.audit.lifecycle import retention

    return retention.run_each(tenants.every())


@shared_task(name="assistant.tasks.forget_idempotent")
def forget_idempotent() -> int:
    """Once an hour: let go of requests that were named more than a day ago."""
    from assistant import idempotency

    return idempotency.forget()


@shared_task(name="assistant.tasks.verify_record")
def verify_record() -> int:
    """Once a day: every log from end to end; how many are not sound."""
    from governance import tenants
    from governance.audit import events, verifying

    return len(verifying.each([events.INSTALLATION, *tenants.every()]))


@shared_task(name="assistant.tasks.end_access")
def end_access() -> int:
    """Write down what has ended, or lapsed, by itself. It counts no more since its moment, with or without this."""
    from governance import ends
    from governance.requests import lapsing

    return sum(ends.settle(tenant) for tenant in ends.due()) + sum(lapsing.settle(one) for one in lapsing.due())


@shared_task(name="assistant.tasks.sweep_reservations")
def sweep_reservations() -> int:
    """Settle what was set aside by processes that did not come back; how many that were."""
    from governance import quotas

    return quotas.sweep()


@shared_task(name="assistant.tasks.erase")
def erase() -> int:
    """Go on with erasures that were approved and not done."""
    from governance import tenants
    from governance.audit.lifecycle import erasure

    return erasure.sweep(tenants.every())


@shared_task(name="assistant.tasks.warn_of_keys")
def warn_of_keys() -> int:
    """Tell of keys of service accounts that end within days; how many that were."""
    from governance import tenants
    from governance.service_accounts import service_keys

    return sum(service_keys.warn(tenant) for tenant in tenants.every())


@shared_task(name="assistant.tasks.evaluate")
def evaluate(tenant: str, run: str) -> None:
    from assistant.evaluation import work

    work.stretch(uuid.UUID(tenant), uuid.UUID(run))


@shared_task(name="assistant.tasks.sweep_evaluations")
def sweep_evaluations() -> None:
    """Ring for each question set that is being asked. A ring that is lost comes again in seconds."""
    from assistant.evaluation import work

    for tenant, run in work.due():
        evaluate.apply_async((str(tenant), str(run)), retry=False, expires=30)


@shared_task(name="assistant.tasks.begin_evaluations")
def begin_evaluations() -> int:
    from assistant.evaluation import work

    return work.begin_due()
