"""From which of a tenant's labels on a document's text goes to no model outside the house."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0052_quota_isolation")]

    operations = [migrations.AddField("tenant", "home_label", models.PositiveSmallIntegerField(null=True))]
