#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# Virtual boards by hand: list, prepare, a shell from a pipe, and what goes wrong.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

# shell BOARD ARGS...: what is typed is standard input; the console goes to $scratch/out.
shell() {
	"$program" board shell "$@" >"$scratch/out" 2>"$scratch/err"
}

# has NAME PATTERN: a line of the console.
has() {
	if grep -aqE "$2" "$scratch/out"; then
		ok "$1"
	else
		not_ok "$1" "$(cat "$scratch/err")" "$(tail -n 20 "$scratch/out")"
	fi
}

# refuse NAME PATTERN ARGS...: status 2, and one line of standard error like PATTERN.
refuse() {
	refuse_name=$1 refuse_pattern=$2
	shift 2
	"$program" board "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	refuse_status=$?
	if [ "$refuse_status" -eq 2 ] && grep -qE "$refuse_pattern" "$scratch/err" &&
		[ "$(grep -vc '^Try \|^information' "$scratch/err")" -eq 1 ]; then
		ok "$refuse_name"
	else
		not_ok "$refuse_name" "status $refuse_status" "$(cat "$scratch/err")"
	fi
}

# -- what is there -------------------------------------------------------------------------

"$program" board list >"$scratch/list"
for board in arm64 arm64-viommu amd64 amd64-amdvi s390x; do
	check "$board is listed" grep -q "^$board " "$scratch/list"
done
check "arm64 is prepared" "$program" board prepare arm64
"$program" board list >"$scratch/list"
check "... and the list knows" grep -q '^arm64 .* ready$' "$scratch/list"
check "prepared, it needs nothing any more" env PATH=/nonexistent "$program" board prepare arm64

# -- a shell -------------------------------------------------------------------------------

shell arm64 --nic rtl8139 --smp 3 --append 'quiet word="1 2"' <<'END'
echo groups $(ls /sys/kernel/iommu_groups | wc -l) cpus $(nproc)
echo nic $(basename $(readlink /sys/class/net/eth0/device/driver))
cat /sys/class/net/eth0/address /proc/cmdline
for word in a b
do echo "word $word"
done
) a syntax error
echo still there
END
check "a shell from a pipe ends well" test $? -eq 0
has "the shell came up, even with quiet" 'iommu-stress: phase=up boot_id=[0-9a-f-]{36} kernel='
has "devices are in IOMMU groups" '^groups [1-9][0-9]* cpus 3$'
has "the NIC has its driver" '^nic 8139cp$'
has "... and its address" '^52:54:00:12:34:56$'
has "kernel arguments are passed on as they are" 'quiet word="1 2"$'
has "what is typed may have several lines" '^word b$'
has "a syntax error does not end the session" '^still there$'
empty "no QEMU is left" "$(pgrep -P $$ qemu-system || :)"

shell arm64 </dev/null
check "nothing typed is fine, too" test $? -eq 0
echo 'poweroff -f' | shell arm64
check "a board that powers off ends the session" test $? -eq 0
echo 'echo c >/proc/sysrq-trigger' | shell arm64
check "a board that panics boots again" test $? -eq 0
has "... and its panic was shown" 'Kernel panic - not syncing'
printf 'kexec -e\n' | shell arm64 --kexec
check "kexec -e starts the kernel again" test "$(grep -ac 'phase=up' "$scratch/out")" -eq 2

# -- a device to unplug --------------------------------------------------------------------

shell arm64 --worker <<'END'
iommu-stress-worker --version
cd /sys/bus/pci/devices/0000:00:10.0 && cat device
echo vfio-pci >driver_override; echo 0000:00:10.0 >/sys/bus/pci/drivers_probe
echo group $(ls /dev/vfio)
echo 1 >remove
[ -e /sys/bus/pci/devices/0000:00:10.0 ] || echo gone
echo 1 >/sys/bus/pci/rescan
[ ! -e /sys/bus/pci/devices/0000:00:10.0 ] || echo back
END
has "the board has the worker" '^iommu-stress-worker '
has "... and a device" '^0x0011$'
has "... that VFIO takes" '^group [0-9]+ vfio$'
has "... and that goes" '^gone$'
has "... and comes back" '^back$'
shell arm64 --device port:edu <<'END'
cd /sys/bus/pci/slots/2 && cat address
echo 0 >power
[ -e /sys/bus/pci/devices/0000:02:00.0 ] || echo gone
echo 1 >power
[ ! -e /sys/bus/pci/devices/0000:02:00.0 ] || echo back
[ -e /bin/iommu-stress-worker ] || echo no worker
END
has "a device is behind a port" '^0000:02:00$'
has "... its power goes off" '^gone$'
has "... and on" '^back$'
has "the worker is there only when asked for" '^no worker$'
shell arm64 --worker --device nvme-sriov <<'END'
cat /sys/bus/pci/devices/0000:00:10.0/sriov_numvfs /sys/bus/pci/devices/0000:00:10.1/device
END
has "virtual functions are there" '^0x0010$'
IOMMU_STRESS_WORKER=/nonexistent refuse "worker that is not there" "/nonexistent" prepare arm64 --worker

# -- others --------------------------------------------------------------------------------

for board in arm64-viommu amd64 amd64-amdvi s390x; do
	if ! timeout 240 "$program" board prepare "$board" >"$scratch/out" 2>"$scratch/err"; then
		skip "$board boots" "$(tail -n 1 "$scratch/err")"
		continue
	fi
	# shellcheck disable=SC2016 # the board's shell expands it
	echo 'echo groups $(ls /sys/kernel/iommu_groups | wc -l)' | shell "$board"
	has "$board boots, with IOMMU groups" '^groups [1-9]'
done

# -- errors --------------------------------------------------------------------------------

refuse "no action" "list, prepare or shell"
refuse "unknown action" "unknown action 'start'" start arm64
refuse "no board" "which board" shell
refuse "one word too many" "one argument too many" prepare arm64 amd64
refuse "unknown suite" "unknown Debian suite 'buzz'" prepare arm64 --suite buzz
refuse "unknown network device" "is not a valid device model name" shell arm64 --nic nonsense
refuse "network device without a name" "must begin with the name" shell arm64 --nic mac=1
refuse "unknown device" "is not a valid device model name" shell arm64 --device nonsense
refuse "device in no place" "no such place" shell arm64 --device moon:edu
refuse "device without a name" "must begin with the name" shell arm64 --device port:
refuse "too little memory" "64 MB" prepare arm64 --memory 1M
refuse "modules without a kernel" "needs the --kernel" prepare arm64 --modules /
refuse "kexec with an initramfs of somebody else" "own initramfs" prepare arm64 --kexec \
	--initrd /dev/null
refuse "missing initramfs" "cannot read the initrd /nonexistent" prepare arm64 \
	--initrd /nonexistent
refuse "kernel of another architecture" "amd64" prepare amd64 \
	--kernel "$("$program" board prepare arm64 | sed -n 's/^kernel //p')"
# What the kernel's own log holds stands on the console, byte for byte, whoever keeps this
# machine busy: a 16550 of QEMU's waits for nobody.
for _ in 1 2; do
	timeout 120 sh -c 'while :; do :; done' &
	busy="$busy $!"
done
shell amd64 <<'END'
dmesg -n 1
dmesg -r | sed 's/^/log /'
END
# shellcheck disable=SC2086 # a list
kill $busy
# Up to the marker: what comes later may come while the log is printed.
tr -d '\r' <"$scratch/out" | awk '
	/^log </ {
		level = substr($0, 6, index($0, ">") - 6) % 8
		line = substr($0, index($0, ">") + 1)
		if (line ~ /iommu-stress: phase=up/) logged = 1
		if (logged) next
		if (level < 7) want[line] = 1
		known[line] = 1
	}
	/^\[.*iommu-stress: phase=up/ { up = 1 }
	/^\[/ && !up { seen[$0] = 1 }
	END {
		for (line in want) if (!(line in seen)) print "missing: " line
		for (line in seen) if (!(line in known)) print "damaged: " line
		print length(want)
	}' >"$scratch/differs"
check "a busy host sees a whole boot" test "$(tail -n 1 "$scratch/differs")" -ge 200
empty "... and each line of it as the kernel has it" "$(sed '$d' "$scratch/differs")"

# shellcheck disable=SC2016 # the inner shell's
check "a missing QEMU is named" sh -c 'PATH=/nonexistent "$0" board shell arm64 2>&1 |
	grep -q "qemu-system-aarch64 is missing: apt install qemu-system-arm"' "$program"

# A cache of its own: nothing is there, and nothing can be had.
export XDG_CACHE_HOME="$scratch/cache"
echo 'Acquire::http::Proxy "http://127.0.0.1:9"; Acquire::https::Proxy "http://127.0.0.1:9";' \
	>"$scratch/apt.conf"
APT_CONFIG="$scratch/apt.conf" "$program" board prepare arm64 >"$scratch/out" 2>"$scratch/err"
check "without a network, prepare fails" test $? -eq 2
check "... and says why" grep -q 'cannot reach the Debian archive: ' "$scratch/err"
empty "... and leaves nothing half made" \
	"$(find "$scratch/cache" -name 'work.*' -o -name images -o -name debian)"
if unshare -rm true 2>/dev/null; then
	# shellcheck disable=SC2016 # the inner shell's
	unshare -rm sh -c 'mount -t tmpfs -o size=1m none "$1" && exec "$0" board prepare arm64' \
		"$program" "$XDG_CACHE_HOME" >"$scratch/out" 2>"$scratch/err"
	check "on a full disk, prepare fails" test $? -eq 2
	check "... and says so" grep -q 'free space in' "$scratch/err"
else
	skip "on a full disk, prepare fails" "no user namespaces here"
fi
: >"$scratch/file"
XDG_CACHE_HOME=$scratch/file refuse "a cache directory that cannot be made" \
	"cannot make the cache directory" prepare arm64
tap_end
