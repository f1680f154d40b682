#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# Runs whose controller is killed or interrupted in the middle go on, on a real virtual board.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=$(realpath "${IOMMU_STRESS:-build/iommu-stress}")

"$program" board prepare amd64 >"$scratch/prepared" 2>&1 || {
	not_ok "the board is prepared" "$(cat "$scratch/prepared")"
	tap_end
	exit
}

# begin N COMMAND ARGS...: in $scratch/begun, until N cycles have their verdict. Its pid is $pid.
begin() {
	verdicts=$1
	shift
	(cd "$scratch/begun" && exec "$program" "$@" -t virt:amd64 >"$scratch/out" 2>&1 </dev/null) &
	pid=$!
	reap "$pid"
	for _ in $(seq 600); do
		[ "$(grep -c '"type":"verdict"' "$scratch/begun/run/journal.jsonl" 2>/dev/null)" \
			-ge "$verdicts" ] 2>/dev/null && return
		kill -0 "$pid" 2>/dev/null || return
		sleep 0.1
	done
}

# once N: each cycle up to N has one verdict, and there are no others.
once() {
	check "... each of $1 cycles has one verdict" python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
cycles = [r["cycle"] for r in rows if r["type"] == "verdict"]
assert cycles == list(range(1, int(sys.argv[2]) + 1)), cycles
assert [r["type"] for r in rows].count("run") == int(sys.argv[3])
assert rows[-1]["type"] == "end" and rows[-1]["reason"] == "done", rows[-1]
' "$scratch/begun/run/journal.jsonl" "$1" "$2"
}

# -- unplug --------------------------------------------------------------------------------

# Named from where the run is begun, as its directory is.
mkdir "$scratch/begun"
printf 'known: []\n' >"$scratch/begun/own.yaml"
begin 10 unplug --vfio -n 48 -r own.yaml --run-dir run
"$program" unplug --resume "$scratch/begun/run" >"$scratch/refused" 2>&1
status "while its controller is alive, a run is not resumed" 2 $? "$scratch/refused"
check "... which is told in one line" test "$(cat "$scratch/refused")" = \
	"iommu-stress: the controller of $scratch/begun/run is alive and writes there: wait for it, or end it with SIGTERM"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
# As if it had been killed while it wrote.
printf '{"type":"verdict","at":1' >>"$scratch/begun/run/journal.jsonl"
"$program" report "$scratch/begun/run" >"$scratch/out"
says "a run that was killed has not ended" "$scratch/out" 'goes on, or it was killed'
(cd "$scratch" && "$program" unplug --resume begun/run) >"$scratch/out" 2>&1
status "killed, an unplug run goes on" 0 $? "$scratch/out"
says "... what was half written is taken off" "$scratch/out" 'cut short in the middle of a line'
says "... all attempts are in the summary" "$scratch/out" '^unplug of virt:amd64, .*: 48 of 48 cycles'
says "... and no others" "$scratch/out" '^Attempts     48,'
once 48 2
check "... the window is measured once" test \
	"$(grep -c '"type":"window"' "$scratch/begun/run/journal.jsonl")" -eq 1
"$program" report "$scratch/begun/run" >"$scratch/report"
check "... report tells the same" test "$(sed -n '/^Hit rate/,/^Files/p' "$scratch/report" | sed '/^Files/d')" = \
	"$(sed -n '/^Hit rate/,/^Files/p' "$scratch/out" | sed '/^Files/d')"
check "... the console plays back" scriptreplay -B "$scratch/begun/run/console.raw" \
	-t "$scratch/begun/run/console.timing" -m 0.001
"$program" unplug --resume "$scratch/begun/run" >"$scratch/out" 2>&1
status "once it has ended, it does not go on" 2 $? "$scratch/out"
says "... and says so" "$scratch/out" "begun/run has ended \(done, 48 cycles\), there is nothing to go on with"

# -- reboot --------------------------------------------------------------------------------

rm -r "$scratch/begun"
mkdir "$scratch/begun"
begin 1 reboot -n 2 --nic e1000e --run-dir run
kill -KILL "$pid"
wait "$pid" 2>/dev/null
"$program" unplug --resume "$scratch/begun/run" >"$scratch/refused" 2>&1
status "another command does not go on with it" 2 $? "$scratch/refused"
says "... and names the one that does" "$scratch/refused" "iommu-stress reboot --resume $scratch/begun/run"
timeout --preserve-status -s INT 2 "$program" reboot --resume "$scratch/begun/run" >"$scratch/out" 2>&1
status "killed, a reboot run goes on until it is interrupted" 130 $? "$scratch/out"
says "... which tells how to go on" "$scratch/out" "iommu-stress reboot --resume $scratch/begun/run"
"$program" reboot --resume "$scratch/begun/run" >"$scratch/out" 2>&1
status "... and goes on to its end" 0 $? "$scratch/out"
says "... all cycles are in the summary" "$scratch/out" '^reboot of virt:amd64, .*: 2 of 2 cycles'
once 2 3
"$program" classify "$scratch/begun/run" >"$scratch/out" 2>&1
status "... classify comes to the same end" 0 $? "$scratch/out"
tap_end
