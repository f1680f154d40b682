#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 3000
# Holders that use iommufd and the device's own file, which takes a kernel that Debian has
# not built: releases and methods, the offsets that matter, and a real QEMU.
#
# IOMMU_STRESS_QEMU: a QEMU with iommufd, 9.0 or later, where the machine's own has none. The
# board sees it under its path, unless that begins with /tmp.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}
qemu=${IOMMU_STRESS_QEMU:-$(command -v qemu-system-x86_64)}
n=0

if ! kernel=$(contrib/regression/build iommufd 2>"$scratch/build.log"); then
	not_ok "the kernel is built" "$(tail -n 20 "$scratch/build.log")"
	tap_end
	exit
fi
ok "the kernel is built"

# run ARGS...: sets $status; the run is $scratch/run-$n, its output $scratch/out.
run() {
	n=$((n + 1))
	timeout 240 "$program" unplug -q --kernel "$kernel" --run-dir "$scratch/run-$n" "$@" \
		>"$scratch/out" 2>&1 </dev/null
	status=$?
}

# records EXPRESSION: how many of the last run's journal match.
records() {
	grep -c "$1" "$scratch/run-$n/journal.jsonl"
}

# cell OUTCOME NUMBER ARGS...: all attempts end with that outcome, and all releases did what
# they were to do.
cell() {
	outcome=$1 number=$2
	shift 2
	run -n "$number" "$@"
	got=$(records "\"type\":\"verdict\".*\"outcome\":\"$outcome\"")
	released=$(records '"type":"attempt".*"release":"ok"')
	if [ "$status" -eq 0 ] && [ "$got" -eq "$number" ] && [ "$released" -eq "$number" ]; then
		ok "$outcome: $*"
	else
		not_ok "$outcome: $*" "exit status $status, $got of $number, $released released" \
			"$(tail -n 20 "$scratch/out")" \
			"$(grep -a 'iommu-stress: ' "$scratch/run-$n/console.raw" |
				grep -v fact= | tail -n 5)"
	fi
}

# -- releases ------------------------------------------------------------------------------

for release in request close-unset unset-close close exit kill; do
	cell pass 10 --vfio=iommufd --release "$release"
done
cell blocked 2 --vfio=iommufd --release never --blocked 300ms
cell pass 10 --vfio=iommufd --churn

# -- methods, devices, the other IOMMU ------------------------------------------------------

cell pass 10 --vfio=iommufd --method unbind
cell pass 10 --vfio=iommufd --device port:edu --method power
cell pass 5 --vfio=iommufd --device hotplug:edu --method qmp
cell pass 2 --vfio=iommufd --device nvme-sriov --method sriov
cell pass 5 --vfio=iommufd --device e1000e --method reset --release close --at 20us
cell pass 5 --vfio=iommufd --device e1000e --restore
cell pass 10 --vfio=iommufd -t virt:amd64-amdvi
# The container is beside it.
cell pass 10 --vfio=group --release close

# -- the window ----------------------------------------------------------------------------

# When it is asked, the holder closes the device, which takes as long as a reset, so that the
# unplug goes on; and lets the iommufd go while it does.
cell pass 200 --vfio=iommufd
overlaps=$(sed -n '/"type":"attempt"/s/.*"got_ns":\([0-9]*\),.*"unplug_ns":\([0-9]*\),"request_ns":\([0-9]*\),"close_ns":\([0-9]*\),.*/\1 \2 \3 \4/p' \
	"$scratch/run-$n/journal.jsonl" |
	awk '$4 > 100000 && $3 + $4 + $1 < $2' | wc -l)
if [ "$overlaps" -ge 50 ]; then
	ok "... and lets go while the unplug is under way: $overlaps times"
else
	not_ok "... and lets go while the unplug is under way" "$overlaps times of 200" \
		"$(grep -m 5 '"type":"attempt"' "$scratch/run-$n/journal.jsonl")"
fi

# -- QEMU ----------------------------------------------------------------------------------

if "$qemu" -object help 2>/dev/null | grep -qx '  iommufd'; then
	for release in request exit kill; do
		cell pass 3 --vfio=qemu-iommufd --qemu "$qemu" --release "$release"
	done
else
	run --vfio=qemu-iommufd -n 3
	status "a QEMU without iommufd is refused" 2 "$status" "$scratch/out"
	says "... in these words" "$scratch/out" "^iommu-stress: $qemu has no iommufd: \
it takes QEMU 9\.0 or later, built with CONFIG_IOMMUFD\$"
	touched=$(grep -aE 'phase=(unplug|back)|vfio-pci 0000' "$scratch/run-$n/console.raw")
	empty "... before anything is touched" "$touched"
	skip "QEMU with iommufd" "$qemu has none: set IOMMU_STRESS_QEMU"
fi
tap_end
