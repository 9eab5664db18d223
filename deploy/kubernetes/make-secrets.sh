#!/bin/sh
# make-secrets.sh FOLDER: the secrets of an installation, as the overlays read them: one file for each
# kind of process, with what it may know. Nothing that is there is written anew.
set -eu
umask 077
folder=$1
mkdir -p "$folder"

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() {
  if [ -e "$folder/$1" ]; then
    echo "$folder/$1 is there already: delete the folder for a new installation." >&2
    exit 1
  fi
  cat > "$folder/$1"
}

owner=$(random) service=$(random) reader=$(random) message=$(random)
admin=$(random) web=$(random) worker=$(random) maintenance=$(random) limiter=$(random) events=$(random)

keep server.env <<END
DJANGO_SECRET_KEY=$(random)
JWT_SECRET=$(random)
MESSAGE_KEY=$message
METRICS_TOKEN=$(random)
RATE_LIMIT_URL=redis://limiter:$limiter@valkey:6379/0
STORAGE_ACCESS_KEY=$(random)
STORAGE_SECRET_KEY=$(random)
END
keep owner.env <<END
MIGRATION_DATABASE_URL=postgresql://s3:$owner@postgres:5432/s3
EVENTS_DATABASE_URL=postgresql://s3_events:$reader@postgres:5432/s3
END
keep web.env <<END
DATABASE_URL=postgresql://s3_service:$service@postgres:5432/s3
CELERY_BROKER_URL=redis://web:$web@valkey:6379/0
END
keep events.env <<END
DATABASE_URL=postgresql://s3_events:$reader@postgres:5432/s3
CELERY_BROKER_URL=redis://events:$events@valkey:6379/0
END
keep maintenance.env <<END
DATABASE_URL=postgresql://s3_service:$service@postgres:5432/s3
CELERY_BROKER_URL=redis://maintenance:$maintenance@valkey:6379/0
END
keep worker.env <<END
CELERY_BROKER_URL=redis://worker:$worker@valkey:6379/0
MESSAGE_KEY=$message
END

# Of the engines, where they are in the cluster (components/engines).
keep postgres.env <<END
POSTGRES_USER=s3
POSTGRES_DB=s3
POSTGRES_PASSWORD=$owner
END
keep valkey.env <<END
VALKEY_PASSWORD=$admin
VALKEY_WEB_PASSWORD=$web
VALKEY_WORKER_PASSWORD=$worker
VALKEY_MAINTENANCE_PASSWORD=$maintenance
VALKEY_LIMITER_PASSWORD=$limiter
VALKEY_EVENTS_PASSWORD=$events
END
keep storage-admin.env <<END
STORAGE_ADMIN_ACCESS_KEY=$(random)
STORAGE_ADMIN_SECRET_KEY=$(random)
END
