#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The rooms depend on each other in one direction only, the pure ones touch no fd, no clock
# and keep no state, and files and functions stay within their budgets.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh

# room: rooms it may include. CONTRIBUTING.md draws the same picture.
cat >"$scratch/rules" <<'END'
base:base
os:os base
classify:classify base
judge:judge classify base
device:device base
board:board device os base
flood:flood os base
journal:journal flood judge classify os base
fold:fold journal flood judge classify base
report:report fold journal flood judge classify base
run:run report fold journal flood board device judge classify os base
scenario:scenario run report fold journal flood board device judge classify os base
cmd:cmd scenario run report fold journal flood board device judge classify os base
worker:worker
END

allowed() { # ROOM WORD
	words=$(sed -n "s/^$1://p" "$scratch/rules")
	case " $words " in
	*" $2 "*) return 0 ;;
	esac
	return 1
}

find src include -mindepth 2 -name '*.[ch]' -exec \
	grep -H '^#include "' {} + | sed 's/:#include "/ /; s/".*//' |
	while read -r file used; do
		room=${file#*/}
		room=${room%%/*}
		case $used in
		*/*) word=${used%%/*} ;;
		*) word=$room ;; # a private header of the same folder
		esac
		allowed "$room" "$word" || echo "$file includes $used"
	done >"$scratch/wrong"
empty "rooms include only what is below them" "$(cat "$scratch/wrong")"

names=$(sed -n 's/^extern const struct scenario scenario_\([a-z]*\);/\1/p' \
	include/scenario/table.h | paste -sd '|')
check "there are scenarios" test -n "$names"
empty "the engine knows none of them by name" \
	"$(grep -nE "(^|[^a-zA-Z])($names)([^a-z]|\$)" src/run/*.c)"

# shellcheck disable=SC2046 # a list
pure=$(grep -nE '^#include <(unistd|fcntl|time|poll|sys/[a-z]*|stdatomic|pthread)\.h>' \
	$(for room in classify judge device fold; do
		find "src/$room" "include/$room" -name '*.[ch]'
	done))
empty "pure rooms include no header of files, clocks or processes" "$pure"
# shellcheck disable=SC2046 # a list
pure=$(grep -nE '\b(fopen|fprintf|printf|fputs|puts|getenv|time|clock_gettime) ?\(' \
	$(for room in classify judge device fold; do find "src/$room" -name '*.c'; done) |
	grep -vE '^[^:]*:[0-9]*:[ 	]*(\*|/\*)')
empty "pure rooms do no input or output and read no environment" "$pure"

# include/ is what rooms share, with all that its headers need: a header that serves one
# room stands beside its source.
own=$(cd include && find . -name '*.h' | sed 's|^\./||' | while read -r header; do
	grep -rlF "#include \"$header\"" . ../src |
		grep -qv "^\.\./src/${header%%/*}/" || echo "$header"
done)
empty "each header in include/ is used by another room" "$own"

long=$(find src include -name '*.[ch]' -exec wc -l {} + | awk '$2 != "total" && $1 > 500')
empty "no file is longer than 500 lines" "$long"

if command -v ctags >/dev/null; then
	tall=$(find src -name '*.c' -print | ctags -L - -f - --languages=C --kinds-C=f \
		--fields=+ne | awk -F'\t' '{
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) start = substr($i, 6)
				if ($i ~ /^end:/) end = substr($i, 5)
			}
			if (end - start + 1 > 80)
				print end - start + 1, $2, $1
		}')
	empty "no function is longer than 80 lines" "$tall"
else
	skip "no function is longer than 80 lines" "universal-ctags is not installed"
fi

header_errors=
for header in $(cd include && find . -name '*.h' | sed 's|^\./||'); do
	printf '#include "%s"\n' "$header" >"$scratch/one.c"
	header_errors="$header_errors$(${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -Iinclude -Wall \
		-Wextra -Werror -fsyntax-only "$scratch/one.c" 2>&1)"
done
empty "each public header compiles alone" "$header_errors"

tap_end
