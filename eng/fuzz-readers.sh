#!/usr/bin/env bash
# Reads damaged files of every form that can be ingested (TSV, gzip, captions, splits, arrays, HDF5), and checks that each reader
# refuses them by name or gives images that keep the rules, within bounds of memory. The same seed makes the same cases.
#   eng/fuzz-readers.sh [COUNT [SEED [FIRST]]]   # 1,000,000 cases with seed 1, from case 0 on, if not said
# A case that fails is printed with its seed and number: eng/fuzz-readers.sh 1 SEED NUMBER runs it alone. FUZZ_AT_ONCE: processes
# that share the cases, one a core if not said. Files are written to a folder in memory (/dev/shm) where there is one.
# -h prints this. Ends with 0 if every reader kept its promise, 1 if one did not, 2 if an argument is wrong.
set -euo pipefail

usage() { sed -n '2,9s/^# \?//p' "${BASH_SOURCE[0]}"; }
case ${1-} in -h | --help) usage; exit 0 ;; esac
text=$(usage)
fail() { printf 'fuzz-readers.sh: %s\n%s\n' "$1" "$text" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ $# -le 3 ] || fail "$# arguments; expected 3 at most"
count=${1-1000000} seed=${2-1} first=${3-0}
for number in "$count" "$seed" "$first"; do
  [[ $number =~ ^[0-9]{1,9}$ ]] || fail "'$number'; expected a whole number below 1,000,000,000"
done
((count > 0)) || fail "0 cases; expected at least one"
at_once=${FUZZ_AT_ONCE-$(nproc)}
((at_once <= count)) || at_once=$count

project=tests/Retrieval.Features.Tests
dotnet build $project -c Release --nologo -v q -clp:NoSummary >&2 || exit 2
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
processes=()
for ((i = 0; i < at_once; i++)); do
  from=$((first + count * i / at_once)) until=$((first + count * (i + 1) / at_once))
  RETRIEVAL_FUZZ_FIRST=$from RETRIEVAL_FUZZ_COUNT=$((until - from)) RETRIEVAL_FUZZ_SEED=$seed \
    dotnet $project/bin/Release/net10.0/Retrieval.Features.Tests.dll -noLogo -noColor -showLiveOutput -class "*ReaderFuzzTests" >"$logs/$i" 2>&1 &
  processes+=($!)
done
status=0
for i in "${!processes[@]}"; do
  wait "${processes[$i]}" || status=1
  sed -n 's/^.*\[OUTPUT\] //p; /\[FAIL\]/,/Finished/{/at /!p}; /Stack overflow\|Out of memory/p' "$logs/$i"
done
exit $status
