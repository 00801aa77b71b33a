"""An event in the words of OCSF (schema.ocsf.io), by the classes of the field table.

It keeps the leaf's exact bytes as `raw_data`, so that whoever receives it can check it like any other copy of the record.
Model fields stand under `unmapped` by their OpenTelemetry gen_ai names.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from governance.audit import fields
from governance.audit.fields import kinds
from governance.audit.fields.kinds import Kind
from governance.audit.vocabulary import Event

PRODUCT = {"name": "Chancery", "vendor_name": "Chancery"}
UNKNOWN = Kind("", (kinds.ENTITY, kinds.OTHER))
# What an event came to: status (1 success, 2 failure), severity, and what a control did (disposition).
FAILED = {"denied", "block", "blocked", "refused", "failed", "interrupted"}
VERDICTS = {"allow": (1, 1), "flag": (2, 15), "redact": (3, 11), "block": (4, 2)}
TURNED_AWAY = {
    Event.ACCESS_DENIED, Event.SIGN_IN_REFUSED, Event.OPERATOR_REFUSED, Event.PROMPT_REFUSED, Event.DOCUMENT_REFUSED,
    Event.LOGOUT_REFUSED,
}  # fmt: skip


def event(leaf: dict[str, Any], raw: bytes, index: int | None, leaf_hash: bytes | None) -> dict[str, Any]:
    """`index` and `leaf_hash` are None while it is not sealed."""
    told = fields.KINDS.get(leaf["action"], UNKNOWN)
    class_uid, activity = told.ocsf
    severity, disposition = weight(leaf)
    sealed = {"leaf_hash": base64.b64encode(leaf_hash).decode()} if leaf_hash else {}
    return {
        "class_uid": class_uid,
        "category_uid": class_uid // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": severity,
        "status_id": 2 if _outcome(leaf) in FAILED or leaf["action"] in TURNED_AWAY else 1,
        "time": _milliseconds(leaf["at"]),
        "message": told.meaning or leaf["action"],
        "metadata": _metadata(leaf, index),
        "actor": _actor(leaf),
        **_of_its_class(class_uid, leaf),
        **({"disposition_id": disposition} if disposition else {}),
        "raw_data": raw.decode(),
        "unmapped": _unmapped(leaf) | sealed,
    }


def _outcome(leaf: dict[str, Any]) -> str:
    facts = leaf["facts"]
    return str(facts.get("action") if leaf["action"] == Event.POLICY_DECIDED else facts.get("status", ""))


def weight(leaf: dict[str, Any]) -> tuple[int, int]:
    """Severity and disposition: 1 informational to 4 high; 1 allowed, 2 blocked, 11 corrected, 15 detected."""
    if leaf["action"] == Event.POLICY_DECIDED:
        return VERDICTS.get(_outcome(leaf), (1, 0))
    return (2, 2) if leaf["action"] in TURNED_AWAY else (1, 0)


def _metadata(leaf: dict[str, Any], index: int | None) -> dict[str, Any]:
    accepted = leaf.get("accepted", {})
    told = {
        "version": fields.OCSF_VERSION,
        "product": PRODUCT,
        "profiles": ["security_control"],
        "uid": leaf["id"],
        "tenant_uid": leaf["tenant"],
        "event_code": leaf["action"],
        "log_name": "record",
        "log_version": str(leaf["v"]),
        "original_time": leaf["at"],
    }
    told |= {"sequence": index} if index is not None else {}
    told |= {"correlation_uid": leaf["request"]} if leaf.get("request") else {}
    return told | ({"logged_time": _milliseconds(accepted["at"])} if "at" in accepted else {})


def _actor(leaf: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"user": _user(leaf)}
    told |= {"session": {"uid": leaf["session"]}} if leaf.get("session") else {}
    return told | ({"invoked_by": leaf["actor"]["service"]} if "service" in leaf["actor"] else {})


def _user(leaf: dict[str, Any]) -> dict[str, Any]:
    actor = leaf["actor"]
    user: dict[str, Any] = {"uid": actor.get("id") or leaf["tenant"], "type": actor["kind"]}
    user |= {"credential_uid": actor["key"]} if "key" in actor else {}
    return user | ({"groups": [{"uid": one} for one in leaf["groups"]]} if leaf.get("groups") else {})


def _of_its_class(class_uid: int, leaf: dict[str, Any]) -> dict[str, Any]:
    """What the class requires beside what all have."""
    resource = leaf["resource"] or {"kind": "record", "id": leaf["tenant"]}
    service, endpoint = {"name": "Chancery"}, {"name": leaf.get("client") or "background"}
    about = {"uid": resource["id"]} if resource["kind"] in {"person", "group"} else _user(leaf)
    each: dict[int, dict[str, Any]] = {
        kinds.AUTHENTICATION: {"user": _user(leaf), "service": service},
        kinds.ACCOUNT: {"user": about},
        kinds.USER_ACCESS: {"user": _holder(leaf) or about, "resource": _entity(resource)},
        kinds.GROUP: {"group": {"uid": resource["id"]}} | ({"user": _holder(leaf)} if _holder(leaf) else {}),
        kinds.ENTITY: {"entity": _entity(resource)},
        kinds.API: {"api": {"operation": leaf["action"], "service": service}, "src_endpoint": endpoint},
        kinds.FILE: {
            "file": {"name": resource["id"], "uid": resource["id"], "type_id": 1},
            "src_endpoint": endpoint,
        },
        kinds.FINDING: {"finding_info": _finding(leaf), "is_alert": _outcome(leaf) == "block"},
    }
    return each[class_uid]


def _entity(resource: dict[str, Any]) -> dict[str, Any]:
    return {"uid": resource["id"], "name": resource["id"], "type": resource["kind"]}


def _holder(leaf: dict[str, Any]) -> dict[str, Any]:
    held = leaf["facts"].get("person") or leaf["facts"].get("group")
    return {"uid": held} if held else {}


def _finding(leaf: dict[str, Any]) -> dict[str, Any]:
    decided = [one for one in leaf["facts"].get("decisions", ()) if one.get("spans") or one.get("action") != "allow"]
    rules = sorted({one["rule"] for one in decided})
    title = f"Content policy: {_outcome(leaf)} at {leaf['facts'].get('stage', '')}"
    return {"uid": leaf["id"], "title": title} | ({"types": rules} if rules else {})


def _unmapped(leaf: dict[str, Any]) -> dict[str, Any]:
    told = {name: leaf[name] for name in ("accepted", "interaction", "facts", "roles", "payload") if leaf.get(name)}
    return told | {name: value for name, value in _gen_ai(leaf) if value is not None}


def _gen_ai(leaf: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """By the table: what has an OpenTelemetry name and stands in clear, without the paths that lead through lists."""
    kind = fields.KINDS.get(leaf["action"], UNKNOWN)
    for one in kind.clear:
        if one.otel.startswith("gen_ai.") and "[]" not in one.name + one.otel:
            value: Any = leaf["facts"]
            for part in one.name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            yield one.otel, [value] if one.otel.endswith("finish_reasons") and value is not None else value


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
