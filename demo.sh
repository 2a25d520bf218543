#!/usr/bin/env bash
# The whole path on the demo corpus: build, ingest, serve, ask both questions. Needs the .NET 10 SDK, curl and a shell.
#   ./demo.sh              goes on serving until Ctrl-C
#   ./demo.sh --once       ends after the answers
#   DEMO_URL=http://127.0.0.1:8081 ./demo.sh   the same on another port
#   ./demo.sh --postgres   the same with Postgres and pgvector as the system of record: eng/postgres.sh finds or makes a
#                          server, which stays up (eng/postgres.sh down demo --purge takes it away)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

once=false postgres=false
for option; do
  case "$option" in
    --once) once=true ;;
    --postgres) postgres=true ;;
    *) echo "usage: ./demo.sh [--once] [--postgres]" >&2; exit 2 ;;
  esac
done

for tool in dotnet curl; do
  command -v "$tool" >/dev/null || { echo "$tool is needed and was not found: see README.md" >&2; exit 1; }
done

bundle=models/scenes/bundle
metadata=models/scenes/metadata.jsonl
# An index belongs to one bundle: a pull that brings a new one, or other metadata, gets a new index.
content=$(cat "$bundle/bundle.json" "$metadata" | sha256sum | cut -c1-12)
index=.demo/index-$content
url=${DEMO_URL:-http://127.0.0.1:8080}

# Whoever listens there already would answer in the place of the demo.
taken() {
  local code=0
  curl --silent --output /dev/null --max-time 5 "$url" || code=$?
  [ "$code" -ne 7 ]   # 7: nobody listens
}
if taken; then
  echo "something listens on $url already: end it, or choose another port, DEMO_URL=http://127.0.0.1:8081 $0" >&2
  exit 1
fi

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

# Fails, with the body on standard output, on any status but 2xx.
ask() { # PATH [BODY]
  curl --silent --show-error --fail-with-body "$url$1" ${2:+--json "$2"}
}
# A line for each hit, and the last members of the answer as they came.
lines() {
  sed 's/{"id"/\n&/g; s/\],"/\n&/' | sed -E '
    /^\{"id"/!{ s/^(\{"hits":\[)?\],?//; s/^\{"hits":\[$//; /^$/d; s/^/  /; b }
    s/^\{"id":"([^"]*)","rank":([0-9]+),"score":([^,]+),"scoreRank":[^,]+,"coarse":\{"score":([^,]+),"rank":([0-9]+)\},"rankingScore":[^,]+/  \2. \1  score \3  (first stage: \4, rank \5)/
    s/,"metadata".*"caption":"(.*)"\},?$/  \1/; s/,"metadata".*$//'
  echo
}

step "1. Build (the first time also fetches ONNX Runtime)"
./retrieval --version

step "2. Ingest the demo corpus: 1,000 images, 5,000 captions"
place=(--index "$index")
if $postgres; then
  # By the environment: what stands on a command line every process of the machine can read.
  RETRIEVAL__POSTGRES__CONNECTIONSTRING=$(eng/postgres.sh up demo)
  export RETRIEVAL__POSTGRES__CONNECTIONSTRING
  index=.demo/replica
  place=(--name "scenes-$content" --migrate)
fi
./retrieval ingest --bundle "$bundle" "${place[@]}" --source models/scenes/corpus --split test --metadata "$metadata"
! $postgres || ./retrieval index activate --name "${place[1]}" >/dev/null

step "3. Serve on $url"
mkdir -p .demo
./retrieval serve --bundle "$bundle" --index "$index" --urls "$url" --Pictures:Folder=models/scenes/pictures --Ingestion:Roots:0="$PWD/models/scenes" >.demo/serve.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true' EXIT
for _ in $(seq 120); do
  kill -0 $server 2>/dev/null || { echo "the server ended; its log:" >&2; cat .demo/serve.log >&2; exit 1; }
  ask /health/ready >/dev/null 2>&1 && break
  sleep 0.5
done
kill -0 $server 2>/dev/null && ask /health/ready || { echo "the server is not ready after a minute; its log:" >&2; cat .demo/serve.log >&2; exit 1; }
echo

caption='a transparent green star and a striped red cube'
step "4. Which images fit \"$caption\"?"
ask /v1/search/images "{\"caption\":\"$caption\",\"top\":3}" | lines

# It has a twin, scene-000049: the same words describe it, with two colours exchanged.
image=scene-000048
step "5. Which captions fit the image $image?"
ask /v1/search/captions "{\"imageId\":\"$image\",\"top\":5}" | lines

if ! $once; then
  step "Look at it in a browser: $url/ (the console: search, why, compare, operate)"
  echo "Filters to try under Options: background=navy, objects>=6, twin=true, mostly=star"
  echo "Serving until Ctrl-C; also there: /openapi/v1.json, /v1/model, /metrics"
  wait $server || { code=$?; echo "the server ended; the end of its log:" >&2; tail -n 5 .demo/serve.log >&2; exit $code; }
fi
