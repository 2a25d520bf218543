# Sourced by eng/postgres.sh. One instance: its lock, its life, its place. What differs between the ways of running a
# server is in ways.sh: functions <way>_make, _start, _stop, _kill, _freeze, _thaw, _postmaster, _processes, _sql, _remove.

select_instance() {
  name=$1
  meta=$home/instances/$name
}

# lock_file FILE: holds it on descriptor 9 until this shell ends. The file may have been removed while we waited.
lock_file() {
  while :; do
    mkdir -p "$(dirname "$1")"
    exec 9>"$1"
    flock 9
    [ "$(stat -Lc %i /proc/self/fd/9 2>/dev/null)" = "$(stat -c %i "$1" 2>/dev/null)" ] && return 0
  done
}

lock_instance() { lock_file "$meta/lock"; }

remembered() { cat "$meta/$1" 2>/dev/null || true; }
remember() { printf '%s\n' "$2" >"$meta/$1.new" && mv "$meta/$1.new" "$meta/$1"; }

# What is remembered of an instance, in variables the ways use.
load_instance() {
  way=$(remembered way) port=$(remembered port) options=$(remembered options)
  data_dir=$(remembered data_dir) disk_mb=$(remembered disk_mb) wal_apart=$(remembered wal_apart)
  password=$(remembered password)
  [ -z "$way" ] || "${way}_paths"
}

instance_up() {
  [ -n "${POSTGRES_OWNER:-}" ] && remember owner "$POSTGRES_OWNER $(process_start "$POSTGRES_OWNER")"
  [ -n "${POSTGRES_OPTIONS+x}" ] && remember options "$POSTGRES_OPTIONS"
  if [ ! -f "$meta/made" ]; then
    local data=${POSTGRES_DATA_DIR:-}
    [ -z "$data" ] || { [ -d "$data" ] || die "POSTGRES_DATA_DIR is no folder: $data"; data=$(realpath "$data"); }
    remember data_dir "$data"
    remember disk_mb "${POSTGRES_DISK_MB:-}"
    remember wal_apart "${POSTGRES_WAL_APART:-}"
    [ -s "$meta/password" ] || ( umask 077; head -c 18 /dev/urandom | base64 | tr '+/' 'xy' >"$meta/password.new"; mv "$meta/password.new" "$meta/password" )
    choose_way
    remember way "$way"
    [ -n "$(remembered port)" ] || take_port
    load_instance
    "${way}_make"
    : >"$meta/made"
  fi
  load_instance
  "${way}_ready" || die "$name was made with programs that are gone ($way); eng/postgres.sh down $name --purge removes it"
  if [ -z "$("${way}_postmaster")" ] && port_answers "$port"; then
    say "port $port of $name is taken by somebody else; it gets another one"
    take_port
    load_instance
  fi
  "${way}_start"
  await_answer || die "$name does not answer on port $port; see $(log_file)"
}

# instance_clone SOURCE: a new instance with a copy of the files of one that runs, and so with its users and passwords.
instance_clone() {
  local copy=$name way_of port_of password_of
  select_instance "$1"
  load_instance
  [ -n "$way" ] && [ -n "$("${way}_postmaster")" ] || die "$1 is not running"
  way_of=$way port_of=$port password_of=$password
  select_instance "$copy"
  [ ! -f "$meta/made" ] || die "there is an instance $copy"
  remember way "$way_of"
  ( umask 077; printf '%s\n' "$password_of" >"$meta/password" )
  take_port
  load_instance
  "${way}_copy" "$port_of" "$password_of" || die "the files of $1 could not be copied"
  : >"$meta/made"
  instance_up
}

log_file() { if [ "$way" = docker ]; then echo "docker logs $container"; else echo "$log"; fi; }

instance_down() { # MODE PURGE
  load_instance
  if [ -n "$way" ]; then
    "${way}_stop" "$1"
    if [ "$2" = true ]; then "${way}_remove"; fi
  fi
  if [ "$2" = true ]; then rm -rf "$meta"; fi
}

instance_status() {
  load_instance
  if [ -z "$way" ]; then echo "$name: there is none"; exit 3; fi
  local pid
  pid=$("${way}_postmaster")
  if [ -z "$pid" ]; then echo "$name: stopped; $way; port $port"; exit 3; fi
  local versions
  versions=$("${way}_sql" "$versions_query") || { echo "$name: process $pid runs but does not answer; $way; port $port"; exit 3; }
  echo "$name: running; $way; $versions; port $port; pid $pid; $(place)"
}

place() { echo "data in ${data:-a volume of its container}"; }

versions_query="select 'PostgreSQL ' || current_setting('server_version') || '; pgvector ' || coalesce((select default_version from pg_available_extensions where name = 'vector'), 'is not there')"

# A server that recovers from a kill refuses connections for a while.
await_answer() {
  local try
  for try in $(seq 1 300); do
    "${way}_sql" 'select 1' >/dev/null 2>&1 && return 0
    [ -n "$("${way}_postmaster")" ] || return 1
    sleep 0.2
  done
  return 1
}

connection_string() { echo "Host=127.0.0.1;Port=$port;Username=postgres;Password=$password;Database=postgres"; }

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range from which the kernel takes the ports of outgoing connections, so that it stays ours while stopped.
take_port() {
  (
    lock_file "$home/ports.lock"
    local try candidate
    for try in $(seq 1 200); do
      candidate=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
      grep -qx "$candidate" "$home"/instances/*/port 2>/dev/null && continue
      port_answers "$candidate" && continue
      remember port "$candidate"
      exit 0
    done
    die "found no free port between 20000 and 32000"
  )
}

# The time a process started, in clock ticks: with its id it names one process for ever. Fields are counted behind the
# name, which may hold blanks.
process_start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Instances whose owner is gone: tests that were killed before they could clean up.
reap_orphans() {
  local folder owner start
  for folder in "$home"/instances/*/; do
    [ -f "$folder/owner" ] || continue
    read -r owner start <"$folder/owner" || continue
    [ "$(process_start "$owner")" = "$start" ] && continue
    ( select_instance "$(basename "$folder")"
      [ "$name" != main ] || exit 0
      lock_instance
      say "removing $name: its owner is gone"
      instance_down immediate true ) 9>&- || true
  done
}
