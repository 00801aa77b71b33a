"""What of a person and of a group is kept here, in RFC 7643's words: published at /Schemas, and what is read and written by.

What a directory sends beyond this is not kept, and not refused: a telephone number opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0"
USER = f"{CORE}:User"
GROUP = f"{CORE}:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True)
class Attribute:
    name: str
    about: str
    type: str = "string"
    parts: tuple[Attribute, ...] = ()
    is_many: bool = False
    is_required: bool = False
    mutability: str = "readWrite"
    uniqueness: str = "none"
    is_exact: bool = False
    known: tuple[str, ...] = ()  # canonical values
    refers: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Nobody outside writes it."""
        return self.mutability == "readOnly"

    def part(self, name: str) -> Attribute | None:
        """By its name, in whatever case."""
        return _named(self.parts, name)


def _named(of: tuple[Attribute, ...], name: str) -> Attribute | None:
    return next((one for one in of if one.name.lower() == name.lower()), None)


def _refers(kind: str, mutability: str = "readWrite") -> Attribute:
    return Attribute("$ref", f"The address of the {kind}.", "reference", mutability=mutability, refers=(kind,))


USER_ATTRIBUTES = (
    Attribute("userName", "How the directory calls the person; unique in it.", is_required=True, uniqueness="server"),
    Attribute(
        "name",
        "The parts of the name.",
        "complex",
        (
            Attribute("formatted", "The whole name."),
            Attribute("familyName", "The family name."),
            Attribute("givenName", "The given name."),
        ),
    ),
    Attribute("displayName", "The name that is shown."),
    Attribute("title", "What the person is in the organisation."),
    Attribute("active", "Whether the person may sign in; false ends their sessions and keys at once.", "boolean"),
    Attribute(
        "emails",
        "E-mail addresses; the primary one, or else that for work, is the person's here. One may stand in userName instead.",
        "complex",
        (
            Attribute("value", "The address.", is_required=True),
            Attribute("type", "What it is for.", known=("work", "home", "other")),
            Attribute("primary", "Whether it is the main one.", "boolean"),
        ),
        is_many=True,
        is_required=True,
    ),
    Attribute(
        "groups",
        "The groups that this directory put the person into.",
        "complex",
        (
            Attribute("value", "The id of the group.", mutability="readOnly"),
            _refers("Group", "readOnly"),
            Attribute("display", "The name of the group.", mutability="readOnly"),
        ),
        is_many=True,
        mutability="readOnly",
    ),
)
GROUP_ATTRIBUTES = (
    Attribute("displayName", "The name of the group; unique here.", is_required=True, uniqueness="server"),
    Attribute(
        "members",
        "The people whom this directory put into the group.",
        "complex",
        (
            Attribute("value", "The id of the person.", mutability="immutable", is_exact=True),
            _refers("User", "immutable"),
            Attribute("type", "What it is.", mutability="immutable", known=("User",)),
        ),
        is_many=True,
    ),
)
ENTERPRISE_ATTRIBUTES = (
    Attribute("employeeNumber", "The number of the person in the organisation."),
    Attribute("department", "The department."),
    Attribute(
        "manager",
        "Whom the person answers to.",
        "complex",
        (
            Attribute("value", "The id of the manager."),
            _refers("User"),
            Attribute("displayName", "The name of the manager.", mutability="readOnly"),
        ),
    ),
)
# Of every resource, in no schema's list (RFC 7643, section 3.1).
COMMON = (
    Attribute("id", "Ours.", mutability="readOnly", is_exact=True),
    Attribute("externalId", "The directory's.", is_exact=True),
    Attribute("meta", "When and in which version.", "complex", mutability="readOnly"),
    Attribute("schemas", "Which schemas it holds to.", is_many=True, mutability="readOnly"),
)


@dataclass(frozen=True)
class Kind:
    """`extensions` are by schema."""

    name: str
    schema: str
    endpoint: str
    attributes: tuple[Attribute, ...]
    extensions: dict[str, tuple[Attribute, ...]]

    @property
    def schemas(self) -> frozenset[str]:
        return frozenset({self.schema, *self.extensions})

    def attribute(self, schema: str, name: str) -> Attribute | None:
        """By its name, in whatever case."""
        return _named(self.extensions.get(schema, (*COMMON, *self.attributes)), name)


USERS = Kind("User", USER, "/Users", USER_ATTRIBUTES, {ENTERPRISE: ENTERPRISE_ATTRIBUTES})
GROUPS = Kind("Group", GROUP, "/Groups", GROUP_ATTRIBUTES, {})
KINDS = {"Users": USERS, "Groups": GROUPS}
_TITLES = {
    USER: ("User", "A person", USER_ATTRIBUTES),
    GROUP: ("Group", "A group of people", GROUP_ATTRIBUTES),
    ENTERPRISE: ("EnterpriseUser", "A person in an organisation", ENTERPRISE_ATTRIBUTES),
}


def published(root: str) -> list[dict[str, Any]]:
    """/Schemas. `root` is the address that everything stands under."""
    return [
        {
            "schemas": [f"{CORE}:Schema"],
            "id": schema,
            "name": name,
            "description": about,
            "attributes": [_published(one) for one in attributes],
            "meta": {"resourceType": "Schema", "location": f"{root}/Schemas/{schema}"},
        }
        for schema, (name, about, attributes) in _TITLES.items()
    ]


def resource_types(root: str) -> list[dict[str, Any]]:
    return [
        {
            "schemas": [f"{CORE}:ResourceType"],
            "id": kind.name,
            "name": kind.name,
            "description": _TITLES[kind.schema][1],
            "endpoint": kind.endpoint,
            "schema": kind.schema,
            "schemaExtensions": [{"schema": one, "required": False} for one in kind.extensions],
            "meta": {"resourceType": "ResourceType", "location": f"{root}/ResourceTypes/{kind.name}"},
        }
        for kind in KINDS.values()
    ]


def service(root: str, most: int, guide: str) -> dict[str, Any]:
    """/ServiceProviderConfig. `most` is how many resources one answer holds; `guide` is where people read on."""
    return {
        "schemas": [f"{CORE}:ServiceProviderConfig"],
        "documentationUri": guide,
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": most},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of this directory, made by an admin in the portal.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{root}/ServiceProviderConfig"},
    }


def _published(one: Attribute) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.name,
        "type": one.type,
        "multiValued": one.is_many,
        "description": one.about,
        "required": one.is_required,
        "caseExact": one.is_exact,
        "mutability": one.mutability,
        "returned": "default",
        "uniqueness": one.uniqueness,
    }
    if one.parts:
        told["subAttributes"] = [_published(part) for part in one.parts]
    if one.known:
        told["canonicalValues"] = list(one.known)
    if one.refers:
        told["referenceTypes"] = list(one.refers)
    return told
