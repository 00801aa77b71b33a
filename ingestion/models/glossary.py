"""The words of a house."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models import TenantModel


class GlossaryTerm(TenantModel):
    """What a term of the house stands for, or is also called; everybody of the tenant searches by it."""

    term = models.CharField(max_length=80)
    key = models.CharField(max_length=160)  # the term as it is compared
    meanings = ArrayField(models.CharField(max_length=80))
    created_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "glossary_term"
        constraints = (models.UniqueConstraint(fields=["tenant", "key"], name="glossary_term_once"),)

    def __str__(self) -> str:
        return self.term
