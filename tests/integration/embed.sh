#!/usr/bin/env bash
# `cmake --install` gives a package that another program can be built against: by pkg-config and by
# CMake, with the shared and the static library, from C and from C++, from wherever the tree lies.
build=$1
source "$(dirname "$0")/shell.bash"
example=$PWD/tests/integration/embed
prefix=$work/prefix
cc=${CC:-cc}

# The example sums up in one line; a jailed maker that traded has paid fees.
ran='^position -?[0-9.]+ ETH, realized -?[0-9.]+ USD, fees (0\.0[1-9]|0\.[1-9]|[1-9])'

expect "install" 0 'libhean\.so' cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$prefix" # the tree must not know where it was installed
for file in include/hean/hean.h lib/libhean.so lib/libhean.a bin/hean libexec/hean-worker \
  share/hean/lua/hean/strategy.lua share/hean/strategies/market_maker.lua \
  lib/pkgconfig/hean.pc lib/cmake/hean/hean-config.cmake; do
  expect "$file is there" 0 . ls "$prefix/$file"
done
expect "nothing else is in include" 0 '^1$' sh -c "find '$prefix/include' -type f | wc -l"
expect "only the public interface is exported" 0 '^0$' \
  sh -c "nm -D --defined-only '$prefix/lib/libhean.so' | grep ' T ' | grep -vc ' T hean_' || true"

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
maker=$prefix/share/hean/strategies/market_maker.lua
sanitize=()
grep -q 'HEAN_SANITIZE:BOOL=ON' "$build/CMakeCache.txt" && sanitize=(-fsanitize=address,undefined)
strict=(-std=gnu11 -Wall -Wextra -Werror -Wno-missing-field-initializers "${sanitize[@]}")

cd "$work" || exit 1
echo '"$@" && echo built' >quietly # a compiler says nothing when all is well
read -ra flags <<<"$(pkg-config --cflags --libs hean)"
expect "pkg-config, shared: builds" 0 '^built$' sh quietly "$cc" "${strict[@]}" \
  "$example/embed.c" "${flags[@]}" "-Wl,-rpath,$prefix/lib" -o by-pkg-config
expect "pkg-config, shared: runs" 0 "$ran" ./by-pkg-config "$maker"
first=$(cat "$work/out")
read -ra flags <<<"$(pkg-config --cflags --static --libs hean | sed 's/-lhean\b/-l:libhean.a/')"
expect "pkg-config, static: builds" 0 '^built$' sh quietly "$cc" "${strict[@]}" \
  "$example/embed.c" "${flags[@]}" -o "$prefix/bin/embed-static"
expect "pkg-config, static: runs" 0 "$ran" "$prefix/bin/embed-static" "$maker"
same "both libraries trade alike" "$first" "$(cat "$work/out")"

expect "CMake: configures" 0 'Generating done' cmake -S "$example" -B by-cmake \
  "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_C_COMPILER=$cc" \
  "-DCMAKE_C_FLAGS=${sanitize[*]}" "-DCMAKE_CXX_FLAGS=${sanitize[*]}"
expect "CMake: builds" 0 'Built target' cmake --build by-cmake
expect "CMake, shared: runs" 0 "$ran" by-cmake/embed "$maker"
same "it trades alike" "$first" "$(cat "$work/out")"
expect "C++: runs" 0 "$ran" by-cmake/embed-cpp "$maker"
cp "$prefix/libexec/hean-worker" by-cmake/
expect "CMake, static, its worker beside it: runs" 0 "$ran" by-cmake/embed-static "$maker"

expect "the installed program trades" 0 'net' "$prefix/bin/hean" backtest "$maker" \
  --data sim:1,hours=0.01,instruments=1 --no-store
expect "the installed program finds its worker" 0 'strategies 5/5' "$prefix/bin/hean" run \
  --duration 1s
done_testing
