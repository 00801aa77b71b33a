"""Every address there is."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from assistant import probes

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", probes.alive, name="healthz"),
    path("readyz", probes.ready, name="readyz"),
    path("metrics", probes.metrics, name="metrics"),
    path("csp-report", probes.csp_report, name="csp-report"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/", include("assistant.api.routes")),
    path("v1/", include("assistant.v1.routes")),
    path("operators/", include("assistant.views.operators.routes")),
    path("", include("assistant.views.routes")),
]

handler400 = "assistant.ends.bad_request"
handler403 = "assistant.ends.forbidden"
handler404 = "assistant.ends.not_found"
handler500 = "assistant.ends.failed"
