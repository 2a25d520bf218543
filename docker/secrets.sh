#!/usr/bin/env bash
# Creates the passwords and keys that docker-compose.yml needs, in .secrets, once: existing ones are kept.
# Compose mounts a secret as the file itself, with its owner. So the files are readable by containers, and nobody else on
# this machine may enter their folder.
#
# keys/keys.json is the file of keys as `retrieval keys new` writes it (docs/access.md), with a key for each of three roles; the
# keys themselves are in query_key, admin_key and metrics_key. It has a folder, which is mounted: a container that has a file
# mounted by itself goes on with it when another takes its place, as with each change of a key.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .secrets/keys
chmod 700 .secrets
chmod 755 .secrets/keys

# write FILE: standard input becomes the file, all of it or nothing.
write() {
  cat >".secrets/$1.new"
  chmod 444 ".secrets/$1.new"
  mv ".secrets/$1.new" ".secrets/$1"
}

random_hex() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# A hash of bytes that are given in hexadecimal digits.
hash_of() { printf "$(sed 's/../\\x&/g' <<<"$1")" | sha256sum | cut -d' ' -f1; }

for name in superuser_password owner_password serve_password ingest_password grafana_password; do
  [ -s ".secrets/$name" ] || head -c 24 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '\n' | write "$name"
done

# Where it was before it had a folder.
if [ -s .secrets/keys.json ] && [ ! -e .secrets/keys/keys.json ]; then
  mv .secrets/keys.json .secrets/keys/keys.json
fi

if [ ! -s .secrets/keys/keys.json ]; then
  keys=()
  for role in query admin metrics; do
    id=$(random_hex 6) secret=$(random_hex 32) salt=$(random_hex 16)
    printf 'rsk_%s_%s' "$id" "$secret" | write "${role}_key"
    keys+=("{ \"name\": \"$role\", \"id\": \"$id\", \"roles\": [\"$role\"], \"salt\": \"$salt\", \"hash\": \"$(hash_of "$salt$secret")\", \"created\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\" }")
  done
  (IFS=,; printf '{ "keys": [ %s ] }\n' "${keys[*]}") | write keys/keys.json
fi
