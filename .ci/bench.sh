#!/usr/bin/env bash
# Runs every benchmark and prints the figures with the machine and the commit. Usage: .ci/bench.sh BUILD
set -uo pipefail
build=$1
status=0
echo "commit $(git describe --always --dirty 2>/dev/null), $(date -u +%Y-%m-%dT%H:%MZ)"
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ //'), $(nproc) cores, kernel $(uname -r), $(cc --version | head -n 1)"
for bench in "$build"/bench/bench_*; do
  echo "== $(basename "$bench")"
  "$bench" || status=1
done
exit $status
