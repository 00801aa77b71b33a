"""Faults in JSON-RPC's shape. What went wrong with a tool is the tool's result, so that the model that called it reads why."""

from __future__ import annotations

from governance.errors import ChanceryError, InvalidInput, NotFound

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
NOT_FOUND = -32002  # the protocol's own for a resource that is not there
REFUSED = -32000  # the first of those that JSON-RPC leaves to servers


class NoSuchMethod(InvalidInput):
    code = "unknown_method"


class BadRequest(InvalidInput):
    """No message of the protocol, or one under headers that it does not allow."""

    code = "bad_request"


class ForeignOrigin(ChanceryError):
    """A page of another site asks through somebody's browser."""

    code = "foreign_origin"
    status = 403


# The first that fits.
NUMBERS: tuple[tuple[type[ChanceryError], int], ...] = (
    (NoSuchMethod, METHOD_NOT_FOUND),
    (BadRequest, INVALID_REQUEST),
    (InvalidInput, INVALID_PARAMS),
    (NotFound, NOT_FOUND),
)


def body(fault: ChanceryError, request_id: str, answers: str | int | None = None) -> dict[str, object]:
    """`answers` is the id of the message, where one could be read."""
    number = next((number for kind, number in NUMBERS if isinstance(fault, kind)), REFUSED)
    if fault.code == "invalid_json":
        number = PARSE_ERROR
    error = {"code": number, "message": fault.message, "data": told(fault) | {"request_id": request_id}}
    return {"jsonrpc": "2.0", "id": answers, "error": error}


def told(fault: ChanceryError) -> dict[str, object]:
    """By what a program tells one fault from another, as everywhere else."""
    return {"code": fault.code, "status": fault.status} | fault.details()
