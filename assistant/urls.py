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
    path("", include("assistant.views.routes")),
]
