#!/bin/sh
# Writes the secrets that compose.yaml asks for into the new file $1, for its owner alone. An existing file is kept.
set -eu
file=${1:?"name the file to write, such as var/compose.env"}
if [ -e "$file" ]; then
    echo "$file is there already, and is left as it is: new passwords would not fit the old database." >&2
    exit 1
fi
umask 077
mkdir -p "$(dirname "$file")"

random() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

superuser=$(random 24) owner=$(random 24) app=$(random 24) sealer=$(random 24) backup=$(random 24) valkey=$(random 24)
cat >"$file.new" <<END
CHANCERY_SUPERUSER_PASSWORD=$superuser
CHANCERY_OWNER_PASSWORD=$owner
CHANCERY_APP_PASSWORD=$app
CHANCERY_SEALER_PASSWORD=$sealer
CHANCERY_BACKUP_PASSWORD=$backup
CHANCERY_VALKEY_PASSWORD=$valkey
CHANCERY_OWNER_URL=postgresql://chancery_owner:$owner@postgres:5432/chancery
CHANCERY_APP_URL=postgresql://chancery_app:$app@postgres:5432/chancery
CHANCERY_SEALER_URL=postgresql://chancery_sealer:$sealer@postgres:5432/chancery
CHANCERY_REDIS_URL=redis://:$valkey@valkey:6379/0
DJANGO_SECRET_KEY=$(random 48)
CHANCERY_MODEL_KEY=$(random 24)
CHANCERY_RECORD_KEY=$(head -c 32 /dev/urandom | base64)
END
mv "$file.new" "$file"
echo "Wrote $file. The record cannot be read without its CHANCERY_RECORD_KEY: keep a copy apart from the database's."
