#!/usr/bin/env bash
# Installs what HEAN needs on Debian 12 and 13 and Ubuntu 24.04. Asks apt only when something is
# missing, and sudo only when not root. `packages.sh watch` adds a real Prometheus and a real browser
# for the tests that watch a host with them; those skip where they are missing, since Debian's
# prometheus starts a service on the port that a host would like to have.
set -euo pipefail

packages=(
  # to build and run
  gcc libc6-dev cmake ninja-build pkg-config make
  libluajit-5.1-dev lua-cjson-dev libjansson-dev libseccomp-dev libssl-dev zlib1g-dev
  libsqlite3-dev libcurl4-openssl-dev libuv1-dev libwslay-dev libmicrohttpd-dev libjs-dygraphs
  # to test and check
  libcmocka-dev luajit lua-busted lua-check g++ clang clang-tidy cppcheck
  sqlite3 curl openssl procps zip git ca-certificates
  python3 python3-jsonschema python3-prometheus-client python3-yaml
)

if [ "${1:-}" = watch ]; then
  packages+=(prometheus chromium)
fi

# Formatting differs between versions of clang-format: `make lint` checks it with this one.
formatter=clang-format-14

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "packages.sh: run as root, or install sudo" >&2; exit 1; }
  sudo=(sudo)
fi
echo "installing: ${missing[*]}"
"${sudo[@]}" apt-get update -qq
if apt-cache show "$formatter" >/dev/null 2>&1; then
  missing+=("$formatter")
fi
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
