# shell.bash: what the shell tests share. `source` it with the build folder in $build.
# Each check prints a line and the script ends with the number of failures as its exit.
set -uo pipefail
work=$(mktemp -d "${TMPDIR:-/tmp}/hean-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
checks=0 failures=0

# expect NAME CODE PATTERN COMMAND...: exit code and an extended regular expression on stdout+stderr.
# A crash (over 128) or a run over 120 s is a failure whatever was expected.
expect() {
  local name=$1 code=$2 pattern=$3 got
  shift 3
  checks=$((checks + 1))
  timeout 120 "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  cat "$work/out" "$work/err" >"$work/both"
  if [ "$got" -ne "$code" ] || ! grep -qE -- "$pattern" "$work/both"; then
    failures=$((failures + 1))
    echo "FAILED: $name: exit $got (expected $code), expected /$pattern/ in:"
    head -c 2000 "$work/both"
  else
    echo "ok: $name"
  fi
}

# same NAME A B
same() {
  checks=$((checks + 1))
  if [ "$2" = "$3" ] && [ -n "$2" ]; then
    echo "ok: $1"
  else
    failures=$((failures + 1))
    echo "FAILED: $1: '$2' is not '$3'"
  fi
}

# field FILE PATH: a value of a JSON file by a dotted path.
field() {
  /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import json, sys
value = json.load(open(sys.argv[1]))
for part in sys.argv[2].split("."):
    value = value[int(part)] if isinstance(value, list) else value[part]
print(value)
PYTHON
}

done_testing() {
  echo "$checks checks, $failures failed"
  [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
  exit
}
