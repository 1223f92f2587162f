#!/usr/bin/env bash
# clang-format, clang-tidy, cppcheck, luacheck over the whole tree. Usage: .ci/lint.sh BUILD
set -uo pipefail
build=$1
status=0
mapfile -t c_files < <(git ls-files '*.c' '*.h')
mapfile -t c_sources < <(git ls-files 'core/*.c')

step() { # step NAME COMMAND...
  local name=$1
  shift
  if "$@" >"$build/lint.log" 2>&1; then
    echo "lint: $name ok"
  else
    cat "$build/lint.log"
    echo "lint: $name FAILED"
    status=1
  fi
}

if command -v clang-format-14 >/dev/null; then
  step clang-format clang-format-14 --dry-run --Werror "${c_files[@]}"
else
  echo "lint: clang-format-14 is not to be had here: formatting is not checked"
fi
step clang-tidy bash -c 'printf "%s\0" "$@" | xargs -0 -n 4 -P 2 clang-tidy --quiet -p "$0"' \
  "$build" "${c_sources[@]}"
step cppcheck cppcheck --quiet --std=c11 --enable=warning,performance,portability \
  --inline-suppr --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
  --error-exitcode=1 -j 2 -D__x86_64__ -D__GNUC__=12 \
  -Icore/include $(printf -- '-I%s ' core/*/include) core
step luacheck luacheck --quiet lua strategies spec tests
step line-limits /usr/bin/python3 - "${c_files[@]}" <<'PYTHON'
import sys
bad = 0
for path in sys.argv[1:]:
    lines = open(path, encoding="utf-8").read().split("\n")
    if len(lines) - 1 > 800:
        print(f"{path}: {len(lines) - 1} lines, at most 800"); bad = 1
    if not lines[0].startswith("/*"):
        print(f"{path}: does not start with its purpose"); bad = 1
    for number, line in enumerate(lines, 1):
        if len(line) > 100:
            print(f"{path}:{number}: {len(line)} columns, at most 100"); bad = 1
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > 70:
                print(f"{path}:{start}: a function of {number - start - 1} lines, at most 70"); bad = 1
            start = None
sys.exit(bad)
PYTHON
exit $status
