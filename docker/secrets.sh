#!/usr/bin/env bash
# Creates the passwords that docker-compose.yml needs, in .secrets, once: existing ones are kept.
# Compose mounts a secret as the file itself, with its owner. So the files are readable by containers, and nobody else on
# this machine may enter their folder.
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
