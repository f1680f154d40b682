#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# Releases, holders and methods of `unplug` on virtual boards with Debian's kernel, and what
# it says where it cannot do what is asked.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}
n=0

# run ARGS...: sets $status; the run is $scratch/run-$n, its output $scratch/out.
run() {
	n=$((n + 1))
	timeout 240 "$program" unplug --vfio -q --run-dir "$scratch/run-$n" "$@" \
		>"$scratch/out" 2>&1 </dev/null
	status=$?
}

# cell OUTCOME NUMBER ARGS...: all attempts end with that outcome (an expression).
cell() {
	outcome=$1 number=$2
	shift 2
	run -n "$number" "$@"
	got=$(grep -c "\"type\":\"verdict\".*\"outcome\":\"\($outcome\)\"" \
		"$scratch/run-$n/journal.jsonl")
	if [ "$status" -eq 0 ] && [ "$got" -eq "$number" ]; then
		ok "$outcome: ${*:-all defaults}"
	else
		not_ok "$outcome: $*" "exit status $status, $got of $number" \
			"$(tail -n 20 "$scratch/out")" \
			"$(grep -av fact= "$scratch/run-$n/console.raw" | tail -n 40)" \
			"$(grep -E '"type":"(attempt|finding|power|verdict)"' \
				"$scratch/run-$n/journal.jsonl" | tail -n 12)"
	fi
}

# refuse STATUS PATTERN ARGS...: that exit status, and one line (argp adds where to read on).
refuse() {
	wanted=$1 pattern=$2
	shift 2
	run -n 1 "$@"
	if [ "$status" -eq "$wanted" ] && grep -qE -- "$pattern" "$scratch/out" &&
		[ "$(grep -vcE '^(Try|information\.)' "$scratch/out")" -eq 1 ]; then
		ok "refused: $*"
	else
		not_ok "refused: $*" "exit status $status, not one line like $pattern" \
			"$(tail -n 20 "$scratch/out")"
	fi
}

# -- releases ------------------------------------------------------------------------------

cell pass 4
# Under load: samples with replies are recorded, and the summary has them.
cell pass 8 --flood
check "... and the load was answered" grep -qE '"type":"load".*"replies":[1-9]' \
	"$scratch/run-$n/journal.jsonl"
check "... which the summary tells" grep -qE '^Load +[0-9]+ requests, [1-9]' "$scratch/out"
for release in close-unset unset-close close exit kill; do
	cell pass 4 --release "$release" --at 20us
done
cell blocked 2 --release never --blocked 300ms
check "... and it is told where the unplug waits" \
	grep -q "free after .*, in vfio_unregister_group_dev<[a-z_<]*$" "$scratch/out"

# -- holders -------------------------------------------------------------------------------

cell pass 4 --vfio=group-noreq --release close --at 20us
cell pass 4 --vfio=device
cell pass 4 --vfio=none
cell pass 4 --churn
# Not iommufd: no kernel of Debian's has it. tests/seeds/iommufd.sh builds one.
cell pass 2 --vfio=qemu
cell pass 2 --vfio=qemu --release kill --at 100us

# -- methods -------------------------------------------------------------------------------

cell pass 4 --method unbind
# Not e1000e: QEMU 7.2 dies now and then when that one is reset.
cell pass 4 --device nvme,serial=test --method reset --release close --at 20us
cell pass 4 --device port:edu --method power
cell pass 4 --device nvme-sriov --method sriov
cell pass 2 --device hotplug:edu --method qmp
# The kernel only tries to lock the devices behind the bridge: EAGAIN is an answer.
cell 'pass\|busy' 4 --device port:edu --method reset_subordinate --release close --at 20us

# -- other boards --------------------------------------------------------------------------

cell pass 4 -t virt:arm64
cell pass 4 -t virt:amd64-amdvi

# -- what cannot be done -------------------------------------------------------------------

refuse 2 'there is no PCI device 0000:00:1f.7' 0000:00:1f.7
refuse 2 'bridge' --device port:edu 0000:00:10.0
refuse 2 'two CPUs' --smp 1
refuse 2 'boot with intel_iommu=on' --append intel_iommu=off
refuse 2 'reset' --method reset
refuse 2 'no iommufd: CONFIG_IOMMUFD' --vfio=iommufd
refuse 2 'in no hotplug slot' --method power
refuse 2 'no VF' --method sriov
refuse 2 'no VFIO: CONFIG_VFIO_PCI' \
	--kernel "$("$program" board prepare amd64 | sed -n 's/^kernel //p')"
refuse 2 'this holder is not asked' --vfio=none --release request
refuse 2 'only a board of its architecture' -t virt:arm64 --vfio=qemu

# -- nothing stays behind ------------------------------------------------------------------

"$program" unplug --vfio -q --run-dir "$scratch/killed" -n 1000 >"$scratch/out" 2>&1 &
pid=$!
reap "$pid"
for _ in $(seq 300); do
	grep -q '"type":"attempt"' "$scratch/killed/journal.jsonl" 2>/dev/null && break
	sleep 0.1
done
children=$(pgrep -P "$pid")
kill -KILL "$pid"
wait "$pid" 2>/dev/null
for _ in $(seq 50); do
	# shellcheck disable=SC2086 # a list of words
	[ -n "$(ps -o pid= -p "$(echo $children | tr ' ' ,)")" ] || break
	sleep 0.1
done
# shellcheck disable=SC2086
empty "a run that is killed leaves no process behind" \
	"$(ps -o pid=,args= -p "$(echo $children | tr ' ' ,)")"
tap_end
