"""What a tenant opens to an operator for a support case. To a support person Postgres shows no row of any table, and lets
them write none: they have no tenant there. What they see comes through doors that ask what was opened to them, and no more.
"""

from __future__ import annotations

import uuid

from django.db import migrations, models
from django.db.models import deletion

from governance import rls

KEY = {"db_constraint": False, "on_delete": deletion.DO_NOTHING}
BASICS = [
    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
    ("created_at", models.DateTimeField(auto_now_add=True)),
    ("tenant", models.ForeignKey(on_delete=deletion.DO_NOTHING, related_name="+", to="governance.tenant")),
]
HOW = [("refused", "Refused"), ("ended", "Ended"), ("given_back", "Given Back"), ("over", "Over")]

# Every policy of every table, and every door but those below, asks for the tenant by this function: one that is made later too.
NO_TENANT = """
CREATE OR REPLACE FUNCTION chancery.tenant() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT CASE WHEN current_setting('chancery.actor_kind', true) = 'support' THEN NULL
                   ELSE nullif(current_setting('chancery.tenant', true), '')::uuid END $$;
CREATE FUNCTION chancery.is_operator() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT coalesce(current_setting('chancery.actor_kind', true) = 'operator', false)
          AND nullif(current_setting('chancery.tenant', true), '') IS NOT NULL $$;
"""
A_TENANT = """
DROP FUNCTION chancery.is_operator();
CREATE OR REPLACE FUNCTION chancery.tenant() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog AS
    $$ SELECT nullif(current_setting('chancery.tenant', true), '')::uuid $$;
"""

# What is open to whoever asks as a support person: by the opening's id, at every statement anew.
OPEN = """
SELECT s.tenant_id, s.id, s.level::integer FROM public.support_access s JOIN public.tenant t ON t.id = s.tenant_id
WHERE current_setting('chancery.actor_kind', true) = 'support'
  AND s.tenant_id = nullif(current_setting('chancery.tenant', true), '')::uuid
  AND s.id = nullif(current_setting('chancery.person', true), '')::uuid
  AND s.opened_at IS NOT NULL AND s.closed_at IS NULL AND s.ends_at > now() AND t.switched_off_at IS NULL
"""
# The collections that were named, as far as they are there; nothing where only settings were opened.
REACH = """
SELECT r.resource_id FROM chancery.support_open() o
JOIN public.support_reach r ON r.tenant_id = o.tenant_id AND r.access_id = o.id
JOIN public.resource e ON e.tenant_id = r.tenant_id AND e.id = r.resource_id AND e.retired_at IS NULL
WHERE o.level >= minimum AND minimum >= 2
"""
# Before a tenant is known: whether this operator may come in by this opening.
RESOLVE = """
SELECT s.tenant_id, t.name::text, s.ticket::text, s.level::integer, s.ends_at, s.operator IS NOT NULL,
    ARRAY(SELECT r.resource_id FROM public.support_reach r
          JOIN public.resource e ON e.tenant_id = r.tenant_id AND e.id = r.resource_id AND e.retired_at IS NULL
          WHERE r.tenant_id = s.tenant_id AND r.access_id = s.id AND s.level >= 2)
FROM public.support_access s JOIN public.tenant t ON t.id = s.tenant_id
JOIN public.operator p ON p.id = whose AND p.is_active
WHERE s.id = wanted AND (s.operator IS NULL OR s.operator = whose)
  AND s.opened_at IS NOT NULL AND s.closed_at IS NULL AND s.ends_at > now() AND t.switched_off_at IS NULL
"""
MINE = """
SELECT s.id, s.tenant_id, t.name::text, s.ticket::text, s.level::integer, s.hours::integer, s.created_at, s.opened_at, s.ends_at,
    s.closed_at, s.closed_how::text, s.operator IS NOT NULL
FROM public.support_access s JOIN public.tenant t ON t.id = s.tenant_id
WHERE (of_tenant IS NULL OR s.tenant_id = of_tenant)
  AND (s.operator = whose
       OR (s.operator IS NULL AND s.opened_at IS NOT NULL AND s.closed_at IS NULL AND s.ends_at > now()))
ORDER BY s.created_at DESC, s.id LIMIT 200
"""
SETTINGS = """
SELECT t.name::text, t.slug::text, coalesce(t.domain, '')::text, t.created_at, t.answers_running_max, t.answers_waiting_max,
    t.answers_per_person_max, t.documents_max, t.tokens_per_day, t.allows_model_only, t.demands_witness, t.demands_forwarding,
    t.second_factor_for::text, t.allows_personal_keys, t.key_days_max::integer, t.bin_days::integer,
    (SELECT max(v.number) FROM public.policy_version v WHERE v.tenant_id = t.id AND v.state = 'published')::integer
FROM chancery.support_open() o JOIN public.tenant t ON t.id = o.tenant_id
"""
# What a support person saw: to those who let them in and to those who read the record; and to whoever it was of.
LOOKS = """
SELECT e.id, e.recorded_at, e.leaf, p.ciphertext FROM audit.event e
LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id
WHERE e.tenant_id = chancery.tenant() AND e.action = 'support.looked' AND e.resource_id = of_access
  AND (chancery.is_system() OR chancery.has_role('tenant_admin') OR chancery.has_role('compliance_officer'))
ORDER BY e.recorded_at DESC, e.id LIMIT least(greatest(most, 1), 1000)
"""
AT_MINE = """
SELECT e.id, e.recorded_at, e.leaf, p.ciphertext FROM audit.event e
LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id
WHERE e.tenant_id = chancery.tenant() AND e.action = 'support.looked'
  AND convert_from(e.leaf, 'UTF8')::jsonb #>> '{facts,of}' = chancery.person()::text
ORDER BY e.recorded_at DESC, e.id LIMIT least(greatest(most, 1), 1000)
"""
LOOKED = "TABLE (id uuid, recorded_at timestamptz, leaf bytea, ciphertext bytea)"

# Nothing but what they saw may a support person put on the record, and that only while it is open.
APPEND = """
DO $$ DECLARE said text; BEGIN
    said := pg_get_functiondef('audit.append(bytea, bytea)'::regprocedure);
    IF position('coalesce(chancery.tenant(), ' IN said) = 0 THEN
        RAISE EXCEPTION 'audit.append does not ask for the tenant as it did';
    END IF;
    EXECUTE replace(said, 'coalesce(chancery.tenant(), ',
                    'coalesce(chancery.tenant(), (SELECT o.tenant_id FROM chancery.support_open() o), ');
END $$;
"""

DUE = """
SELECT DISTINCT e.tenant_id FROM (
    SELECT tenant_id FROM public."grant" WHERE ends_at <= now()
    UNION ALL SELECT tenant_id FROM public.role_assignment WHERE ends_at <= now()
    UNION ALL SELECT tenant_id FROM public.custom_role_assignment WHERE ends_at <= now()
    UNION ALL SELECT tenant_id FROM public.support_access WHERE closed_at IS NULL AND ends_at <= now()) AS e
"""

ADMINS = f"((SELECT chancery.has_role('tenant_admin')) OR {rls.SYSTEM})"
READERS = f"({ADMINS} OR (SELECT chancery.has_role('compliance_officer')))"
ITS_OPERATORS = "((SELECT chancery.is_operator()) AND operator = (SELECT chancery.person()))"
# An operator asks and gives back, and can leave behind no row that is open.
OPERATORS_WORD = f"({ITS_OPERATORS} AND (opened_at IS NULL OR closed_at IS NOT NULL))"
RIGHTS = f"""
ALTER POLICY reads ON support_access USING ({READERS} OR {ITS_OPERATORS});
ALTER POLICY inserts ON support_access WITH CHECK ({ADMINS} OR {OPERATORS_WORD});
ALTER POLICY updates ON support_access USING ({ADMINS} OR {ITS_OPERATORS}) WITH CHECK ({ADMINS} OR {OPERATORS_WORD});
ALTER POLICY deletes ON support_access USING (false);
GRANT SELECT ON support_access, support_reach, policy_version TO chancery_door;
"""
REMEMBERED = {
    "support_access": "'operator', 'level', 'opened_at', 'ends_at', 'closed_at'",
    "support_reach": "'access_id', 'resource_id'",
}
REMEMBER = "".join(
    f"CREATE TRIGGER remembered AFTER INSERT OR DELETE OR UPDATE ON public.{table}"
    f" FOR EACH ROW EXECUTE FUNCTION chancery.remember({kept});"
    for table, kept in REMEMBERED.items()
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0046_labels")]

    operations = [
        migrations.RunSQL(NO_TENANT, A_TENANT),
        migrations.CreateModel(
            "SupportAccess",
            [
                *BASICS,
                ("operator", models.UUIDField(null=True)),
                ("ticket", models.CharField(max_length=80)),
                ("reason", models.CharField(max_length=500)),
                ("level", models.PositiveSmallIntegerField()),
                ("hours", models.PositiveSmallIntegerField()),
                ("opened_by", models.UUIDField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("closed_by", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_how", models.CharField(blank=True, choices=HOW, default="", max_length=20)),
            ],
            options={
                "db_table": "support_access",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("level__in", [1, 2, 3])), name="support_level_is_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opened_at__isnull", True),
                            models.Q(("ends_at__isnull", False), ("opened_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="support_that_is_open_ends",
                    ),
                ],
                "indexes": [models.Index(fields=["tenant", "created_at"], name="support_by_time")],
            },
        ),
        migrations.CreateModel(
            "SupportReach",
            [
                *BASICS,
                ("access", models.ForeignKey(related_name="reach", to="governance.supportaccess", **KEY)),
                ("resource", models.ForeignKey(related_name="+", to="governance.resource", **KEY)),
            ],
            options={
                "db_table": "support_reach",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "access", "resource"), name="support_reach_once")
                ],
            },
        ),
        rls.addressable("support_access"),
        rls.same_tenant("support_reach", "access_id", "support_access", "CASCADE"),
        rls.same_tenant("support_reach", "resource_id", "resource", "CASCADE"),
        rls.isolate("support_access", read=READERS, write=ADMINS),
        rls.isolate("support_reach", read=READERS, write=ADMINS),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
        migrations.RunSQL(REMEMBER, migrations.RunSQL.noop),
        rls.door("chancery.support_open()", OPEN, returns="TABLE (tenant_id uuid, id uuid, level integer)"),
        rls.door("chancery.support_collections(minimum integer)", REACH, returns="SETOF uuid"),
        rls.door(
            "chancery.resolve_support(wanted uuid, whose uuid)",
            RESOLVE,
            returns="TABLE (tenant_id uuid, tenant text, ticket text, level integer, ends_at timestamptz, is_named boolean,"
            " collections uuid[])",
        ),
        rls.door(
            "chancery.support_of(whose uuid, of_tenant uuid)",
            MINE,
            returns="TABLE (id uuid, tenant_id uuid, tenant text, ticket text, level integer, hours integer,"
            " created_at timestamptz, opened_at timestamptz, ends_at timestamptz, closed_at timestamptz, closed_how text,"
            " is_named boolean)",
        ),
        rls.door(
            "chancery.support_settings()",
            SETTINGS,
            returns="TABLE (name text, slug text, domain text, created_at timestamptz, answers_running_max integer,"
            " answers_waiting_max integer, answers_per_person_max integer, documents_max integer, tokens_per_day integer,"
            " allows_model_only boolean, demands_witness boolean, demands_forwarding boolean, second_factor_for text,"
            " allows_personal_keys boolean, key_days_max integer, bin_days integer, policy integer)",
        ),
        rls.door("audit.support_looks(of_access uuid, most integer)", LOOKS, returns=LOOKED),
        rls.door("audit.support_looked_at_mine(most integer)", AT_MINE, returns=LOOKED),
        migrations.RunSQL(APPEND, migrations.RunSQL.noop),
        migrations.RunSQL(
            "CREATE OR REPLACE FUNCTION chancery.due_ends() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER"
            f" SET search_path = pg_catalog, pg_temp AS $door$ {DUE} $door$",
            migrations.RunSQL.noop,
        ),
    ]
