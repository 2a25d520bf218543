#!/usr/bin/env bash
# Makes the passwords docker-compose.yml wants, in .secrets, once: what is there stays.
# Compose hands a secret over as the file it is, whoever owns it: so containers may read the files, and nobody else on this
# machine may enter their folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .secrets
chmod 700 .secrets
for name in superuser_password owner_password serve_password ingest_password; do
  [ -s ".secrets/$name" ] && continue
  head -c 24 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '\n' >".secrets/$name.new"
  chmod 444 ".secrets/$name.new"
  mv ".secrets/$name.new" ".secrets/$name"
done
