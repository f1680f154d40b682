#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# What goes wrong around a run: no space, no QEMU, kernels that do not boot, two runs at
# once. Each ends with a clear word, and never as a pass.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=$(realpath "${IOMMU_STRESS:-build/iommu-stress}")

"$program" board prepare arm64 >"$scratch/prepared" 2>&1 || {
	not_ok "the board is prepared" "$(cat "$scratch/prepared")"
	tap_end
	exit
}
kernel=$(sed -n 's/^kernel //p' "$scratch/prepared")
initrd=$(sed -n 's/^initrd //p' "$scratch/prepared")

# A disk that is full before the first boot is through.
if unshare -rm true 2>/dev/null; then
	mkdir "$scratch/small"
	unshare -rm sh -c "mount -t tmpfs -o size=24k small '$scratch/small' &&
		'$program' reboot -n 2 --run-dir '$scratch/small/run'; echo status \$?
		cp '$scratch/small/run/journal.jsonl' '$scratch/journal'" >"$scratch/out" 2>&1
	says "a full disk ends the run with status 3" "$scratch/out" '^status 3'
	says "... and says what to do" "$scratch/out" 'No space left on device'
	check "... and leaves a journal of whole lines" python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert rows[0]["type"] == "run"
assert not any(r.get("outcome") == "pass" for r in rows)' "$scratch/journal"
else
	skip "a full disk ends the run with status 3" "no user namespaces"
fi

# A kernel that panics at once: no root file system to run an init of.
"$program" reboot -n 3 --kernel "$kernel" --initrd /dev/null --limit boot=60s \
	--run-dir "$scratch/panic" >"$scratch/out" 2>&1
status "a kernel that panics at once is a finding" 1 $? "$scratch/out"
check "... named" grep -qi 'panic' "$scratch/out"
says "... and the run ends there" "$scratch/out" '1 of 3 cycles'

# An initramfs without a shell that answers.
mkdir "$scratch/root"
zcat -f "$initrd" | (cd "$scratch/root" && cpio -id --quiet 2>/dev/null)
if [ -x "$scratch/root/bin/busybox" ]; then
	printf '#!/bin/busybox sh\nwhile :; do /bin/busybox sleep 1; done\n' >"$scratch/root/init"
	(cd "$scratch/root" && find . | cpio -o -H newc --quiet) >"$scratch/noshell"
	"$program" reboot -n 2 --kernel "$kernel" --initrd "$scratch/noshell" \
		--limit boot=20s --run-dir "$scratch/noshell.run" >"$scratch/out" 2>&1
	status "a board without a shell cannot be measured" 3 $? "$scratch/out"
	says "... and the limit to raise is named" "$scratch/out" 'no shell answered on the console within 20.00 s'
else
	skip "a board without a shell cannot be measured" "the initramfs is not gzip and cpio"
fi

# A console that is silent from the start: a "kernel" whose first instruction branches to
# itself, behind the header of arm64's Documentation/arm64/booting.rst.
{
	printf '\000\000\000\024'
	head -c 12 /dev/zero
	printf '\000\020'
	head -c 38 /dev/zero
	printf 'ARM\144'
	head -c 4036 /dev/zero
} >"$scratch/spin"
"$program" reboot -n 2 --kernel "$scratch/spin" --limit boot=10s \
	--run-dir "$scratch/silent" >"$scratch/out" 2>&1
status "a silent console cannot be measured" 3 $? "$scratch/out"
says "... with its reason" "$scratch/out" 'has been silent for 10.00 s'

env PATH="$scratch/none" "$program" reboot -n 1 --run-dir "$scratch/noqemu" \
	>"$scratch/out" 2>&1
status "without QEMU the run is refused" 2 $? "$scratch/out"
says "... with the package to install" "$scratch/out" 'qemu-system-arm'

# Two runs on one directory.
"$program" reboot -n 5 --run-dir "$scratch/two" >"$scratch/first" 2>&1 &
pid=$!
reap "$pid"
for _ in $(seq 100); do
	[ -s "$scratch/two/journal.jsonl" ] && break
	sleep 0.1
done
"$program" reboot -n 1 --run-dir "$scratch/two" >"$scratch/out" 2>&1
status "a second run on the same directory is refused" 2 $? "$scratch/out"
says "... with its reason" "$scratch/out" "$scratch/two"
kill -TERM "$pid"
wait "$pid"
status "... and the first one is not disturbed" 130 $? "$scratch/first"
tap_end
