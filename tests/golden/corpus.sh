#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# Labelled real console logs: what the classifier must find in them, and must not. They
# are not part of the project: IOMMU_STRESS_SHARED names their folder, or it lies beside
# the checkout.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}
shared=${IOMMU_STRESS_SHARED:-../shared}

if [ ! -x "$shared/corpus/score.py" ] && [ ! -f "$shared/corpus/score.py" ]; then
	skip "labelled logs" "no corpus in $shared (IOMMU_STRESS_SHARED names another folder)"
	tap_end
	exit
fi
if ! command -v python3 >/dev/null; then
	skip "labelled logs" "python3 is not installed"
	tap_end
	exit
fi
python3 "$shared/corpus/score.py" "$program" >"$scratch/score"

# figure TEXT least|most PERCENT
figure() {
	got=$(sed -n "s/^$1 *\([0-9.]*\) %.*/\1/p" "$scratch/score")
	if awk -v got="${got:--1}" -v how="$2" -v limit="$3" \
		'BEGIN { exit !(got >= 0 && (how == "least" ? got >= limit : got <= limit)) }'; then
		ok "$1: $got %, at $2 $3 %"
	else
		not_ok "$1: $got %, at $2 $3 %"
	fi
}

figure "files with a splat, found" least 99.5
figure "files with an IOMMU splat, found" least 100
figure "splats found" least 99
figure "IOMMU splats found" least 99.5
figure "kind right, of those found" least 98
figure "function right, of those naming it" least 98
figure "IOMMU yes\/no right, of those found" least 99
figure "findings that no label has" most 1
figure "other files called IOMMU" most 0.5
figure "clean logs flagged" most 0
tap_end
