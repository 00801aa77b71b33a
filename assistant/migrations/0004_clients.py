"""What a client of its own brings to a question, and the code of what an answer failed by."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assistant", "0003_ahead")]

    operations = [
        migrations.AddField("conversation", "is_listed", models.BooleanField(default=True)),
        migrations.AddField("answer", "sampler", models.JSONField(default=dict)),
        migrations.AddField("answer", "brought", models.JSONField(default=dict)),
        migrations.AddField("answer", "fault", models.CharField(blank=True, max_length=40)),
    ]
