#!/usr/bin/env bash
# Fuzzes what the service reads: files of every form that can be ingested (eng/fuzz-readers.sh), and HTTP: a real server is sent
# damaged bodies, headers, ids, paths, captions, arrays and bytes that are no HTTP, and every answer is judged. See docs/testing.md.
#   eng/fuzz.sh [--cases N] [--first K] [--seconds S] [--seed N] [--senders N] [--readers N] [--kept DIR] [--json FILE] [--app DIR]
#   eng/fuzz.sh --replay FILE      sends a case that was kept once more and prints the answers
#     --cases     of HTTP, 200,000 if not said; from number K (0) on; no further one begins after S seconds
#     --readers   cases of the readers of files, 100,000 if not said; 0 for none
#     --kept      folder for the cases that failed (default: fuzz-cases)
#     --app       folder of a built command (retrieval.dll or retrieval); otherwise this checkout is built
# Seed and number alone make a case. Ends with 0 if nothing was found, 1 if something was, 2 if the tool itself failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v python3 >/dev/null || { echo "fuzz.sh: python3 is needed and was not found" >&2; exit 2; }

arguments=() readers=100000 seed=1 build=true
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) sed -n '2,11s/^# \?//p' "$0"; exit 0 ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}"; continue ;;
    --readers) readers=${2-} ;;
    --seed) seed=${2-}; arguments+=("$1" "$seed") ;;
    --replay) readers=0; arguments+=("$1" "${2-}") ;;
    --app) build=false; arguments+=("$1" "${2-}") ;;
    *) arguments+=("$1" "${2-}") ;;
  esac
  [ $# -ge 2 ] || { echo "fuzz.sh: $1 lacks its value" >&2; exit 2; }
  shift 2
done
for number in "$readers" "$seed"; do
  [[ $number =~ ^[0-9]{1,9}$ ]] || { echo "fuzz.sh: '$number'; expected a whole number below 1,000,000,000" >&2; exit 2; }
done

if $build; then
  "$here/../retrieval" --version >/dev/null || exit 2
  arguments+=(--app "$here/../src/Retrieval.Cli/bin/Release/net10.0")
fi
status=0
[ "$readers" = 0 ] || "$here/fuzz-readers.sh" "$readers" "$seed" || status=$?
[ $status -lt 2 ] || exit $status
http=0
python3 -B "$here/fuzz" --root "$here/.." "${arguments[@]}" || http=$?
exit $((http > status ? http : status))
