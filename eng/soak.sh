#!/usr/bin/env bash
# Runs replicas of the server over a catalog under mixed load for an hour and checks every answer, while Postgres is restarted,
# a replica is killed, the active index switched, keys exchanged and ingestions run; samples memory, handles, threads, sockets,
# heap, cache and connections, and says whether any of them grows. See docs/testing.md.
#   eng/soak.sh [--minutes 60] [--seed N] [--callers N] [--steady N] [--json FILE] [--logs DIR] [--app DIR]
#   eng/soak.sh --switches N [--app DIR]   switches one replica N times between two models and judges its memory alone
#   eng/soak.sh --analyse FILE     judges the series of an earlier run's JSON again
#     --minutes   5 is the nightly form, 1 the one of CI, in which no slope is judged
#     --steady    replicas that are never killed (default 2); one that is killed runs beside them
#     --app       folder of the published command; otherwise this checkout is built
# Everything it starts and breaks is its own and on this machine. Ends with 0 if no request failed and nothing grows, 1 if not,
# 2 if it could not be run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

build=true
for option; do
  case "$option" in
    --app | --app=* | --analyse | --analyse=*) build=false ;;
    -h | --help) sed -n '2,13s/^# \?//p' "$0"; exit 0 ;;
  esac
done
command -v python3 >/dev/null || { echo "soak.sh: python3 is needed and was not found" >&2; exit 2; }
! $build || "$here/../retrieval" --version >/dev/null || exit 2
exec python3 -B "$here/soak" "$@"
