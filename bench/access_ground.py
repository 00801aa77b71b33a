"""200,000 passages under access: made, embedded and loaded once, and kept in the bench's database.

Real texts of the machine's own documentation are cut and read by the default embedder (`REAL` of them). The others are
copies: a vector moved by noise to a cosine of about 0.9 with its original, and forty words of its text, of which every fifth
is another one of the corpus, drawn as often as it stands there. Half of the largest share stands around the questions
themselves, with their words in it.

Two tenants hold the same first 20,000 with the same ids. `crowded` has 180,000 more that their readers may not read.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import psycopg
from numpy.typing import NDArray

from bench import demo_database

if TYPE_CHECKING:
    from governance.scope import Scope

Rows = NDArray[np.float32]
REAL = 6_000
QUESTIONS = 60
LONG = 450  # characters of a passage
WORDS = 40  # of a copy's text: what is indexed by words
DIMENSIONS = 384
NOISE = 0.48  # of length 1: a cosine of 0.9
A_DOCUMENT = 20  # passages in one
FEW, SOME, MORE, MOST = 200, 1_800, 18_000, 180_000
SHELVES = 9  # that MOST stands in
SHARES = {"0.1 %": 1, "1 %": 2, "10 %": 3, "100 %": 3 + SHELVES}  # of collections, from the first on
SUFFIXES = {"", ".txt", ".md", ".html", ".pod"}
NAMESPACE = uuid.UUID("7d1f0d52-4d57-4c0e-9b5e-5f6f8a3b1c11")


@dataclass(frozen=True)
class Ground:
    """`readers` are people by the share that they may read; `shelves` stand in their order, which `Material.rows` counts by."""

    tenant: uuid.UUID
    readers: dict[str, Scope]
    shelves: list[uuid.UUID]


@dataclass(frozen=True)
class Material:
    """`asked` are the vectors of the questions, `vectors` those of the texts: of all the rows of `crowded`."""

    questions: list[str]
    asked: Rows
    texts: list[str]
    vectors: Rows

    def of(self, questions: int) -> Material:
        """With the first so many questions; the passages stay."""
        return replace(self, questions=self.questions[:questions], asked=self.asked[:questions])

    def rows(self, shelf: int) -> range:
        sizes = [FEW, SOME, MORE, *([MOST // SHELVES] * SHELVES)]
        return range(sum(sizes[:shelf]), sum(sizes[: shelf + 1]))


def chunk(number: int) -> uuid.UUID:
    """The same in both tenants: what a person finds can be compared by id."""
    return uuid.uuid5(NAMESPACE, str(number))


def material(home: Path) -> Material:
    """Drawn the same way each time; the embedder's part is kept in `home`."""
    real, questions = _texts()
    vectors = _embedded(home / "access-real.npy", real, "passage")
    asked = _embedded(home / "access-asked.npy", questions, "query")
    source, words = np.random.default_rng(7), random.Random(7)
    bag = " ".join(real).split()
    whole = FEW + SOME + MORE + MOST
    texts, rows = list[str](), np.empty((whole, vectors.shape[1]), dtype=np.float32)
    for number in range(whole):
        if number < len(real):
            texts.append(real[number])
            rows[number] = vectors[number]
        elif number >= FEW + SOME + MORE and number % 2:
            at = number // 2 % len(questions)
            texts.append(f"{_changed(real[number % len(real)], bag, words)} {questions[at]}")
            rows[number] = _moved(asked[at], source)
        else:
            texts.append(_changed(real[number % len(real)], bag, words))
            rows[number] = _moved(vectors[number % len(real)], source)
    return Material(questions, asked, texts, rows)


def drawn(home: Path) -> Material:
    """As `material`, of vectors alone and without a model: copies of those that it keeps in `home`, where they are, and else
    of what is drawn around 300 topics at cosines of about 0.6. No texts.
    """
    source, kept = np.random.default_rng(7), [home / "access-real.npy", home / "access-asked.npy"]
    real, asked = map(np.load, kept) if all(path.exists() for path in kept) else _originals(source)
    whole = FEW + SOME + MORE + MOST
    rows = np.empty((whole, real.shape[1]), dtype=np.float32)
    for number in range(whole):
        is_near = number >= FEW + SOME + MORE and number % 2
        rows[number] = _moved(asked[number // 2 % len(asked)] if is_near else real[number % len(real)], source)
    return Material([""] * len(asked), asked, [""] * whole, rows)


def _originals(source: np.random.Generator) -> tuple[Rows, Rows]:
    topics = source.normal(size=(300, DIMENSIONS)).astype(np.float32)
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    real = [_moved(topics[number % 300], source, 1.33) for number in range(REAL)]
    return np.stack(real), np.stack([_moved(topics[number], source, 1.33) for number in range(QUESTIONS)])


def _moved(vector: Rows, source: np.random.Generator, length: float = NOISE) -> Rows:
    noise = source.normal(size=vector.shape).astype(np.float32)
    moved = vector + length * noise / np.linalg.norm(noise)
    return np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)


def _changed(text: str, bag: Sequence[str], words: random.Random) -> str:
    return " ".join(words.choice(bag) if words.random() < 0.2 else word for word in text.split(" ")[:WORDS])


def _texts() -> tuple[list[str], list[str]]:
    """Passages in a mixed order, and sentences as questions, of other passages."""
    from assistant.demo import material as demo

    texts = [content.decode("utf-8", "replace") for _, content in demo.gathered_licences()]
    paths = [*Path("/usr/share/doc").glob("*/*"), *Path("/usr/share/perl").glob("*/pod/*.pod")]
    readable = [path for path in sorted(paths) if path.is_file() and path.suffix in SUFFIXES]
    texts += [path.read_text("utf-8", "replace") for path in readable if path.stat().st_size < 400_000]
    pieces = {" ".join(text[at : at + LONG].split()) for text in texts for at in range(0, len(text), LONG)}
    mixed = sorted((one for one in pieces if len(one) > LONG // 2), key=lambda one: sha256(one.encode()).digest())
    if len(mixed) < REAL + QUESTIONS:
        raise SystemExit(f"This machine holds {len(mixed)} passages of text; {REAL + QUESTIONS} are needed.")
    questions = [" ".join(one.split()[3:15]) for one in mixed[REAL : REAL + QUESTIONS]]
    return mixed[:REAL], questions


def _embedded(path: Path, texts: Sequence[str], kind: Literal["query", "passage"]) -> Rows:
    from inference import runners

    if path.exists() and len(kept := np.load(path)) == len(texts):
        return np.asarray(kept, dtype=np.float32)
    lots = [list(texts[start : start + 16]) for start in range(0, len(texts), 16)]
    parts = [runners.embedder().embed(lot, kind) for lot in lots]
    rows = np.concatenate(parts).astype(np.float32)
    np.save(path, rows)
    return rows


def tenant(slug: str, made: Material, shelves: int, superuser: str) -> Ground:
    """There already, or made and loaded: its first `shelves` collections with what stands in them."""
    from governance import people, tenants
    from governance.scope import Scope
    from ingestion import catalog

    found = tenants.find_for_login(slug)
    if found is None:
        found_id = tenants.create(slug, slug.title())
        _people(Scope.system(found_id), shelves)
        with psycopg.connect(superuser, dbname="chancery") as connection:
            _load(connection, found_id, made, _shelves(Scope.system(found_id)))
    else:
        found_id = found.id
        demo_database.recount(found_id)
    system = Scope.system(found_id)
    readers = {share: people.find_by_email(system, _email(share)) for share in SHARES}
    scopes = {share: people.scope_in(found_id, row.pk) for share, row in readers.items() if row is not None}
    assert len(catalog.listed(system)) == shelves, f"{slug} is half made: remove var/bench and begin anew"
    return Ground(found_id, scopes, _shelves(system))


def _email(share: str) -> str:
    return f"reader-{share.removesuffix(' %').replace('.', '-')}@access.example"


def _people(system: Scope, shelves: int) -> None:
    from governance import grants, people
    from governance.roles import Level, Role
    from ingestion import catalog

    admin = people.scope_in(
        system.tenant, people.create(system, "ada@access.example", "Ada", roles=[Role.TENANT_ADMIN])
    )
    made = [catalog.create(admin, f"Shelf {number:02}").pk for number in range(shelves)]
    for share, amount in SHARES.items():
        if amount <= shelves:
            person = people.create(system, _email(share), share)
            for shelf in made[:amount]:
                grants.give(admin, shelf, grants.Holder(person=person), Level.READ)


def _shelves(system: Scope) -> list[uuid.UUID]:
    from ingestion import catalog

    return [row.pk for row in catalog.listed(system)]


def _load(connection: psycopg.Connection[Any], tenant_id: uuid.UUID, made: Material, shelves: list[uuid.UUID]) -> None:
    """By COPY and past the triggers, for the sake of time: 200,000 passages are 8 million postings."""
    from pgvector.psycopg import register_vector

    register_vector(connection)
    connection.execute("SET session_replication_role = replica")
    is_worded = any(made.texts)
    for number, shelf in enumerate(shelves):
        rows = list(made.rows(number))
        documents = [rows[at : at + A_DOCUMENT] for at in range(0, len(rows), A_DOCUMENT)]
        ids = [(uuid.uuid5(tenant_id, f"d{one[0]}"), uuid.uuid5(tenant_id, f"v{one[0]}"), one) for one in documents]
        for table, columns, lines in (
            ("document", DOCUMENT, _documents(tenant_id, shelf, ids)),
            ("version", VERSION, _versions(tenant_id, shelf, ids)),
            ("chunk", CHUNK, _chunks(tenant_id, shelf, ids, made)),
            ("embedding", EMBEDDING, _vectors(tenant_id, shelf, ids, made)),
            ("posting", POSTING, _postings(tenant_id, shelf, ids, made) if is_worded else ()),
        ):
            way = " WITH (FORMAT BINARY)" if table == "embedding" else ""
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN{way}") as copy:
                if way:
                    copy.set_types(["uuid", "varchar", "uuid", "uuid", "uuid", "vector"])
                for line in lines:
                    copy.write_row(line)
        connection.commit()
        print(f"  shelf {number}: {len(rows)} passages loaded", flush=True)
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE document, version, chunk, embedding, posting")


DOCUMENT = "id, tenant_id, collection_id, name, created_at, current_id, latest_id, path"
VERSION = (
    "id, tenant_id, collection_id, document_id, number, media_type, size, sha256, path, status, stage, done, total, attempts,"
    " faults, is_bulk, error_code, error, remedy, timeline, title, flags, chunks, created_at"
)
CHUNK = (
    "id, tenant_id, collection_id, document_id, version_id, ordinal, text, context, heading_path, locator, content_hash"
)
EMBEDDING = "tenant_id, index_name, chunk_id, collection_id, version_id, vector"
POSTING = "tenant_id, term, chunk_id, collection_id, version_id, tf, length"
Ids = list[tuple[uuid.UUID, uuid.UUID, list[int]]]


def _documents(tenant_id: uuid.UUID, shelf: uuid.UUID, ids: Ids) -> Iterator[tuple[Any, ...]]:
    for document, version, rows in ids:
        yield document, tenant_id, shelf, f"text-{rows[0]:06}.txt", "now", version, version, ""


def _versions(tenant_id: uuid.UUID, shelf: uuid.UUID, ids: Ids) -> Iterator[tuple[Any, ...]]:
    for document, version, rows in ids:
        told = (1, "text/plain", 1, "0" * 64, "nowhere", "ready", "", 0, 0, 0, 0, False, "", "", "", "[]", "", "[]")
        yield version, tenant_id, shelf, document, *told, len(rows), "now"


def _chunks(tenant_id: uuid.UUID, shelf: uuid.UUID, ids: Ids, made: Material) -> Iterator[tuple[Any, ...]]:
    for document, version, rows in ids:
        for ordinal, row in enumerate(rows):
            text = made.texts[row]
            hashed = sha256(text.encode()).hexdigest()
            yield chunk(row), tenant_id, shelf, document, version, ordinal, text, text, "[]", "{}", hashed


def _vectors(tenant_id: uuid.UUID, shelf: uuid.UUID, ids: Ids, made: Material) -> Iterator[tuple[Any, ...]]:
    from inference import runners

    name = runners.embedder().name
    for _, version, rows in ids:
        for row in rows:
            yield tenant_id, name, chunk(row), shelf, version, made.vectors[row]


def _postings(tenant_id: uuid.UUID, shelf: uuid.UUID, ids: Ids, made: Material) -> Iterator[tuple[Any, ...]]:
    """Of the plain terms; a word is read once, since the same few stand in all the copies."""
    from ingestion.search import analysis, postings

    known: dict[str, list[str]] = {}
    for _, version, rows in ids:
        for row in rows:
            number, held = chunk(row), Counter[str]()
            for word in made.texts[row].split(" "):
                if word not in known:
                    known[word] = [term[:80] for term in analysis.counted(word, "en")]
                held.update(known[word])
            length = min(held.total(), 32_767)
            yield tenant_id, postings.EVERY, number, shelf, version, analysis.VERSION, length
            for term, often in held.items():
                yield tenant_id, term, number, shelf, version, often, length
