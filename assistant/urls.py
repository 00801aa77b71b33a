"""Every address there is."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from assistant.api.reading import JsonWhereAsked
from assistant.mcp import view as mcp
from assistant.processes import probes

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", probes.alive, name="healthz"),
    path("readyz", probes.ready, name="readyz"),
    path("metrics", probes.metrics, name="metrics"),
    path("csp-report", probes.csp_report, name="csp-report"),
    path("api/schema/", SpectacularAPIView.as_view(content_negotiation_class=JsonWhereAsked), name="api-schema"),
    path("api/v1/", include("assistant.api.routes")),
    path("v1/", include("assistant.v1.routes")),
    path("mcp", mcp.Door.as_view(), name="mcp"),
    path("scim/v2/<uuid:directory>/", include("assistant.scim.routes")),
    path("operators/", include("assistant.views.operators.routes")),
    path("", include("assistant.views.routes")),
]

handler400 = "assistant.ends.bad_request"
handler403 = "assistant.ends.forbidden"
handler404 = "assistant.ends.not_found"
handler500 = "assistant.ends.failed"
