#!/usr/bin/env bash
# Peak memory of ingestion for each reader, from a source and from one ten times as large. Prints a table in Markdown.
#   eng/reader-memory.sh [IMAGES]   # of the smaller source; 500 if not said
# Each run is a process of its own, with and without --dry-run; its peak is what the kernel counts (/usr/bin/time, maximum resident
# set). Needs GNU time. Files are written to a temporary folder (TMPDIR), about 15 times the size of the larger source.
# -h prints this. Ends with 0, 1 if a run failed, 2 if an argument is wrong.
set -euo pipefail

usage() { sed -n '2,7s/^# \?//p' "${BASH_SOURCE[0]}"; }
case ${1-} in -h | --help) usage; exit 0 ;; esac
text=$(usage)
fail() { printf 'reader-memory.sh: %s\n%s\n' "$1" "$text" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ $# -le 1 ] || fail "$# arguments; expected 1 at most"
images=${1-500}
[[ $images =~ ^[1-9][0-9]{0,5}$ ]] || fail "'$images'; expected a whole number from 1 to 999,999"
[ -x /usr/bin/time ] || fail "GNU time is needed (/usr/bin/time)"

bundle=models/scenes/bundle
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
./retrieval --version >/dev/null
declare -A options=(
  [split]="--source split --split test" [tsv]="--tsv features.tsv" [tsv.gz]="--tsv features.tsv.gz"
  [arrays]="--arrays arrays" [hdf5]="--hdf5 features.h5" [hdf5-adaptive]="--hdf5 adaptive.h5"
)

# peak FORM FOLDER [OPTION…]: runs one ingestion and prints its peak in MiB.
peak() {
  local form=$1 folder=$2 words
  shift 2
  read -ra words <<<"${options[$form]}"
  words[1]=$folder/${words[1]}
  /usr/bin/time -f %M -o "$work/peak" ./retrieval ingest --bundle $bundle "${words[@]}" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  awk '{ printf "%.0f", $1 / 1024 }' "$work/peak"
}

echo "| reader | file of $images images, $((images * 10)) images | --dry-run, MiB | ten times, MiB | ingestion, MiB | ten times, MiB |"
echo "| --- | --- | --- | --- | --- | --- |"
for form in split tsv tsv.gz arrays hdf5 hdf5-adaptive; do
  row="| $form |" sizes=() peaks=() # peaks: dry, dry of ten times, real, real of ten times
  for mode in dry real; do
    for times in 1 10; do
      folder=$work/$form-$times
      [ -d "$folder" ] || ./retrieval bench sources --bundle $bundle --out "$folder" --images $((images * times)) --forms "$form" >/dev/null
      [ $mode = real ] || sizes+=("$(du -sm "$folder" | cut -f1) MiB")
      if [ $mode = dry ]; then peaks+=("$(peak "$form" "$folder" --dry-run)"); else peaks+=("$(peak "$form" "$folder" --index "$work/index-$times")"); rm -rf "$work/index-$times"; fi
    done
  done
  echo "$row ${sizes[0]}, ${sizes[1]} | ${peaks[0]} | ${peaks[1]} | ${peaks[2]} | ${peaks[3]} |"
  rm -rf "$work/$form-1" "$work/$form-10"
done
