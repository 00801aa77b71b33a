"""What `verify.py` of an evidence bundle does. It is copied there behind `tree/verifier.py`, so it imports nothing else."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from governance.audit.tree.verifier import (
    Checkpoint,
    NotProvenError,
    Verifier,
    check_consistency,
    leaf_hash,
    root_by_inclusion,
)

MANIFEST, EVENTS, PROOFS, EXPORT = "manifest.json", "events.jsonl", "proofs.jsonl", "export.json"
HEAD, HEAD_BEFORE, CONSISTENCY, KEYS = "checkpoint.txt", "checkpoint-before.txt", "consistency.json", "keys.txt"
SCRIPT, README = "verify.py", "README.txt"
NAMES = frozenset({EVENTS, PROOFS, EXPORT, HEAD, HEAD_BEFORE, CONSISTENCY, KEYS, SCRIPT, README})
# What a line may say: anything else in it would be shown by nothing, and read by somebody.
OF_EVENT = frozenset({"index", "id", "leaf_data", "words", "payload", "is_erased"})
OF_PROOF = frozenset({"leaf_index", "tree_size", "leaf_hash", "path"})
SALT = 32  # bytes before the words, so that nobody can try out what they were


class Bundle:
    """The files in `folder`. Every method raises NotProvenError, or one of the ways in which a file cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = self.json(MANIFEST)
        self.head = Checkpoint.parse(self.text(HEAD))
        self.keys = [Verifier.parse(line) for line in self.text(KEYS).splitlines() if line.strip()]
        self.proofs = {_place(one, "leaf_index", OF_PROOF): one for one in self.lines(PROOFS)}

    def read(self, name: str) -> bytes:
        """A link, a pipe or a device may stand where the file should, and lead elsewhere or never end."""
        path = self.folder / name
        if path.is_symlink() or not path.is_file():
            raise NotProvenError(f"{name} is not here, or is no file")
        return path.read_bytes()

    def text(self, name: str) -> str:
        return self.read(name).decode("utf-8")

    def json(self, name: str) -> Any:
        return _parsed(self.text(name))

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        return (_parsed(line) for line in self.text(name).splitlines())

    def check_files(self) -> str:
        files: dict[str, str] = self.manifest["files"]
        for name, said in files.items():
            if name not in NAMES:
                raise NotProvenError(f"the manifest names {name!r}, which no bundle has")
            if hashlib.sha256(self.read(name)).hexdigest() != said:
                raise NotProvenError(f"{name} is not the file that was handed out")
        absent = {EVENTS, PROOFS, EXPORT, HEAD, KEYS, SCRIPT} - set(files)
        absent |= {name for name in (HEAD_BEFORE, CONSISTENCY, README) if (self.folder / name).exists()} - set(files)
        if absent:
            raise NotProvenError(f"the manifest does not name {', '.join(sorted(absent))}")
        strange = sorted(one.name for one in self.folder.iterdir() if one.name not in NAMES | {MANIFEST})
        beside = f"; beside them lie {', '.join(strange)}, which are no part of the bundle" if strange else ""
        return f"all {len(files)} files are those that the manifest names{beside}"

    def check_head(self, trusted: Sequence[Verifier]) -> str:
        """By the keys that came along, and by those that the reader has from elsewhere."""
        if self.head.origin != self.manifest["origin"] or not self.keys:
            raise NotProvenError(f"the head is of another log, {self.head.origin}")
        for key in self.keys:
            self.head.require(key)
        for key in trusted:  # the sealer's own key bears the name that its logs' names begin with
            is_of_logs = self.head.origin.startswith(f"{key.name}/")
            self.head.require(replace(key, name=self.head.origin) if is_of_logs else key)
        return f"the head over {self.head.size} leaves is signed by {' and '.join(key.name for key in self.keys)}"

    def leaf(self, line: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """The event's bytes, once they are shown to stand under the head, and what they say."""
        data, index = base64.b64decode(line["leaf_data"], validate=True), _place(line, "index", OF_EVENT)
        proof = self.proofs.get(index)
        if proof is None or proof["tree_size"] != self.head.size:
            raise NotProvenError(f"for index {index} there is no proof that leads to the head")
        path = [base64.b64decode(one, validate=True) for one in proof["path"]]
        leaf = leaf_hash(data)
        if base64.b64decode(proof["leaf_hash"], validate=True) != leaf:
            raise NotProvenError(f"the event at index {index} is not the one that the proof is of")
        if root_by_inclusion(leaf, index, self.head.size, path) != self.head.root:
            raise NotProvenError(f"the event at index {index} is not the one that was sealed there")
        told: dict[str, Any] = json.loads(data)
        if told["id"] != line["id"]:
            raise NotProvenError(f"the event at index {index} has another id")
        if not self.head.origin.endswith(f"/{told['tenant']}"):
            raise NotProvenError(f"the event at index {index} is of another organisation")
        return data, told

    def check_events(self) -> str:
        """Each event, and that they are those of the export: none left out, none put in."""
        hashes, opened, shut, last = [], 0, 0, -1
        for line in self.lines(EVENTS):
            data, told = self.leaf(line)
            if line["index"] <= last:
                raise NotProvenError(f"the event at index {line['index']} is out of its order")
            last = line["index"]
            hashes.append(leaf_hash(data))
            if line.get("words") is not None or line.get("payload") is not None:
                _check_words(line, told)
                opened += 1
            elif told.get("payload") is not None:
                shut += 1
        export = self.leaf(self.json(EXPORT))[1]
        if len(self.proofs) != len(hashes) + 1:
            raise NotProvenError("there are proofs of events that are not here")
        if selection(hashes) != export["facts"]["selection"] or len(hashes) != export["facts"]["events"]:
            raise NotProvenError("these are not the events that were exported: some were left out or put in")
        words = f", {opened} of them with their words" if opened else ""
        # Where words were opened, those that are not here were erased or let go, or somebody took them out.
        without = f"; {shut} had words that are not here" if shut and export["facts"].get("is_open") else ""
        return f"all {len(hashes)} events stand under the head as they were sealed{words}; none is left out{without}"

    def check_manifest(self) -> str:
        """It says nothing of its own: what was asked, by whom and when stands in the export's own event."""
        told = self.leaf(self.json(EXPORT))[1]
        said = {name: value for name, value in self.manifest.items() if name != "files"}
        if told["action"] != "record.exported" or said != summary(told, self.head, [key.text for key in self.keys]):
            raise NotProvenError("the manifest says another thing than the record does of this export")
        return f"exported by {said['by']} at {said['at']}, as the record itself says"

    def check_consistency(self, kept: Checkpoint | None) -> str:
        """From the head that came along, and from the one that the reader kept."""
        asked = self.leaf(self.json(EXPORT))[1]["facts"]["before"]
        if not (self.folder / CONSISTENCY).exists():
            if asked:
                raise NotProvenError(f"it was to lead on from a head over {asked} leaves, and the proof is not here")
            if kept is None:
                return "no earlier head came along"
            return self._same(kept)
        proof, before = self.json(CONSISTENCY), Checkpoint.parse(self.text(HEAD_BEFORE))
        if before.size != asked:
            raise NotProvenError(
                f"it was to lead on from a head over {asked} leaves, and is from one over {before.size}"
            )
        for one in filter(None, (before, kept)):
            if one is kept and one.size == self.head.size:
                self._same(one)
                continue
            if one.origin != self.head.origin or (proof["old_size"], proof["new_size"]) != (one.size, self.head.size):
                raise NotProvenError(
                    f"there is no proof from your head over {one.size} leaves: ask for a bundle from it"
                )
            path = [base64.b64decode(part, validate=True) for part in proof["consistency"]]
            check_consistency(one.size, self.head.size, one.root, self.head.root, path)
        before.require(self.keys[0])
        return f"the head leads on from the one over {before.size} leaves: nothing that was there before was changed"

    def _same(self, kept: Checkpoint) -> str:
        if (kept.origin, kept.size, kept.root) != (self.head.origin, self.head.size, self.head.root):
            raise NotProvenError(f"there is no proof from your head over {kept.size} leaves: ask for a bundle from it")
        return "the head is the one that you kept"


def selection(hashes: Sequence[bytes]) -> str:
    """Names a set of events by their leaves' hashes, in whatever order."""
    return hashlib.sha256(b"".join(sorted(hashes))).hexdigest()


def summary(export: dict[str, Any], head: Checkpoint, keys: Sequence[str]) -> dict[str, Any]:
    """The manifest, but for the files: `export` is the leaf of the export's own event."""
    return {
        "format": "chancery evidence bundle 1",
        "origin": head.origin,
        "tree_size": head.size,
        "export": export["id"],
        "by": export["actor"]["id"],
        "at": export["accepted"]["at"],
        "asked": export["facts"],
        "keys": list(keys),
    }


def run(folder: Path, kept: Checkpoint | None, trusted: Sequence[Verifier]) -> bool:
    """Say what holds and what does not, a line each."""
    broken = (
        NotProvenError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError,
    )  # fmt: skip
    try:
        bundle = Bundle(folder)
    except broken as fault:
        print(f"WRONG: the bundle cannot be read: {_said(fault)}")
        return False
    is_sound = True
    for check in (
        bundle.check_files,
        lambda: bundle.check_head(trusted),
        bundle.check_events,
        bundle.check_manifest,
        lambda: bundle.check_consistency(kept),
    ):
        try:
            print(f"ok: {_shown(check())}")
        except broken as fault:
            is_sound = False
            print(f"WRONG: {_said(fault)}")
    if is_sound and not trusted:
        print("Compare the keys with those that you know from elsewhere, or name them with --key:")
        for key in bundle.keys:
            print(f"  {_shown(key.text)}")
    print("The bundle holds." if is_sound else "The bundle does NOT hold.")
    return is_sound


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Check the evidence bundle in this folder, without any network.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--head", type=Path, help="a head that you kept: is it the past of this one?")
    parser.add_argument("--key", action="append", default=[], help="a public key that you know, or a file with one")
    chosen = parser.parse_args(arguments)
    try:
        kept = Checkpoint.parse(chosen.head.read_text(encoding="utf-8")) if chosen.head else None
        trusted = [Verifier.parse(_key(one)) for one in chosen.key]
    except (OSError, ValueError) as fault:
        print(f"WRONG: {fault}")
        return 1
    return 0 if run(chosen.folder, kept, trusted) else 1


def _key(given: str) -> str:
    return Path(given).read_text(encoding="ascii") if "+" not in given else given


def _check_words(line: dict[str, Any], told: dict[str, Any]) -> None:
    words = base64.b64decode(line["words"], validate=True)
    shown, committed = (json.dumps(one, sort_keys=True) for one in (line["payload"], json.loads(words[SALT:])))
    if hashlib.sha256(words).hexdigest() != told["payload"]["commitment"] or shown != committed:
        raise NotProvenError(f"the words at index {line['index']} are not those that the event commits to")


def _place(line: dict[str, Any], name: str, known: frozenset[str]) -> int:
    if not set(line) <= known or type(line[name]) is not int:
        raise NotProvenError(f"a line says more than {', '.join(sorted(known))}, or gives no place")
    return int(line[name])


def _parsed(text: str) -> Any:
    """JSON of which every reader makes the same: where a name stands twice, one reads the first and another the last."""
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotProvenError("a name stands twice in one object")
    return found


def _said(fault: Exception) -> str:
    return _shown(str(fault) if isinstance(fault, NotProvenError) else f"{type(fault).__name__}: {fault}")


def _shown(text: str) -> str:
    """What comes out of a bundle may hold what a terminal obeys, which could write over what is said here."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
