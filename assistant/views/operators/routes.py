"""The addresses of the operators' pages, below /operators/."""

from __future__ import annotations

from django.urls import URLPattern, path

from assistant.views.operators import door, installation, tenants

urlpatterns: list[URLPattern] = [
    path("", installation.overview, name="operators"),
    path("live", installation.live, name="operators-live"),
    path("versions", installation.versions, name="operators-versions"),
    path("sign-in", door.sign_in, name="operators-sign-in"),
    path("sign-out", door.sign_out, name="operators-sign-out"),
    path("tenants", tenants.listed, name="operators-tenants"),
    path("tenants/<uuid:tenant>", tenants.one, name="operators-tenant"),
    path("tenants/<uuid:tenant>/switch", tenants.switch, name="operators-tenant-switch"),
]
