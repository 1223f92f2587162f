#!/usr/bin/env bash
# A forbidden include does not compile: every door of every room is tried from every room, with
# that room's own flags; those of the rooms that CMakeLists.txt names compile, the others do not.
build=$1
source "$(dirname "$0")/shell.bash"
cc=${CC:-cc}

# The include folders with which a room's sources are compiled.
flags_of() {
  /usr/bin/python3 - "$build/compile_commands.json" "$1" <<'PYTHON'
import json, shlex, sys
for entry in json.load(open(sys.argv[1])):
    if "/hean_%s.dir/" % sys.argv[2] in entry["command"]:
        words = shlex.split(entry["command"])
        taken = []
        for i, word in enumerate(words):
            if word.startswith("-I"):
                taken.append(word)
            elif word == "-isystem":
                taken += [word, words[i + 1]]
        print(" ".join(taken))
        break
PYTHON
}

rooms=$(sed -n 's/^hean_room(\([a-z]*\).*/\1/p' CMakeLists.txt)
same "the rooms are found" "$(echo "$rooms" | head -1)" base
for room in $rooms; do
  allowed=" $room $(sed -n "s/^hean_room($room ROOMS \([a-z ]*[a-z]\).*/\1/p" CMakeLists.txt) "
  read -ra flags <<<"$(flags_of "$room")"
  wrong=""
  for door in core/*/include/*/*.h; do
    name=${door#core/*/include/}
    of=${door#core/}
    of=${of%%/*}
    [ "$of" = include ] && continue
    printf '#include <%s>\n' "$name" >"$work/try.c"
    if "$cc" -std=gnu11 -D_GNU_SOURCE "${flags[@]}" -fsyntax-only "$work/try.c" 2>"$work/err"; then
      [[ $allowed == *" $of "* ]] || wrong+=" $name compiles"
    elif [[ $allowed == *" $of "* ]] || ! grep -q 'No such file\|file not found' "$work/err"; then
      wrong+=" $name does not compile"
    fi
  done
  same "$room sees its own rooms only" "room$wrong" room
done

# Lua is the script room's alone.
for room in $rooms; do
  read -ra flags <<<"$(flags_of "$room")"
  echo '#include <lua.h>' >"$work/try.c"
  if "$cc" "${flags[@]}" -fsyntax-only "$work/try.c" 2>/dev/null; then
    seen=yes
  else
    seen=no
  fi
  same "Lua's headers in $room" "$seen" "$([ "$room" = script ] && echo yes || echo no)"
done
done_testing
