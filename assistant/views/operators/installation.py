"""How the installation is: processes, queues, the model worker, faults, versions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from assistant.operators import figures, health
from assistant.operators import versions as running
from assistant.views.operators import required
from governance import models


@never_cache
@require_GET
@required
def overview(request: HttpRequest, operator: models.Operator) -> HttpResponse:
    return render(request, "operators/overview.html", {"room": "overview", "operator": operator} | _state())


@never_cache
@require_GET
@required
def live(request: HttpRequest, operator: models.Operator) -> HttpResponse:
    return render(request, "operators/live.html", _state())


@require_GET
@required
def versions(request: HttpRequest, operator: models.Operator) -> HttpResponse:
    context = {"room": "versions", "operator": operator, "versions": running.found()}
    return render(request, "operators/versions.html", context)


def _state() -> dict[str, Any]:
    broker = health.broker()
    return {
        "parts": health.parts(),
        "queues": [(queue, broker.get(queue.name)) for queue in figures.queues()],
        "model": health.model(),
        "pace": figures.pace(),
        "pace_minutes": int(figures.PACE_OVER.total_seconds() // 60),
        "faults": figures.faults(),
    }
