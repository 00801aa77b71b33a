"""The tables of API keys, and of the programs that hold them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Group, Person, TenantKey, TenantModel


class ActsFor(models.TextChoices):
    """For whom a service account may act."""

    NOBODY = "nobody"
    GROUP = "group"
    EVERYBODY = "everybody"


class ServiceAccount(TenantModel):
    """What is known of a program beside what it shares with people: its row in `person` holds name, grants and groups."""

    person = TenantKey(Person, related_name="service_accounts")
    purpose = models.CharField(max_length=500)
    owner = TenantKey(Person, related_name="+")  # the colleague who answers for it
    acts_for = models.CharField(max_length=20, choices=ActsFor, default=ActsFor.NOBODY)
    acts_for_group = TenantKey(Group, null=True, related_name="+")
    # Clients of the tenant's own providers whose ID tokens it may show instead of naming somebody.
    audiences = ArrayField(models.CharField(max_length=200), default=list)

    class Meta:
        db_table = "service_account"
        constraints = [models.UniqueConstraint(fields=["tenant", "person"], name="service_account_once")]


class ApiKey(TenantModel):
    """A key of a person or a service account. One with a `parent` was exchanged for it: it acts for a person, for minutes."""

    person = TenantKey(Person, related_name="api_keys")
    name = models.CharField(max_length=200)
    hash = models.CharField(max_length=64)  # sha256 of the key, in hex: a key has 256 random bits, nothing to guess
    prefix = models.CharField(max_length=16)
    scopes = ArrayField(models.CharField(max_length=20))
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.GenericIPAddressField(null=True)
    allowed = ArrayField(models.CharField(max_length=43), default=list, db_default=[])  # networks; empty: from anywhere
    per_minute = models.PositiveIntegerField(null=True)  # requests
    replaced_by = models.UUIDField(null=True)  # the key that goes on for it
    warned_at = models.DateTimeField(null=True)  # that it ends soon
    parent = TenantKey("self", null=True, related_name="exchanged")
    service = TenantKey(
        Person, null=True, related_name="+"
    )  # the service account that acts by it, where it has a parent

    class Meta:
        db_table = "api_key"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "hash"], name="api_key_hash_once"),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True, service__isnull=True)
                | models.Q(parent__isnull=False, service__isnull=False),
                name="api_key_acts_through_one",
            ),
        ]
        indexes = [
            models.Index(fields=["hash"], name="api_key_by_hash"),
            models.Index(fields=["tenant", "service"], name="api_key_by_service"),
        ]


class Acting(TenantModel):
    """That a service account acted for a person, how often and when last: for the person to see."""

    person = TenantKey(Person, related_name="+")
    service = TenantKey(Person, related_name="+")
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "acting"
        constraints = [models.UniqueConstraint(fields=["tenant", "person", "service"], name="acting_once_a_pair")]
