"""Tables of directories that provision people and groups over SCIM. Reached as `governance.models.Directory` and so on."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from governance.models import Group, Person, TenantKey, TenantModel


class Directory(TenantModel):
    """An organisation's directory, such as Entra ID or Okta, that says who is here and in which group."""

    name = models.CharField(max_length=80)

    class Meta:
        db_table = "directory"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="directory_name_once")]

    def __str__(self) -> str:
        return self.name


class DirectoryToken(TenantModel):
    """What a directory shows to be one. Several may live at once, so that one takes over from another."""

    directory = TenantKey(Directory, related_name="tokens")
    hash = models.CharField(max_length=64)  # sha256 of the token, in hex: it has 256 random bits, nothing to guess
    prefix = models.CharField(max_length=16)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "directory_token"
        constraints = [models.UniqueConstraint(fields=["tenant", "hash"], name="directory_token_hash_once")]
        indexes = [models.Index(fields=["hash"], name="directory_token_by_hash")]


class Standing(models.TextChoices):
    LIVE = "live"
    OFFERED = "offered"  # an admin handed it over, and the directory has not written it yet
    GONE = "gone"  # deleted by the directory: it sees it no more, and may bring it back


class DirectoryEntry(TenantModel):
    """A person or a group that a directory keeps. One directory keeps it, and no second one."""

    directory = TenantKey(Directory, related_name="entries")
    person = TenantKey(Person, null=True, related_name="directory_entries")
    group = TenantKey(Group, null=True, related_name="directory_entries")
    standing = models.CharField(max_length=10, default=Standing.LIVE)
    external_id = models.CharField(max_length=255, blank=True)
    user_name = models.CharField(max_length=255, blank=True)
    attributes = models.JSONField(default=dict)  # what else it says of a person, in the names of RFC 7643
    active = models.BooleanField(null=True)  # its word; None where it says nothing
    holds_off = models.BooleanField(default=False)  # the person is switched off by it, and not by a hand
    was_made = models.BooleanField(default=False)  # by it, and not handed over
    number = models.PositiveIntegerField(default=1)  # counts its changes
    changed_at = models.DateTimeField(auto_now=True)
    changed = ArrayField(models.CharField(max_length=40), default=list)  # what the last change changed

    class Meta:
        db_table = "directory_entry"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "person"], name="directory_entry_once_a_person"),
            models.UniqueConstraint(fields=["tenant", "group"], name="directory_entry_once_a_group"),
            models.UniqueConstraint(
                "tenant",
                "directory",
                Lower("user_name"),
                condition=models.Q(person__isnull=False) & ~models.Q(standing="gone"),
                name="directory_user_name_once",
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) ^ models.Q(group__isnull=True), name="directory_entry_is_of_one"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "directory", "external_id"], name="directory_entry_by_external"),
            models.Index(fields=["tenant", "directory", "created_at"], name="directory_entry_in_order"),
        ]

    @property
    def kept(self) -> uuid.UUID | None:
        """The person's or the group's id."""
        return self.person_id or self.group_id


class DirectoryFault(TenantModel):
    """A request of a directory that was refused, kept for a day for the admin who is to mend it."""

    directory = TenantKey(Directory, related_name="faults")
    method = models.CharField(max_length=10)
    kind = models.CharField(max_length=20)  # User or Group; empty for neither
    target = models.CharField(max_length=255, blank=True)  # what it was about, in the directory's word
    status = models.PositiveSmallIntegerField()
    detail = models.CharField(max_length=500)
    about = models.UUIDField(null=True)  # the person or the group that stands in the way, and could be handed over

    class Meta:
        db_table = "directory_fault"
        indexes = [models.Index(fields=["tenant", "directory", "created_at"], name="directory_fault_in_order")]
