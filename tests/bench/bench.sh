#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Figures, not tests: nothing here fails because a machine is slow.
#
# usage: tests/bench/bench.sh BUILD_DIRECTORY
cd "$(dirname "$0")/../.." || exit 2
build=${1:-build}
program=$build/iommu-stress
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

"$build"/bench/bench_memory

# classify_stream BYTES: a console of that size through classify, and the highest memory
# that it ever had.
classify_stream() {
	line='[  123.456789] usb 1-1: new high-speed USB device number 4 using xhci_hcd'
	# Held open for a while, so that its memory can be read.
	{
		yes "$line" | head -c "$1"
		sleep 0.3
	} | "$program" classify - >/dev/null &
	pid=$!
	peak=0
	while kill -0 "$pid" 2>/dev/null; do
		now=$(sed -n 's/^VmHWM:[ \t]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null)
		[ "${now:-0}" -gt "$peak" ] && peak=$now
		sleep 0.1
	done
	wait "$pid"
	echo "  $1 bytes of console: peak memory $peak KiB"
}
echo "classify, memory and start-up:"
classify_stream 1000000
classify_stream 1000000000
start=$(date +%s%N)
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	"$program" classify /dev/null
done
echo "  start-up $((($(date +%s%N) - start) / 20000)) us"

# Cycles of a real run: what is neither settling, confirming, going down nor booting.
echo "three cycles of a virtual board:"
"$program" reboot --flood --nic e1000e -n 3 -q --run-dir "$scratch/run" >"$scratch/out" 2>&1
sed -n 's/^Cycle time */  /p' "$scratch/out"
python3 - "$scratch/run/journal.jsonl" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
cycles = [r for r in rows if r['type'] == 'verdict' and 'down_ns' in r and 'boot_ns' in r]
for r in cycles:
    known = sum(r.get(k, 0) for k in ('settle_ns', 'confirm_ns', 'down_ns', 'boot_ns'))
    over = r['total_ns'] - known
    print(f"  cycle {r['cycle']}: {r['total_ns'] / 1e9:.2f} s, overhead {over / 1e6:.2f} ms"
          f" = {100 * over / r['total_ns']:.3f} %")
END
tests/bench/bench_unplug.sh "$build"
for bench in "$build"/bench/bench_*; do
	case $bench in
	*.d | *_memory) ;;
	*) "$bench" ;;
	esac
done

# Against other traffic tools, in network namespaces of its own; an hour's quarter.
if unshare -nmpf true 2>/dev/null || unshare -rnmpf true 2>/dev/null; then
	python3 tests/bench/flood.py "$program"
else
	echo "flood against its peers: unshare(1) may not make namespaces here"
fi
