#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Attempts a second on the target: the worker's race, and a shell loop that does the same
# with a separate holder program. They take turns on one board; the best turn of each counts,
# since this machine may have other things to do.
#
# usage: tests/bench/bench_unplug.sh BUILD_DIRECTORY
cd "$(dirname "$0")/../.." || exit 2
program=${1:-build}/iommu-stress
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
turns=5

# typed DEVICE METHOD PULL PUSH UNBIND: what the board's shell is told. Both sides take the same
# offsets, and put two lines an attempt into the kernel log: without them, nobody knows which
# attempt a warning belongs to, nor how it ended. The worker's console is read meanwhile by
# who looks for warnings in it; a loop has to look by itself. What it takes without looking
# is told too.
typed() {
	cat <<-END
	worker=iommu-stress-worker device=$1 bus=/sys/bus/pci
	now() { read -r now rest </proc/uptime; }
	say() { echo "rate \$1 \$2 \$begin \$now"; }
	i=0
	while [ \$i -lt 300 ]; do
		i=\$((i + 1))
		echo try=\$i at=\$((i % 30 * 10000))
	done >/run/tries
	race() {
		now; begin=\$now
		\$worker race device=\$device method=$2 expedited=1 markers=1 stdout=0 </run/tries
		now; say race 300
	}
	look() { dmesg -c | grep -qE 'WARNING|BUG|Oops|general protection' && hits=\$((hits + 1)); }
	loop() {
		echo \$1 >/sys/kernel/rcu_expedited
		\$worker bind device=\$device >/dev/null
		now; begin=\$now i=0
		while [ \$i -lt 30 ]; do
			i=\$((i + 1))
			\$worker hold device=\$device release=request at=\$((i * 10000)) \\
				</run/in >/run/ready &
			read -r line </run/ready
			echo "loop: cycle=\$i phase=unplug" >/dev/kmsg
			$3
			unplug=\$?
			wait \$!
			release=\$?
			$4
			until [ -e \$bus/devices/\$device ]; do :; done
			echo vfio-pci >\$bus/devices/\$device/driver_override
			$5
			echo \$device >\$bus/drivers_probe
			echo "loop: cycle=\$i phase=back unplug=\$unplug release=\$release" \
				>/dev/kmsg
			\$2
		done
		now; say loop\$1\$2 30
		echo 0 >/sys/kernel/rcu_expedited
		\$worker unbind device=\$device >/dev/null
	}
	mkfifo /run/in /run/ready
	exec 5<>/run/in
	for turn in $(seq -s ' ' $turns); do race; loop 0 look; loop 0; loop 1 look; done
	END
}

# rates NAME BOARD ARGS...: what was typed is in $scratch/typed.
rates() {
	name=$1
	shift
	"$program" board shell --worker "$@" <"$scratch/typed" >"$scratch/out" 2>&1
	awk -v name="$name" '
	function told(what, rate) {
		printf ", %s %.1f (x %.2f)", what, rate, rate ? best["race"] / rate : 0
	}
	$1 == "rate" && $5 > $4 {
		rate = $3 / ($5 - $4)
		if (rate > best[$2])
			best[$2] = rate
	}
	END {
		if (!best["race"] || !best["loop0look"])
			exit 1
		printf "  %s: race %.1f", name, best["race"]
		told("shell loop", best["loop0look"])
		told("which does not look for warnings", best["loop0"])
		told("with rcu_expedited", best["loop1look"])
		print ""
	}' "$scratch/out" || {
		echo "  $name: no figures"
		tail -n 5 "$scratch/out"
	}
}

echo "unplug, attempts a second on the target:"
typed 0000:00:10.0 remove "echo 1 >\$bus/devices/\$device/remove" \
	"echo 1 >\$bus/rescan" >"$scratch/typed"
rates "amd64, remove" amd64
if kernel=$(contrib/regression/build control-s390x 2>/dev/null); then
	typed 0012:00:00.0 power "echo 0 >\$bus/slots/00000009/power" \
		"echo 1 >\$bus/slots/00000009/power" \
		"echo \$device >\$bus/devices/\$device/driver/unbind" >"$scratch/typed"
	rates "s390x, power" s390x --kernel "$kernel"
else
	echo "  s390x, power: no kernel, see contrib/regression/build"
fi
