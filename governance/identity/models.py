"""Tables of identity providers. Reached as `governance.models.Identity` and so on, like all of the ground's."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Group, Person, TenantKey, TenantModel


class IdentityProvider(TenantModel):
    """An OpenID Connect provider of one tenant. The secret is sealed under a key that stands outside Postgres."""

    name = models.CharField(max_length=80)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=200)
    client_secret = models.BinaryField(default=bytes)
    domains = ArrayField(models.CharField(max_length=200))  # it vouches for addresses of these, and of no other
    group_claim = models.CharField(max_length=200, blank=True)
    vouches_for_addresses = models.BooleanField(default=False)  # it says nothing of email_verified, and need not
    is_enabled = models.BooleanField(default=False)
    is_required = models.BooleanField(default=False)  # passwords are for the tenant's admins alone

    class Meta:
        db_table = "identity_provider"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "issuer", "client_id"], name="provider_once_a_client"),
            models.CheckConstraint(
                condition=models.Q(is_required=False) | models.Q(is_enabled=True), name="provider_required_is_enabled"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProviderGroup(TenantModel):
    """The allow-list: whoever's group claim holds `value` is in `group`. What is not listed opens nothing."""

    provider = TenantKey(IdentityProvider, related_name="allowed_groups")
    value = models.CharField(max_length=300)
    group = TenantKey(Group, related_name="+")

    class Meta:
        db_table = "provider_group"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "provider", "value", "group"], name="provider_group_once")
        ]


class Identity(TenantModel):
    """Who a person is at an issuer: `subject` alone says it, never an e-mail address."""

    person = TenantKey(Person, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "issuer", "subject"], name="identity_is_one_persons"),
            # An address that the provider has given to somebody else must not lead into the first one's account.
            models.UniqueConstraint(fields=["tenant", "person", "issuer"], name="identity_once_an_issuer"),
        ]
