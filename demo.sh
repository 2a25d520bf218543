#!/usr/bin/env bash
# The whole path on the demo corpus: build, ingest, serve, ask both questions. Needs the .NET 10 SDK, npm and a shell.
#   ./demo.sh          goes on serving until Ctrl-C
#   ./demo.sh --once   ends after the answers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

once=false
case "${1:-}" in
  "") ;;
  --once) once=true ;;
  *) echo "usage: ./demo.sh [--once]" >&2; exit 2 ;;
esac

for tool in dotnet npm; do
  command -v "$tool" >/dev/null || { echo "$tool is needed and was not found: see README.md" >&2; exit 1; }
done

bundle=models/scenes/bundle
index=.demo/index
url=${DEMO_URL:-http://127.0.0.1:8080}

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

# curl where it is; npm brings Node.js, which can ask as well.
ask() { # METHOD PATH [BODY]
  if command -v curl >/dev/null; then
    curl -sS -X "$1" "$url$2" ${3:+-H 'content-type: application/json' -d "$3"}
  else
    node -e 'const [m, u, b] = process.argv.slice(1); fetch(u, { method: m, body: b, headers: b ? { "content-type": "application/json" } : {} }).then(r => r.text()).then(t => process.stdout.write(t)).catch(e => { console.error(String(e.cause ?? e)); process.exit(7) })' "$1" "$url$2" ${3:+"$3"}
  fi
}
pretty() { node -e 'let s = ""; process.stdin.on("data", d => s += d).on("end", () => console.log(JSON.stringify(JSON.parse(s), (k, v) => typeof v === "number" ? +v.toPrecision(5) : v, 1).replace(/\{\s+("score"[^}]*?)\s+\}/g, (m, g) => "{ " + g.replace(/\s+/g, " ") + " }")))'; }

step "1. Build (the first time also fetches ONNX Runtime)"
./retrieval --version

step "2. Ingest the demo corpus: 1,000 images, 5,000 captions"
./retrieval ingest --bundle "$bundle" --index "$index" --source models/scenes/corpus --split test

step "3. Serve on $url"
./retrieval serve --bundle "$bundle" --index "$index" --urls "$url" >.demo/serve.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true' EXIT
for _ in $(seq 120); do
  kill -0 $server 2>/dev/null || { echo "the server ended; its log:" >&2; cat .demo/serve.log >&2; exit 1; }
  case "$(ask GET /health/ready 2>/dev/null || true)" in *'"ready"'*|*Ready*|*Healthy*) break ;; esac
  sleep 0.5
done
ask GET /health/ready; echo

caption='a transparent green star and a striped red cube'
step "4. Which images fit \"$caption\"?"
ask POST /v1/search/images "{\"caption\":\"$caption\",\"top\":3}" | pretty

image=$(head -1 models/scenes/corpus/test_ids.txt)
step "5. Which captions fit the image $image?"
ask POST /v1/search/captions "{\"imageId\":\"$image\",\"top\":5}" | pretty

if ! $once; then
  step "Serving on $url until Ctrl-C; try /openapi/v1.json, /v1/model, /metrics"
  wait $server
fi
