#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# Methods of `rebind` on virtual boards with Debian's kernel, and what it says where it
# cannot do what is asked. What a kernel is found to do is its own: the test is that each
# cycle is told of.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}
n=0

# run ARGS...: sets $status; the run is $run, its output $scratch/out.
run() {
	n=$((n + 1))
	run=$scratch/run-$n
	timeout 280 "$program" rebind -q --run-dir "$run" "$@" >"$scratch/out" 2>&1 </dev/null
	status=$?
}

show() {
	tail -n 20 "$scratch/out"
	grep -av fact= "$run/console.raw" | tail -n 30
	grep -E '"type":"(finding|power|verdict)"' "$run/journal.jsonl" | tail -n 12
}

count() {
	grep -cs "$1" "$run/journal.jsonl"
}

# whole NUMBER ARGS...: so many cycles, each with its phases and a verdict that was measured.
whole() {
	number=$1
	shift
	run -n "$number" "$@"
	invalid=$(count '"type":"verdict".*"outcome":"invalid"')
	measured=$((number - ${invalid:-$number}))
	case $status in
	0 | 1) result=ok ;;
	*) result= ;;
	esac
	if [ -n "$result" ] && [ "$measured" -eq "$number" ] &&
		[ "$(count '"type":"cycle"')" -eq "$number" ] &&
		[ "$(count '"type":"verdict"')" -eq "$number" ] &&
		[ "$(count '"type":"phase".*"phase":"unplug"')" -eq "$number" ] &&
		[ "$(count '"type":"end".*"reason":"done"')" -eq 1 ]; then
		ok "whole: ${*:-all defaults}"
	else
		not_ok "whole: $*" "exit status $status, $measured of $number" "$(show)"
	fi
}

# refuse PATTERN ARGS...: exit status 2, and one line (argp adds where to read on).
refuse() {
	pattern=$1
	shift
	run -n 1 "$@"
	if [ "$status" -eq 2 ] && grep -qE -- "$pattern" "$scratch/out" &&
		[ "$(grep -vcE '^(Try|information\.)' "$scratch/out")" -eq 1 ]; then
		ok "refused: $*"
	else
		not_ok "refused: $*" "exit status $status, not one line like $pattern" \
			"$(tail -n 20 "$scratch/out")"
	fi
}

whole 2 --flood
check "the driver is told of" \
	grep -q '"type":"device".*"driver":"virtio-pci"' "$run/journal.jsonl"
check "what was changed is put back" \
	test "$(count '"type":"undo".*"done":true')" -ge 1
whole 2 --flood --method remove
whole 2
check "the report can be made again" sh -c \
	"'$program' report '$run' >'$scratch/report'; [ \$? -le 1 ]"

whole 1 --flood --method module
whole 1 --flood -t virt:amd64-amdvi

refuse 'no driver is bound' --device-name=0000:00:10.0
refuse 'there is no PCI device' --device-name=0000:00:1f.7
refuse 'bridge' --device-name=0000:00:01.0
refuse "there is no 'rmmod'" --method rmmod
refuse 'which device' -t local
refuse 'no network that could be flooded' -t local --flood --device-name=eth0
tap_end
