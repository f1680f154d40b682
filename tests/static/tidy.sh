#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# clang-tidy with .clang-tidy finds nothing.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
unset MAKEFLAGS MAKELEVEL MFLAGS

if ! command -v clang-tidy >/dev/null; then
	skip "clang-tidy finds nothing" "clang-tidy is not installed"
	tap_end
	exit
fi
cat >"$scratch/tidy" <<'END'
#!/bin/sh
exec clang-tidy --quiet "$@" -- -std=gnu17 -Iinclude -Isrc -D_GNU_SOURCE '-DVERSION="x"' '-DDATADIR="x"' '-DBPF_LACKS="x"' $FLAGS
END
chmod +x "$scratch/tidy"
# As system headers: theirs are not ours to mend.
FLAGS=$(pkg-config --cflags libnl-3.0 libnl-route-3.0 jansson libcyaml |
	sed "s/-I/-isystem /g")
export FLAGS
find src -name '*.c' ! -name '*.bpf.c' -print0 | xargs -0 -n 12 -P "$(nproc)" "$scratch/tidy" \
	>"$scratch/out" 2>"$scratch/err"
empty "clang-tidy finds nothing" "$(grep -E ' (error|warning): ' "$scratch/out" | sort -u)"
tap_end
