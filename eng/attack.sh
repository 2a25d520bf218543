#!/usr/bin/env bash
# Attacks a real server of this repository with random forms of HTTP, .npy bodies, damaged index files and kills, and checks
# every answer. The same seed makes the same cases. See docs/attack.md.
#   eng/attack.sh [--seed N] [--minutes M] [--only FORM,FORM] [--case K|K-L] [--named only|skip] [--app DIR] [--out FILE]
#     --app   folder of a published or built command (retrieval.dll); builds this repository's own where it is left out
# Ends with 0 if nothing was found, 1 if something was, 2 if the tool itself failed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command -v python3 >/dev/null || { echo "attack.sh: python3 is needed and was not found" >&2; exit 2; }

arguments=("$@")
case " $* " in
  *" --app "* | *" --app="* | *" --help "* | *" -h "* | *" --list "*) ;;
  *)
    "$root/retrieval" --version >/dev/null || exit 2
    arguments+=(--app "$root/src/Retrieval.Cli/bin/Release/net10.0")
    ;;
esac
exec python3 -B "$root/eng/attack" --root "$root" "${arguments[@]}"
