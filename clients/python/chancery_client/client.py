"""The client: the calls of the API, and those that are more than JSON in and JSON out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import httpx

from chancery_client.errors import ChanceryError, NotFound, Unavailable
from chancery_client.operations import Operations
from chancery_client.shapes import Bulk, CaseFile, File, Uploaded
from chancery_client.transport import Id, broken, filled, named_once, pause, refusal, wait_s

FILES_MOST = 50  # in a request of many
BYTES_MOST = 100 * 2**20
ENDED = {"ready", "failed", "rejected", "quarantined"}


@dataclass(frozen=True)
class Event:
    """Of an answer on its way. `name` is `status`, `segment` (a sentence, in `data["text"]`), `citation` or `done`."""

    name: str
    data: dict[str, Any]
    number: int = 0


class Chancery(Operations):
    """`Chancery("https://chancery.example", "chy_…")`; as a context manager it closes its connections."""

    def stream(
        self,
        question: str,
        *,
        collections: Sequence[Id] | None = None,
        conversation: Id | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> Iterator[Event]:
        """The answer while it is written. A connection that breaks off is taken up again where it was; nothing comes twice.

        Leaving the loop does not stop the answer: `cancel_answer` does, with the `id` of the first event's data.
        """
        sent = {"question": question, "collections": collections, "conversation": conversation, "reason": reason}
        body = filled(sent | {"stream": True})
        headers = named_once({"Idempotency-Key": idempotency_key})
        told: set[tuple[Any, ...]] = set()
        for left in range(self.tries - 1, -1, -1):
            try:
                for event in self._unheard(body, headers, told):
                    yield event
                    if event.name == "done":
                        return
                failed: ChanceryError = Unavailable("The answer's stream ended before the answer had.")
                wait = pause(self.tries - left)
            except httpx.TransportError as fault:
                failed, wait = broken(fault), pause(self.tries - left)
            except _Later as fault:
                failed, wait = fault.failed, fault.wait
            if not left:
                raise failed
            time.sleep(wait)

    def _unheard(self, body: dict[str, Any], headers: dict[str, str], told: set[tuple[Any, ...]]) -> Iterator[Event]:
        """The same request again is the same answer from its beginning: what was `told` before is passed over."""
        for event in self._events(body, headers):
            heard = (event.name, event.number, event.data.get("marker"), event.data.get("quote"))
            if event.name not in {"segment", "citation"} or heard not in told:
                told.add(heard)
                yield event

    def _events(self, body: dict[str, Any], headers: dict[str, str]) -> Iterator[Event]:
        with self.http.stream("POST", "/api/v1/answers", json=body, headers=headers) as response:
            if response.is_error:
                failed = refusal(response)
                wait = wait_s(response, 1)
                if wait is None:
                    raise failed
                raise _Later(failed, wait)
            yield from _parsed(response.iter_lines())

    def collection_ids(self, named: Sequence[str]) -> list[str]:
        """Of collections as people name them: by name or by id. Raises NotFound for one that this key may not see."""
        if not named:
            return []
        rows = list(every(self.list_collections, "collections"))
        known = {row["name"]: row["id"] for row in rows} | {row["id"]: row["id"] for row in rows}
        if missing := [one for one in named if one not in known]:
            raise NotFound(
                f"There is no collection {missing[0]!r} that this key may see.", status=404, code="not_found"
            )
        return [known[one] for one in named]

    def upload_document(
        self,
        collection: Id,
        file: str | Path | IO[bytes],
        *,
        name: str | None = None,
        path: str | None = None,
        idempotency_key: str | None = None,
    ) -> Uploaded:
        """A file by its path, or one that is open for reading bytes. `path` names it with the folders that it stands in."""
        if isinstance(file, str | Path):
            with Path(file).open("rb") as opened:
                return self.upload_document(
                    collection, opened, name=name or Path(file).name, path=path, idempotency_key=idempotency_key
                )
        called = name or Path(str(getattr(file, "name", "document"))).name
        told = self.call(
            "POST",
            f"/api/v1/collections/{collection}/documents",
            files={"file": (called, file)},
            data={"path": path} if path else None,
            headers={"Idempotency-Key": idempotency_key},
        )
        return cast("Uploaded", told)

    def upload_documents(
        self,
        collection: Id,
        files: Iterable[str | Path | tuple[str, str | Path]],
        *,
        idempotency_key: str | None = None,
    ) -> Iterator[File]:
        """Many files, some to a request: what became of each, in their order. A file is a path, or `(name, path)`, where the
        name is kept with its folders. One that is refused keeps none of the others back.
        """
        for number, batch in enumerate(_batches(files)):
            key = f"{idempotency_key}.{number}" if idempotency_key else None
            with ExitStack() as opened:
                sent = [
                    ("file", (Path(place).name, opened.enter_context(Path(place).open("rb")))) for _, place in batch
                ]
                named = [name or Path(place).name for name, place in batch]
                told = self.call(
                    "POST",
                    f"/api/v1/collections/{collection}/documents/bulk",
                    files=sent,
                    data={"path": named} if any(name for name, _ in batch) else None,
                    headers={"Idempotency-Key": key},
                )
            yield from cast("Bulk", told)["files"]

    def wait_until_read(self, document: Id, *, timeout: float = 600.0, every: float = 1.0) -> CaseFile:
        """The document once it is ready, or has failed. Raises Unavailable where that takes longer than `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            found = self.get_document(document)
            if found["status"] in ENDED:
                return found
            if time.monotonic() >= until:
                raise Unavailable(f"{found['name']} is still {found['status']} after {timeout:g} seconds.")
            time.sleep(every)

    def download(self, document: Id, to: IO[bytes]) -> None:
        """The file as it was uploaded last."""
        with self.http.stream("GET", f"/api/v1/documents/{document}/file") as response:
            if response.is_error:
                raise refusal(response)
            for chunk in response.iter_bytes():
                to.write(chunk)


def every(listed: Callable[..., Any], name: str, *given: Any, **more: Any) -> Iterator[Any]:
    """All rows of a list that is read in parts: `every(chancery.list_documents, "documents", collection)`."""
    cursor: str | None = None
    while True:
        part = listed(*given, **more, cursor=cursor)
        yield from part[name]
        cursor = part["next"]
        if not cursor:
            return


def _batches(
    files: Iterable[str | Path | tuple[str, str | Path]],
) -> Iterator[list[tuple[str, str | Path]]]:
    """As many as a request takes: by their number, and by their bytes."""
    batch: list[tuple[str, str | Path]] = []
    size = 0
    for one in files:
        name, place = one if isinstance(one, tuple) else ("", one)
        size += (grows := Path(place).stat().st_size)
        if batch and (len(batch) >= FILES_MOST or size > BYTES_MOST):
            yield batch
            batch, size = [], grows
        batch.append((name, place))
    if batch:
        yield batch


class _Later(Exception):
    def __init__(self, failed: ChanceryError, wait: float) -> None:
        self.failed, self.wait = failed, wait


def _parsed(lines: Iterator[str]) -> Iterator[Event]:
    number, name, data = 0, "", ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "id":
            number = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            data = value
        elif not line and name:
            yield Event(name, json.loads(data), number)
            name = ""
