"""Hundreds of questions at once: what each is told in two seconds, what two tenants get, and whether the record has it all."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench import processor, record_stand, streams_client, streams_ground
from bench.streams_ground import Reader, Tenant

TOLD_MOST_S = 2.0
UNEQUAL_MOST = 0.20
RECORDED_MOST_S = 120.0


@dataclass
class Heard:
    """One question. `told_s` is until its first event, or its refusal."""

    tenant: int
    status: int = 0
    told_s: float = 0.0
    place: int | None = None
    retry: str = ""
    answer: str = ""
    end: str = ""


async def ask_all(url: tuple[str, int], asked: Sequence[tuple[int, Reader]]) -> list[Heard]:
    gun = asyncio.Event()

    async def one(tenant: int, reader: Reader) -> Heard:
        heard = Heard(tenant)
        headers = {"Authorization": f"Bearer {reader.key}", "Content-Type": "application/json"}
        body = json.dumps({"question": streams_ground.QUESTION, "stream": True}).encode()
        await gun.wait()
        began = time.monotonic()
        async with streams_client.opened(url, "/api/v1/answers", headers, body) as stream:
            heard.status = stream.status
            heard.told_s = time.monotonic() - began
            if stream.status != 200:
                error = json.loads(stream.body or b"{}").get("error", {})
                heard.place, heard.retry = error.get("position"), stream.headers.get("retry-after", "")
                return heard
            async for block in stream.events():
                if not heard.answer:
                    heard.told_s, heard.answer = block.at - began, json.loads(block.data).get("id", "")
                if block.name == "done":
                    heard.end = json.loads(block.data)["status"]
        return heard

    tasks = [asyncio.create_task(one(*pair)) for pair in asked]
    await asyncio.sleep(0)
    gun.set()
    return list(await asyncio.gather(*tasks))


def recorded(tenants: Sequence[Tenant]) -> Counter[str]:
    """How many events of each kind the tenants have."""
    found = Counter[str]()
    with record_stand.as_superuser() as database:
        for one in tenants:
            rows = database.execute(
                "SELECT action, count(*) FROM audit.event WHERE tenant_id = %s GROUP BY action",
                [one.staffed.system.tenant],
            )
            found.update({str(action): int(str(amount)) for action, amount in rows})
    return found


def tell(heard: Sequence[Heard], tenants: Sequence[Tenant], before: Counter[str]) -> bool:
    """Prints the figures; whether each bar holds."""
    begun = [one for one in heard if one.status == 200]
    refused = [one for one in heard if one.status == 429 and one.place is not None and one.retry]
    late = sum(one.told_s > TOLD_MOST_S for one in heard)
    finished = [sum(one.tenant == n and one.end == "answered" for one in begun) for n in range(len(tenants))]
    ids = {one.answer for one in begun}
    events = _settled(tenants, before, len(refused))
    told = [one.told_s for one in heard]
    otherwise = Counter(one.status for one in heard) - Counter({200: len(begun), 429: len(refused)})
    print(
        f"{len(heard)} questions at once: {len(begun)} begun, {len(refused)} refused with place and time, else {dict(otherwise)}"
    )
    print(
        f"  told after {statistics.median(told):.2f} s (p50), {max(told):.2f} at the most; {late} after {TOLD_MOST_S:.0f} s"
    )
    print(
        f"  finished, by tenant: {finished}; {len(begun) - len(ids)} twice; on the record: {dict(sorted(events.items()))}"
    )
    kept = (events["prompt.received"], events["answer.finished"], sum(finished), len(ids))
    is_whole = set(kept) == {len(begun)} and events["prompt.refused"] == len(refused) == len(heard) - len(begun)
    is_shared = min(finished) >= (1 - UNEQUAL_MOST) * max(finished) > 0
    return is_whole and is_shared and not late


def _settled(tenants: Sequence[Tenant], before: Counter[str], refused: int) -> Counter[str]:
    """Refusals go on the record a little later."""
    until = time.monotonic() + RECORDED_MOST_S
    while (found := recorded(tenants) - before)["prompt.refused"] < refused and time.monotonic() < until:
        time.sleep(1)
    names = ("prompt.received", "prompt.refused", "answer.finished")
    return Counter({name: found[name] for name in names})


def run(amount: int) -> bool:
    tenants = [streams_ground.tenant(f"crowd{number}", amount // 8, 40, 4) for number in range(2)]
    asked = [(number % 2, tenants[number % 2].readers[number // 2 % (amount // 8)]) for number in range(amount)]
    with record_stand.serving(
        "streams", "assistant.asgi:application", "assistant", 0, "bench.streams_model.Short"
    ) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        for number in (0, 1):  # imports and connections
            asyncio.run(ask_all((host, int(port)), asked[number : number + 1]))
        before, spent = recorded(tenants), processor.spent([record_stand.RUNNING["streams-web"]])
        heard = asyncio.run(ask_all((host, int(port)), asked))
        spent = processor.spent([record_stand.RUNNING["streams-web"]]) - spent
        print(f"the web process: {spent:.1f} s of processor until the last answer's end")
        return tell(heard, tenants, before)
