#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 120
# A target, a link and an interface that go and come back under a flood, and what a flood
# leaves behind however it ends.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
lab_enter tests/net/gap.sh "${1-}"
lab_begin

if ! command -v python3 >/dev/null; then
	skip "gaps" "python3 is not installed"
	tap_end
	exit
fi

# start ARG...: a flood in the background, once it has sent something.
start() {
	: >"$scratch/out"
	"$program" flood "$@" >"$scratch/out" 2>"$scratch/err" </dev/null &
	flood_pid=$!
	reap $flood_pid
	await 10 grep -q 'sent=[1-9]' "$scratch/out"
}

has_first_after() { # NS
	[ "$(value first_reply)" -gt "$1" ]
}

no_state() {
	! ls "$XDG_RUNTIME_DIR"/iommu-stress/* 2>/dev/null
}

has_reply_after() { # NS
	[ "$(value last_reply)" -gt "$1" ]
}

stop() {
	kill -TERM $flood_pid
	wait $flood_pid
}

engines="packet raw"
lab_has_bpf && engines="$engines turbo"

# A link that goes down at the far end: no carrier here, which the kernel tells within a
# second. The machine may be busy, so the
# best of three returns counts; a neighbour discovery would cost each 100 ms and more.
for engine in $engines; do
	start 10.9.8.2 --engine="$engine" --rate=5000 --for=30s
	await 5 grep -q 'replies=[1-9]' "$scratch/out"
	down=$(value at)
	far python3 tests/net/return.py far 1 >"$scratch/return"
	await 5 has_first_after "$down"
	check "$engine: what has no carrier does not count as sent for long" test "$(value sent)" -lt 20000
	check "$engine: it is counted as dropped" test "$(value drops)" -gt 200
	check "$engine: the first reply after the link is back is known" \
		test "$(value first_reply)" -gt "$down"
	for _ in 1 2; do
		far python3 tests/net/return.py far 0.3 >>"$scratch/return"
	done
	best=$(sort -n "$scratch/return" | head -n 1)
	check "$engine: first request $best us after the link was told to come back" \
		test "$best" -lt 20000
	stop
	check "$engine: ended well" test $? -eq 0
done

# The far end's interface goes, and this one with it, and both come back.
for engine in $engines; do
	start 10.9.8.2 --engine="$engine" --rate=5000 --size=64 --for=20s
	await 5 grep -q 'replies=[1-9]' "$scratch/out"
	ip link delete near
	sleep 0.5
	check "$engine: outlives its interface" kill -0 $flood_pid
	deleted=$(value at)
	lab_cable
	await 5 has_reply_after "$deleted"
	check "$engine: replies come again when it is back" has_reply_after "$deleted"
	check "$engine: ... at the rate" await 5 sh -c \
		"tail -n 1 '$scratch/out' | grep -q ' reply_rate=[45][0-9][0-9][0-9] '"
	if [ "$engine" != raw ]; then
		check "$engine: the entry is held on the new interface" \
			await 2 sh -c 'ip neigh show to 10.9.8.2 dev near | grep -q PERMANENT'
	fi
	stop
	check "$engine: ended well" test $? -eq 0
done

# It is elsewhere for a while, and keeps its number, but for the first time maybe.
for engine in "${engines%% *}" $engines; do
	start 10.9.8.2 --engine="$engine" --rate=1000 --for=20s
	ip link set near netns "$other"
	sleep 0.3
	moved=$(value at)
	far ip link set near netns $$
	ip address add 10.9.8.1/24 dev near
	ip link set near up
	check "$engine: replies come again when it was elsewhere" \
		await 5 has_reply_after "$moved"
	stop
done
ip address add fd09::1/64 dev near nodad

# At full rate, requests begin in the kernel, where the driver can.
sends_more() {
	more_than=$(value sent)
	await 5 sh -c "[ \$(tail -n 1 '$scratch/out' | sed 's/.* sent=\([0-9]*\) .*/\1/') \
		-gt $((more_than + 10000)) ]"
}
if [ "${engines##*turbo}" = "" ]; then
	far python3 tests/bench/gro.py far >/dev/null
	start 10.9.8.2 --engine=turbo --rate=max --size=64 --for=20s
	# As it is without them, it must do as well.
	! [ -s "$scratch/err" ] || skip "turbo: requests begin in the kernel" "$(cat "$scratch/err")"
	kill -STOP $flood_pid
	sleep 0.2
	kill -CONT $flood_pid
	check "turbo: goes on when it was stopped" sends_more
	far sh -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
	check "turbo: what is not answered is lost" await 5 sh -c \
		"tail -n 1 '$scratch/out' | grep -q ' lost=[1-9]'"
	far sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
	ip link delete near
	sleep 0.3
	lab_cable
	check "turbo: goes on when the interface is back" sends_more
	check "turbo: with the counters that it had" test ${#more_than} -lt 12
	stop
fi

# What was there before is put back.
ip neigh flush dev near
start 10.9.8.2 --rate=100 --for=20s
check "the entry is permanent while it runs" sh -c \
	"ip neigh show to 10.9.8.2 dev near | grep PERMANENT"
stop
check "it is not afterwards" sh -c "! ip neigh show dev near | grep PERMANENT"
ip neigh replace 10.9.8.2 lladdr 02:09:08:00:00:02 nud permanent dev near
start 10.9.8.2 --rate=100 --for=20s
stop
check "somebody else's permanent entry stays" sh -c "ip neigh show dev near | grep PERMANENT"
ip neigh delete 10.9.8.2 dev near

# Killed: the entry, and nothing more is sent.
sent_by_near() {
	sed -n 's/^ *near: *//p' /proc/net/dev | awk '{ print $10 }'
}
for engine in $engines; do
	start 10.9.8.2 fd09::2 --engine="$engine" --rate=max --size=64 --for=20s
	kill -KILL $flood_pid
	wait $flood_pid 2>/dev/null
	check "$engine, killed: the entries are put back" \
		await 3 sh -c "! ip neigh show dev near | grep PERMANENT"
	await 1 false
	before=$(sent_by_near)
	sleep 0.5
	after=$(sent_by_near)
	check "$engine, killed: nothing is sent any more" test $((after - before)) -lt 10
	check "$engine, killed: its keeper has ended" await 3 no_state
done

# Its keeper killed with it: the next flood puts back.
start 10.9.8.2 --rate=100 --for=20s
keeper=$(cat /proc/$flood_pid/task/$flood_pid/children)
check "the keeper is a process of its own" grep -q flood-keeper /proc/"${keeper% }"/comm
# Stopped first, lest it sees the other one end before it is killed itself.
kill -STOP ${keeper:+"${keeper% }"}
kill -KILL $flood_pid ${keeper:+"${keeper% }"}
wait $flood_pid 2>/dev/null
check "both killed: the entry stays" sh -c "ip neigh show dev near | grep PERMANENT"
check "both killed: a file says so" grep -q 'held near .* 10.9.8.2 02:09:08:00:00:02' \
	"$XDG_RUNTIME_DIR"/iommu-stress/neighbour-$flood_pid-*
flood fd09::2 --rate=100 --count=5
says "the next flood puts it back and says so" "$scratch/err" \
	'put back 1 neighbour entry of a flood that was killed'
check "the entry is as it was" sh -c "! ip neigh show to 10.9.8.2 dev near | grep PERMANENT"
check "the file is gone" no_state

# Each in a namespace of its own, two have the same number, and one directory.
unshare -pf --kill-child "$program" flood 10.9.8.2 --rate=100 --for=20s >"$scratch/out" \
	2>"$scratch/err" </dev/null &
flood_pid=$!
reap $flood_pid
await 10 grep -q 'sent=[1-9]' "$scratch/out"
unshare -pf --kill-child "$program" flood fd09::2 --rate=100 --count=20 >"$scratch/out2" \
	2>&1 </dev/null &
reap $!
check "another flood with the same process number runs" \
	await 5 grep -q 'sent=20 ' "$scratch/out2"
kill -KILL $flood_pid
wait $flood_pid 2>/dev/null

# The controller's end: a pipe that closes.
{
	sleep 0.5
} | "$program" flood 10.9.8.2 --rate=1000 --for=20s >"$scratch/out" 2>&1
check "ends with its controller" test "$(value sent)" -lt 5000
tap_end
