"""What a load balancer, an orchestrator and Prometheus ask. No content, no names of tenants or people."""

from __future__ import annotations

import json
import logging
import re
from urllib.parse import urlsplit

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from redis import RedisError

from assistant.streams import stream
from inference import runners

DIRECTIVE = re.compile(r"[a-z-]{1,40}( [ -~]{0,400})?")  # as older browsers send it: the whole line of the policy
log = logging.getLogger(__name__)


@require_GET
def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_GET
def ready(request: HttpRequest) -> JsonResponse:
    """503 without the database, without which nothing can be done. Valkey and the model are told, and waited for."""
    parts = {"database": _database(), "valkey": _valkey(), "model": runners.chat().probe().is_ready}
    status = 200 if parts["database"] else 503
    return JsonResponse({"status": "ok" if all(parts.values()) else "degraded", "parts": parts}, status=status)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


@csrf_exempt  # a browser sends these reports by itself, without our token; nothing is stored but a log line
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    try:
        report = json.loads(request.body[:8192])["csp-report"]
        directive, page = str(report["violated-directive"]), _page(str(report["document-uri"]))
    except (ValueError, KeyError, TypeError):
        directive, page = "", ""
    if DIRECTIVE.fullmatch(directive):
        log.warning("csp: %s, on the page %s", directive.split()[0], page or "of nobody here")
    else:
        log.warning("csp: a report that cannot be read")
    return HttpResponse(status=204)


def _page(address: str) -> str:
    """The name of its route: the address itself may hold a search's words, or an invitation. Anybody may write here."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except (Resolver404, ValueError):
        return ""


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _valkey() -> bool:
    try:
        return bool(stream.client().ping())
    except RedisError:
        return False
