#!/usr/bin/env bash
# Publishes the command `retrieval` into a folder. The image's build runs this, and so does a test without an image.
# Framework-dependent by default: the machine then needs the ASP.NET Core 10 runtime.
# The same sources give the same bytes, wherever and whenever (docs/testing.md); SOURCE_DATE_EPOCH gives the files their time, too.
#   docker/publish.sh DIR [--cuda] [--self-contained]
#     (without)          for the CPU alone
#     --cuda             with ONNX Runtime's CUDA provider: 280 MB more
#     --self-contained   with the .NET runtime, for a machine without it
set -euo pipefail
usage="usage: docker/publish.sh DIR [--cuda] [--self-contained]"
out=$(realpath -m "${1:?$usage}")
shift
files=(retrieval retrieval.dll libonnxruntime.so) options=() runtime=cpu
for option; do
  case "$option" in
    --cuda) runtime=gpu files+=(libonnxruntime_providers_cuda.so) ;;
    --self-contained) options+=(--self-contained true) ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || { echo "publish.sh: $out is not empty" >&2; exit 1; }

# Built in a separate folder, so that the working tree's build keeps its packages.
artifacts=$(mktemp -d)
trap 'rm -rf "$artifacts"' EXIT
# What is compiled names neither of the two folders, and no address that the checkout was cloned from. (%2C is a comma.)
options+=("-p:PathMap=$(pwd -P)/=/_/%2C$(realpath "$artifacts")/=/_/artifacts/" -p:EnableSourceLink=false -p:ContinuousIntegrationBuild=false)
dotnet publish src/Retrieval.Cli --configuration Release --output "$out" --artifacts-path "$artifacts" -p:OnnxRuntime=$runtime --nologo --verbosity quiet "${options[@]}"
# Only compilers need the documentation files.
rm -f "$out"/Retrieval.*.xml "$out"/retrieval.xml
cp LICENSE NOTICE "$out"
# Where there is no Python, as in the image's build, the bill of materials is made beside it: eng/sbom.py.
if command -v python3 >/dev/null; then
  cuda=()
  [ "$runtime" = cpu ] || cuda=(--cuda)
  python3 eng/sbom.py "$out/sbom.cdx.json" "${cuda[@]}"
fi
chmod -R a+rX,go-w "$out"
[ -z "${SOURCE_DATE_EPOCH:-}" ] || find "$out" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
# A build on the wrong platform fails here and not in production.
for file in "${files[@]}"; do
  [ -s "$out/$file" ] || { echo "publish.sh: $file is missing in $out" >&2; exit 1; }
done
