#!/bin/bash
# Run by the image of PostgreSQL when it makes its data: roles and database, with passwords from secrets.
set -euo pipefail
psql --username postgres --dbname postgres --no-psqlrc \
  -v owner_password="$(cat /run/secrets/owner_password)" \
  -v serve_password="$(cat /run/secrets/serve_password)" \
  -v ingest_password="$(cat /run/secrets/ingest_password)" \
  -f /roles.sql
