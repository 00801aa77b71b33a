"""A collection that was exported comes in again, here or elsewhere: every file is checked against the manifest first."""

from __future__ import annotations

import hashlib
import json
import uuid
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings

from governance.errors import ChanceryError, InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import catalog
from ingestion.documents import uploads
from ingestion.leaving import archive, export
from ingestion.models import Classification

# What a damaged or made-up archive comes to. zipfile says RuntimeError of an encrypted member.
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError, ValueError, TypeError)
ABOUT_MOST = 64 * 2**20  # bytes of a manifest, or of what is told of one document
DOCUMENTS_MOST = 100_000
NOT_ONE = phrase("This is no collection that was exported from Chancery, or it broke off on its way.")
CHANGED = phrase("“%(name)s” is not the file that was exported.")


@dataclass(frozen=True)
class Arrived:
    """`refused` are the names of documents that were not taken, each with why."""

    collection: uuid.UUID
    taken: int
    refused: tuple[tuple[str, str], ...]


def take(scope: Scope, file: IO[bytes], name: str = "") -> Arrived:
    """A new collection under its old name, or `name`, which the caller manages; nobody's rights come along.

    Nothing is made before every file was found to be the one that was exported. Raises InvalidInput, and what making a
    collection and uploading raise.
    """
    try:
        with zipfile.ZipFile(file) as opened:
            manifest = _manifest(opened)
            _check(opened, manifest)
            return _take(scope, opened, manifest, name)
    except _FAULTS as fault:
        raise InvalidInput(NOT_ONE) from fault


def _manifest(opened: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    told = json.loads(_read(opened, archive.MANIFEST))
    files: dict[str, dict[str, Any]] = told["files"]
    names = opened.namelist()
    if told["format"] != export.FORMAT or sorted(names) != sorted([*files, archive.MANIFEST]):
        raise InvalidInput(NOT_ONE)  # one too few, one too many, or one twice
    if len(names) > 3 * DOCUMENTS_MOST:
        raise InvalidInput(NOT_ONE)
    return files


def _check(opened: zipfile.ZipFile, files: dict[str, dict[str, Any]]) -> None:
    for name, said in files.items():
        digest, size, most = hashlib.sha256(), 0, int(said["size"])
        with opened.open(name) as source:
            while piece := source.read(export.PIECE):
                digest.update(piece)
                size += len(piece)
                if size > most:  # whatever it would unpack to
                    break
        if (size, digest.hexdigest()) != (most, said["sha256"]):
            raise InvalidInput(sentence(CHANGED, name=name[:200]))


def _take(scope: Scope, opened: zipfile.ZipFile, files: dict[str, dict[str, Any]], name: str) -> Arrived:
    about = json.loads(_read(opened, "collection.json"))
    label = about["classification"] if about["classification"] in Classification.values else Classification.RESTRICTED
    made = catalog.create(scope, name or str(about["name"]), str(about["description"]), label)
    taken, refused = 0, []
    for place in sorted(files):
        if not place.startswith("documents/"):
            continue
        told = json.loads(_read(opened, f"about/{place.removeprefix('documents/')}.json"))
        if told["within"]:  # it comes out of the document that it is in once more
            continue
        try:
            if files[place]["size"] > settings.UPLOAD_MAX_BYTES:
                raise InvalidInput(phrase("It is larger than what is taken here."))
            with opened.open(place) as source:
                uploads.upload(scope, made.pk, str(told["name"]), source)
            taken += 1
        except ChanceryError as fault:
            refused.append((str(told["name"]), fault.message))
    return Arrived(made.pk, taken, tuple(refused))


def _read(opened: zipfile.ZipFile, name: str) -> bytes:
    with opened.open(name) as source:
        content = source.read(ABOUT_MOST + 1)
    if len(content) > ABOUT_MOST:
        raise InvalidInput(NOT_ONE)
    return content
