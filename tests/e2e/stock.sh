#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# The main job end to end: Debian's own kernel on a virtual board, as a user would run it.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

check "the board is prepared" "$program" board prepare arm64

# e1000e is quiet at shutdown: whatever a stock kernel does with others, this one passes.
"$program" reboot --flood --nic e1000e -n 2 --run-dir "$scratch/run" >"$scratch/out" 2>&1
status=$?
if [ "$status" -eq 0 ]; then
	ok "two cycles pass under e1000e"
else
	not_ok "two cycles pass under e1000e" "status $status" "$(cat "$scratch/out")"
fi
for file in journal.jsonl console.raw console.timing; do
	check "the run left $file" test -s "$scratch/run/$file"
done
check "the load was steady before both triggers" test "$(grep '"type":"load"' \
	"$scratch/run/journal.jsonl" | grep -c '"steady":true')" -ge 2

"$program" report "$scratch/run" >"$scratch/report"
check "report ends with the run's status" test "$?" -eq "$status"
says "report tells the cycles" "$scratch/report" '2'
"$program" classify "$scratch/run/console.raw" >"$scratch/classified"
status "classify finds nothing in the console of a good run" 0 $? "$scratch/out"
check "the console plays back" scriptreplay -B "$scratch/run/console.raw" \
	-t "$scratch/run/console.timing" -m 0.001

"$program" reboot -n 1 --run-dir "$scratch/run" >"$scratch/out" 2>&1
status "an existing run is not overwritten" 2 $? "$scratch/out"
says "... and the message names it" "$scratch/out" "$scratch/run holds a run already"

# Ended in the middle: a summary of what was done, and nothing left behind.
"$program" reboot --flood --nic e1000e -n 50 --run-dir "$scratch/stopped" \
	>"$scratch/out" 2>&1 &
pid=$!
reap "$pid"
for _ in $(seq 300); do
	grep -q '"phase":"flood"' "$scratch/stopped/journal.jsonl" 2>/dev/null && break
	sleep 0.2
done
kill -TERM "$pid"
wait "$pid"
status "an interrupted run says so" 130 $? "$scratch/out"
check "... in its journal too" grep -q '"reason":"interrupted"' \
	"$scratch/stopped/journal.jsonl"
empty "... and its board is gone" "$(pgrep -f "$scratch/stopped" || :)"

# kill -9 of QEMU in the middle of a cycle is not a pass, and the next cycle works.
"$program" reboot --flood --nic e1000e -n 2 --run-dir "$scratch/killed" \
	>"$scratch/out" 2>&1 &
pid=$!
reap "$pid"
for _ in $(seq 300); do
	grep -q '"phase":"flood"' "$scratch/killed/journal.jsonl" 2>/dev/null && break
	sleep 0.2
done
qemu=$(pgrep -P "$pid" qemu-system)
kill -9 "$qemu"
wait "$pid"
status "a killed QEMU makes the run invalid" 3 $? "$scratch/out"
says "... with its reason" "$scratch/out" 'signal 9'
check "... and the next cycle passes" grep -q '"cycle":2.*"outcome":"pass"' \
	"$scratch/killed/journal.jsonl"
tap_end
