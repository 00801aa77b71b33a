-- What the Postgres image runs once, connected to the new database: roles.sql, with passwords from the mounted secrets.
\set owner_password `cat /run/secrets/owner_password`
\set app_password `cat /run/secrets/app_password`
\set sealer_password `cat /run/secrets/sealer_password`
\set backup_password `cat /run/secrets/backup_password`
\i /etc/chancery/roles.sql
