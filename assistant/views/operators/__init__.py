"""The operators' pages: who may come in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from governance import models

P = ParamSpec("P")


def required(
    view: Callable[Concatenate[HttpRequest, models.Operator, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view that takes the operator. Everybody else is sent to the operators' own door."""

    @functools.wraps(view)
    def entered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        operator: models.Operator | None = request.operator  # type: ignore[attr-defined]
        if operator is not None:
            return view(request, operator, *args, **kwargs)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401, headers={"HX-Redirect": reverse("operators-sign-in")})
        return redirect("operators-sign-in")

    return entered
