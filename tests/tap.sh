# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For test scripts: `. tests/tap.sh`, then ok/not_ok/skip a test each, tap_end at the end.
# Scratch files go to $scratch, which is removed at exit; background processes that a test
# starts are ended by `reap PID`.
tap_count=0
tap_failed=0
umask 022 # runs and caches in which a group can write are refused
scratch=$(mktemp -d) || exit 2
tap_pids=

tap_cleanup() {
	for pid in $tap_pids; do
		kill "$pid" 2>/dev/null
	done
	rm -rf "$scratch"
}
trap tap_cleanup EXIT
trap 'exit 130' INT TERM

reap() {
	tap_pids="$tap_pids $1"
}

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# Further arguments explain.
not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	shift
	for why; do
		printf '%s\n' "$why" | sed 's/^/# /'
	done
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# check NAME COMMAND...: ok when it succeeds, else its output explains.
check() {
	tap_name=$1
	shift
	if tap_output=$("$@" 2>&1); then
		ok "$tap_name"
	else
		not_ok "$tap_name" "$tap_output"
	fi
}

# says NAME FILE PATTERN: ok when a line of the file matches (grep -E), else shows it.
says() {
	if grep -qE -- "$3" "$2"; then
		ok "$1"
	else
		not_ok "$1" "no line matches $3:" "$(tail -n 60 "$2")"
	fi
}

# status NAME WANTED GOT FILE: ok when the exit status is the wanted one, else shows FILE.
status() {
	if [ "$2" -eq "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "exit status $3, not $2:" "$(tail -n 60 "$4")"
	fi
}

# empty NAME TEXT: ok when there is none.
empty() {
	if [ -z "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "$2"
	fi
}

tap_end() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
}
