"""What holds for every operation, written into the OpenAPI file once: its faults in their one shape, and its headers."""

from __future__ import annotations

from typing import Any

from assistant.api import contract, deprecated

VERBS = frozenset({"get", "post", "put", "patch", "delete"})
FAULT = "ErrorOut"
TEXT = {"type": "string"}
NUMBER = {"type": "integer", "minimum": 0}
HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-ID": ("The request's number: in the log, in an error, on the record.", TEXT),
    "RateLimit-Limit": ("Requests a minute, of the key where it has a pace, else of its person.", NUMBER),
    "RateLimit-Remaining": ("How many of them pass at once from here on.", NUMBER),
    "RateLimit-Reset": ("In how many seconds all of them do.", NUMBER),
    "RateLimit-Policy": ("The limit, and over how many seconds: `3000;w=60`.", TEXT),
}
LATER = {"Retry-After": ("In how many seconds it is worth trying again.", {"type": "integer", "minimum": 1})}
# By status: what it means.
FAULTS = {str(code): contract.FAULTS[code] for code in (400, 401, 403, 404, 429)}
FAULTS["default"] = "Any other fault, in the same shape."


def everywhere(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular's, after all operations have been described."""
    parts = result["components"]
    parts["headers"] = {name: _header(*told) for name, told in (HEADERS | LATER).items()}
    parts["responses"] = {_name(code): _fault(code) for code in FAULTS}
    deprecated.mark(result["paths"], parts["schemas"])
    for path, verbs in result["paths"].items():
        for verb in VERBS & verbs.keys():
            _complete(path, verbs[verb])
    return result


def _complete(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for told in responses.values():
        told.setdefault("headers", {}).update(_refs(HEADERS))
    wanted = {"401", "403", "429", "default"} | ({"404"} if "{" in path else set())
    if "requestBody" in operation or any(one["in"] == "query" for one in operation.get("parameters", ())):
        wanted.add("400")
    for code in sorted(wanted - responses.keys()):
        responses[code] = {"$ref": f"#/components/responses/{_name(code)}"}
    if "429" in responses and "$ref" not in responses["429"]:
        responses["429"]["headers"].update(_refs(LATER))


def _fault(code: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{FAULT}"}}}
    headers = _refs(HEADERS | (LATER if code == "429" else {}))
    return {"description": FAULTS[code], "headers": headers, "content": content}


def _name(code: str) -> str:
    return "Fault" if code == "default" else f"Fault{code}"


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "schema": schema}


def _refs(names: dict[str, Any]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
