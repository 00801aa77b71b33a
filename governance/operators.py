"""Operators run the installation and belong to no tenant. What they do is on a record: on the tenant's own, where it
concerns a tenant, and on the installation's where it does not.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import models, people, tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.quotas import prices
from governance.quotas.prices import Priced
from governance.roles import Role
from governance.scope import ActorKind, Scope
from governance.sentence import sentence
from governance.tenants import Limits


def create(email: str, name: str, password: str) -> uuid.UUID:
    """Raises InvalidInput for an address or a password that is none, and Conflict."""
    operator = models.Operator(email=email.strip().lower(), name=name.strip() or email.strip())
    try:
        validate_email(operator.email)
        validate_password(password)
    except ValidationError as fault:
        why = " ".join(fault.messages)
        raise InvalidInput(why) from None
    operator.password = make_password(password)
    try:
        with transaction.atomic():
            operator.save(force_insert=True)
            payload = {"email": operator.email, "name": operator.name}
            events.record_installation(
                Event.OPERATOR_CREATED, facts={"operator": operator.pk}, payload=payload, request_id=""
            )
    except IntegrityError:
        raise Conflict("There is an operator with that e-mail address already.") from None
    return operator.pk


def find(email: str, password: str) -> models.Operator | None:
    """Whose address and password these are."""
    operator = models.Operator.objects.filter(email=email.strip().lower(), is_active=True).first()
    if operator is None:
        make_password(password)  # as long as a real check takes: nobody is told apart by time
        return None
    return operator if check_password(password, operator.password) else None


def get(operator: uuid.UUID) -> models.Operator | None:
    return models.Operator.objects.filter(pk=operator, is_active=True).first()


def names(wanted: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """What those are called; None, which is any of them, is nobody's name."""
    found = models.Operator.objects.filter(pk__in={one for one in wanted if one})
    return dict(found.values_list("pk", "name"))


def scope_in(operator: models.Operator, tenant: uuid.UUID, request_id: str = "") -> Scope:
    """Named on the tenant's record, and allowed nothing there: see access.compile_rule."""
    return Scope(tenant, ActorKind.OPERATOR, operator.pk, request_id=request_id)


def create_tenant(
    operator: models.Operator, slug: str, name: str, *, domain: str, admin: str, password: str, request_id: str = ""
) -> uuid.UUID:
    """The tenant with its first admin, who changes `password` later. Raises InvalidInput and Conflict."""
    try:
        validate_email(admin.strip())
        validate_password(password)
    except ValidationError as fault:
        raise InvalidInput(sentence("The first admin: %(why)s", why=" ".join(fault.messages))) from None
    if not name.strip():
        raise InvalidInput("The tenant needs a name.")
    tenant = tenants.create(
        slug.strip(), name.strip(), domain=domain.strip(), operator=operator.pk, request_id=request_id
    )
    system, called = Scope.system(tenant, request_id), admin.partition("@")[0]
    people.create(system, admin, called, password=password, roles=[Role.TENANT_ADMIN])
    return tenant


def set_limits(operator: models.Operator, tenant: uuid.UUID, limits: Limits, request_id: str = "") -> None:
    """Raises NotFound and InvalidInput."""
    tenants.write(scope_in(operator, tenant, request_id), asdict(limits.checked()))


def prices_of(operator: models.Operator, tenant: uuid.UUID) -> tuple[str, dict[str, Priced]]:
    """The tenant's currency, and what its models cost. Raises NotFound."""
    scope = scope_in(operator, tenant)
    with scope.transaction():
        return _row(tenant).currency, prices.listed(scope)


def set_prices(
    operator: models.Operator, tenant: uuid.UUID, currency: str, wanted: Mapping[str, Priced], request_id: str = ""
) -> None:
    """Raises NotFound and InvalidInput."""
    scope = scope_in(operator, tenant, request_id)
    with scope.transaction():
        _row(tenant)
        prices.replace(scope, currency, wanted)


def switch(operator: models.Operator, tenant: uuid.UUID, *, on: bool, request_id: str = "") -> None:
    """Off: nobody signs in, sessions and keys of the tenant end with their next request. Raises NotFound."""
    scope = scope_in(operator, tenant, request_id)
    with scope.transaction():
        if (_row(tenant).switched_off_at is None) != on:
            tenants.write(scope, {"switched_off_at": None if on else timezone.now()})


def limits_of(operator: models.Operator, tenant: uuid.UUID) -> Limits:
    """Raises NotFound."""
    scope = scope_in(operator, tenant)
    with scope.transaction():
        row = _row(tenant)
    return Limits(**{name: getattr(row, name) for name in Limits.__dataclass_fields__})


def _row(tenant: uuid.UUID) -> models.Tenant:
    row = models.Tenant.objects.filter(pk=tenant).first()
    if row is None:
        raise NotFound("There is no such tenant.")
    return row
