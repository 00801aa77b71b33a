"""What a client meets in the same moment in which the queue or the engine moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.types import Message

from governance.errors import InvalidInput
from inference.worker import relay as relaying
from inference.worker.counted import Counted
from inference.worker.front import Front
from inference.worker.queue import FairQueue, Place
from inference.worker.relay import Manner, Relay


class Endless(httpx.AsyncByteStream):
    """An answer under way, which tells whether its line was closed."""

    is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"data: {}\n\n"
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.is_closed = True


@dataclass
class Meeting:
    """One slot that is taken, one client who waits for it, and another behind."""

    queue: FairQueue = field(default_factory=lambda: FairQueue(1, most=9, most_a_share=9))
    stream: Endless = field(default_factory=Endless)
    outcomes: list[str] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    has_answered: bool = False

    def __post_init__(self) -> None:
        self.running, self.waiting, self.behind = (self.queue.enter(share) for share in ("a", "b", "c"))
        self.gone, self.answers = asyncio.Event(), asyncio.Event()

    async def ask(self, place: Place) -> httpx.Response:
        await place.admitted.wait()
        await self.answers.wait()
        self.has_answered = True
        return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=self.stream)

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def relay(self, place: Place, within_s: float = 60, beat_s: float = 60) -> asyncio.Task[None]:
        self.manner = Manner(beat_s=beat_s)
        relay = Relay(Asked(self, place), self.outcomes.append, self.manner, is_stream=True, within_s=within_s)
        return asyncio.create_task(relay({"type": "http"}, self.receive, self.send))

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()


@dataclass
class Asked:
    meeting: Meeting
    place: Place

    def open(self) -> Awaitable[httpx.Response]:
        return self.meeting.ask(self.place)

    def standing(self) -> str:
        return f"waiting {self.meeting.queue.position(self.place)}"

    def counted(self) -> Counted:
        return Counted(None, 0, is_stream=True)

    def leave(self) -> None:
        self.meeting.queue.leave(self.place)


async def _settled() -> None:
    """Everything that can run without an event from outside has run."""
    for _ in range(20):
        await asyncio.sleep(0)


def _admit(meeting: Meeting) -> None:
    meeting.queue.leave(meeting.running)


def _hang_up(meeting: Meeting) -> None:
    meeting.gone.set()


@pytest.mark.parametrize("moves", [(_admit, _hang_up), (_hang_up, _admit)])
def test_who_hangs_up_as_it_is_admitted_hands_the_slot_on(moves: tuple[Callable[[Meeting], None], ...]) -> None:
    async def meet() -> None:
        meeting = Meeting()
        task = meeting.relay(meeting.waiting)
        await _settled()
        for move in moves:
            move(meeting)
        await task
        assert meeting.behind.admitted.is_set()
        assert (meeting.queue.running, meeting.queue.depth) == (1, 0)
        assert (meeting.outcomes, meeting.sent) == (["gone"], [])

    asyncio.run(meet())


def test_who_hangs_up_in_the_line_gives_the_place_up_without_the_engine_being_asked() -> None:
    async def meet() -> None:
        meeting = Meeting()
        meeting.answers.set()
        task = meeting.relay(meeting.waiting)
        await _settled()
        _hang_up(meeting)
        await task
        assert meeting.queue.position(meeting.behind) == 1
        assert (meeting.queue.depth, meeting.sent) == (1, [])

    asyncio.run(meet())


@pytest.mark.parametrize("ticks", range(12))
def test_whenever_the_client_hangs_up_the_line_to_the_engine_is_closed(ticks: int) -> None:
    """Once for each turn of the loop between the engine's answer and the client's first bytes of it."""

    async def meet() -> None:
        meeting = Meeting()
        task = meeting.relay(meeting.waiting)
        _admit(meeting)
        await _settled()
        meeting.answers.set()
        for _ in range(ticks):
            await asyncio.sleep(0)
        _hang_up(meeting)
        await task
        assert meeting.stream.is_closed == meeting.has_answered
        assert meeting.behind.admitted.is_set()

    asyncio.run(meet())


def test_the_place_is_given_up_also_where_the_line_to_the_engine_cannot_be_closed() -> None:
    class Broken(Endless):
        async def aclose(self) -> None:
            raise RuntimeError("The line was broken in a way that nobody foresaw.")

    async def meet() -> None:
        meeting = Meeting(stream=Broken())
        task = meeting.relay(meeting.waiting)
        _admit(meeting)
        meeting.answers.set()
        await _settled()
        _hang_up(meeting)
        with pytest.raises(RuntimeError, match="nobody foresaw"):
            await task
        assert meeting.behind.admitted.is_set()

    asyncio.run(meet())


def test_whoever_waits_is_told_that_the_worker_stops_and_whoever_was_admitted_is_answered() -> None:
    async def meet() -> None:
        for is_admitted in (False, True):
            meeting = Meeting()
            task = meeting.relay(meeting.waiting)
            if is_admitted:
                _admit(meeting)
            await _settled()
            meeting.manner.stopping.set()
            await _settled()
            meeting.answers.set()
            await _settled()
            assert task.done() is not is_admitted
            assert meeting.has_answered is is_admitted
            if is_admitted:
                _hang_up(meeting)
            else:
                assert meeting.sent[0]["status"] == 503
                assert "being stopped" in meeting.text
            await task
            assert meeting.outcomes == (["gone"] if is_admitted else ["late"])

    asyncio.run(meet())


def test_an_answer_is_waited_for_no_longer_than_its_deadline() -> None:
    async def meet() -> None:
        for beat_s, status in ((60.0, 429), (0.01, 200)):
            meeting = Meeting()
            await meeting.relay(meeting.waiting, within_s=0.05, beat_s=beat_s)
            assert meeting.sent[0]["status"] == status
            assert '"code": 429' in meeting.text
            assert ("waiting 1" in meeting.text) == (status == 200)
            assert (meeting.queue.depth, meeting.outcomes) == (1, ["late"])

    asyncio.run(meet())


def test_who_waits_is_told_so_long_before_the_first_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "FIRST_S", 0.01)

    async def meet() -> None:
        meeting = Meeting()
        task = meeting.relay(meeting.waiting)
        while not meeting.text:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert meeting.text == ": waiting 1\n\n"
        _hang_up(meeting)
        await task

    asyncio.run(meet())


@pytest.mark.parametrize(("beat_s", "status"), [(60.0, 400), (0.01, 200)])
def test_whatever_fault_keeps_it_from_the_engine_is_told_also_where_the_stream_has_begun(
    beat_s: float, status: int
) -> None:
    async def meet() -> None:
        class Faulty(Asked):
            async def open(self) -> httpx.Response:
                await meeting.answers.wait()
                raise InvalidInput("It is another file.")

        meeting = Meeting()
        relay = Relay(
            Faulty(meeting, meeting.waiting), meeting.outcomes.append, Manner(beat_s), is_stream=True, within_s=60
        )
        task = asyncio.create_task(relay({"type": "http"}, meeting.receive, meeting.send))
        while status == 200 and not meeting.sent:
            await asyncio.sleep(0)
        meeting.answers.set()
        await task
        assert meeting.sent[0]["status"] == status
        assert '"message": "It is another file.", "code": "invalid_input"' in meeting.text
        assert meeting.outcomes == ["failed"]
        assert meeting.queue.position(meeting.behind) == 1

    asyncio.run(meet())


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (httpx.ConnectError("the engine is loading"), "unavailable"),
        (httpx.ReadError("gone"), "broke_off"),
        (httpx.RemoteProtocolError("gone"), "broke_off"),
    ],
)
def test_an_engine_that_was_not_there_is_told_from_one_that_went_down_over_the_prompt(
    fault: httpx.HTTPError, code: str
) -> None:
    class Gone(Asked):
        async def open(self) -> httpx.Response:
            raise fault

    async def meet() -> None:
        meeting = Meeting()
        one = Gone(meeting, meeting.waiting)
        relay = Relay(one, meeting.outcomes.append, Manner(60), is_stream=True, within_s=60)
        await relay({"type": "http"}, meeting.receive, meeting.send)
        assert (meeting.sent[0]["status"], meeting.outcomes) == (503, ["failed"])
        assert f'"code": "{code}"' in meeting.text

    asyncio.run(meet())


def test_a_worker_whose_engine_is_away_says_so_at_every_door() -> None:
    async def knock() -> None:
        front = Front("key", {"id": "m"}, FairQueue(1, 1, 1))
        transport, headers = httpx.ASGITransport(front.app()), {"Authorization": "Bearer key"}
        async with httpx.AsyncClient(transport=transport, base_url="http://w", headers=headers) as client:
            answers = [await client.get(path) for path in ("/health", "/v1/models")]
            answers += [await client.post(path, json={}) for path in ("/v1/chat/completions", "/tokenize")]
            assert [answer.status_code for answer in answers] == [503] * 4
            assert {answer.headers["Retry-After"] for answer in answers[1:]} == {"5"}
            assert (await client.get("/metrics")).is_success
        await front.client.aclose()

    asyncio.run(knock())


def test_no_connection_to_the_engine_is_used_twice() -> None:
    """The engine closes one that it has left idle, and a request that is under way on it just then would be lost."""

    async def answers_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        opened.append(writer)
        await writer.drain()

    opened: list[asyncio.StreamWriter] = []

    async def ask_twice() -> None:
        front = Front("key", {"id": "m"}, FairQueue(1, 1, 1))
        server = await asyncio.start_server(answers_once, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/health"
        answers = [await front.client.get(address) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        await front.client.aclose()
        server.close()

    asyncio.run(ask_twice())
    assert len(opened) == 2
