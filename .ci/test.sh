#!/usr/bin/env bash
# Runs the tests of one build folder and ends with a plain count. Usage:
#   .ci/test.sh BUILD [busted] [PATTERN]     PATTERN: only the tests whose names match
# A cmocka program counts its functions; a program that crashes, hangs or is a script counts as one.
set -uo pipefail
build=$1
pattern=${3:-.}
log=$build/test.log
passed=0 failed=0 skipped=0

ctest --test-dir "$build" -V --timeout 600 -R "$pattern" >"$log" 2>&1
count() { grep -cE -- "$1" "$log" || true; }
passed=$((passed + $(count '^[0-9]+: \[       OK \]')))
skipped=$((skipped + $(grep -oE '^[0-9]+: \[  SKIPPED \] [a-z_0-9]+$' "$log" | sort -u | wc -l)))
failed_functions=$(grep -oE '^[0-9]+: \[  FAILED  \] [a-z_0-9]+$' "$log" | sort -u | wc -l)
failed_programs=$(count '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*\*\*\*')
# Programs that are no cmocka group: scripts and fuzz targets.
others=$(grep -E '^ *[0-9]+/[0-9]+ Test +#[0-9]+: ' "$log" | grep -vE ': [a-z_0-9]+_test ' |
  grep -c ' Passed ' || true)
passed=$((passed + others))
failed=$((failed_functions > failed_programs ? failed_functions : failed_programs))
if grep -q 'No tests were found' "$log"; then
  failed=$((failed + 1))
fi
if [ "$failed" -gt 0 ]; then
  grep -E '\*\*\*|\[  FAILED  \]|error:|ERROR|Assertion|Sanitizer|seed' "$log" | head -n 80
  echo "the whole log: $log"
fi
echo "ctest in $build: $passed passed, $failed failed, $skipped skipped"

if [ "${2:-}" = busted ]; then
  busted_log=$build/busted.log
  luajit "$(command -v busted)" --output=utfTerminal >"$busted_log" 2>&1
  status=$?
  line=$(sed 's/\x1b\[[0-9;]*m//g' "$busted_log" | grep -E '^[0-9]+ success' | tail -n 1)
  read -r good bad broken waiting < <(
    echo "$line" | sed -E 's/^([0-9]+) success[a-z]* \/ ([0-9]+) failure[a-z]* \/ ([0-9]+) error[a-z]* \/ ([0-9]+) pending.*/\1 \2 \3 \4/')
  if [ -z "$line" ] || [ "$status" -ne 0 ] || [ "${good:-0}" -eq 0 ]; then
    cat "$busted_log"
  fi
  if [ -z "$line" ]; then
    bad=1
  fi
  echo "busted: ${good:-0} passed, $((${bad:-0} + ${broken:-0})) failed, ${waiting:-0} skipped"
  passed=$((passed + ${good:-0}))
  failed=$((failed + ${bad:-0} + ${broken:-0}))
  skipped=$((skipped + ${waiting:-0}))
fi

echo "$passed passed, $failed failed, $skipped skipped" | tee "$build/count.txt"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
