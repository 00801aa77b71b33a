"""The command `chancery`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from chancery_client import Busy, Chancery, ChanceryError, Forbidden, NotFound, NotSignedIn, Unavailable, every

from chancery_cli import credentials, printing
from chancery_cli.printing import complain, say

DONE, FAILED, WRONG, NO_ANSWER, NOT_ALLOWED, LATER, STOPPED = 0, 1, 2, 3, 4, 5, 130


class UnknownCollectionError(Exception):
    pass


def main(given: Sequence[str] | None = None) -> NoReturn:
    sys.exit(run(given))


def run(given: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(given)
    try:
        address, key = credentials.found()
        with Chancery(address, key) as chancery:
            done: int = asked.do(chancery, asked)
            return done
    except KeyboardInterrupt:
        return STOPPED
    except ChanceryError as fault:
        complain(fault.message)
        return _code(fault)
    except (credentials.CredentialsError, UnknownCollectionError, OSError) as fault:
        complain(str(fault))
        return FAILED


def _code(fault: ChanceryError) -> int:
    if isinstance(fault, NotSignedIn | Forbidden):
        return NOT_ALLOWED
    return LATER if isinstance(fault, Busy | Unavailable) else FAILED


def ask(chancery: Chancery, asked: argparse.Namespace) -> int:
    chosen, answer = _collections(chancery, asked.collection), ""
    try:
        for event in chancery.stream(asked.question, collections=chosen, reason=asked.reason):
            answer = event.data.get("id", answer)
            if event.name == "segment" and not asked.json:
                marks = "".join(f" [{one['marker']}]" for one in event.data["citations"])
                text = event.data["text"]
                words = text.rstrip()
                say(f"{words}{marks}{text[len(words) :]}", end="")
    except KeyboardInterrupt:
        if answer:
            chancery.cancel_answer(answer)
        complain("\nStopped.")
        return STOPPED
    told = chancery.get_answer(answer)
    if asked.json:
        printing.as_json(told)
    else:
        say("" if told["text"] else told["notice"])
        printing.sources(told["citations"])
        if label := told.get("label"):
            say(f"Label: {label['name']}")
        if told["text"] and told["notice"]:
            complain(told["notice"])
    return DONE if told["status"] == "answered" else NO_ANSWER if told["status"] in {"refused", "blocked"} else FAILED


def search(chancery: Chancery, asked: argparse.Namespace) -> int:
    found = chancery.search(asked.query, collections=_collections(chancery, asked.collection), limit=asked.limit)
    if asked.json:
        printing.as_json(found)
        return DONE
    for number, one in enumerate(found["passages"], 1):
        say(f"{number}. {printing.named(one)}\n{one['text']}\n")
    if not found["passages"]:
        complain("Nothing was found that you may read.")
    return DONE if found["passages"] else NO_ANSWER


def upload(chancery: Chancery, asked: argparse.Namespace) -> int:
    (collection,) = _collections(chancery, [asked.into])
    told: list[Any] = []
    for sent in _brought(chancery, collection, asked.file):
        is_there = asked.wait and "id" in sent
        told.append(chancery.wait_until_read(sent["id"]) if is_there else sent)
        if not asked.json:
            error = told[-1]["error"]
            place = told[-1].get("id", "-")
            say(f"{place}  {told[-1]['status']}  {told[-1]['name']}" + (f": {error['message']}" if error else ""))
    if asked.json:
        printing.as_json(told)
    return FAILED if any(one["error"] for one in told) else DONE


def _brought(chancery: Chancery, collection: str, files: Sequence[str]) -> Iterator[Any]:
    """One by itself, so that what is wrong with it ends the command as ever; of many each as it came, refused or not."""
    if len(files) == 1:
        yield chancery.upload_document(collection, files[0])
        return
    for one in chancery.upload_documents(collection, files):
        yield one["document"] or {"name": one["name"], "status": "refused", "error": one["error"]}


def status(chancery: Chancery, asked: argparse.Namespace) -> int:
    if asked.document:
        found = chancery.get_document(asked.document)
        if asked.json:
            printing.as_json(found)
        else:
            say(f"{found['status']}  {found['name']}" + (f": {found['error']['message']}" if found["error"] else ""))
        return FAILED if found["error"] else DONE
    me, collections = chancery.me(), list(every(chancery.list_collections, "collections"))
    if asked.json:
        printing.as_json({"me": me, "collections": collections})
        return DONE
    say(f"{me['name']} of {me['tenant']['name']}; the key is good for: {', '.join(me['scopes'] or ['everything'])}")
    for one in collections:
        say(f"{one['id']}  {one['name']}")
    return DONE


def _collections(chancery: Chancery, named: Sequence[str]) -> list[str]:
    """By name or by id."""
    try:
        return chancery.collection_ids(named)
    except NotFound as fault:
        raise UnknownCollectionError(f"{fault.message} `chancery status` lists them.") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chancery", description="Cited answers from your organisation's own documents.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, do: Any, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.add_argument("--json", action="store_true", help="what the API gives")
        made.set_defaults(do=do)
        return made

    asks = command("ask", ask, "Ask a question; sentences come as they are written.")
    asks.add_argument("question")
    asks.add_argument("--reason", help="why it is asked, where a rule of the policy wants to know")
    finds = command("search", search, "Find passages that you may read.")
    finds.add_argument("query")
    finds.add_argument("--limit", type=int, default=5)
    for each in (asks, finds):
        each.add_argument("--collection", "-c", action="append", default=[], help="only this one, by name or id")
    brings = command("upload", upload, "Bring files into a collection.")
    brings.add_argument("into", metavar="collection")
    brings.add_argument("file", nargs="+")
    brings.add_argument("--wait", action="store_true", help="until each has been read")
    shows = command("status", status, "Who you are here and what you may see; or where a document stands.")
    shows.add_argument("document", nargs="?")
    return parser


if __name__ == "__main__":
    main()
