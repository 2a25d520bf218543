#!/bin/bash
# PostgreSQL's image runs this when it creates its data folder. It creates roles and database, with passwords from secrets.
# They are passed in the environment of psql alone, where no other user sees them.
set -euo pipefail
owner_password="$(cat /run/secrets/owner_password)" \
serve_password="$(cat /run/secrets/serve_password)" \
ingest_password="$(cat /run/secrets/ingest_password)" \
  psql --username postgres --dbname postgres --no-psqlrc -f /roles.sql
