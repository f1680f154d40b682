#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# No two files call each other, not even by way of others: each can be read and tested with
# nothing but what is below it. The graph is taken from the objects of the build: a file
# uses the one other file that defines a symbol which it leaves undefined.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}
objects=${program%/*}/obj

# circles FOLDER OBJECT...: for each circle its edges, and a symbol that makes each of them.
# Two files are in one circle if each can be reached from the other.
circles() {
	folder=$1
	shift
	nm -A -P "$@" | awk -v folder="$folder/" '
		function visit(start, file,   i, n, list) {
			n = split(used_by[file], list)
			for (i = 1; i <= n; i++)
				if (!((start, list[i]) in reach)) {
					reach[start, list[i]]
					visit(start, list[i])
				}
		}
		{
			file = substr($1, length(folder) + 1)
			sub(/\.o:$/, "", file)
			if (!(file in known)) {
				known[file]
				files[++n_files] = file
			}
			if ($3 == "U") {
				user[++n_uses] = file
				name[n_uses] = $2
			} else if ($3 ~ /^[A-Z]$/) {
				home[$2] = file
				homes[$2]++
			}
		}
		END {
			for (i = 1; i <= n_uses; i++) {
				from = user[i]
				to = home[name[i]]
				if (homes[name[i]] != 1 || from == to || (from, to) in symbol)
					continue
				symbol[from, to] = name[i]
				used_by[from] = used_by[from] " " to
			}
			for (i = 1; i <= n_files; i++)
				visit(files[i], files[i])
			for (i = 1; i <= n_files; i++) {
				n = 0
				for (k = 1; k <= n_files && !(files[i] in told); k++)
					if ((files[i], files[k]) in reach &&
					    (files[k], files[i]) in reach)
						circle[++n] = files[k]
				if (n < 2)
					continue
				print "circle of " n " files:"
				for (k = 1; k <= n; k++) {
					told[circle[k]]
					for (m = 1; m <= n; m++)
						if ((circle[k], circle[m]) in symbol)
							print "  " circle[k] " -> " circle[m] \
								": " symbol[circle[k], circle[m]]
				}
			}
		}'
}

# -- that circles are found ------------------------------------------------------------------

# object NAME CODE
object() {
	echo "$2" | ${CC:-gcc} -x c -c -o "$scratch/$1.o" -
}

object first 'int second(void), data; int first(void) { return second() + data; }'
object second 'int first(void); static int own; int second(void) { return first() + own; }'
object above 'int first(void), second(void); int above(void) { return first() + second(); }'
object chain 'int above(void); static int own; int chain(void) { return above() + own; }'
object data 'extern int (*const hook)(void); int data = 1; int far(void) { return hook(); }'
object hook 'int far(void); int (*const hook)(void) = far;'
circles "$scratch" "$scratch"/first.o "$scratch"/second.o "$scratch"/above.o \
	"$scratch"/chain.o >"$scratch/two"
empty "two files that call each other are found, and only these" \
	"$(printf '%s\n' 'circle of 2 files:' '  first -> second: second' \
		'  second -> first: first' | diff - "$scratch/two")"
circles "$scratch" "$scratch"/data.o "$scratch"/hook.o "$scratch"/first.o >"$scratch/table"
empty "so are two that know each other by a table" \
	"$(printf '%s\n' 'circle of 2 files:' '  data -> hook: hook' \
		'  hook -> data: far' | diff - "$scratch/table")"
object second 'int third(void); int second(void) { return third(); }'
object third 'int first(void); int third(void) { return first(); }'
circles "$scratch" "$scratch"/first.o "$scratch"/second.o "$scratch"/third.o >"$scratch/three"
check "three in a row are a circle" grep -q '^circle of 3 files:$' "$scratch/three"
object third 'int third(void) { return 3; }'
empty "what only goes down is none" "$(circles "$scratch" "$scratch"/above.o \
	"$scratch"/first.o "$scratch"/second.o "$scratch"/third.o "$scratch"/chain.o)"

# -- the programs ----------------------------------------------------------------------------

# Objects of files that are gone may lie about: only those of files that are there count.
sources=$(find src -name '*.c' ! -name '*.bpf.c' | sed 's|^src/||; s|\.c$||' | sort)
empty "each file has its object in ${program%/*}" "$(for file in $sources; do
	[ -f "$objects/$file.o" ] || echo "$file"
done)"
main='' worker=''
for file in $sources; do
	case $file in
	worker/*) worker="$worker $objects/$file.o" ;;
	*) main="$main $objects/$file.o" ;;
	esac
done
# shellcheck disable=SC2086 # a list
empty "no files of the program call each other in a circle" "$(circles "$objects" $main)"
# shellcheck disable=SC2086 # a list
empty "no files of the worker call each other in a circle" "$(circles "$objects" $worker)"
tap_end
