#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# The main job end to end: Debian's own kernel on a virtual board, as a user would run it.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

check "the board is prepared" "$program" board prepare arm64

# Idle: what a kernel that is released must survive.
"$program" reboot --nic e1000e -n 2 --run-dir "$scratch/idle" >"$scratch/out" 2>&1
status "two idle cycles pass" 0 $? "$scratch/out"
"$program" classify "$scratch/idle/console.raw" >"$scratch/out"
status "classify finds nothing in the console of a good run" 0 $? "$scratch/out"

# Under flood: whatever this kernel does then, it is measured, and told alike by all.
"$program" reboot --flood --nic e1000e -n 2 --run-dir "$scratch/run" >"$scratch/out" 2>&1
status=$?
case $status in
0 | 1) ok "two cycles under flood are measured" ;;
*) not_ok "two cycles under flood are measured" "status $status" "$(cat "$scratch/out")" ;;
esac
check "each request was made under a steady load" python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
for cycle in (1, 2):
    mine = [r for r in rows if r.get("cycle") == cycle]
    at = next(i for i, r in enumerate(mine) if r.get("phase") == "trigger")
    assert mine[at + 1]["type"] == "load" and mine[at + 1]["steady"], mine[at:at + 3]
' "$scratch/run/journal.jsonl"
check "the target told its counters before each request" python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
for cycle in (1, 2):
    mine = [r for r in rows if r.get("cycle") == cycle]
    at = next(i for i, r in enumerate(mine) if r.get("phase") == "shutdown")
    told = [r for r in mine[:at] if r["type"] == "counters"]
    assert len(told) == 1, told
    sent = max(r["sent"] for r in rows if r["type"] == "load" and r.get("cycle", 0) <= cycle)
    assert sent + 1000 >= told[0]["rx_packets"] >= told[0]["in_echos"] > 0, told
    assert told[0]["in_echos"] >= told[0]["out_echo_replies"] > 0, told
' "$scratch/run/journal.jsonl"
says "... and the run tells them" "$scratch/out" '^Counters +the target counted [0-9]+ packets'
for file in journal.jsonl console.raw console.timing; do
	check "the run left $file" test -s "$scratch/run/$file"
done
"$program" report "$scratch/run" >"$scratch/report"
status "report ends with the run's status" "$status" $? "$scratch/report"
says "report tells the cycles" "$scratch/report" '2 of 2 cycles'
"$program" classify "$scratch/run" >"$scratch/classified"
status "classify comes to the same end" "$status" $? "$scratch/classified"
check "the console plays back" scriptreplay -B "$scratch/run/console.raw" \
	-t "$scratch/run/console.timing" -m 0.001

"$program" reboot -n 1 --run-dir "$scratch/run" >"$scratch/out" 2>&1
status "an existing run is not overwritten" 2 $? "$scratch/out"
says "... and the message names it" "$scratch/out" "$scratch/run holds a run already"

# wait_for PHASE RUN: until the journal of a run tells that phase.
wait_for() {
	for _ in $(seq 300); do
		grep -q "\"phase\":\"$1\"" "$scratch/$2/journal.jsonl" 2>/dev/null && return
		sleep 0.2
	done
}

# running PID: it is there, and not only waiting for somebody to read its exit status.
running() {
	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)
	[ -n "$state" ] && [ "$state" != Z ]
}

# Ended in the middle: a summary of what was done, and nothing left behind.
"$program" reboot --flood --nic e1000e -n 50 --run-dir "$scratch/stopped" \
	>"$scratch/out" 2>&1 &
pid=$!
reap "$pid"
wait_for flood stopped
children=$(pgrep -P "$pid" | tr '\n' ' ')
kill -TERM "$pid"
wait "$pid"
status "an interrupted run says so" 130 $? "$scratch/out"
says "... in its journal too" "$scratch/stopped/journal.jsonl" '"reason":"interrupted"'
alive=
for child in $children; do
	running "$child" && alive="$alive $child"
done
empty "... and its children are gone" "$alive"

# kill -9 of QEMU in the middle of a cycle is not a pass, and the next cycle works.
"$program" reboot --nic e1000e -n 2 --settle 3s --run-dir "$scratch/killed" \
	>"$scratch/out" 2>&1 &
pid=$!
reap "$pid"
wait_for settle killed
qemu=$(pgrep -P "$pid" qemu-system)
kill -9 "$qemu"
wait "$pid"
status "a killed QEMU makes the run invalid" 3 $? "$scratch/out"
says "... with its reason" "$scratch/out" 'signal 9'
says "... and the next cycle passes" "$scratch/killed/journal.jsonl" \
	'"cycle":2.*"outcome":"pass"'

# kill -9 of the tool itself takes its board along.
"$program" reboot --nic e1000e -n 2 --settle 3s --run-dir "$scratch/dead" \
	>"$scratch/out" 2>&1 &
pid=$!
wait_for settle dead
qemu=$(pgrep -P "$pid" qemu-system)
kill -9 "$pid"
wait "$pid" 2>/dev/null
sleep 1
if [ -n "$qemu" ] && ! running "$qemu"; then
	ok "a killed run leaves no board behind"
else
	not_ok "a killed run leaves no board behind" "QEMU was process '$qemu'"
fi
"$program" report "$scratch/dead" >"$scratch/out" 2>&1
says "... and its journal can be read" "$scratch/out" '0 of 2 cycles'
tap_end
