#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Man pages are well-formed, and say all that --help says.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

# The project's pages refer to each other before they are installed; dates are optional.
pages=$(ls man/*.[58])
if command -v mandoc >/dev/null; then
	# shellcheck disable=SC2086 # a list
	empty "pages are clean" "$(mandoc -T lint -W warning $pages 2>&1 |
		grep -v 'cannot parse date\|missing date')"
else
	skip "pages are clean" "mandoc is not installed"
fi

commands=$("$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
check "--help lists commands" test -n "$commands"
for command in $commands; do
	page=man/iommu-stress-$command.8
	if [ ! -f "$page" ]; then
		not_ok "$command has a page"
		continue
	fi
	sed 's/\\-/-/g; s/\\&//g' "$page" >"$scratch/page"
	missing=
	for option in $("$program" "$command" --help |
		grep -oE -- '(^|[ ,])--[a-z0-9][a-z0-9-]+' | tr -d ' ,' | sort -u); do
		# mdoc writes long options as `Fl -name`, man macros as they are.
		grep -qE -- "(^|[^a-z-])(${option}|Fl -${option#--})([^a-z0-9-]|\$)" \
			"$scratch/page" || missing="$missing $option"
	done
	empty "$page names every option of $command" "$missing"
	check "iommu-stress(8) refers to $page" \
		grep -q "iommu-stress-$command" man/iommu-stress.8
done
tap_end
