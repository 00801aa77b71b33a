"""Valkey stopped, full or killed: an upload does not mind, and once it is back one sweep rings again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import redis
from kombu import Connection

from assistant.local import marks, secrets, valkey
from assistant.local.child import Child
from ingestion import catalog, line, tasks
from ingestion.models import Status
from tests.cast import House
from tests.ingestion import bells, ingests, lines


class Broker:
    """A Valkey of the test's own, which can be hurt and mended."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._valkey, self.child = self._start()

    def _start(self) -> tuple[valkey.Valkey, Child]:
        return valkey.start(self._home, secrets.load(self._home), durable=False)

    @property
    def url(self) -> str:
        return self._valkey.url()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def hurt(self, fault: str) -> None:
        if fault == "stopped":
            os.kill(self.child.pid, signal.SIGSTOP)
        elif fault == "full":
            self.client().config_set("maxmemory-policy", "noeviction")
            self.client().config_set("maxmemory", "1")
        else:
            os.kill(self.child.pid, signal.SIGKILL)
            assert marks.await_true(lambda: self.child.exit_code() is not None, 30)

    def mend(self, fault: str) -> None:
        if fault == "stopped":
            os.kill(self.child.pid, signal.SIGCONT)
        elif fault == "full":
            self.client().config_set("maxmemory", "0")
        else:
            self._valkey, self.child = self._start()


@pytest.fixture
def broker(tmp_path: Path, settings: Any) -> Iterator[Broker]:
    there = Broker(tmp_path / "home")
    settings.CELERY_BROKER_URL = there.url
    patience = {"socket_timeout": 1, "socket_connect_timeout": 1}
    with Connection(there.url, transport_options=patience) as connection:
        send = partial(tasks.take.apply_async, connection=connection)  # type: ignore[call-arg]  # the stubs do not know it
        with mock.patch.object(tasks.take, "apply_async", send):
            yield there
    there.child.end()


@pytest.mark.parametrize("fault", ["stopped", "full", "killed"])
def test_a_fault_of_the_broker_loses_nothing(house: House, broker: Broker, fault: str) -> None:
    collection = catalog.create(house.ada, "Travel").pk
    broker.hurt(fault)
    row = bells.upload(house, collection, "A hotel.")
    tasks.ring()  # as the upload does on its commit
    broker.mend(fault)
    assert broker.client().llen(tasks.QUEUE) == 0
    assert tasks.sweep()
    assert broker.client().llen(tasks.QUEUE) == 1
    claimed = line.take([house.tenant])
    assert claimed is not None
    with mock.patch.object(line, "take", side_effect=[claimed, None]):
        tasks.take()
    assert ingests.version(house, row).status == Status.READY


def test_an_emptied_broker_is_rung_again_once_for_all_that_waits(house: House, broker: Broker) -> None:
    lines.wait(house, catalog.create(house.ada, "Travel").pk, [100] * 20)
    tasks.ring()
    broker.client().flushall()
    for _ in range(3):
        tasks.sweep()
    assert broker.client().llen(tasks.QUEUE) == 1
    assert len({line.take([house.tenant]) for _ in range(3)}) == 3
