# Sourced by eng/postgres.sh. A container a start, with the data in a volume.

docker_image=${RETRIEVAL_POSTGRES_IMAGE:-pgvector/pgvector:0.8.7-pg17}

docker_unavailable() {
  command -v docker >/dev/null || { echo 'there is no docker'; return 0; }
  timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || { echo 'its engine does not answer'; return 0; }
  return 1
}

docker_ready() { ! docker_unavailable >/dev/null; }

docker_paths() {
  # Homes are apart from each other, as are users of one engine.
  container=retrieval-postgres-$(sha256sum <<<"$home" | head -c 8)-$name
  base=$meta/cluster data= log= disk=${data_dir:-${disk_mb:+$meta/cluster/disk}}
  server_owner=
}

docker_make() {
  docker rm -f "$container" >/dev/null 2>&1 || true
  docker volume rm -f "$container" "$container-wal" >/dev/null 2>&1 || true
  # The user inside, whoever that is, must get through to the folder that is its own.
  [ -z "$data_dir" ] || chmod a+x "$data_dir"
}

docker_start() {
  [ -z "$(docker_postmaster)" ] || return 0
  docker rm -f "$container" >/dev/null 2>&1 || true
  local wal=() settings
  # Quoted for a shell, as pg_ctl takes them.
  eval "settings=($options)"
  [ -z "$disk_mb" ] || mount_disk
  [ "$wal_apart" != 1 ] || wal=(-e POSTGRES_INITDB_WALDIR=/wal -v "$container-wal:/wal")
  docker run -d --name "$container" -p "127.0.0.1:$port:5432" -v "${disk:-$container}:/disk" "${wal[@]}" --shm-size 1g \
    -e PGDATA=/disk/pgdata -e POSTGRES_PASSWORD="$password" -e POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256 "$docker_image" \
    -c cluster_name="retrieval-$name" -c max_connections=100 -c shared_buffers=256MB -c max_wal_size=2GB "${settings[@]}" >/dev/null 9>&-
}

docker_postmaster() { docker inspect -f '{{if or .State.Running .State.Paused}}{{.State.Pid}}{{end}}' "$container" 2>/dev/null | grep . || true; }
docker_processes() { [ -z "$(docker_postmaster)" ] || docker top "$container" -eo pid | tail -n +2 | tr -d ' '; }
docker_kill() { docker kill "$container" >/dev/null; }
docker_crash() { docker exec "$container" kill -9 "$1"; } # ids inside the container are those of pg_backend_pid()
docker_freeze() { docker pause "$container" >/dev/null; }
docker_thaw() { docker unpause "$container" >/dev/null; }

docker_stop() {
  [ -n "$(docker_postmaster)" ] || return 0
  docker unpause "$container" >/dev/null 2>&1 || true
  # SIGQUIT is an immediate stop; the image's own stop signal a fast one.
  [ "$1" != immediate ] || docker kill --signal QUIT "$container" >/dev/null
  docker stop -t 30 "$container" >/dev/null
}

docker_remove() {
  docker rm -f "$container" >/dev/null 2>&1 || true
  docker volume rm -f "$container" "$container-wal" >/dev/null 2>&1 || true
  # As root inside, since the files are not of the user who calls this.
  [ -z "$data_dir" ] || docker run --rm -v "$data_dir:/disk" --entrypoint rm "$docker_image" -rf /disk/pgdata
  unmount_disk
  rm -rf --one-file-system "$base"
}

docker_client() { # PROGRAM OPTION...
  local program=$1
  shift
  PGPASSWORD=${PGPASSWORD:-$password} docker exec -i -e PGPASSWORD "$container" "$program" -h 127.0.0.1 -U postgres "$@"
}

docker_psql() { docker_client psql -X -d postgres "$@"; }

docker_copy() { die "an instance in a container is not copied"; }

docker_sql() { PGPASSWORD=$password timeout 15 docker exec -e PGPASSWORD "$container" psql -X -h 127.0.0.1 -U postgres -d postgres -Atqc "$1"; }
