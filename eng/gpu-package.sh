#!/usr/bin/env bash
# Makes a folder that holds all gpu-check.sh needs on a machine with a GPU: no .NET or network there, only Python with
# torch and onnx. See docs/gpu-check.md.
#   gpu-package.sh DIR [--split BYTES] [--without-provider]
#     --split              the largest file of parts/, 62914560 (60 MiB) unless given
#     --without-provider   leaves ONNX Runtime's CUDA provider out: enough for gpu-check.sh --dry-run
set -euo pipefail
usage="usage: eng/gpu-package.sh DIR [--split BYTES] [--without-provider]"
out=$(realpath -m "${1:?$usage}")
shift
split=62914560 provider=true
while [ $# -gt 0 ]; do
  case "$1" in
    --split) split=${2:-}; shift; [[ $split =~ ^[1-9][0-9]{5,11}$ ]] || { echo "gpu-package.sh: --split is '$split'; expected bytes, 100000 at least" >&2; exit 2; } ;;
    --without-provider) provider=false ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
  shift
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || { echo "gpu-package.sh: $out is not empty" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

docker/publish.sh "$work/app" --self-contained $(! $provider || echo --cuda)
mkdir -p "$out/parts" "$out/models/scenes"

# part NAME: standard input, compressed and cut.
part() { xz --threads=0 --block-size=16MiB -6 | split --bytes="$split" --numeric-suffixes --suffix-length=2 - "$out/parts/$1."; }
# Apart from the program, which changes more often.
! $provider || { part provider.so.xz <"$work/app/libonnxruntime_providers_cuda.so"; rm "$work/app/libonnxruntime_providers_cuda.so"; }
tar --create --directory "$work/app" --owner=0 --group=0 --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" . | part app.tar.xz
(cd "$out/parts" && sha256sum -- *.[0-9][0-9] >SHA256SUMS)

cp eng/gpu-check.sh eng/gpu-check.py LICENSE NOTICE "$out"
# What git knows of the exporter, and nothing that lies about.
git ls-files -z --cached --others --exclude-standard models/exporter | xargs -0 cp --parents --target-directory "$out"
cp -r models/scenes/bundle "$out/models/scenes/bundle"
du --bytes --total "$out"/parts/*.[0-9][0-9] | sed "s|$out/||"
