#!/bin/bash
# Run by the image of PostgreSQL when it makes its data: roles and database, with passwords from secrets. They go through
# the environment of psql alone, where no other user sees them.
set -euo pipefail
owner_password="$(cat /run/secrets/owner_password)" \
serve_password="$(cat /run/secrets/serve_password)" \
ingest_password="$(cat /run/secrets/ingest_password)" \
  psql --username postgres --dbname postgres --no-psqlrc -f /roles.sql
