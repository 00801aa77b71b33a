"""A process that is killed while it holds what it set aside: the sweep settles it, and all sums are exact."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from governance import models, quotas
from tests.cast import House
from tests.governance.database import leaves

# It has settled one, asks a model for the second, has only accepted the third, and dies in the middle of a fourth.
HOLDS = """
import sys, time, uuid
import django
django.setup()
from governance import people, quotas
scope = people.scope_in(uuid.UUID(sys.argv[1]), uuid.UUID(sys.argv[2]))
settled, asked, accepted, torn = map(uuid.UUID, sys.argv[3:])
quotas.reserve(scope, settled, 500)
quotas.settle(scope, settled, 120, 30)
quotas.reserve(scope, asked, 100, 300)
quotas.reserve(scope, accepted, 800, is_asked=False)
with scope.transaction():
    quotas.reserve(scope, torn, 5000)
    print("held", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_held_is_settled_by_the_sweep_and_every_sum_is_exact(house: House) -> None:
    settled, asked, accepted, torn = (uuid.uuid4() for _ in range(4))
    ids = [house.tenant, house.ids["bob"], settled, asked, accepted, torn]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, *map(str, ids)], env=os.environ.copy(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    assert kept(house) == {settled: (500, 150), asked: (400, None), accepted: (800, None)}
    assert exact(house) == (150, 1_200)
    assert not {interaction for _, interaction in quotas.due(10_000)} & {asked, accepted}  # its lease has not run out
    with house.system.transaction():
        rows = models.Reservation.objects.filter(used=None)
        assert {row.owner.rpartition(":")[2] for row in rows} == {str(process.pid)}
        rows.update(lease_until=timezone.now() - timedelta(seconds=1))
    ours = {(house.tenant, asked), (house.tenant, accepted)}
    assert ours <= set(quotas.due(10_000))
    for _ in range(50):  # a hundred at a time, what other tests have left before ours
        if not ours & set(quotas.due(10_000)):
            break
        quotas.sweep()
    assert kept(house) == {settled: (500, 150), asked: (400, 400), accepted: (800, 0)}
    assert exact(house) == (550, 0)
    told = {leaf["interaction"]: leaf["facts"]["counted"] for leaf in leaves(house, "quota.released")}
    assert told == {str(asked): 400, str(accepted): 0}
    quotas.sweep()
    quotas.settle(house.bob, asked, 1)  # somebody who comes back too late changes nothing
    assert exact(house) == (550, 0)
    assert len(leaves(house, "quota.released")) == 2


def kept(house: House) -> dict[uuid.UUID, tuple[int, int | None]]:
    with house.system.transaction():
        rows = models.Reservation.objects.values_list("interaction", "reserved", "used")
        return {interaction: (reserved, used) for interaction, reserved, used in rows}


def exact(house: House) -> tuple[int, int]:
    """(used, set aside) of every sum, which are the same and those of the reservations."""
    with house.system.transaction():
        rows = models.Reservation.objects.all()
        used = rows.aggregate(all=Sum("used"))["all"] or 0
        held = rows.filter(used=None).aggregate(all=Sum("reserved"))["all"] or 0
        sums = set(models.Spent.objects.values_list("tokens", "held_tokens"))
    assert sums == {(used, held)}
    return used, held
