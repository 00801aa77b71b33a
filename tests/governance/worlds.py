"""Small random worlds of access that change step by step, each kept twice: as rows, and as what the rule says in words.

A world is three people, three groups and three collections. What is expected of it is written apart from the code under test.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from governance import models
from governance.roles import CUSTOM_ACTIONS, GRANT_LEVELS, KEY_SCOPES, ROLE_ACTIONS, Role

SIZE = 3
SOURCES = ("manual", "sso", "scim")
BUILT_IN = (Role.TENANT_ADMIN, Role.COMPLIANCE_OFFICER)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Ends = datetime | None


def counts(ends: Ends, at: datetime) -> bool:
    return ends is None or ends > at


def put(row: Any, unique: list[str], changed: list[str]) -> None:
    """In one statement, whether it is there or not."""
    type(row).objects.bulk_create([row], update_conflicts=True, unique_fields=unique, update_fields=changed)


@dataclass
class World:
    tenant: uuid.UUID
    dice: random.Random
    people: list[uuid.UUID] = field(default_factory=lambda: [uuid.uuid4() for _ in range(SIZE)])
    groups: list[uuid.UUID] = field(default_factory=lambda: [uuid.uuid4() for _ in range(SIZE)])
    resources: list[uuid.UUID] = field(default_factory=lambda: [uuid.uuid4() for _ in range(SIZE)])
    role: uuid.UUID = field(default_factory=uuid.uuid4)
    key: uuid.UUID = field(default_factory=uuid.uuid4)
    off: set[int] = field(default_factory=set)
    retired: set[int] = field(default_factory=set)
    members: set[tuple[int, int, str]] = field(default_factory=set)  # person, group, source
    given: dict[tuple[int, int, bool], tuple[int, Ends]] = field(default_factory=dict)  # resource, holder, denies
    roles: dict[tuple[int, Role], Ends] = field(default_factory=dict)
    held: dict[int, Ends] = field(default_factory=dict)  # the own role, by holder
    opened: list[str] = field(default_factory=lambda: [str(CUSTOM_ACTIONS[1])])
    key_scopes: list[str] = field(default_factory=lambda: ["read"])  # of the first person's key
    key_ends: Ends = None
    key_revoked: bool = False
    service: uuid.UUID = field(
        default_factory=uuid.uuid4
    )  # a program, which holds the parent of the second person's key
    parent: uuid.UUID = field(default_factory=uuid.uuid4)
    exchanged: uuid.UUID = field(default_factory=uuid.uuid4)
    service_is_off: bool = False
    parent_revoked: bool = False
    acts_for: tuple[str, int | None] = ("everybody", None)  # with the number of a group where it is one

    def rows(self) -> list[Any]:
        mine: dict[str, Any] = {"tenant_id": self.tenant}
        expires = datetime(2090, 1, 1, tzinfo=UTC)
        return [
            *(models.Person(id=one, email=f"{one.hex}@x.example", name="P", **mine) for one in self.people),
            *(models.Group(id=one, name=one.hex, **mine) for one in self.groups),
            *(models.Resource(id=one, kind="collection", **mine) for one in self.resources),
            models.CustomRole(id=self.role, name=self.role.hex, actions=self.opened, **mine),
            models.ApiKey(
                id=self.key, person_id=self.people[0], name="k", hash=self.key.hex, prefix="k",
                scopes=self.key_scopes, expires_at=expires, **mine,
            ),
            models.Person(id=self.service, email=f"{self.service.hex}@x.example", name="S", is_service=True, **mine),
            models.ServiceAccount(person_id=self.service, owner_id=self.people[2], acts_for="everybody", **mine),
            models.ApiKey(
                id=self.parent, person_id=self.service, name="s", hash=self.parent.hex, prefix="s", scopes=["read"],
                expires_at=expires, **mine,
            ),
            models.ApiKey(
                id=self.exchanged, person_id=self.people[1], name="e", hash=self.exchanged.hex, prefix="e",
                scopes=["read"], expires_at=expires, parent_id=self.parent, service_id=self.service, **mine,
            ),
        ]  # fmt: skip

    def holder(self, number: int) -> dict[str, uuid.UUID | None]:
        """0 to 2 are people, 3 to 5 groups."""
        if number < SIZE:
            return {"person_id": self.people[number], "group_id": None}
        return {"person_id": None, "group_id": self.groups[number - SIZE]}

    def ends(self, now: datetime) -> Ends:
        return self.dice.choice([None, None, None, now + timedelta(hours=1), now + timedelta(hours=3), LONG_AGO])

    def change(self, now: datetime) -> None:
        """One thing, as the tenant's own work in its transaction."""
        deeds = [
            self.grant, self.grant, self.grant, self.grant, self.withdraw, self.join, self.join, self.join, self.leave,
            self.assign, self.unassign, self.hold, self.unhold, self.redefine, self.switch, self.retire, self.regroup, self.rekey,
            self.permit, self.permit, self.unserve,
        ]  # fmt: skip
        self.dice.choice(deeds)(now)

    def grant(self, now: datetime) -> None:
        place = (self.dice.randrange(SIZE), self.dice.randrange(2 * SIZE), self.dice.random() < 0.2)
        level, ends = self.dice.randint(1, 3), self.ends(now)
        self.given[place] = (level, ends)
        key = {"resource_id": self.resources[place[0]], "denies": place[2], **self.holder(place[1])}
        if not models.Grant.objects.filter(**key).update(level=level, ends_at=ends):
            models.Grant.objects.create(tenant_id=self.tenant, level=level, ends_at=ends, **key)

    def withdraw(self, now: datetime) -> None:
        if self.given:
            place = self.dice.choice(sorted(self.given))
            del self.given[place]
            rows = models.Grant.objects.filter(resource=self.resources[place[0]], denies=place[2])
            rows.filter(**self.holder(place[1])).delete()

    def join(self, now: datetime) -> None:
        one = (self.dice.randrange(SIZE), self.dice.randrange(SIZE), self.dice.choice(SOURCES))
        if one not in self.members:
            self.members.add(one)
            models.Membership.objects.create(
                tenant_id=self.tenant, person_id=self.people[one[0]], group_id=self.groups[one[1]], source=one[2]
            )

    def leave(self, now: datetime) -> None:
        if self.members:
            one = self.dice.choice(sorted(self.members))
            self.members.discard(one)
            rows = models.Membership.objects.filter(person=self.people[one[0]], group=self.groups[one[1]])
            rows.filter(source=one[2]).delete()

    def assign(self, now: datetime) -> None:
        one, ends = (self.dice.randrange(SIZE), self.dice.choice(BUILT_IN)), self.ends(now)
        self.roles[one] = ends
        row = models.RoleAssignment(
            tenant_id=self.tenant, person_id=self.people[one[0]], role=str(one[1]), ends_at=ends
        )
        put(row, ["tenant", "person", "role"], ["ends_at"])

    def unassign(self, now: datetime) -> None:
        if self.roles:
            one = self.dice.choice(sorted(self.roles))
            del self.roles[one]
            models.RoleAssignment.objects.filter(person=self.people[one[0]], role=str(one[1])).delete()

    def hold(self, now: datetime) -> None:
        one, ends = self.dice.randrange(2 * SIZE), self.ends(now)
        self.held[one] = ends
        row = models.CustomRoleAssignment(tenant_id=self.tenant, role_id=self.role, ends_at=ends, **self.holder(one))
        put(row, ["tenant", "role", "person", "group"], ["ends_at"])

    def unhold(self, now: datetime) -> None:
        if self.held:
            one = self.dice.choice(sorted(self.held))
            del self.held[one]
            models.CustomRoleAssignment.objects.filter(role=self.role, **self.holder(one)).delete()

    def redefine(self, now: datetime) -> None:
        self.opened = [str(one) for one in self.dice.sample(CUSTOM_ACTIONS, 2)]
        models.CustomRole.objects.filter(pk=self.role).update(actions=self.opened)

    def switch(self, now: datetime) -> None:
        self.off = set() if self.off else {self.dice.randrange(SIZE)}
        off = [self.people[number] for number in self.off]
        models.Person.objects.filter(pk__in=off or self.people).update(is_active=not off)

    def retire(self, now: datetime) -> None:
        self.retired = set() if self.retired else {self.dice.randrange(SIZE)}
        retired = [self.resources[number] for number in self.retired]
        models.Resource.objects.filter(pk__in=retired or self.resources).update(retired_at=now if retired else None)

    def regroup(self, now: datetime) -> None:
        """A group is deleted, with all that was its, and another is made."""
        one = self.dice.randrange(SIZE)
        models.Group.objects.filter(pk=self.groups[one]).delete()
        self.groups[one] = uuid.uuid4()
        models.Group.objects.create(tenant_id=self.tenant, id=self.groups[one], name=self.groups[one].hex)
        self.members = {m for m in self.members if m[1] != one}
        self.given = {place: held for place, held in self.given.items() if place[1] != one + SIZE}
        self.held.pop(one + SIZE, None)
        if self.acts_for == ("group", one):
            self.acts_for = ("group", None)

    def rekey(self, now: datetime) -> None:
        self.key_scopes = sorted(self.dice.sample(sorted(KEY_SCOPES), 2))
        self.key_ends = self.dice.choice([now + timedelta(hours=1), now + timedelta(hours=3), LONG_AGO])
        self.key_revoked = self.dice.random() < 0.2
        models.ApiKey.objects.filter(pk=self.key).update(
            scopes=self.key_scopes, expires_at=self.key_ends, revoked_at=now if self.key_revoked else None
        )

    def permit(self, now: datetime) -> None:
        """For whom the program may act."""
        how = self.dice.choice(["nobody", "group", "group", "everybody"])
        self.acts_for = (how, self.dice.randrange(SIZE) if how == "group" else None)
        group = self.groups[self.acts_for[1]] if self.acts_for[1] is not None else None
        models.ServiceAccount.objects.filter(person=self.service).update(acts_for=how, acts_for_group=group)

    def unserve(self, now: datetime) -> None:
        """The program is switched, or its key."""
        if self.dice.random() < 0.5:
            self.service_is_off = not self.service_is_off
            models.Person.objects.filter(pk=self.service).update(is_active=not self.service_is_off)
        else:
            self.parent_revoked = not self.parent_revoked
            revoked = now if self.parent_revoked else None
            models.ApiKey.objects.filter(pk=self.parent).update(revoked_at=revoked)

    def is_mine(self, person: int, holder: int) -> bool:
        return holder == person or any((person, holder - SIZE, source) in self.members for source in SOURCES)

    def by_grant(self, person: int, resource: int, action: str, at: datetime) -> bool:
        """The rule in words: some grant gives it, and none denies it or less; what has ended does neither."""
        level = GRANT_LEVELS[action]  # type: ignore[index]
        mine = [
            (denies, held) for (of, holder, denies), (held, ends) in self.given.items()
            if of == resource and self.is_mine(person, holder) and counts(ends, at)
        ]  # fmt: skip
        gives = any(held >= level for denies, held in mine if not denies)
        return gives and not any(held <= level for denies, held in mine if denies)

    def opens(self, person: int, key: uuid.UUID, at: datetime) -> bool:
        """One's own until it ends; an exchanged one by its parent, and while its holder may act for them."""
        if key == self.key:
            return person == 0 and not self.key_revoked and counts(self.key_ends, at)
        if person != 1 or self.service_is_off or self.parent_revoked:
            return False
        how, group = self.acts_for
        return how == "everybody" or (how == "group" and group is not None and self.is_mine(1, group + SIZE))

    def may(self, person: int, resource: int, action: str, at: datetime, *, key: uuid.UUID | None = None) -> bool:
        if person in self.off or resource in self.retired:
            return False
        if key is not None and not self.opens(person, key, at):
            return False
        scopes = self.key_scopes if key == self.key else ["read"]
        if key is not None and not any(action in KEY_SCOPES[name] for name in scopes):
            return False
        if any(
            who == person and counts(ends, at) and action in ROLE_ACTIONS[role]
            for (who, role), ends in self.roles.items()
        ):
            return True
        if action in self.opened and any(
            self.is_mine(person, one) and counts(ends, at) for one, ends in self.held.items()
        ):
            return True
        return self.by_grant(person, resource, action, at)
