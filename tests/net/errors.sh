#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Errors of sending, by name, as the kernel gives them to each engine.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
lab_enter tests/net/errors.sh "${1-}"
lab_begin

# counted NAME: how often the last sample has it.
counted() {
	value errors | tr ',' '\n' | sed -n "s/^$1://p"
}

# has NAME ERROR [OTHER]: it was counted, and none but it and the other one.
has() {
	if [ "$(counted "$2")" -gt 0 ] &&
		! value errors | tr ',' '\n' | grep -qvE "^($2|${3:-$2}):"; then
		ok "$1"
	else
		not_ok "$1" "$(tail -n 1 "$scratch/out")" "$(cat "$scratch/err")"
	fi
}

for engine in packet raw; do
	flood 10.9.8.2 fd09::2 --engine=$engine --rate=1000 --count=200
	empty "$engine: no errors, no word of them" "$(value errors)"

	: >"$scratch/out"
	"$program" flood 10.9.8.2 --engine=$engine --rate=1000 --for=30s >"$scratch/out" \
		2>"$scratch/err" </dev/null &
	flood_pid=$!
	reap $flood_pid
	await 10 grep -q 'replies=[1-9]' "$scratch/out"
	ip link set near down
	await 10 grep -q 'errors=' "$scratch/out"
	kill -TERM $flood_pid
	wait $flood_pid
	ip link set near up
	ip address add fd09::1/64 dev near nodad
	case $engine in
	# On its way down there may be no route over it for a moment.
	raw) has "raw: an interface that is down" ENETDOWN ENETUNREACH ;;
	*) has "$engine: an interface that is down" ENETDOWN ;;
	esac
done

# A queue that is shorter than what is sent to it.
if tc qdisc add dev near root tbf rate 1mbit burst 3k limit 3000 2>"$scratch/tc"; then
	for engine in packet raw; do
		for address in 10.9.8.2 fd09::2; do
			flood $address --engine=$engine --rate=2000 --for=1s
			has "$engine, $address: a full queue" ENOBUFS
			check "... and what did not fit into it is not sent" test "$(value sent)" -lt 500
		done
	done
	flood 10.9.8.2 --rate=2000 --for=2500ms --format=figures
	says "people read it each second" "$scratch/out" '/s sent .*  ENOBUFS [0-9]+  hold$'
	says "... and at the end" "$scratch/out" '^errors: ENOBUFS [0-9]+ \(No buffer space available\)$'
	tc qdisc delete dev near root
else
	skip "a full queue" "$(cat "$scratch/tc")"
fi

# What ICMP says of a route behind the far end, which leads nowhere.
far sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
far ip route add unreachable 10.66.0.0/16
far ip -6 route add prohibit fd66::/64
ip route add 10.66.0.0/16 via 10.9.8.2
ip route add fd66::/64 via fd09::2
flood 10.66.0.1 --allow-routed --engine=raw --rate=50 --for=1s
has "raw: ICMP host unreachable" EHOSTUNREACH
flood fd66::1 --allow-routed --engine=raw --rate=50 --for=1s
has "raw: ICMPv6 administratively prohibited" EACCES
tap_end
