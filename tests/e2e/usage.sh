#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: exit status 2 and one exact line (argp adds where to read on).
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

# refuse NAME PATTERN ARGS...: status 2, and a line of standard error like PATTERN.
refuse() {
	refuse_name=$1
	refuse_pattern=$2
	shift 2
	"$program" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	refuse_status=$?
	if [ "$refuse_status" -eq 2 ] && grep -qE "$refuse_pattern" "$scratch/err" &&
		[ "$(grep -vcE '^(Try|information\.)' "$scratch/err")" -eq 1 ]; then
		ok "$refuse_name"
	else
		not_ok "$refuse_name" "status $refuse_status" "$(cat "$scratch/err")"
	fi
}

refuse "no command" "a command is missing"
refuse "unknown command" "unknown command 'rebot'" rebot
refuse "unknown option" "unrecognized option '--flod'" reboot --flod
refuse "unknown target" "unknown target 'virt:mips'" reboot -t virt:mips
refuse "unknown method" "there is no 'halt'" reboot --method halt
refuse "bad phase" "'bot=1s' is not PHASE=TIME" reboot --limit bot=1s
refuse "bad limit" "'soon' is not a time" reboot --limit boot=soon
refuse "bad count" "'-1' is not a number above 0" reboot -n -1
refuse "zero cycles" "'0' is not a number above 0" reboot -n 0
refuse "bad duration" "'5 parsecs' is not a time" reboot --for "5 parsecs"
refuse "bad flood word" "flood" reboot --flood=v5
refuse "one word too many" "one word too many" reboot now
refuse "missing kernel file" "/nonexistent" reboot --kernel /nonexistent \
	--run-dir "$scratch/a"
echo "not a kernel" >"$scratch/text"
refuse "no kernel at all" "kernel" reboot --kernel "$scratch/text" --run-dir "$scratch/b"
refuse "unreadable log" "/nonexistent" classify /nonexistent
refuse "no run" "/nonexistent" report /nonexistent
refuse "unknown board" "mips" board prepare mips

check "--dry-run shows the plan" "$program" reboot --flood --dry-run
"$program" reboot --flood --dry-run --limit shutdown=77s >"$scratch/plan"
check "... with its limits" grep -q 'shutdown.*1 min 17 s' "$scratch/plan"
check "--usage" "$program" reboot --usage
check "--version" "$program" --version
tap_end
