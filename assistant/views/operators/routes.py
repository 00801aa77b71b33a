"""The addresses of the operators' pages, below /operators/."""

from __future__ import annotations

from django.urls import URLPattern, path

from assistant.views.operators import door, installation, support, tenants

urlpatterns: list[URLPattern] = [
    path("", installation.overview, name="operators"),
    path("live", installation.live, name="operators-live"),
    path("versions", installation.versions, name="operators-versions"),
    path("sign-in", door.sign_in, name="operators-sign-in"),
    path("sign-out", door.sign_out, name="operators-sign-out"),
    path("tenants", tenants.listed, name="operators-tenants"),
    path("tenants/<uuid:tenant>", tenants.one, name="operators-tenant"),
    path("tenants/<uuid:tenant>/prices", tenants.priced, name="operators-tenant-price"),
    path("tenants/<uuid:tenant>/switch", tenants.switch, name="operators-tenant-switch"),
    path("tenants/<uuid:tenant>/support", support.ask, name="operators-support-ask"),
    path("tenants/<uuid:tenant>/support/<uuid:support_access>/end", support.give_back, name="operators-support-end"),
    path("support", support.listed, name="operators-support"),
    path("support/<uuid:support_access>", support.tenant, name="operators-support-tenant"),
    path(
        "support/<uuid:support_access>/collections/<uuid:collection>",
        support.documents,
        name="operators-support-documents",
    ),
    path(
        "support/<uuid:support_access>/documents/<uuid:document>", support.document, name="operators-support-document"
    ),
]
