# Sourced by eng/postgres.sh. A cluster whose processes run on this machine; ${way}_run calls a server program.
# base is the cluster's folder as this machine sees it, inside as the server does.

local_paths() {
  disk=$base/disk data=$base/disk/pgdata log=$base/server.log
}

as_root() { [ "$(id -u)" = 0 ] || die "$1 needs root"; }

# Puts the disk in its place: a folder, somebody's folder, or a small disk in memory.
mount_disk() {
  mkdir -p "$base/disk"
  if [ -n "$disk_mb" ]; then
    as_root POSTGRES_DISK_MB
    mountpoint -q "$base/disk" || mount -t tmpfs -o "size=${disk_mb}m,mode=711" retrieval-postgres "$base/disk"
  elif [ -n "$data_dir" ]; then
    if [ "$way" = native ]; then
      [ -L "$base/disk" ] || rmdir "$base/disk"
      ln -sfn "$data_dir" "$base/disk"
    else
      mountpoint -q "$base/disk" || mount --bind "$data_dir" "$base/disk"
    fi
  fi
  [ -z "$server_owner" ] || chown "$server_owner" "$base/disk/."
}

unmount_disk() {
  if mountpoint -q "$base/disk" && [ ! -L "$base/disk" ]; then umount "$base/disk" || umount -l "$base/disk"; fi
}

# An empty place for data. What a make that was killed has left is removed: only ever folders with these names.
local_empty() {
  mkdir -p "$base"
  [ -z "$server_owner" ] || chown "$server_owner" "$base"
  mount_disk
  rm -rf "$data" "$base/wal"
}

# A copy of a running server's files, with what was written meanwhile: pg_basebackup.
local_copy() { # PORT PASSWORD
  local_empty
  PGPASSWORD=$2 "${way}_run" "$bin/pg_basebackup" -h 127.0.0.1 -p "$1" -U postgres -D "$inside/disk/pgdata" -X stream -c fast >&2 9>&-
}

local_make() {
  if [ "$way" = chroot ]; then make_debian_root; load_instance; fi
  local_empty
  ( umask 077; echo "$password" >"$base/password" )
  [ -z "$server_owner" ] || chown "$server_owner" "$base/password"
  local wal=()
  [ "$wal_apart" != 1 ] || wal=("--waldir=$inside/wal")
  local output
  output=$("${way}_run" "$bin/initdb" -D "$inside/disk/pgdata" -U postgres --pwfile="$inside/password" --auth=scram-sha-256 \
    -E UTF8 --locale=C.UTF-8 "${wal[@]}" 2>&1 9>&-) || { echo "$output" >&2; die "initdb failed for $name"; }
  rm -f "$base/password"
  cat >>"$data/postgresql.conf" <<END

# Of eng/postgres.sh
cluster_name = 'retrieval-$name'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
log_line_prefix = '%m [%p] %u@%d '
END
}

local_start() {
  [ -z "$(local_postmaster)" ] || return 0
  # Processes that outlived their postmaster may still write; a new server must not start beside them.
  local_kill
  mount_disk
  [ -f "$data/PG_VERSION" ] || die "the data of $name are gone from $data; eng/postgres.sh down $name --purge forgets it"
  rm -f "$data/postmaster.pid"
  "${way}_run" "$bin/pg_ctl" -D "$inside/disk/pgdata" -l "$inside/server.log" -w -t 120 -s -o "-p $port $options" start >&2 9>&- \
    || { tail -20 "$log" >&2; die "$name did not start"; }
}

# Every process of a server has its data folder as working directory. That tells them apart from those of another server
# and from a later process with the same id, and finds those whose postmaster is gone.
local_processes() {
  local folder all first
  folder=$(stat -Lc %d:%i "$data" 2>/dev/null) || return 0
  all=$(stat -L -c '%d:%i %n' /proc/[0-9]*/cwd 2>/dev/null | awk -v folder="$folder" '$1 == folder { split($2, part, "/"); print part[3] }' \
    | while read -r pid; do [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != postgres ] || echo "$pid"; done) || true
  first=$(head -1 "$data/postmaster.pid" 2>/dev/null) || true
  { grep -x "${first:-none}" <<<"$all" || true; grep -vx "${first:-none}" <<<"$all" || true; } | grep . || true
}

local_postmaster() {
  local first
  first=$(head -1 "$data/postmaster.pid" 2>/dev/null) || return 0
  local_processes | grep -x "${first:-none}" || true
}

# signal_all SIGNAL: until a look finds nobody new, since a server starts processes all the time.
signal_all() {
  local seen= now
  while now=$(local_processes) && [ -n "$now" ] && [ "$now" != "$seen" ]; do
    kill "-$1" $now 2>/dev/null || true
    seen=$now
  done
}

local_crash() {
  local_processes | grep -qx "$1" || die "process $1 is none of $name"
  kill -KILL "$1"
}

local_freeze() { signal_all STOP; }
local_thaw() { signal_all CONT; }

local_kill() {
  local try
  for try in $(seq 1 1200); do # one that waits for its disk dies when that has answered
    [ -n "$(local_processes)" ] || return 0
    signal_all KILL
    sleep 0.05
  done
  die "processes of $name do not die: $(local_processes | tr '\n' ' ')"
}

local_stop() {
  if [ -n "$(local_postmaster)" ]; then
    local_thaw
    "${way}_run" "$bin/pg_ctl" -D "$inside/disk/pgdata" -m "$1" -t 30 -s stop >&2 9>&- || say "$name did not stop; killing it"
  fi
  local_kill
}

local_remove() {
  rm -rf "$data"
  unmount_disk
  rm -rf --one-file-system "$base"
}

# A PGPASSWORD of the caller's goes with options of the caller's.
local_client() { # PROGRAM OPTION...
  local program=$1
  shift
  PGPASSWORD=${PGPASSWORD:-$password} PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-60} "${way}_run" "$bin/$program" -h 127.0.0.1 -p "$port" -U postgres "$@" 9>&-
}

local_psql() { local_client psql -X -d postgres "$@"; }

local_sql() { PGPASSWORD=$password PGCONNECT_TIMEOUT=5 local_psql -Atqc "$1"; }
