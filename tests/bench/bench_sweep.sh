#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Attempts until the fifth hit on the kernel of seed 2: with --sweep=auto, and evenly over
# the offsets. Five seeds each, taken in turns.
#
# usage: tests/bench/bench_sweep.sh BUILD_DIRECTORY
cd "$(dirname "$0")/../.." || exit 2
program=${1:-build}/iommu-stress
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
kernel=$(contrib/regression/build seed2) || exit

# attempts NAME SEED OPTION...
attempts() {
	name=$1 seed=$2
	shift 2
	"$program" unplug --vfio -t virt:s390x --kernel "$kernel" -q --seed "$seed" \
		--until-hit=5 -n 3000 --run-dir "$scratch/$name-$seed" "$@" \
		>"$scratch/$name-$seed.out" 2>&1
	grep -c '"type":"attempt"' "$scratch/$name-$seed/journal.jsonl" >>"$scratch/$name"
}

for seed in 1 2 3 4 5; do
	attempts auto "$seed" --sweep=auto
	attempts even "$seed" --sweep=0us..3ms
done
echo "attempts until the fifth hit (five seeds, sorted; the median is the third):"
for name in auto even; do
	echo "  $name: $(sort -n "$scratch/$name" | tr '\n' ' ')"
done
