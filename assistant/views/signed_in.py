"""Who may come in: every room of the portal asks for a person with a session, and hands on their scope."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from governance.scope import Scope

P = ParamSpec("P")


def required(
    view: Callable[Concatenate[HttpRequest, Scope, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view that takes the caller's scope. Nobody is sent to sign in; an API key is nobody here: it has the API."""

    @functools.wraps(view)
    def entered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        caller: Scope | None = request.caller  # type: ignore[attr-defined]
        if caller is None or caller.key is not None:
            return _sent_away(request)
        return view(request, caller, *args, **kwargs)

    return entered


def _sent_away(request: HttpRequest) -> HttpResponse:
    back = request.path if request.method == "GET" else reverse("home")
    door = f"{reverse('sign-in')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):  # a part of a page cannot show the sign-in: the whole page goes there
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("sign-in")})
    return redirect(door)


def is_part(request: HttpRequest) -> bool:
    """Did a script of a page ask, which wants a part and no redirect to a page?"""
    return bool(request.headers.get("HX-Request") or request.headers.get("X-Requested-With"))
