"""The LlamaIndex package by the real library. It is imported in a program of its own: it brings much, and takes long."""

from __future__ import annotations

import json
import uuid

from tests.assistant import asking
from tests.cast import House
from tests.clients.places import run_python, samples

PROGRAM = """
import json, os
import chancery_client
from chancery_llama_index import ChanceryRetriever

where = (os.environ["CHANCERY_URL"], os.environ["CHANCERY_KEY"])
told = {}
(found,) = ChanceryRetriever(*where, collections=["Handbook"], limit=3).retrieve("days abroad")
told["text"], told["id"], told["score"] = found.node.get_content(), found.node.node_id, found.score
told["metadata"] = sorted(found.node.metadata)
try:
    ChanceryRetriever(*where, collections=["Nothing of theirs"]).retrieve("days abroad")
except chancery_client.NotFound as fault:
    told["fault"] = fault.code
try:
    ChanceryRetriever(where[0], "chy_wrong").retrieve("days abroad")
except chancery_client.NotSignedIn as fault:
    told["nobody"] = fault.status
told["charlie"] = len(ChanceryRetriever(where[0], os.environ["CHARLIES_KEY"]).retrieve("days abroad"))
print(json.dumps(told))
"""


def test_what_the_page_shows_and_what_may_not_be_read(site: str, house: House, shelf: uuid.UUID) -> None:
    (sample,) = samples("llama-index", "python")
    key = house.key("charlie", "search")
    told = run_python(
        sample + PROGRAM.replace('os.environ["CHARLIES_KEY"]', repr(key)), site, house.key("bob", "search")
    )
    shown, last = told.rstrip().rsplit("\n", 1)
    assert asking.RULE in shown
    found = json.loads(last)
    assert found["text"] in shown
    assert found["score"] > 0
    assert uuid.UUID(found["id"])
    assert found["metadata"] == ["authority", "chunk_id", "document_id", "document_name", "label", "locator"]
    assert (found["fault"], found["nobody"], found["charlie"]) == ("not_found", 401, 0)
