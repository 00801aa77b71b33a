"""The demo tenants, with their people, groups, grants and documents. Runs again without doing anything twice."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator

from assistant.demo import material
from assistant.local import demo_logins
from governance import grants, groups, people, tenants
from governance.errors import ChanceryError
from governance.roles import Level, Role
from governance.scope import Scope
from ingestion import catalog, models
from ingestion.documents import uploads

Tell = Callable[[str], None]
WAIT_MOST_S = 900.0


def seed(tell: Tell) -> None:
    """Everything but the waiting; the handbooks are uploaded before the licences, so that they are ready first."""
    later: list[tuple[Scope, uuid.UUID]] = []
    for told in material.TENANTS:
        if tenants.find_for_login(told.slug):
            tell(f"{told.name} is there already.")
            continue
        later += company(told, tell)
    for scope, collection in later:
        gathered = material.gathered_licences()
        for name, content in gathered:
            _upload(scope, collection, name, content, tell)
        tell(f"{len(gathered)} licences and readmes of installed packages uploaded.")
        leave(scope, collection)


def await_handbooks(tell: Tell) -> None:
    """Until each handbook document has its final status. Raises TimeoutError."""
    until = time.monotonic() + WAIT_MOST_S
    while True:
        waiting = [row for told in material.TENANTS for row in _unfinished(told)]
        tell(f"{len(waiting)} handbook documents to go")
        if not waiting:
            return
        if time.monotonic() > until:
            raise TimeoutError("the handbooks were not ready in time")
        time.sleep(1)


def scope_for(slug: str, email: str) -> Scope:
    """The demo person's own rights."""
    found = tenants.find_for_login(slug)
    if found is None:
        raise LookupError(f"the demo tenant {slug} is missing: run `manage.py seed_demo`")
    person = people.find_by_email(Scope.system(found.id), email)
    if person is None:
        raise LookupError(f"{email} is missing in {slug}")
    return people.scope_in(found.id, person.pk)


def company(told: material.Tenant, tell: Tell) -> list[tuple[Scope, uuid.UUID]]:
    """One tenant with its handbook. Gives back the collections, with their admin, that are to be filled by gathering."""
    tenant = tenants.create(told.slug, told.name, domain=told.domain, is_demo=True)
    system = Scope.system(tenant)
    group_ids = {name: groups.create(system, name) for name in told.groups}
    person_ids = {person.email: _person(system, person, group_ids) for person in told.people}
    admin = next(person for person in told.people if Role.TENANT_ADMIN in person.roles)
    scope = people.scope_in(tenant, person_ids[admin.email])
    later = []
    for shelf in told.collections:
        collection = catalog.create(scope, shelf.name, shelf.description).pk
        for grant in shelf.grants:
            holder = grants.Holder(
                person=person_ids[grant.holder] if grant.kind == "person" else None,
                group=group_ids[grant.holder] if grant.kind == "group" else None,
            )
            grants.give(scope, collection, holder, Level[grant.level.upper()])
        if shelf.gathered:
            later.append((scope, collection))
            continue
        items = [one for one in material.handbook() if (one.tenant, one.collection) == (told.slug, shelf.name)]
        for item in items:
            _upload(scope, collection, item.name, item.path.read_bytes(), tell)
        tell(f"{told.name}: {len(items)} documents uploaded to {shelf.name}.")
        leave(scope, collection)
    return later


def leave(scope: Scope, collection: uuid.UUID) -> None:
    """Whoever makes a collection manages it. The demo's admins run collections without reading the board's papers."""
    grants.replace(scope, collection, grants.Holder(person=scope.person), [])


def _person(system: Scope, told: material.Person, group_ids: dict[str, uuid.UUID]) -> uuid.UUID:
    roles = [Role(role) for role in told.roles]
    person = people.create(system, told.email, told.name, password=demo_logins.PASSWORD, roles=roles)
    for group in told.groups:
        groups.add(system, group_ids[group], person)
    return person


def _upload(scope: Scope, collection: uuid.UUID, name: str, content: bytes, tell: Tell) -> None:
    try:
        uploads.upload(scope, collection, name, io.BytesIO(content))
    except ChanceryError as fault:
        tell(f"{name}: {fault.message}")


def _unfinished(told: material.Tenant) -> Iterator[models.Version]:
    found = tenants.find_for_login(told.slug)
    if found is None:
        return
    scope = Scope.system(found.id)
    names = {item.name for item in material.handbook() if item.tenant == told.slug}
    with scope.transaction():
        rows = models.Version.objects.filter(document__name__in=names).exclude(status__in=models.FINAL)
        yield from list(rows)
