#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# A virtual board behind a tap interface, in a network namespace of its own: the flood of a
# run goes through a real interface.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
if [ "${1-}" != inside ] && ! "$program" board prepare arm64 >"$scratch/made" 2>&1; then
	skip "a board behind a tap" "no board: $(tail -n 1 "$scratch/made")"
	tap_end
	exit
fi
lab_enter tests/net/tap.sh "${1-}"
XDG_RUNTIME_DIR=$scratch/runtime
export XDG_RUNTIME_DIR
mkdir "$XDG_RUNTIME_DIR"
if ! { ip tuntap add dev tap0 mode tap && ip address add 192.0.2.1/24 dev tap0 &&
	ip address add 2001:db8::1/64 dev tap0 nodad && ip link set tap0 up; } 2>"$scratch/made"; then
	skip "a board behind a tap" "$(tr '\n' ' ' <"$scratch/made")"
	tap_end
	exit
fi

# run NAME ARGS...: a run in $scratch/NAME; its status is $status.
run() {
	run_dir=$scratch/$1
	shift
	"$program" reboot -t virt:arm64 --nic e1000e -n 1 --run-dir "$run_dir" "$@" \
		>"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
}

run nothing --flood --tap=tap1
check "a tap that is not there: status 2" test $status -eq 2
says "... and how to make one" "$scratch/err" "^iommu-stress: --tap=tap1: there is no such interface; .ip tuntap add"
check "... before anything begins" test ! -e "$scratch/nothing"

run flood --flood -v --tap=tap0
check "a run with a flood over the tap: measured" test $status -le 1
says "... QEMU has it" "$scratch/err" ' -netdev tap,id=n0,ifname=tap0,'
says "... the flood goes through it, to the board's addresses" "$scratch/err" \
	' flood .*--interface=tap0 192\.0\.2\.2 2001:db8::2$'
says "... it was answered" "$scratch/flood/journal.jsonl" '"type":"load".*"replies":[1-9]'
says "... the board counted it" "$scratch/flood/journal.jsonl" '"type":"counters".*"in_echos":[1-9]'
check "... frames went through the tap" \
	test "$(sed -n 's/^ *tap0: *//p' /proc/net/dev | tr -s ' ' | cut -d' ' -f10)" -gt 100
check "the tap stays" ip link show dev tap0

# Without an IPv6 address there, half of the flood has no way.
ip address flush dev tap0 scope global
ip address add 192.0.2.1/24 dev tap0
run half --flood --tap=tap0
check "a tap without an IPv6 address: not measured" test $status -eq 3
says "... what is missing" "$scratch/err" 'not flooding 2001:db8::2: it has no route'
tap_end
