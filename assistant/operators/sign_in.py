"""The operators' own sessions: another cookie, sent to their own pages alone, that holds no person and opens no tenant."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse

from assistant.sign_in import REFUSAL, TRIES, TRIES_WITHIN_S
from assistant.sign_in.tries import are_over, forget
from governance import models, operators
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, NotSignedIn

DOOR = "/operators/"
COOKIE = "chancery_operator"
LIVES = timedelta(hours=8)


def begin(email: str, password: str, request_id: str) -> str:
    """The new session's key, once that is on the installation's record. Raises NotSignedIn, or Busy after many tries."""
    email = email.replace("\x00", "").strip().lower()
    tries = "operator:" + hashlib.sha256(email.encode()).hexdigest()
    if are_over(tries, TRIES, TRIES_WITHIN_S):
        _refused(email, "too many tries", request_id)
        raise Busy("Too many tries. Wait five minutes, then try again.", wait_s=TRIES_WITHIN_S)
    operator = operators.find(email, password)
    if operator is None:
        _refused(email, "wrong", request_id)
        raise NotSignedIn(REFUSAL)
    events.record_installation(
        Event.OPERATOR_SIGNED_IN, facts={}, payload={"email": email}, request_id=request_id, operator=operator.pk
    )
    session = SessionStore()
    session["operator"], session["fits"] = str(operator.pk), _mark(operator)
    session.set_expiry(LIVES)
    session.create()
    forget(tries)
    return str(session.session_key)


def found(request: HttpRequest) -> models.Operator | None:
    """Whose session it is, asked anew at every request; a changed password ends it."""
    key = request.COOKIES.get(COOKIE)
    if not key:
        return None
    session = SessionStore(key)
    try:
        operator = operators.get(uuid.UUID(str(session.get("operator"))))
    except ValueError:  # a session of a person, or none
        return None
    return operator if operator and session.get("fits") == _mark(operator) else None


def end(request: HttpRequest, operator: models.Operator | None, request_id: str) -> None:
    if operator is not None:
        events.record_installation(
            Event.OPERATOR_SIGNED_OUT, facts={}, payload={}, request_id=request_id, operator=operator.pk
        )
        SessionStore(request.COOKIES[COOKIE]).flush()


def keep(response: HttpResponse, key: str) -> None:
    response.set_cookie(
        COOKIE,
        key,
        max_age=int(LIVES.total_seconds()),
        path=DOOR,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )


def _refused(email: str, reason: str, request_id: str) -> None:
    events.record_installation(
        Event.OPERATOR_REFUSED, facts={"reason": reason}, payload={"email": email}, request_id=request_id
    )


def _mark(operator: models.Operator) -> str:
    return hashlib.sha256(operator.password.encode()).hexdigest()
