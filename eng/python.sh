# Sourced. Finds an interpreter that can run the exporter or the tests of deploy/, and installs Debian's packages where that is possible.
# Debian's own interpreter comes first: packages of the distribution are not seen by another one on the PATH.

# exporter_python [, MODULE]: an interpreter for the exporter's tests, and with it a module that some of them skip without.
exporter_python() {
  local candidate
  for candidate in "${PYTHON:-}" /usr/bin/python3 python3; do
    [ -n "$candidate" ] && "$candidate" -c 'import torch, numpy, onnx, nltk, pytest, jsonschema'"${1-}" 2>/dev/null && { echo "$candidate"; return 0; }
  done
  return 1
}

install_exporter_python() {
  # libopenblas0-pthread: with Debian's reference BLAS torch is some forty times slower.
  install_packages "Debian's PyTorch for the exporter's tests" \
    python3-torch python3-numpy python3-onnx python3-nltk python3-pytest python3-jsonschema python3-matplotlib libopenblas0-pthread
}

deploy_python() {
  local candidate
  command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || return 1
  command -v promtool >/dev/null || return 1
  for candidate in "${PYTHON:-}" /usr/bin/python3 python3; do
    [ -n "$candidate" ] && "$candidate" -c 'import yaml, pytest' 2>/dev/null && { echo "$candidate"; return 0; }
  done
  return 1
}

install_deploy_python() {
  install_packages "docker-compose and promtool for the tests of deploy/" \
    docker-compose prometheus python3-yaml python3-pytest
}

has_faketime() { compgen -G '/usr/lib*/*/faketime/libfaketimeMT.so.1' >/dev/null || compgen -G '/usr/lib*/faketime/libfaketimeMT.so.1' >/dev/null; }

install_faketime() { install_packages "libfaketime to step the clock under the service" libfaketime; }

# install_packages WHAT PACKAGE...
install_packages() {
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  echo "installing $1" >&2
  shift
  local log
  log=$(mktemp)
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 \
    || { cat "$log" >&2; rm -f "$log"; return 1; }
  rm -f "$log"
}
