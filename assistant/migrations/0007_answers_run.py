"""A door for reading documents, which gives way while anybody is answered."""

from __future__ import annotations

from django.db import migrations

from governance import rls

RUN = """
SELECT EXISTS (SELECT FROM public.answer a WHERE a.status = 'running' AND a.lease_until > now())
"""


class Migration(migrations.Migration):
    dependencies = [("assistant", "0006_operator_figures")]

    operations = [rls.door("chancery.answers_run()", RUN, returns="boolean")]
