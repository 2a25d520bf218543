#!/usr/bin/env bash
# Changes the code of a project in one place at a time and runs its tests: a change that no test notices is a gap in them.
#   eng/mutate.sh Domain                          # the whole project, with its own tests
#   eng/mutate.sh Domain 'Text/*.cs' Errors/X.cs  # some files of it
#   MUTATE_TESTS='Queries Scoring' eng/mutate.sh Search Queries/HitCheck.cs   # with the tests in these folders alone
# Works on a copy of the working tree, as the tool leaves changed assemblies behind. Reports go to $MUTATE_OUT (default: a
# temporary folder, which is named at the end). MUTATE_AT_ONCE: test runs at a time, 1 unless more is asked for.
# -h prints this. Ends with 2 if an argument is wrong.
set -euo pipefail

usage() { sed -n '2,8s/^# \?//p' "${BASH_SOURCE[0]}"; }
case ${1-} in -h | --help) usage; exit 0 ;; esac
text=$(usage)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

projects=() # Those that have tests of their own.
for folder in src/Retrieval.*/; do
  name=${folder#src/Retrieval.} name=${name%/}
  [ ! -d "tests/Retrieval.$name.Tests" ] || projects+=("$name")
done
project=${1-}
[[ -n $project && $project != *" "* && " ${projects[*]} " == *" $project "* ]] || {
  printf "mutate.sh: the project is '%s'; expected one of %s\n%s\n" "$project" "${projects[*]}" "$text" >&2
  exit 2
}
shift
version=5.1.0
tool=${XDG_CACHE_HOME:-$HOME/.cache}/retrieval/stryker-$version
[ -x "$tool/dotnet-stryker" ] || dotnet tool install --tool-path "$tool" dotnet-stryker --version "$version" >&2

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z -co --exclude-standard | tar --create --null --ignore-failed-read --files-from - 2>/dev/null | tar --extract --directory "$copy"
out=${MUTATE_OUT:-$(mktemp -d)}

only=()
for file in "$@"; do only+=(--mutate "**/$file"); done
tests=$copy/tests/Retrieval.$project.Tests
if [ -n "${MUTATE_TESTS-}" ]; then
  read -ra keep <<<"$MUTATE_TESTS"
  for folder in "${keep[@]}"; do
    [ -d "$tests/$folder" ] || { printf "mutate.sh: MUTATE_TESTS names '%s'; the tests of %s have no such folder\n" "$folder" "$project" >&2; exit 2; }
  done
  for folder in "$tests"/*/; do
    name=$(basename "$folder")
    [[ " ${keep[*]} " == *" $name "* ]] || rm -r "$folder"
  done
  # All of these tests for each change: to find out which test reaches which line takes longer than to run so few.
  echo '{ "stryker-config": { "coverage-analysis": "off" } }' >"$tests/stryker-config.json"
fi
# The tests are programs of Microsoft.Testing.Platform, which the tool's usual runner does not start.
(cd "$tests" && "$tool/dotnet-stryker" --project "Retrieval.$project.csproj" --test-runner mtp \
  --concurrency "${MUTATE_AT_ONCE:-1}" --reporter cleartext --reporter json --output "$out" "${only[@]}")
echo "reports: $out"
