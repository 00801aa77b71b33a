"""The same of directories that provision people: by their admins, and by themselves over SCIM."""

from __future__ import annotations

import uuid
from typing import Any

from governance.audit.vocabulary import Event
from governance.identity.directories import registry
from tests.assistant.scim import doors
from tests.coverage.deed import Deed
from tests.coverage.ground import Ground

E = Event
ROOM = "/settings/sign-in/provisioning"


def _made(g: Ground) -> uuid.UUID:
    return registry.create(g.house.ada, "Entra")


def _door(g: Ground) -> doors.Door:
    return doors.door(g.house)


def _revoked(g: Ground) -> Any:
    directory = _made(g)
    registry.issue(g.house.ada, directory, 1)
    (token,) = registry.tokens(g.house.ada, directory)
    return g.ada.post(f"{ROOM}/{directory}/tokens/{token.pk}/revoke")


def _released(g: Ground) -> Any:
    one = _door(g).user("new")["id"]
    return g.ada.post(f"{ROOM}/release/{one}")


def _of_one(g: Ground, kind: str, verb: str, sent: Any = None) -> Any:
    """The verb on a user or a group that the directory has made."""
    door = _door(g)
    one = door.user("new")["id"] if kind == "Users" else door.group("Night")["id"]
    return door.call(verb, f"/{kind}/{one}", sent)


def _patch(path: str, value: Any) -> dict[str, Any]:
    return {"schemas": [doors.PATCH], "Operations": [{"op": "replace", "path": path, "value": value}]}


DEEDS = [
    Deed("provisioning", "post", (E.DIRECTORY_CREATED,), lambda g: g.ada.post(ROOM, {"name": "Entra"})),
    Deed("directory-delete", "post", (E.DIRECTORY_DELETED,), lambda g: g.ada.post(f"{ROOM}/{_made(g)}/delete")),
    Deed("directory-token", "post", (E.DIRECTORY_TOKEN_ISSUED,), lambda g: g.ada.post(
        f"{ROOM}/{_made(g)}/token", {"days": "30"})),
    Deed("directory-token-revoke", "post", (E.DIRECTORY_TOKEN_REVOKED,), _revoked),
    Deed("directory-hand-over", "post", (E.DIRECTORY_KEPT,), lambda g: g.ada.post(
        f"{ROOM}/{_made(g)}/hand-over/{g.house.ids['bob']}")),
    Deed("directory-release", "post", (E.DIRECTORY_LET_GO,), _released),
    Deed("scim-users", "post", (E.PERSON_CREATED, E.DIRECTORY_KEPT), lambda g: _door(g).call(
        "POST", "/Users", {"userName": f"new@{g.house.slug}.example"})),
    Deed("scim-users", "get", (E.DIRECTORY_REFUSED,), lambda g: _door(g).call(
        "POST", "/Users", {"userName": g.house.email("bob")})),
    Deed("scim-user", "put", (E.PERSON_CHANGED, E.DIRECTORY_SAID), lambda g: _of_one(
        g, "Users", "PUT", {"userName": f"new@{g.house.slug}.example", "displayName": "Another"})),
    Deed("scim-user", "patch", (E.PERSON_SWITCHED_OFF, E.DIRECTORY_SAID), lambda g: _of_one(
        g, "Users", "PATCH", _patch("active", "False"))),
    Deed("scim-user", "delete", (E.PERSON_SWITCHED_OFF, E.DIRECTORY_LET_GO), lambda g: _of_one(g, "Users", "DELETE")),
    Deed("scim-groups", "post", (E.GROUP_CREATED, E.DIRECTORY_KEPT), lambda g: _door(g).call(
        "POST", "/Groups", {"displayName": "Night"})),
    Deed("scim-group", "put", (E.GROUP_RENAMED, E.DIRECTORY_SAID), lambda g: _of_one(
        g, "Groups", "PUT", {"displayName": "Day"})),
    Deed("scim-group", "patch", (E.GROUP_RENAMED, E.DIRECTORY_SAID), lambda g: _of_one(
        g, "Groups", "PATCH", _patch("displayName", "Day"))),
    Deed("scim-group", "delete", (E.GROUP_DELETED,), lambda g: _of_one(g, "Groups", "DELETE")),
]  # fmt: skip
