"""People and groups for admins: who is in which group, and by whose word."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging
from assistant.api.shapes import Id
from assistant.api.view import Operation
from governance import groups, people
from governance.memberships import Named, Source


class OriginOut(serializers.Serializer):  # type: ignore[type-arg]
    """`by` is the identity provider or the directory; null for a hand."""

    source = serializers.ChoiceField([str(source) for source in Source])  # type: ignore[assignment]
    by = Id(allow_null=True)
    name = serializers.CharField(allow_blank=True)


class MemberOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    email = serializers.CharField()
    is_active = serializers.BooleanField()
    origins = OriginOut(many=True)


class MembershipOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    origins = OriginOut(many=True)


class Members(Operation):
    @paging.listing("members", MemberOut)
    def get(self, request: Request, group: uuid.UUID) -> Response:
        """Who is in a group, and whose word it is: a hand's, a provider's claim, or a directory's."""
        rows = paging.part(request, groups.members(self.caller, group), lambda member: member.person.pk)
        return Response(paging.told("members", rows, _member))


class Memberships(Operation):
    @paging.listing("groups", MembershipOut)
    def get(self, request: Request, person: uuid.UUID) -> Response:
        """Which groups somebody is in, and whose word it is."""
        found = groups.of(self.caller, person)
        people.get(self.caller, person)
        rows = paging.part(request, found, lambda member: member.group.pk)
        return Response(paging.told("groups", rows, _membership))


def _member(member: groups.Member) -> dict[str, Any]:
    of = member.person
    origins = [_origin(one) for one in member.origins]
    return {"id": of.pk, "name": of.name, "email": of.email, "is_active": of.is_active, "origins": origins}


def _membership(member: groups.Member) -> dict[str, Any]:
    return {
        "id": member.group.pk,
        "name": member.group.name,
        "origins": [_origin(one) for one in member.origins],
    }


def _origin(origin: Named) -> dict[str, Any]:
    return {"source": origin.source, "by": origin.by, "name": origin.name}
