#!/usr/bin/env bash
# A PostgreSQL with pgvector for tests and trials: found, or made, and never a cluster of somebody else.
#
#   eng/postgres.sh up     [INSTANCE]             starts it (makes it, if need be); stdout has its connection string only
#   eng/postgres.sh status [INSTANCE]             what runs, where from, which versions; exit code 0: running, 3: not
#   eng/postgres.sh pid    [INSTANCE]             the postmaster's process id on this machine, for signals
#   eng/postgres.sh pids   [INSTANCE]             all its processes, the postmaster first
#   eng/postgres.sh kill   [INSTANCE]             SIGKILL to all of them: a power cut, as far as processes can tell
#   eng/postgres.sh freeze|thaw [INSTANCE]        SIGSTOP, SIGCONT to all of them: a machine that hangs
#   eng/postgres.sh crash  INSTANCE PID           SIGKILL to one process, by the id pg_backend_pid() gives
#   eng/postgres.sh disk   [INSTANCE]             the folder that is the disk of its data, to fill
#   eng/postgres.sh psql   INSTANCE [OPTION...]   psql as superuser, or as the options say; SQL comes from stdin
#   eng/postgres.sh pg_dump|pg_restore INSTANCE [OPTION...]      those programs of the server, likewise
#   eng/postgres.sh clone  INSTANCE SOURCE        makes it from the files of a running one (pg_basebackup) and starts it
#   eng/postgres.sh down   [INSTANCE] [--immediate] [--purge]    stops it (without a checkpoint), removes its data
#   eng/postgres.sh down   --all [--purge]        stops every instance of this home
#
# INSTANCE (default: main) is a cluster of its own: data, port, processes. The connection string is Npgsql's and names
# the superuser; the server listens on 127.0.0.1, asks for a password and keeps its port. In this order it comes from
#   1. RETRIEVAL_POSTGRES (a connection string; for main only): checked, never started or stopped;
#   2. server programs on this machine that have pgvector (RETRIEVAL_POSTGRES_BIN adds a folder to look in);
#   3. Docker, if its engine answers (RETRIEVAL_POSTGRES_IMAGE instead of the pinned image);
#   4. on Debian as root: the packages of Debian 13 in a folder, made by debootstrap, run by chroot.
# RETRIEVAL_POSTGRES_WAYS (default "native docker chroot") says which of 2 to 4 may be tried.
#
# Settings of up, remembered for the next:
#   POSTGRES_OPTIONS   further server settings, as -c key=value -c key=value
#   POSTGRES_DATA_DIR  the folder to put the data in (into its subfolder pgdata)
#   POSTGRES_DISK_MB   puts the data on a disk of that many MB of its own, in memory (needs root)
#   POSTGRES_WAL_APART 1: keep the write-ahead log off that folder or disk, so that tables run out of space, not the log
#   POSTGRES_OWNER     a process id: when it is gone, the next up, status or down of any instance purges this one
# Everything lies in RETRIEVAL_POSTGRES_HOME (root: /var/cache/retrieval-postgres, others: ~/.cache/retrieval-postgres).
set -euo pipefail
export LC_ALL=C

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
if [ "$(id -u)" = 0 ]; then default_home=/var/cache/retrieval-postgres; else default_home=${HOME:-/tmp}/.cache/retrieval-postgres; fi
home=$(realpath -m "${RETRIEVAL_POSTGRES_HOME:-$default_home}")

say() { echo "postgres: $*" >&2; }
die() { say "$*"; exit 1; }

source "$here/postgres/ways.sh"
source "$here/postgres/cluster.sh"

command=${1:-help}
[ $# -gt 0 ] && shift
rest=()
case $command in psql | pg_dump | pg_restore | clone) if [ $# -gt 1 ]; then rest=("${@:2}"); set -- "$1"; fi ;; esac
name=main pid= all=false purge=false mode=fast
for argument; do
  case $argument in
    --all) all=true ;;
    --purge) purge=true ;;
    --immediate) mode=immediate ;;
    --fast) mode=fast ;;
    -*) die "unknown option $argument; see the head of $0" ;;
    *[!0-9]*) name=$argument ;;
    *) pid=$argument ;;
  esac
done
[[ $name =~ ^[a-z][a-z0-9-]{0,40}$ ]] || die "an instance's name begins with a letter and is of a-z, 0-9 and -, at most 41 long: '$name'"

case $command in up | clone | status | down) reap_orphans ;; esac

case $command in
  up)
    if [ "$name" = main ] && [ -n "${RETRIEVAL_POSTGRES:-}" ]; then
      given_answers || die "RETRIEVAL_POSTGRES is set, but $given_problem"
      echo "$RETRIEVAL_POSTGRES"
      exit 0
    fi
    mkdir -p "$home/instances"
    select_instance "$name"
    lock_instance
    instance_up
    connection_string
    ;;
  status)
    if [ "$name" = main ] && [ -n "${RETRIEVAL_POSTGRES:-}" ]; then
      given_answers || { echo "main: RETRIEVAL_POSTGRES: $given_problem"; exit 3; }
      echo "main: running; given by RETRIEVAL_POSTGRES; $given_versions"
      exit 0
    fi
    select_instance "$name"
    instance_status
    ;;
  clone)
    mkdir -p "$home/instances"
    select_instance "$name"
    lock_instance
    instance_clone "${rest[0]:?of which instance?}"
    connection_string
    ;;
  pid | pids | kill | freeze | thaw | crash | disk | psql | pg_dump | pg_restore)
    select_instance "$name"
    [ -f "$meta/way" ] || { say "there is no instance $name in $home"; exit 3; }
    load_instance
    case $command in
      pid) pid=$("${way}_postmaster"); [ -n "$pid" ] || { say "$name is not running"; exit 3; }; echo "$pid" ;;
      pids) pids=$("${way}_processes"); [ -n "$pids" ] || { say "$name is not running"; exit 3; }; echo "$pids" ;;
      crash) "${way}_crash" "${pid:?of which process?}" ;;
      psql) "${way}_psql" "${rest[@]}" ;;
      pg_dump | pg_restore) "${way}_client" "$command" "${rest[@]}" ;;
      disk) echo "${disk:-}" | grep . || die "the data of $name are on no folder of this machine ($way)" ;;
      *) "${way}_$command" ;;
    esac
    ;;
  down)
    if $all; then
      for folder in "$home"/instances/*/; do
        [ -d "$folder" ] || continue
        ( select_instance "$(basename "$folder")"; lock_instance; instance_down "$mode" "$purge" )
      done
    else
      [ -d "$home/instances/$name" ] || { say "there is no instance $name in $home"; exit 0; }
      select_instance "$name"
      lock_instance
      instance_down "$mode" "$purge"
    fi
    ;;
  *)
    sed -n '2,/^set -euo/p' "${BASH_SOURCE[0]}" | grep '^#' | cut -c3- >&2
    [ "$command" = help ] || [ "$command" = --help ]
    ;;
esac
