"""The history of access remembers what narrows a document: its label, its restriction and its readers, and collections' labels.

A document that nothing narrows is not remembered: it costs its upload nothing.
"""

from __future__ import annotations

from django.db import migrations

DOCUMENT = "'label', 'is_restricted'"
TRIGGERS = f"""
CREATE TRIGGER remembered_new AFTER INSERT ON public.document FOR EACH ROW
    WHEN (NEW.is_restricted OR NEW.label IS NOT NULL) EXECUTE FUNCTION chancery.remember({DOCUMENT});
CREATE TRIGGER remembered AFTER UPDATE OF label, is_restricted ON public.document FOR EACH ROW
    WHEN (OLD.label IS DISTINCT FROM NEW.label OR OLD.is_restricted IS DISTINCT FROM NEW.is_restricted)
    EXECUTE FUNCTION chancery.remember({DOCUMENT});
CREATE TRIGGER remembered_end AFTER DELETE ON public.document FOR EACH ROW
    WHEN (OLD.is_restricted OR OLD.label IS NOT NULL) EXECUTE FUNCTION chancery.remember({DOCUMENT});
CREATE TRIGGER remembered AFTER INSERT OR DELETE OR UPDATE ON public.document_reader
    FOR EACH ROW EXECUTE FUNCTION chancery.remember('document_id', 'person_id', 'group_id');
CREATE TRIGGER remembered AFTER INSERT OR DELETE OR UPDATE OF label ON public.collection
    FOR EACH ROW EXECUTE FUNCTION chancery.remember('label');
"""
BEGINNING = """
CREATE FUNCTION chancery.begin_history() RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $door$
INSERT INTO public.access_history (id, created_at, tenant_id, kind, "row", said, since)
SELECT gen_random_uuid(), now(), d.tenant_id, 'document', d.id,
    jsonb_build_object('label', d.label, 'is_restricted', d.is_restricted), now()
FROM public.document d WHERE d.is_restricted OR d.label IS NOT NULL;
INSERT INTO public.access_history (id, created_at, tenant_id, kind, "row", said, since)
SELECT gen_random_uuid(), now(), c.tenant_id, 'collection', c.id, jsonb_build_object('label', c.label), now()
FROM public.collection c;
INSERT INTO public.access_history (id, created_at, tenant_id, kind, "row", person, "group", resource, said, since)
SELECT gen_random_uuid(), now(), r.tenant_id, 'document_reader', r.id, r.person_id, r.group_id, r.document_id,
    jsonb_build_object('document_id', r.document_id, 'person_id', r.person_id, 'group_id', r.group_id), now()
FROM public.document_reader r;
$door$;
ALTER FUNCTION chancery.begin_history() OWNER TO chancery_door;
SELECT chancery.begin_history();
DROP FUNCTION chancery.begin_history();
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0026_narrowing_marks"), ("governance", "0054_more_is_remembered")]

    operations = [
        migrations.RunSQL(BEGINNING, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
    ]
