#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 3000
# Proof that the tool finds the bug: a kernel with the SMMU unregistered on shutdown, with
# a network driver that keeps going then, one that does not, and the control kernel.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

# Both at once: the second then takes half a minute.
if ! kernels=$(contrib/regression/build control seed1 2>"$scratch/build.log"); then
	not_ok "the kernels are built" "$(tail -n 20 "$scratch/build.log")"
	tap_end
	exit
fi
ok "the kernels are built"
control=$(echo "$kernels" | sed -n 1p)
seed1=$(echo "$kernels" | sed -n 2p)

# cycles FILE OUTCOME: how many cycles of a run had it.
cycles() {
	grep -c "\"type\":\"verdict\".*\"outcome\":\"$2\"" "$scratch/$1/journal.jsonl"
}

# run NAME KERNEL NIC: ten cycles into $scratch/NAME; sets $status.
run() {
	"$program" reboot --flood --kernel "$2" --nic "$3" -n 10 \
		--run-dir "$scratch/$1" >"$scratch/$1.out" 2>&1
	status=$?
}

explain() {
	tail -n 60 "$scratch/$1.out"
}

run rtl8139 "$seed1" rtl8139
crashes=$(cycles rtl8139 crash)
hits=$(grep '"type":"finding"' "$scratch/rtl8139/journal.jsonl" |
	grep '"class":"splat"' | grep -cE '"function":"(iommu_get_dma_domain|free_iova_fast)"')
if [ "$status" -eq 1 ] && [ "$crashes" -ge 1 ] && [ "$hits" -ge 1 ]; then
	ok "seed 1 crashes under rtl8139: $crashes of 10 cycles"
else
	not_ok "seed 1 crashes under rtl8139" "status $status, $crashes crashes, $hits of them \
in iommu_get_dma_domain or free_iova_fast" "$(explain rtl8139)"
fi
check "the report names the known issue" \
	grep -q smmu-shutdown-unregister "$scratch/rtl8139.out"
for commit in ce31e6ca68bd 32ea2c57dc21; do
	check "the report names the fixing commit $commit" \
		grep -q "$commit" "$scratch/rtl8139.out"
done

run e1000e "$seed1" e1000e
crashes=$(cycles e1000e crash)
splats=$(cycles e1000e splat)
precursors=$(grep '"type":"finding"' "$scratch/e1000e/journal.jsonl" |
	grep -c '"class":"precursor"')
if [ "$status" -eq 1 ] && [ "$crashes" -eq 0 ] && [ "$splats" -eq 10 ] &&
	[ "$precursors" -eq 10 ]; then
	ok "seed 1 shows its precursor under e1000e in every cycle, and no crash"
else
	not_ok "seed 1 shows its precursor under e1000e in every cycle, and no crash" \
		"status $status, $precursors precursors, $crashes crashes" "$(explain e1000e)"
fi

run control "$control" rtl8139
passes=$(cycles control pass)
if [ "$status" -eq 0 ] && [ "$passes" -eq 10 ]; then
	ok "the control kernel passes ten cycles"
else
	not_ok "the control kernel passes ten cycles" "status $status, $passes passes" \
		"$(explain control)"
fi
tap_end
