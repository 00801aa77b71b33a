"""Signed assertions that were used: none opens twice."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import IntegrityError
from django.utils import timezone

from governance import models
from governance.identity.refusals import Reason, Refused
from governance.scope import Scope


def use(scope: Scope, provider: models.IdentityProvider, assertion: str, ends_at: datetime) -> None:
    """Raises Refused where it was used before. What has ended could not be used again, and is forgotten."""
    told = hashlib.sha256(assertion.encode()).hexdigest()
    try:
        with scope.as_system().transaction():
            models.SeenAssertion.objects.filter(ends_at__lt=timezone.now()).delete()
            models.SeenAssertion.objects.create(
                tenant_id=scope.tenant, provider=provider, assertion=told, ends_at=ends_at
            )
    except IntegrityError:
        raise Refused(Reason.REPLAYED) from None
