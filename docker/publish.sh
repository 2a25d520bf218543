#!/usr/bin/env bash
# Publishes the command `retrieval` into a folder: what the image's build runs, and what a test runs without an image.
# Framework-dependent, unless told otherwise: the folder needs the ASP.NET Core 10 runtime beside it.
#   docker/publish.sh DIR [--cuda] [--self-contained]
#     --cuda             with ONNX Runtime's CUDA provider: 230 MB more, and 130 MB to fetch
#     --self-contained   with the .NET runtime, for a machine that has none
set -euo pipefail
usage="usage: docker/publish.sh DIR [--cuda] [--self-contained]"
out=$(realpath -m "${1:?$usage}")
shift
files=(retrieval retrieval.dll libonnxruntime.so) options=()
for option; do
  case "$option" in
    --cuda) options+=(-p:CudaProvider=true) files+=(libonnxruntime_providers_cuda.so) ;;
    # Built apart: what is built for one runtime identifier is no use to a build for any.
    --self-contained) artifacts=$(mktemp -d); trap 'rm -rf "$artifacts"' EXIT; options+=(--runtime linux-x64 --self-contained true --artifacts-path "$artifacts") ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || { echo "publish.sh: $out is not empty" >&2; exit 1; }

dotnet publish src/Retrieval.Cli --configuration Release --output "$out" --nologo --verbosity quiet "${options[@]}"
# The documentation files are for compilers.
rm -f "$out"/Retrieval.*.xml "$out"/retrieval.xml
cp LICENSE NOTICE "$out"
chmod -R a+rX,go-w "$out"
# Whoever builds on the wrong platform, or without npm's half, learns it here and not in production.
for file in "${files[@]}"; do
  [ -s "$out/$file" ] || { echo "publish.sh: $file is missing in $out" >&2; exit 1; }
done
