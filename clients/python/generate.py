"""Makes `shapes.py` and `operations.py` of the client from the server's OpenAPI file.

    python generate.py http://127.0.0.1:8000/api/schema/

Operations that have a name of their own there are taken; those that are not JSON on both sides are written by hand in
`client.py`. The formatter goes over it afterwards: `ruff format clients`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "chancery_client"
HEAD = '"""{title} Made by generate.py from the server\'s OpenAPI file: change that, and make this anew."""\n\n'
BY_HAND = {"upload_document", "upload_documents"}
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
VERBS = ("get", "post", "patch", "put", "delete")


def shapes(schema: dict[str, Any]) -> str:
    """A TypedDict for each component that the taken operations give, or take within what they take."""
    parts = [HEAD.format(title="What the API gives."), "from __future__ import annotations\n\n"]
    parts.append("from typing import Any, Literal, NotRequired, TypedDict\n")
    for name in sorted(_used(schema), key=_plain_name):
        component = schema["components"]["schemas"][name]
        if "properties" not in component:
            continue
        parts.append(f"\n\nclass {_plain_name(name)}(TypedDict):\n")
        required = set(component.get("required", ()))
        for field, told in component["properties"].items():
            kind = _type(schema, told)
            parts.append(f"    {field}: {kind if field in required else f'NotRequired[{kind}]'}\n")
            if says := told.get("description"):
                parts.append(f'    """{says}"""\n')
    return "".join(parts)


def operations(schema: dict[str, Any]) -> str:
    """A method for each operation, over the one that sends."""
    methods = [_method(schema, *found) for found in _taken(schema) if found[2]["operationId"] not in BY_HAND]
    body = "\n\n".join(methods)
    used = sorted(
        {name for name in re.findall(r"-> (\w+):", body) if name != "None"}
        | (set(re.findall(r"Sequence\[([A-Z]\w+)\]", body)) - {"Id"})
    )
    return (
        HEAD.format(title="The calls of the API.")
        + "from __future__ import annotations\n\nfrom collections.abc import Sequence\n"
        + "from typing import Literal, cast\n\n"
        + f"from chancery_client.shapes import {', '.join(used)}\n"
        + "from chancery_client.transport import Id, Transport\n\n\nclass Operations(Transport):\n"
        + '    """What is left out is not sent. Every method raises what stands in `chancery_client.errors`."""\n\n'
        + body
    )


def _taken(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in sorted(schema["paths"].items()):
        for verb in VERBS:
            if verb in verbs and not verbs[verb]["operationId"].startswith("v1_"):
                yield path, verb, verbs[verb]


def _used(schema: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for _, _, told in _taken(schema):
        given = [one for code, one in told["responses"].items() if code.startswith("2")]
        body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
        within = _component(schema, body["schema"])["properties"] if body else {}
        for ref in _refs([given, within]):
            _follow(schema, ref, found)
    return found


def _follow(schema: dict[str, Any], name: str, found: set[str]) -> None:
    if name not in found:
        found.add(name)
        for ref in _refs(schema["components"]["schemas"][name]):
            _follow(schema, ref, found)


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "/schemas/" in node.get("$ref", ""):
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)


def _component(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["components"]["schemas"][node["$ref"].rpartition("/")[2]]
    return found


def _plain_name(name: str) -> str:
    return re.sub(r"(Out|In)$", "", name)


def _type(schema: dict[str, Any], told: dict[str, Any], *, sent: bool = False) -> str:
    """`sent` is what a caller may give: an id as a UUID too, any sequence for a list."""
    for many in ("oneOf", "anyOf", "allOf"):
        if many in told:
            return " | ".join(dict.fromkeys(_type(schema, one, sent=sent) for one in told[many]))
    if "$ref" in told:
        component = _component(schema, told)
        is_object = "properties" in component
        return _plain_name(told["$ref"].rpartition("/")[2]) if is_object else _type(schema, component, sent=sent)
    if "enum" in told:
        return _literal(told["enum"])
    kinds = told.get("type", "object")
    return " | ".join(_one(schema, told, kind, sent=sent) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _one(schema: dict[str, Any], told: dict[str, Any], kind: str, *, sent: bool) -> str:
    if kind == "null":
        return "None"
    if kind == "array":
        return f"{'Sequence' if sent else 'list'}[{_type(schema, told['items'], sent=sent)}]"
    if sent and told.get("format") == "uuid":
        return "Id"
    return PLAIN.get(kind, "dict[str, Any]")


def _literal(values: list[Any]) -> str:
    return "None" if values == [None] else f"Literal[{', '.join(json.dumps(one) for one in values)}]"


def _method(schema: dict[str, Any], path: str, verb: str, told: dict[str, Any]) -> str:
    name = told["operationId"]
    body = told.get("requestBody", {}).get("content", {}).get("application/json")
    component = _component(schema, body["schema"]) if body else {"properties": {}}
    required = set(component.get("required", ()))
    fields = {
        field: _type(schema, one, sent=True) for field, one in component["properties"].items() if field != "stream"
    }
    parameters = told.get("parameters", ())
    asked = {one["name"]: _type(schema, one["schema"], sent=True) for one in parameters if one["in"] == "query"}
    headers = {one["name"]: one["name"].lower().replace("-", "_") for one in parameters if one["in"] == "header"}
    headers.pop("If-None-Match", None)
    first = [f"{one}: Id" for one in re.findall(r"\{(\w+)\}", path)]
    first += [f"{field}: {kind}" for field, kind in fields.items() if field in required]
    rest = [f"{field}: {_or_none(kind)} = None" for field, kind in {**fields, **asked}.items() if field not in required]
    rest += [f"{argument}: str | None = None" for argument in headers.values()]
    signature = ", ".join(["self", *first, *(["*", *rest] if rest else [])])
    sent = {"json": fields, "params": asked}
    options = "".join(f", {key}={_dict(names)}" for key, names in sent.items() if names)
    if headers:
        options += ", headers={" + ", ".join(f'"{one}": {argument}' for one, argument in headers.items()) + "}"
    place = re.sub(r"\{(\w+)\}", r"{\1}", path)
    form = "f" if "{" in path else ""
    call = f'self.call("{verb.upper()}", {form}"{place}"{options})'
    gives = _gives(schema, told)
    doc = f'        """{told["description"].strip()}"""\n' if told.get("description") else ""
    done = f"        {call}\n" if gives == "None" else f'        return cast("{gives}", {call})\n'
    return f"    def {name}({signature}) -> {gives}:\n{doc}{done}"


def _gives(schema: dict[str, Any], told: dict[str, Any]) -> str:
    for code, one in told["responses"].items():
        if code.startswith("2"):
            content = one.get("content", {}).get("application/json")
            return _type(schema, content["schema"]) if content else "None"
    raise ValueError(f"{told['operationId']} gives nothing")


def _or_none(kind: str) -> str:
    return kind if kind.endswith("None") else f"{kind} | None"


def _dict(names: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{one}": {one}' for one in names) + "}"


def main(source: str) -> None:
    import httpx

    schema = httpx.get(source, headers={"Accept": "application/json"}).raise_for_status().json()
    for name, text in (("shapes.py", shapes(schema)), ("operations.py", operations(schema))):
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
