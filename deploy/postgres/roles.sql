-- The roles of one Chancery database, what they may do, and the extension it needs. Run it as a superuser, connected to
-- the database; to run it again changes passwords and nothing else. On a server of your own:
--
--   createdb chancery
--   psql -d chancery -v owner_password=… -v app_password=… -v sealer_password=… -v backup_password=… -f roles.sql
--
-- `make run` and compose.yaml run this same file. It needs Postgres 16 or later, and pgvector 0.8.

SELECT set_config('chancery.owner_password', :'owner_password', false),
       set_config('chancery.app_password', :'app_password', false),
       set_config('chancery.sealer_password', :'sealer_password', false),
       set_config('chancery.backup_password', :'backup_password', false);

DO $roles$
DECLARE
    wanted record;
BEGIN
    -- Roles belong to the whole server: two databases that are prepared at once would trip over each other.
    PERFORM pg_advisory_xact_lock(hashtext('chancery roles'));
    FOR wanted IN
        SELECT * FROM (VALUES
            -- Migrations, and nothing else. Row-level security is FORCEd on its tables, so it sees no rows either.
            ('chancery_owner', 'LOGIN NOBYPASSRLS', 'chancery.owner_password'),
            -- The web, the workers, every command. Owns nothing, so it can lift no policy and drop no trigger.
            ('chancery_app', 'LOGIN NOBYPASSRLS', 'chancery.app_password'),
            -- Owns the functions that must read before a tenant is known, and the partitioned tables. Nobody can
            -- sign in as it; what it may bypass is what those functions' bodies say.
            ('chancery_door', 'NOLOGIN BYPASSRLS', NULL),
            -- Orders the record's events into the tree and signs its heads. A role of its own, so that neither the
            -- app can sign nor the sealer read a conversation.
            ('chancery_sealer', 'LOGIN NOBYPASSRLS', 'chancery.sealer_password'),
            -- Owns the function through which the record is read: whoever reads goes through it, and is recorded.
            ('chancery_reader', 'NOLOGIN NOBYPASSRLS', NULL),
            -- pg_dump refuses a table whose rows it would see in part, hence BYPASSRLS; it may read and not write.
            ('chancery_backup', 'LOGIN BYPASSRLS', 'chancery.backup_password')
        ) AS listed (name, attributes, password)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I', wanted.name);
        END IF;
        EXECUTE format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION %s',
                       wanted.name, wanted.attributes);
        IF wanted.password IS NOT NULL THEN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', wanted.name, current_setting(wanted.password));
        END IF;
    END LOOP;
    -- Migrations make functions and tables and hand them to these two. BYPASSRLS is not inherited.
    GRANT chancery_door, chancery_reader TO chancery_owner WITH INHERIT TRUE, SET TRUE;
    GRANT pg_read_all_data TO chancery_backup;
    ALTER ROLE chancery_backup SET default_transaction_read_only = on;
    EXECUTE format('ALTER DATABASE %I OWNER TO chancery_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO chancery_app, chancery_sealer, chancery_backup',
                   current_database());
END
$roles$;

CREATE EXTENSION IF NOT EXISTS vector;

ALTER SCHEMA public OWNER TO chancery_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO chancery_app, chancery_sealer, chancery_backup;
-- To be given a table or a function, a role must be allowed to create in its schema. Neither can sign in.
GRANT USAGE, CREATE ON SCHEMA public TO chancery_door, chancery_reader;
