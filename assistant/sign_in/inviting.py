"""The link with which a person sets their password: made into an address, and mailed where there is a mail server."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.translation import gettext as _

from governance import invitations, people, tenants
from governance.scope import Scope

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """`is_mailed` is None where nobody asked for it, and False where the mail could not be sent."""

    address: str
    days: int
    is_mailed: bool | None


def may_mail() -> bool:
    return bool(settings.MAIL_IS_THERE)


def invite(scope: Scope, person: uuid.UUID, absolute: Callable[[str], str], *, is_mailed: bool) -> Made:
    """A fresh link. Raises Forbidden, NotFound, Conflict."""
    token = invitations.issue(scope, person)
    tenant = tenants.current(scope)
    address = absolute(reverse("join", args=[tenant.slug, token]))
    sent = _mail(people.get(scope, person).email, tenant.name, address) if is_mailed and may_mail() else None
    return Made(address, invitations.LIVES.days, sent)


def _mail(email: str, tenant: str, address: str) -> bool:
    """After the commit: a mail that cannot be sent leaves the link, which the admin can hand over."""
    subject = _("Your access to Chancery at %(tenant)s") % {"tenant": tenant}
    days = invitations.LIVES.days
    text = _("Set your password here: %(address)s\n\nThe link works once, and for %(days)d days.")
    try:
        send_mail(" ".join(subject.split()), text % {"address": address, "days": days}, None, [email])
    except OSError as fault:  # smtplib's errors are OSErrors too
        log.warning("a mail could not be sent: %s", fault)
        return False
    return True
