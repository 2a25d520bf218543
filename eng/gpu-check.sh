#!/usr/bin/env bash
# Checks and measures the service on a machine with an NVIDIA GPU, from published binaries and without a network.
# See docs/gpu-check.md.
#   gpu-check.sh [--dry-run] [--only STEP,STEP] [--package DIR | --app DIR]
#     --dry-run   the same steps on the CPU with tiny sizes; its numbers mean nothing
#     --only      of export, parity, rerank, torch, serve (which needs export, too)
#     --package   folder with parts/ or app/, where this script does not lie in the package itself
#     --app       folder of the published command, instead of a package
# Sizes and limits come from the environment: every variable GPU_CHECK_… below.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dry=false app='' package=$here only=export,parity,rerank,torch,serve
while [ $# -gt 0 ]; do
  case "$1" in
    --dry-run) dry=true ;;
    --only) only=export,${2:?--only needs names of steps}; shift ;;
    --app) app=$(realpath "${2:?--app needs a folder}") || exit 2; shift ;;
    --package) package=$(realpath "${2:?--package needs a folder}") || exit 2; shift ;;
    *) sed -n '2,10s/^# \?//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
for name in ${only//,/ }; do
  [[ $name =~ ^(export|parity|rerank|torch|serve)$ ]] || { echo "gpu-check.sh: --only names '$name'; expected export, parity, rerank, torch or serve" >&2; exit 2; }
done

# setting NAME FULL DRY
setting() { local name=GPU_CHECK_$1; $dry && : "${!name:=$3}" || : "${!name:=$2}"; export "${name?}"; }
setting LIMIT 530 300            # seconds for everything
setting EMBED 1024 64            # width of the bundles
setting IMAGES 31000 300         # images of the small bank, and of the index that is served
setting MORE_IMAGES 123000 600   # images of the large bank
setting PAIRS_PER_CALL 1024,4096,16384 32,64
setting REPETITIONS 9 2
setting SECONDS 8 1              # of each level of load
setting CLIENTS 32 4             # of the concurrent load
setting SERVED compact float16   # the bundle that is served
python=${GPU_CHECK_PYTHON:-python3}
provider=$($dry && echo cpu || echo cuda)

out=$(realpath -m "${OUT:-gpu-check}")
mkdir -p "$out/logs" && rm -rf "$out"/*.json "$out"/*.txt "$out"/*.tsv "$out"/logs/* || exit 2
work=$(mktemp -d "${GPU_CHECK_WORK:-${TMPDIR:-/tmp}}/gpu-check.XXXXXX") || exit 2
server=''
stop_server() { # Ends it as an operator would; one that does not end in time is killed.
  [ -n "$server" ] || return 0
  kill "$server" 2>/dev/null
  for _ in $(seq 300); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$server" 2>/dev/null
  local code=0
  wait "$server" || code=$?
  server=''
  return $code
}
trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

wanted() { [[ ,$only, == *,$1,* ]]; }
left() { echo $((GPU_CHECK_LIMIT - SECONDS)); }
note() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$out/steps.tsv"; printf '%4ss  %-28s %s%s\n' "$SECONDS" "$1" "$2" "${4:+: $4}" >&2; }

# step NAME SECONDS COMMAND...: stdout to NAME.json, stderr to logs/NAME.txt; a line in steps.tsv. Never ends the script.
step() {
  local name=$1 limit=$2 started=$SECONDS code=0
  shift 2
  [ "$limit" -le "$(left)" ] || limit=$(left)
  [ "$limit" -gt 0 ] || { note "$name" failed 0 "no time was left of $GPU_CHECK_LIMIT s"; return 1; }
  timeout --kill-after=5 "$limit" "$@" >"$out/$name.json" 2>"$out/logs/$name.txt" || code=$?
  [ -s "$out/$name.json" ] || rm -f "$out/$name.json"
  case $code in
    0) note "$name" ok $((SECONDS - started)) '' ;;
    124 | 137) note "$name" failed $((SECONDS - started)) "not done after $limit s" ;;
    *) note "$name" failed $((SECONDS - started)) "exit code $code; $(grep -v '^[[:space:]]*$' "$out/logs/$name.txt" | tail -1 | cut -c1-300)" ;;
  esac
  return $code
}
skip() { note "$1" skipped 0 "$2"; }

# Puts a compressed file together from its parts: xz where it is, Python's where not.
join() { cat "$package/parts/$1".[0-9][0-9] | if command -v xz >/dev/null; then xz -dc; else "$python" -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer, 1 << 20)'; fi; }

unpack() {
  (cd "$package/parts" && sha256sum --check --strict --quiet SHA256SUMS) || return 1
  mkdir -p "$work/unpacked" && join app.tar.xz | tar -x -C "$work/unpacked" || return 1
  [ ! -e "$package/parts/provider.so.xz.00" ] || join provider.so.xz >"$work/unpacked/libonnxruntime_providers_cuda.so" || return 1
  # Kept for the next run where that is possible.
  if rm -rf "$package/app" 2>/dev/null && mv "$work/unpacked" "$package/app" 2>/dev/null; then app=$package/app; else app=$work/unpacked; fi
  [ ! -w "$app" ] || sha256sum <"$package/parts/SHA256SUMS" >"$app/.parts"
}

if [ -z "$app" ] && [ -s "$package/parts/SHA256SUMS" ]; then
  app=$package/app
  [ "$(cat "$app/.parts" 2>/dev/null)" = "$(sha256sum <"$package/parts/SHA256SUMS")" ] || { unpack && note unpack ok $SECONDS ''; } \
    || { echo "gpu-check.sh: the parts in $package/parts are not whole; make them anew with eng/gpu-package.sh" >&2; exit 1; }
fi
[ -x "${app:-$package/app}/retrieval" ] || { echo "gpu-check.sh: there is no published command at ${app:-$package/app}; name it with --app, or make a package with eng/gpu-package.sh" >&2; exit 1; }
retrieval=${app:-$package/app}/retrieval
models=$here/models
[ -d "$models" ] || models=$here/../models
exporter=${GPU_CHECK_EXPORTER:-$models/exporter}

# CUDA 13 and cuDNN as PyTorch's packages bring them.
libraries=$("$python" -c 'import glob, os, site, sys
roots = dict.fromkeys(site.getsitepackages() + [site.getusersitepackages()] + sys.path)
print(":".join(dict.fromkeys(os.path.realpath(d) for r in roots if r for d in sorted(glob.glob(os.path.join(r, "nvidia", "*", "lib"))))))' 2>/dev/null)
export LD_LIBRARY_PATH=$libraries${libraries:+${LD_LIBRARY_PATH:+:}}${LD_LIBRARY_PATH:-} PYTHONDONTWRITEBYTECODE=1
{
  date -u +%FT%TZ; uname -a; nproc; free -g; df -h "$work"; echo "LD_LIBRARY_PATH=$LD_LIBRARY_PATH"
  "$python" -c 'import sys; print(sys.version); import torch; print("torch", torch.__version__, torch.version.cuda)'
  command -v nvidia-smi && nvidia-smi; ls -l /sys/class/drm
} >"$out/machine.txt" 2>&1
if ! $dry; then
  missing=$(for library in libcudart.so.13 libcublas.so.13 libcublasLt.so.13 libcurand.so.10 libcudnn.so.9 libcuda.so.1; do
    "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$library" 2>/dev/null || printf '%s ' "$library"
  done)
  if [ -z "$missing" ]; then note libraries ok 0 ''; else note libraries failed 0 "cannot be loaded: $missing"; fi
fi

# (b) Bundles of random weights, all of one seed and so of the same weights, written side by side.
bundle() { # NAME OPTIONS...
  local name=$1
  shift
  step "export-$name" 150 "$python" "$exporter/export.py" --random --seed 0 --system camp-gate-fusion-new --embed-size "$GPU_CHECK_EMBED" "${small[@]}" --out "$work/$name" "$@"
}
small=()
! $dry || small=(--image-size 64 --word-size 16 --vocabulary-size 500)
bundle float16 --precision float16 &
jobs=($!)
bundle compact --precision float16 --profile compact & jobs+=($!)
bundle published-float16 --form published --precision float16 & jobs+=($!)
bundle float32 --precision float32 & jobs+=($!)
bundle published-float32 --form published & jobs+=($!)
if "$python" "$exporter/export.py" --help 2>/dev/null | grep -q -- '--records'; then
  bundle int8 --precision float16 --profile compact --records int8 & jobs+=($!)
else
  skip export-int8 "this exporter has no --records"
fi
wait "${jobs[@]}"
bundles=()
for name in float16 compact int8 published-float16 float32 published-float32; do [ ! -d "$work/$name" ] || bundles+=("$name"); done

# (c) Each is run, whatever became of the one before.
if wanted parity; then
  step parity-demo 60 "$retrieval" bundle verify "$models/scenes/bundle" --provider $provider --json
  for name in "${bundles[@]}"; do step "parity-$name" 60 "$retrieval" bundle verify "$work/$name" --provider $provider --json; done
fi

# (d) rerank NAME IMAGES PAIRS PAIRS-PER-CALL BUNDLE...
rerank() {
  local name=$1 images=$2 pairs=$3 calls=$4 against=() first=$5 other
  shift 5
  for other; do [ ! -d "$work/$other" ] || against+=(--against "$work/$other"); done
  step "$name" 120 "$retrieval" bench rerank --provider $provider --bundle "$work/$first" "${against[@]}" --images "$images" --pairs "$pairs" --pairs-per-call "$calls" --repetitions "$GPU_CHECK_REPETITIONS" --json
}
# rate NAME IMAGES BUNDLE...: where the largest call is too large for the device, the others tell something, too.
rate() {
  local name=$1 images=$2 calls=$GPU_CHECK_PAIRS_PER_CALL
  shift 2
  rerank "$name" "$images" "${calls##*,}" "$calls" "$@" && return
  [[ $calls != *,* ]] || [ "$(left)" -le 0 ] || rerank "$name-less" "$images" "${calls##*,}" "${calls%,*}" "$@"
}
if wanted rerank; then
  rate rerank-small "$GPU_CHECK_IMAGES" float16 published-float16
  rerank rerank-query "$GPU_CHECK_IMAGES" 200 0 float16 compact int8
fi
if wanted torch; then
  device=$($dry && echo cpu || echo cuda)
  if "$python" -c 'import torch' 2>/dev/null; then
    step floor 40 "$python" "$here/gpu-check.py" floor "$device"
    if [ -f "$exporter/torch_peer.py" ]; then
      for type in float32 tf32 bfloat16; do
        step "torch-$type" 60 "$python" "$exporter/torch_peer.py" --device "$device" --type $type --embed-size "$GPU_CHECK_EMBED" --words 16 --pairs "$GPU_CHECK_PAIRS_PER_CALL" --repetitions "$GPU_CHECK_REPETITIONS"
      done
    else
      skip torch "there is no $exporter/torch_peer.py"
    fi
  else
    skip torch "$python has no torch"
  fi
fi

# (e) From socket to socket.
if wanted serve; then
  port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  url=http://127.0.0.1:$port
  if step index 90 "$retrieval" bench ingest --provider $provider --bundle "$work/$GPU_CHECK_SERVED" --images "$GPU_CHECK_IMAGES" --captions-per-image 1 --keep "$work/index" --json; then
    began=$(date +%s.%N)
    "$retrieval" serve --bundle "$work/$GPU_CHECK_SERVED" --index "$work/index" --urls "$url" --Inference:Provider=$provider >"$out/logs/serve.txt" 2>&1 &
    server=$!
    if step start 90 "$python" "$here/gpu-check.py" ready "$url" "$began" "$server"; then
      step query 60 "$retrieval" bench query --server "$url" --kind images --concurrency "1,$GPU_CHECK_CLIENTS" --seconds "$GPU_CHECK_SECONDS" --warm-up 1 --shortlist 200 --json
      step overload 90 "$retrieval" bench query --server "$url" --kind images --concurrency "$GPU_CHECK_CLIENTS" --seconds "$GPU_CHECK_SECONDS" --warm-up 1 --shortlist 200 --overload --json
    fi
    if stop_server; then note stop ok 0 ''; else note stop failed 0 "the server did not end with 0 within 30 s of SIGTERM"; fi
  fi
fi
# Few bundles at once: each scorer keeps what its largest call has taken of the device.
if wanted rerank; then
  rate rerank-large "$GPU_CHECK_MORE_IMAGES" float16 published-float16
  rate rerank-large-compact "$GPU_CHECK_MORE_IMAGES" compact int8
  rate rerank-small-compact "$GPU_CHECK_IMAGES" compact int8
  rate rerank-small-float32 "$GPU_CHECK_IMAGES" float32
fi

# (f)
"$python" "$here/gpu-check.py" table "$out" $($dry && echo dry) | tee "$out/table.txt"
exit "${PIPESTATUS[0]}"
