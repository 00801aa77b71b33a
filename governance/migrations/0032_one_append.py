"""`audit.append` is all there is: a statement may call it several times, which is quicker than handing over arrays."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("governance", "0031_bin_days")]

    operations = [migrations.RunSQL("DROP FUNCTION audit.append_all(bytea[], bytea[])")]
