#!/usr/bin/env bash
# Checks whether the server of this container is ready. The image has neither curl nor wget, so bash opens the socket.
#   healthcheck.sh [PORT [PATH]]
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${1:-8080}"
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "${2:-/health/ready}" >&3
IFS=' ' read -r -t 5 _ status _ <&3
[ "$status" = 200 ]
