#!/usr/bin/env bash
# Builds everything and runs every test. Installs what the tests need where it can; what it cannot install is skipped
# with a loud line, and in CI (CI=true) is a failure. Ends with one line: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source eng/python.sh

configuration=Release
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0

add() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }
finish() {
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && exit 0 || exit 1
}

missing() { # what cannot be tested here, and why
  echo "SKIPPED: $1" >&2
  if [ "${CI:-}" = true ]; then add 0 1 0; else add 0 0 1; fi
}

for tool in dotnet npm; do
  command -v "$tool" >/dev/null || { echo "$tool is needed and was not found: see README.md" >&2; add 0 1 0; finish; }
done

echo "== build"
dotnet build RetrievalService.sln --configuration "$configuration" --nologo --verbosity quiet -clp:NoSummary || { echo "the build failed" >&2; add 0 1 0; finish; }

attribute() { grep -o "<assembly [^>]*" "$1" | head -1 | grep -o " $2=\"[0-9]*\"" | grep -o '[0-9]*'; }

for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  echo "== $name"
  report="$results/$name.xml"
  dotnet "tests/$name/bin/$configuration/net10.0/$name.dll" -noLogo -noColor -xml "$report" >"$results/$name.log" 2>&1
  code=$?
  if [ -s "$report" ]; then
    total=$(attribute "$report" total) bad=$(attribute "$report" failed) errors=$(attribute "$report" errors) skips=$(attribute "$report" skipped)
    add "$(attribute "$report" passed)" $((bad + errors)) "$skips"
    tail -1 <(grep -E 'Total: ' "$results/$name.log")
    [ "$total" -gt 0 ] || { echo "$name ran no test" >&2; add 0 1 0; }
    [ "$code" = 0 ] || { cat "$results/$name.log" >&2; [ $((bad + errors)) -gt 0 ] || add 0 1 0; }
  else
    echo "$name broke off with exit code $code" >&2
    cat "$results/$name.log" >&2
    add 0 1 0
  fi
done

echo "== Python: exporter, scenes"
python=$(exporter_python) || { install_exporter_python; python=$(exporter_python); } || python=
if [ -n "$python" ]; then
  for suite in tests/exporter tests/scenes; do
    report="$results/$(basename "$suite").xml"
    "$python" -m pytest -q -p no:cacheprovider --junitxml "$report" "$suite" || cat /dev/null
    count() { grep -o "<testsuite [^>]*" "$report" | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*'; }
    if [ -s "$report" ]; then
      bad=$(($(count failures) + $(count errors)))
      add $(($(count tests) - bad - $(count skipped))) "$bad" "$(count skipped)"
    else
      echo "$suite broke off" >&2
      add 0 1 0
    fi
  done
else
  missing "the exporter's tests need Python with torch, numpy, onnx, nltk, jsonschema and pytest (Debian: python3-torch python3-onnx python3-nltk python3-jsonschema python3-pytest libopenblas0-pthread)"
fi

finish
