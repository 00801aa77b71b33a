"""How a row of the field table is written."""

from __future__ import annotations

from dataclasses import dataclass

# Classes of OCSF, and what of each is used here. An activity's number with the class makes its type.
AUTHENTICATION, ACCOUNT, ENTITY, USER_ACCESS, GROUP = 3002, 3001, 3004, 3005, 3006
API, FILE, FINDING = 6003, 6006, 2004
CREATE, READ, UPDATE, DELETE, OTHER = 1, 2, 3, 4, 99

# What several events say in the same words.
BEFORE_AND_AFTER = {"before": "what it was", "after": "what it is now"}
NAME = {"name": "what it was called then"}
WHO = {"email": "the address that was given"}
REASON = {"reason": "why, in their words"}


@dataclass(frozen=True)
class Field:
    """`name` is a path: `passages[].rank` is in each of a list. `otel` and `ocsf` are empty where nobody has a word for it."""

    name: str
    meaning: str
    otel: str = ""
    ocsf: str = ""


@dataclass(frozen=True)
class Kind:
    """One event: its class and activity in OCSF, and its fields, in clear and encrypted."""

    meaning: str
    ocsf: tuple[int, int]
    clear: tuple[Field, ...] = ()
    words: tuple[Field, ...] = ()


def kind(
    meaning: str,
    ocsf: tuple[int, int],
    clear: dict[str, str] | None = None,
    words: dict[str, str] | None = None,
    otel: dict[str, str] | None = None,
) -> Kind:
    """Fields by name and meaning; `otel` names some of them."""
    named = otel or {}

    def fields(given: dict[str, str] | None) -> tuple[Field, ...]:
        return tuple(Field(name, said, named.get(name, "")) for name, said in (given or {}).items())

    return Kind(meaning, ocsf, fields(clear), fields(words))
