# Sourced. Finds an interpreter that can run the exporter, and installs Debian's packages where that is possible.
# Debian's own interpreter comes first: packages of the distribution are not seen by another one on the PATH.

exporter_python() {
  local candidate
  for candidate in "${PYTHON:-}" /usr/bin/python3 python3; do
    [ -n "$candidate" ] && "$candidate" -c 'import torch, numpy, onnx, nltk, pytest, jsonschema' 2>/dev/null && { echo "$candidate"; return 0; }
  done
  return 1
}

install_exporter_python() {
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  echo "installing Debian's PyTorch for the exporter's tests" >&2
  local log
  log=$(mktemp)
  # libopenblas0-pthread: with Debian's reference BLAS torch is some forty times slower.
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      python3-torch python3-numpy python3-onnx python3-nltk python3-pytest python3-jsonschema libopenblas0-pthread; } >"$log" 2>&1 \
    || { cat "$log" >&2; rm -f "$log"; return 1; }
  rm -f "$log"
}
