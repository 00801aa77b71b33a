"""Tables of local accounts. Reached as `governance.models.Passkey` and so on, like all of the ground's."""

from __future__ import annotations

from django.db import models

from governance.models import Person, TenantKey, TenantModel


class PortalSession(TenantModel):
    """What is known of a browser's session. Django's own table keeps the session; `mark` is the hash that the record says."""

    person = TenantKey(Person, related_name="portal_sessions")
    mark = models.CharField(max_length=32)
    method = models.CharField(max_length=20)
    agent = models.CharField(max_length=300, blank=True)  # the browser's own words
    address = models.CharField(max_length=45, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "portal_session"
        constraints = [models.UniqueConstraint(fields=["tenant", "mark"], name="portal_session_once")]


class TotpSecret(TenantModel):
    """An authenticator app's secret, locked under the person's key, which stands outside Postgres and goes when they go."""

    person = TenantKey(Person, related_name="totp_secrets")
    secret = models.BinaryField()
    last_step = models.BigIntegerField()  # the half minute of the last code that was taken: none is taken twice
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "totp_secret"
        constraints = [models.UniqueConstraint(fields=["tenant", "person"], name="totp_secret_once_a_person")]


class RecoveryCode(TenantModel):
    person = TenantKey(Person, related_name="recovery_codes")
    hash = models.CharField(max_length=64)  # sha256 with the person's id, in hex: a code has 80 random bits
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_code"
        constraints = [models.UniqueConstraint(fields=["tenant", "hash"], name="recovery_code_once")]


class Passkey(TenantModel):
    person = TenantKey(Person, related_name="passkeys")
    name = models.CharField(max_length=80)
    credential = models.BinaryField()  # its id
    public_key = models.BinaryField()  # WebAuthn's attested credential data: model, id and public key
    host = models.CharField(max_length=253)  # the relying party: it opens nothing at another address
    signed = models.BigIntegerField(default=0)  # the authenticator's own counter
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "passkey"
        constraints = [models.UniqueConstraint(fields=["tenant", "credential"], name="passkey_credential_once")]

    def __str__(self) -> str:
        return self.name
