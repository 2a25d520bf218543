# Sourced by eng/postgres.sh. The ways to run a server: native (programs of this machine), chroot (Debian 13's packages
# in a folder) and docker. native and chroot differ in where the programs are and how they are called; local.sh has the
# rest of both.

source "$here/postgres/local.sh"
source "$here/postgres/debian.sh"
source "$here/postgres/docker.sh"

choose_way() {
  local candidate reasons=
  for candidate in ${RETRIEVAL_POSTGRES_WAYS:-native docker chroot}; do
    case $candidate in native | docker | chroot) ;; *) die "RETRIEVAL_POSTGRES_WAYS knows native, docker and chroot, not '$candidate'" ;; esac
    if unavailable=$("${candidate}_unavailable"); then reasons="$reasons; $candidate: $unavailable"; else way=$candidate; return 0; fi
  done
  die "no PostgreSQL with pgvector is to be had here${reasons}. RETRIEVAL_POSTGRES may name one"
}

# RETRIEVAL_POSTGRES, asked with psql where there is one: given_versions or given_problem says what came of it.
given_answers() {
  local pair key value host=localhost port=5432 user=postgres word= database= IFS=';'
  given_versions='not asked: there is no psql here' given_problem=
  command -v psql >/dev/null || { say "there is no psql here to check RETRIEVAL_POSTGRES with"; return 0; }
  for pair in $RETRIEVAL_POSTGRES; do
    key=$(tr -d ' ' <<<"${pair%%=*}" | tr '[:upper:]' '[:lower:]') value=${pair#*=}
    case $key in
      host | server) host=$value ;;
      port) port=$value ;;
      username | user | userid | uid) user=$value ;;
      password | pwd | psw) word=$value ;;
      database | db) database=$value ;;
    esac
  done
  unset IFS
  given_versions=$(PGPASSWORD=$word PGCONNECT_TIMEOUT=10 psql -h "$host" -p "$port" -U "$user" -d "${database:-$user}" -XAtqc "$versions_query" 2>&1) \
    || { given_problem="it does not answer: $given_versions"; return 1; }
  [[ $given_versions != *'is not there' ]] || { given_problem="it has no pgvector: $given_versions"; return 1; }
}

# native: the programs of this machine

native_programs() { # the folder of the newest server programs that have pgvector, or nothing
  local bin share
  { for bin in "${RETRIEVAL_POSTGRES_BIN:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin \
      "$(pg_config --bindir 2>/dev/null || true)"; do
      [ -n "$bin" ] && [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] && [ -x "$bin/psql" ] || continue
      share=$("$bin/pg_config" --sharedir 2>/dev/null) || share=/usr/share/postgresql/$(basename "$(dirname "$bin")")
      [ -f "$share/extension/vector.control" ] && echo "$("$bin/postgres" -V | grep -o '[0-9.]*' | head -1) $bin"
    done; } | sort -rV | head -1 | cut -d' ' -f2
}

native_unavailable() { [ -z "$(native_programs)" ] && echo 'no server programs with pgvector on this machine'; }
native_ready() { [ -x "$bin/postgres" ]; }

native_paths() {
  bin=$(remembered bin)
  [ -n "$bin" ] || { bin=$(native_programs); remember bin "$bin"; }
  base=$meta/cluster inside=$meta/cluster
  local_paths
  if [ "$(id -u)" = 0 ]; then
    server_user=$(id -un postgres 2>/dev/null || echo nobody)
    server_owner=$server_user:$(id -gn "$server_user")
  else
    server_owner=
  fi
}

# A server refuses to run as root.
native_run() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u "$server_user" -- "$@"); else "$@"; fi; }

# chroot: Debian 13's packages in a folder

chroot_unavailable() {
  [ "$(id -u)" = 0 ] || { echo 'needs root'; return 0; }
  if debian_root_complete; then return 1; fi
  command -v apt-get >/dev/null || { echo 'needs a Debian machine'; return 0; }
  return 1
}

chroot_ready() { debian_root_complete && [ "$(id -u)" = 0 ]; }

chroot_paths() {
  bin=/usr/lib/postgresql/17/bin
  inside=/srv/retrieval-postgres/$name
  base=$debian_root$inside
  local_paths
  server_owner=$(stat -c %u:%g "$debian_root/var/lib/postgresql" 2>/dev/null || true)
}

chroot_run() { chroot --userspec="$server_owner" --groups= "$debian_root" "$@"; }

for each in make copy start stop kill crash freeze thaw postmaster processes sql psql client remove; do
  eval "native_$each() { local_$each \"\$@\"; }; chroot_$each() { local_$each \"\$@\"; }"
done
unset each
