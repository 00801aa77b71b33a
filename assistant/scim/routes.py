"""The addresses of SCIM, of one directory."""

from __future__ import annotations

from django.urls import URLPattern, path

from assistant.scim import discovery, groups, resources, users, view


def _of(name: str, short: str, room: object, kind: str) -> list[URLPattern]:
    given = {"room": room, "kind": kind}
    return [
        path(f"{name}", resources.Many.as_view(**given), name=f"scim-{short}s"),
        path(f"{name}/.search", resources.Search.as_view(room=room), name=f"scim-{short}-search"),
        path(f"{name}/<str:one>", resources.One.as_view(**given), name=f"scim-{short}"),
    ]


urlpatterns = [
    path("ServiceProviderConfig", discovery.Service.as_view(), name="scim-service"),
    path("ResourceTypes", discovery.ResourceTypes.as_view(), name="scim-types"),
    path("ResourceTypes/<str:one>", discovery.ResourceTypes.as_view(), name="scim-type"),
    path("Schemas", discovery.Schemas.as_view(), name="scim-schemas"),
    path("Schemas/<str:one>", discovery.Schemas.as_view(), name="scim-schema"),
    *_of("Users", "user", users, "User"),
    *_of("Groups", "group", groups, "Group"),
    path(".search", view.Elsewhere.as_view(), name="scim-search"),
    path("Bulk", view.Elsewhere.as_view(), name="scim-bulk"),
    path("Me", view.Elsewhere.as_view(), name="scim-me"),
    path("", view.Unknown.as_view(), name="scim-root"),
    path("<path:rest>", view.Unknown.as_view(), name="scim-unknown"),
]
