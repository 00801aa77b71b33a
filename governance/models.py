"""The ground's tables: fields, constraints and one-row derivations.

Every table but Tenant and Operator carries tenant_id and stands under row-level security. A foreign key within a tenant is
the composite (tenant_id, …) made in SQL by the migrations, since Django 5.2 cannot point at a composite key: the field here
is for reading across, its constraint is in the database.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from governance.roles import Level, Role


class TenantKey(models.ForeignKey):  # type: ignore[type-arg]
    """A foreign key inside one tenant; the migrations make it (tenant_id, …) and say what a delete does."""

    def __init__(self, to: Any, **options: Any) -> None:
        options |= {"on_delete": models.DO_NOTHING, "db_constraint": False}
        super().__init__(to, **options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, options  # migrations import nothing of ours


class Tenant(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, unique=True, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    is_demo = models.BooleanField(default=False)
    # Limits: what one tenant may take from the machine that all share.
    answers_running_max = models.PositiveIntegerField(default=8)
    answers_waiting_max = models.PositiveIntegerField(default=40)
    answers_per_person_max = models.PositiveIntegerField(default=4)
    documents_max = models.PositiveIntegerField(default=100_000)
    tokens_per_day = models.PositiveIntegerField(null=True, blank=True)
    allows_model_only = models.BooleanField(default=True)
    # Or nothing is answered: audit.health.
    demands_witness = models.BooleanField(default=False, db_default=False)
    demands_forwarding = models.BooleanField(default=False, db_default=False)
    # What a person is told of who read their words on the record: the officer's name, and the reason that was given.
    names_officers = models.BooleanField(default=True, db_default=True)
    tells_reasons = models.BooleanField(default=False, db_default=False)
    policy_needs_second = models.BooleanField(default=False, db_default=False)  # nobody publishes what they wrote
    switched_off_at = models.DateTimeField(null=True)  # by an operator: nobody signs in, and no key works
    allows_personal_keys = models.BooleanField(default=True, db_default=True)  # or only service accounts have keys
    key_days_max = models.PositiveSmallIntegerField(default=366, db_default=366)  # the longest that a new key may live
    # Words of the record are opened only where another officer approved it.
    opening_needs_second = models.BooleanField(default=False, db_default=False)
    # Whose passwords need a second factor beside them: nobody's, those of admins and officers, or everybody's.
    second_factor_for = models.CharField(max_length=10, default="nobody", db_default="nobody")
    bin_days = models.PositiveSmallIntegerField(
        default=30, db_default=30
    )  # a deleted document can be restored for so long
    currency = models.CharField(max_length=3, default="EUR", db_default="EUR")  # that prices of models are in
    clearance = models.PositiveSmallIntegerField(null=True)  # up to which label everybody is cleared; null for all
    home_label = models.PositiveSmallIntegerField(
        null=True
    )  # from which on no text goes to a model outside; null: none

    class Meta:
        db_table = "tenant"

    def __str__(self) -> str:
        return self.slug


class TenantModel(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.DO_NOTHING, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Person(AbstractBaseUser, TenantModel):
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    # Counts how often all their sessions were ended: each session carries a hash of it, and dies with the old number.
    session_epoch = models.PositiveIntegerField(default=0)
    erased_at = models.DateTimeField(null=True)  # the row stays, for the ids that point at it; it says nobody's name
    is_service = models.BooleanField(default=False, db_default=False)  # a program of the house: service_accounts.models

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "tenant"]
    objects = BaseUserManager["Person"]()

    class Meta:
        db_table = "person"
        constraints = [models.UniqueConstraint("tenant", Lower("email"), name="person_email_once_a_tenant")]

    def __str__(self) -> str:
        name = self.name or self.email
        return f"{name} (service)" if self.is_service else name  # wherever it stands, nobody takes it for a colleague

    def get_session_auth_hash(self) -> str:
        return f"{self.session_epoch}:{super().get_session_auth_hash()}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for fallback in super().get_session_auth_fallback_hash():
            yield f"{self.session_epoch}:{fallback}"


class Invitation(TenantModel):
    """A link with which a person sets their password, once."""

    person = TenantKey(Person, related_name="invitations")
    hash = models.CharField(max_length=64)  # sha256 of the token, in hex: it has 256 random bits, nothing to guess
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    created_by = models.UUIDField(null=True)

    class Meta:
        db_table = "invitation"
        constraints = [models.UniqueConstraint(fields=["tenant", "hash"], name="invitation_hash_once")]


class RoleAssignment(TenantModel):
    person = TenantKey(Person, related_name="role_assignments")
    role = models.CharField(max_length=40)
    ends_at = models.DateTimeField(null=True)  # it counts until then; no end where there is none
    given_by = models.UUIDField(null=True)

    class Meta:
        db_table = "role_assignment"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "person", "role"], name="role_once_a_person"),
            models.CheckConstraint(
                condition=models.Q(role__in=[str(Role.TENANT_ADMIN), str(Role.COMPLIANCE_OFFICER)]),
                name="role_is_known",
            ),
        ]


class Group(TenantModel):
    name = models.CharField(max_length=200)

    class Meta:
        db_table = "group"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="group_name_once_a_tenant")]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """One word that somebody is in a group: see `governance.memberships`."""

    group = TenantKey(Group, related_name="memberships")
    person = TenantKey(Person, related_name="memberships")
    source = models.CharField(max_length=20, default="manual")
    held_by = models.UUIDField(null=True)  # the identity provider or the directory whose word it is

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "person", "source", "held_by"],
                name="membership_once_an_origin",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=["manual", "sso", "scim"]), name="membership_source_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(source="manual") | models.Q(held_by__isnull=True),
                name="membership_by_hand_is_nobodys",
            ),
        ]


class Resource(TenantModel):
    """What grants point at. A collection shares its key; a retired one is nobody's."""

    kind = models.CharField(max_length=40)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "resource"


class Grant(TenantModel):
    resource = TenantKey(Resource, related_name="grants")
    person = TenantKey(Person, null=True, related_name="grants")
    group = TenantKey(Group, null=True, related_name="grants")
    level = models.PositiveSmallIntegerField()
    denies = models.BooleanField(default=False)  # a denied level denies those above it, and beats any allowing grant
    granted_by = models.UUIDField(null=True)
    ends_at = models.DateTimeField(null=True)  # it counts until then, a denial too; no end where there is none
    source = models.CharField(max_length=20, default="manual", db_default="manual")  # see governance.grants

    class Meta:
        db_table = "grant"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "resource", "person", "group", "denies"],
                # What was asked for stands beside, with an end of its own: it takes nothing away that was there.
                condition=models.Q(source__in=["manual", "owner"]),
                name="grant_once_a_holder",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) ^ models.Q(group__isnull=True), name="grant_has_one_holder"
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=[int(level) for level in Level]), name="grant_level_is_known"
            ),
        ]


class PolicyVersion(TenantModel):
    """A set of rules with its hash. Only a draft changes; what was published stays as it was, which a trigger sees to."""

    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20)
    rules = models.JSONField()  # see governance.policy.documents
    sha256 = models.CharField(max_length=64)  # in hex, over the rules
    note = models.CharField(max_length=500, blank=True)
    based_on = models.PositiveIntegerField(null=True)
    restores = models.PositiveIntegerField(null=True)  # the version whose rules these are again
    made_by = models.UUIDField(null=True)  # null where the installation made it, with the tenant
    authors = ArrayField(models.UUIDField(), default=list)  # everybody who changed it as a draft
    submitted_by = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    published_by = models.UUIDField(null=True)
    published_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "policy_version"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="policy_version_number_once"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="published"), name="policy_version_one_published"
            ),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="draft"), name="policy_version_one_draft"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "published", "superseded", "discarded"]),
                name="policy_version_state_is_known",
            ),
        ]


class Reservation(TenantModel):
    """What was set aside for an interaction before a model is asked, and what it really used once it has ended.

    It is taken by `owner`, a process, for as long as `lease_until` says: what nobody settles until then the sweep does.
    """

    person = TenantKey(Person, related_name="+")
    interaction = models.UUIDField()
    day = models.DateField()  # of UTC: all of it counts on the day that it was begun on
    key = models.UUIDField(null=True)  # the API key whose allowance it counts against
    groups = ArrayField(models.UUIDField(), default=list, db_default=[])  # those that it counts against
    model = models.CharField(max_length=100, default="", db_default="", blank=True)
    reserved = models.PositiveIntegerField()  # tokens
    reserved_ms = models.BigIntegerField(default=0, db_default=0)
    reserved_nanos = models.BigIntegerField(default=0, db_default=0)
    used = models.PositiveIntegerField(null=True)  # tokens; null until it is settled
    used_ms = models.BigIntegerField(default=0, db_default=0)
    used_nanos = models.BigIntegerField(default=0, db_default=0)
    is_asked = models.BooleanField(default=False, db_default=True)  # a model was, or is about to be
    owner = models.CharField(max_length=100, default="", db_default="", blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "reservation"
        constraints = [models.UniqueConstraint(fields=["tenant", "interaction"], name="reservation_once")]
        indexes = [
            models.Index(fields=["tenant", "created_at"], name="reservation_by_day"),
            models.Index(fields=["lease_until"], condition=models.Q(used=None), name="reservation_open"),
        ]


class Operator(models.Model):
    """Runs the installation; belongs to no tenant and sees no content."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    password = models.CharField(max_length=128, default="")  # hashed; the empty one fits nothing
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "operator"

    def __str__(self) -> str:
        return self.email


# Django finds an app's tables in this module; these have rooms of their own, which read the ones above.
from governance.accounts.models import Passkey as Passkey  # noqa: E402
from governance.accounts.models import PortalSession as PortalSession  # noqa: E402
from governance.accounts.models import RecoveryCode as RecoveryCode  # noqa: E402
from governance.accounts.models import TotpSecret as TotpSecret  # noqa: E402
from governance.audit.lifecycle.models import Erasure as Erasure  # noqa: E402
from governance.audit.lifecycle.models import Hold as Hold  # noqa: E402
from governance.audit.lifecycle.models import Period as Period  # noqa: E402
from governance.audit.officers.models import Case as Case  # noqa: E402
from governance.audit.officers.models import CaseItem as CaseItem  # noqa: E402
from governance.audit.officers.models import Opening as Opening  # noqa: E402
from governance.audit.out.models import ForwardCursor as ForwardCursor  # noqa: E402
from governance.audit.out.models import ForwardTarget as ForwardTarget  # noqa: E402
from governance.identity.directories.models import Directory as Directory  # noqa: E402
from governance.identity.directories.models import DirectoryEntry as DirectoryEntry  # noqa: E402
from governance.identity.directories.models import DirectoryFault as DirectoryFault  # noqa: E402
from governance.identity.directories.models import DirectoryToken as DirectoryToken  # noqa: E402
from governance.identity.directories.models import Standing as Standing  # noqa: E402
from governance.identity.models import Identity as Identity  # noqa: E402
from governance.identity.models import IdentityProvider as IdentityProvider  # noqa: E402
from governance.identity.models import ProviderGroup as ProviderGroup  # noqa: E402
from governance.identity.models import ProviderSession as ProviderSession  # noqa: E402
from governance.identity.models import SeenAssertion as SeenAssertion  # noqa: E402
from governance.identity.models import SpentLogout as SpentLogout  # noqa: E402
from governance.labels.models import Clearance as Clearance  # noqa: E402
from governance.labels.models import Label as Label  # noqa: E402
from governance.policy.models import PolicyDecision as PolicyDecision  # noqa: E402
from governance.policy.models import PolicyReplay as PolicyReplay  # noqa: E402
from governance.policy.models import ReplayStatus as ReplayStatus  # noqa: E402
from governance.quotas.models import Allowance as Allowance  # noqa: E402
from governance.quotas.models import Measure as Measure  # noqa: E402
from governance.quotas.models import Per as Per  # noqa: E402
from governance.quotas.models import Price as Price  # noqa: E402
from governance.quotas.models import QuotaAlert as QuotaAlert  # noqa: E402
from governance.quotas.models import Spent as Spent  # noqa: E402
from governance.requests.models import AccessRequest as AccessRequest  # noqa: E402
from governance.requests.models import Offer as Offer  # noqa: E402
from governance.service_accounts.models import Acting as Acting  # noqa: E402
from governance.service_accounts.models import ApiKey as ApiKey  # noqa: E402
from governance.service_accounts.models import ServiceAccount as ServiceAccount  # noqa: E402
from governance.standing.models import AccessHistory as AccessHistory  # noqa: E402
from governance.standing.models import CustomRole as CustomRole  # noqa: E402
from governance.standing.models import CustomRoleAssignment as CustomRoleAssignment  # noqa: E402
from governance.support.models import SupportAccess as SupportAccess  # noqa: E402
from governance.support.models import SupportReach as SupportReach  # noqa: E402
