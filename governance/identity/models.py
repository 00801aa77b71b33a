"""Tables of identity providers. Reached as `governance.models.Identity` and so on, like all of the ground's."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import Group, Person, TenantKey, TenantModel


class Kind(models.TextChoices):
    """The language that a provider speaks."""

    OPENID = "openid"
    SAML = "saml"


class IdentityProvider(TenantModel):
    """A provider of one tenant. The secret is sealed under a key that stands outside Postgres.

    One that speaks SAML has no client id and no secret: its issuer is its entity id, and what it is trusted by are the keys in
    `certificates` (DER in base64), as its metadata names them.
    """

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.OPENID)
    name = models.CharField(max_length=80)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=200, blank=True)
    client_secret = models.BinaryField(default=bytes)
    domains = ArrayField(models.CharField(max_length=200))  # it vouches for addresses of these, and of no other
    group_claim = models.CharField(max_length=200, blank=True)
    # Of SAML alone: where to send people, what was read of the metadata, and which attributes say who it is.
    sign_in_address = models.CharField(max_length=500, blank=True)
    metadata_address = models.CharField(max_length=500, blank=True)
    certificates = ArrayField(models.TextField(), default=list)
    subject_claim = models.CharField(max_length=200, blank=True)
    email_claim = models.CharField(max_length=200, blank=True)
    vouches_for_addresses = models.BooleanField(default=False)  # it says nothing of email_verified, and need not
    is_enabled = models.BooleanField(default=False)
    is_required = models.BooleanField(default=False)  # passwords are for the tenant's admins alone
    # Of a person whom a first sign-in makes: a built-in role, or one of the tenant's own.
    default_role = models.CharField(max_length=40, blank=True, default="")
    default_custom_role = TenantKey("governance.CustomRole", null=True, related_name="+")
    # How strongly it has to be shown who somebody is: one of these values, where there are any (RFC 8176, `acr_values`).
    demanded_acr = ArrayField(models.CharField(max_length=100), default=list)
    demanded_amr = ArrayField(models.CharField(max_length=100), default=list)

    class Meta:
        db_table = "identity_provider"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "issuer", "client_id"], name="provider_once_a_client"),
            models.CheckConstraint(
                condition=models.Q(is_required=False) | models.Q(is_enabled=True), name="provider_required_is_enabled"
            ),
            models.CheckConstraint(
                condition=models.Q(default_role="") | models.Q(default_custom_role__isnull=True),
                name="provider_has_one_default_role",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=Kind.OPENID) & ~models.Q(client_id="")
                | models.Q(kind=Kind.SAML, client_id="") & ~models.Q(sign_in_address=""),
                name="provider_is_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProviderGroup(TenantModel):
    """The allow-list: whoever's group claim holds `value` is in `group`. What is not listed opens nothing.

    An empty value, which no claim can hold, stands for everybody who signs in with the provider.
    """

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
    subject = models.CharField(max_length=600)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "issuer", "subject"], name="identity_is_one_persons"),
            # An address that the provider has given to somebody else must not lead into the first one's account.
            models.UniqueConstraint(fields=["tenant", "person", "issuer"], name="identity_once_an_issuer"),
        ]


class ProviderSession(TenantModel):
    """A session here that began with a sign-in at a provider: known by the hash that the record says, and by its name there."""

    provider = TenantKey(IdentityProvider, related_name="sessions")
    person = TenantKey(Person, related_name="provider_sessions")
    subject = models.CharField(max_length=600)
    sid = models.CharField(max_length=255, blank=True)  # empty where the provider names no sessions
    mark = models.CharField(max_length=32)

    class Meta:
        db_table = "provider_session"
        constraints = [models.UniqueConstraint(fields=["tenant", "mark"], name="provider_session_once")]
        indexes = [models.Index(fields=["tenant", "provider", "subject"], name="provider_session_by_subject")]


class SpentLogout(TenantModel):
    """A logout token that was taken, until it expires: it ends sessions once."""

    provider = TenantKey(IdentityProvider, related_name="+")
    hash = models.CharField(max_length=64)  # sha256 of its `jti`, in hex
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "spent_logout"
        constraints = [models.UniqueConstraint(fields=["tenant", "provider", "hash"], name="spent_logout_once")]


class SeenAssertion(TenantModel):
    """A signed assertion that has been used, kept until it could not be used any more anyway: each opens once."""

    provider = TenantKey(IdentityProvider, related_name="+")
    assertion = models.CharField(max_length=64)  # SHA-256 of its id, in hex
    ends_at = models.DateTimeField()

    class Meta:
        db_table = "seen_assertion"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "provider", "assertion"], name="assertion_opens_once"),
        ]
        indexes = [models.Index(fields=["tenant", "ends_at"], name="seen_assertion_ends")]
