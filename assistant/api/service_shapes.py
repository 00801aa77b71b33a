"""Service accounts and their keys, as they come in and go out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assistant.api.shapes import Id
from governance import models
from governance.service_accounts import accounts, networks, service_keys
from governance.service_accounts.models import ActsFor
from governance.service_accounts.service_keys import Held, Made


class AccountIn(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(max_length=200)
    purpose = serializers.CharField(max_length=accounts.PURPOSE_MAX)
    owner = Id()


class PermissionIn(serializers.Serializer):  # type: ignore[type-arg]
    acts_for = serializers.ChoiceField(ActsFor.values)
    group = Id(required=False, allow_null=True, default=None)
    audiences = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, default=list, max_length=accounts.AUDIENCES_MAX
    )


class AccountChangeIn(serializers.Serializer):  # type: ignore[type-arg]
    """What is not sent stays as it is."""

    name = serializers.CharField(max_length=200, required=False)
    purpose = serializers.CharField(max_length=accounts.PURPOSE_MAX, required=False)
    owner = Id(required=False)
    is_active = serializers.BooleanField(required=False)
    permission = PermissionIn(required=False)


class NarrowedIn(serializers.Serializer):  # type: ignore[type-arg]
    allowed = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list, max_length=networks.MOST
    )
    per_minute = serializers.IntegerField(
        min_value=1, max_value=service_keys.PACE_MOST, required=False, allow_null=True, default=None
    )
    tokens_per_day = serializers.IntegerField(
        min_value=service_keys.TOKENS_LEAST,
        max_value=service_keys.TOKENS_MOST,
        required=False,
        allow_null=True,
        default=None,
    )


class KeyIn(NarrowedIn):
    name = serializers.CharField(max_length=200)
    scopes = serializers.ListField(child=serializers.CharField(max_length=20), min_length=1, max_length=20)
    days = serializers.IntegerField(min_value=1, max_value=366, required=False, default=service_keys.DAYS)


class RotateIn(serializers.Serializer):  # type: ignore[type-arg]
    days = serializers.IntegerField(min_value=1, max_value=366, required=False, default=service_keys.DAYS)
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=service_keys.OVERLAP_MOST_H, required=False, default=service_keys.OVERLAP_H
    )


class RulesIn(serializers.Serializer):  # type: ignore[type-arg]
    allows_personal_keys = serializers.BooleanField()
    key_days_max = serializers.IntegerField(min_value=1, max_value=366)


class KeyOut(serializers.Serializer):  # type: ignore[type-arg]
    """`replaced_by` is the key that goes on for it; `days_left` are whole days until it ends."""

    id = Id()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    allowed = serializers.ListField(child=serializers.CharField())
    per_minute = serializers.IntegerField(allow_null=True)
    tokens_per_day = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    days_left = serializers.IntegerField()
    replaced_by = Id(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_from = serializers.CharField(allow_null=True)


class AccountOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    name = serializers.CharField()
    purpose = serializers.CharField()
    owner = Id()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    permission = PermissionIn()
    keys = KeyOut(many=True)


class MadeOut(serializers.Serializer):  # type: ignore[type-arg]
    """`key` is shown this once."""

    id = Id()
    key = serializers.CharField()
    expires_at = serializers.DateTimeField()


class RulesOut(RulesIn):
    pass


def account(row: models.ServiceAccount, held: list[Held]) -> dict[str, Any]:
    return {
        "id": row.person_id,
        "name": row.person.name,
        "purpose": row.purpose,
        "owner": row.owner_id,
        "is_active": row.person.is_active,
        "created_at": row.created_at,
        "permission": {"acts_for": row.acts_for, "group": row.acts_for_group_id, "audiences": row.audiences},
        "keys": [key(one) for one in held],
    }


def key(held: Held) -> dict[str, Any]:
    names = ("name", "prefix", "scopes", "allowed", "per_minute", "created_at", "expires_at", "replaced_by")
    told = {name: getattr(held.row, name) for name in (*names, "last_used_at", "last_used_from")}
    return {"id": held.row.pk, "days_left": held.days_left, "tokens_per_day": held.tokens_per_day} | told


def made(one: Made) -> dict[str, Any]:
    return {"id": one.id, "key": one.secret, "expires_at": one.expires_at}
