"""Whoever raises a limit is told again as what is used comes near the new one."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0054_more_is_remembered")]

    operations = [
        migrations.RemoveConstraint("quotaalert", "quota_alert_once"),
        migrations.AddConstraint(
            "quotaalert",
            models.UniqueConstraint(
                fields=["tenant", "kind", "subject", "measure", "per", "since", "percent", "most"],
                name="quota_alert_once",
            ),
        ),
    ]
