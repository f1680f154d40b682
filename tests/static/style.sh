#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Format, licence lines, shell scripts, and nothing in the tree that is private to a machine.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh

c_files=$(git ls-files '*.c' '*.h')
if command -v clang-format >/dev/null; then
	# shellcheck disable=SC2086 # a list
	check "C files are formatted as .clang-format says" \
		clang-format --dry-run -Werror $c_files
else
	skip "C files are formatted as .clang-format says" "clang-format is not installed"
fi

# shellcheck disable=SC2046,SC2086 # lists
empty "each source names its licence" "$(grep -L SPDX-License-Identifier $c_files \
	$(git ls-files '*.sh' '*.S' Makefile tests/run))"

scripts=$(git ls-files | while read -r file; do
	case $(head -n 1 "$file" 2>/dev/null | tr -d '\0') in
	'#!/bin/sh'* | '#!/bin/busybox sh'* | '#!/usr/bin/env bash'*) echo "$file" ;;
	esac
done)
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2086 # a list
	check "shell scripts are clean" shellcheck -x -e SC1091 $scripts tests/tap.sh
else
	skip "shell scripts are clean" "shellcheck is not installed"
fi

empty "no paths of one machine in the tree" "$(git grep -nE \
	'(^|[^a-z./])/(home/[a-z]+|root)/' -- . ':!tests/static/style.sh')"
empty "no package mirror is named" "$(git grep -nE 'deb\.debian\.org|snapshot\.debian\.org' \
	-- . ':!tests/static/style.sh')"
tap_end
