#!/usr/bin/env bash
# Runs a test for each of the promises of docs/reliability.md and prints a table: what was done, numbers, verdict.
#   eng/promises.sh [--long] [--only KEY,KEY] [--json FILE] [--app DIR] [--before DIR] [--reports DIR] [--logs DIR] [--seed N] [--no-tests]
#     --long      outages of minutes, 10,000 disconnects, load phases of 40 s; the short form takes some minutes
#     --only      of 1 to 15, upgrade, callers, clocks, backup and lost
#     --app       folder of the published command; otherwise this checkout is built
#     --before    folder of an earlier version that `upgrade` begins with; otherwise this one, under the schema before
#     --reports   reports of test suites that ran already, as test.sh has them; otherwise the tests are run
#     --logs      keeps the logs of the processes there
# Everything it starts and breaks is its own and on this machine. Ends with 1 if a promise was not held; a number that was
# missed is said and does not fail it. What cannot be run here is "not run", in CI (CI=true) a failure.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/python.sh"

build=true
for option; do
  case "$option" in
    --app | --app=* | --reports | --reports=*) build=false ;;
    -h | --help) sed -n '2,11s/^# \?//p' "$0"; exit 0 ;;
  esac
done
command -v python3 >/dev/null || { echo "promises.sh: python3 is needed and was not found" >&2; exit 2; }
has_faketime || install_faketime || echo "promises.sh: libfaketime is not there and cannot be installed: clocks are not stepped" >&2
! $build || echo "promises.sh: building" >&2
! $build || dotnet build "$here/../RetrievalService.sln" --configuration Release --nologo --verbosity quiet -clp:NoSummary >&2
exec python3 "$here/promises" "$@"
