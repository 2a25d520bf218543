#!/usr/bin/env bash
# Publishes the command `retrieval` into a folder: what the image's build runs, and what a test runs without an image.
# Framework-dependent: the folder needs the ASP.NET Core 10 runtime beside it.
#   docker/publish.sh DIR
set -euo pipefail
out=$(realpath -m "${1:?usage: docker/publish.sh DIR}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || { echo "publish.sh: $out is not empty" >&2; exit 1; }

dotnet publish src/Retrieval.Cli --configuration Release --output "$out" --nologo --verbosity quiet
# The documentation files are for compilers.
rm -f "$out"/Retrieval.*.xml "$out"/retrieval.xml
cp LICENSE NOTICE "$out"
chmod -R a+rX,go-w "$out"
# Whoever builds on the wrong platform, or without npm's half, learns it here and not in production.
for file in retrieval retrieval.dll libonnxruntime.so; do
  [ -s "$out/$file" ] || { echo "publish.sh: $file is missing in $out" >&2; exit 1; }
done
