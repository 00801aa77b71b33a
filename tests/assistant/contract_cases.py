"""What is sent to the API against its file, and which of its lists come with the one thing that they are of."""

from __future__ import annotations

VERBS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
ROOMS = {"/api/v1/audit/": "olga", "/api/v1/policy/verdicts": "olga"}  # whose they are; the others are Ada's
HUGE = "9" * 400
# Each for a kind of fault that a server falls over: bytes that are no text, depths, numbers without bounds, NUL, half a
# surrogate pair, a key twice, another kind of value, and what is no object at all.
BODIES: dict[str, bytes] = {
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "no JSON": b'{"name": ',
    "nested": b"[" * 50_000,
    "nested in a field": b'{"name": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
    "a list": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "a key twice": b'{"name": "a", "name": "b"}',
    "not a number": b'{"value": NaN, "limit": Infinity}',
    "nothing": b"",
}
# Lists that come with one thing. The address of a thing ends with its id; of these it does not.
OF_ONE = {
    f"/api/v1/{path}"
    for path in (
        "access/explain", "collections/{collection}/offer",
        "answers/{answer}/suggestions", "answers/{answer}/compare", "me", "me/data", "prices", "audit/checkpoint",
        "audit/consistency", "collections/{collection}/sources/{source}/drift", "policy/versions/{number}/changes",
        "policy/replays/{replay}/report", "collections/{collection}/certificate", "audit/events/{event}/proof",
        "labels", "documents/{document}/readers",
    )
}  # fmt: skip
BESIDE = {"offered", "choices", "waiting"}  # of what the rows may be made, and what waits for an answer now
RECORD = ("/api/v1/audit/events", "/api/v1/policy/verdicts")
VALUES = ("a\x00b", "\ud800", 10**400, [{"a": [None]}])
