#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The flood over real sockets, in network namespaces of its own: nothing leaves them.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
lab_enter tests/net/flood.sh "${1-}"
lab_begin

# A gateway that leads nowhere, for what must be refused.
far ip address add 10.9.8.3/24 dev far
far ip address add fd09::3/64 dev far nodad
ip route add 10.66.0.0/16 via 10.9.8.3
ip route add fd66::/64 via fd09::3

# all NAME ARG...: the flood ends well, and each of its requests was answered.
all() {
	name=$1
	shift
	if flood "$@" && [ "$(value sent)" = "$(value replies)" ] &&
		[ "$(value replies)" -gt 0 ] && [ "$(value bad)" = 0 ]; then
		ok "$name"
	else
		not_ok "$name" "$(tail -n 3 "$scratch/out")" "$(cat "$scratch/err")"
	fi
}

# refused NAME WORDS ARG...: status 2, no sample, and these words on standard error.
refused() {
	name=$1 words=$2
	shift 2
	flood "$@"
	status=$?
	if [ $status -eq 2 ] && [ ! -s "$scratch/out" ] && grep -qF "$words" "$scratch/err" &&
		[ "$(wc -l <"$scratch/err")" -eq 1 ]; then
		ok "$name"
	else
		not_ok "$name" "status $status" "$(cat "$scratch/err")"
	fi
}

# steady ARG...: replies become steady, sooner or later: the machine may be busy.
steady() {
	"$program" flood "$@" --for=30s >"$scratch/out" 2>&1 </dev/null &
	steady_pid=$!
	for _ in $(seq 300); do
		grep -q 'state=hold .*steady=1' "$scratch/out" && break
		sleep 0.1
	done
	kill -TERM $steady_pid 2>/dev/null
	wait $steady_pid
	tail -n 20 "$scratch/out"
	grep -q 'state=hold .*steady=1' "$scratch/out"
}

for engine in packet raw; do
	all "$engine: IPv4" 10.9.8.2 --engine=$engine --rate=1000 --count=300
	all "$engine: IPv6" fd09::2 --engine=$engine --rate=1000 --count=300
	all "$engine: both families" 10.9.8.2 fd09::2 --engine=$engine --rate=1000 --count=300
	all "$engine: smallest requests" 10.9.8.2 fd09::2 --engine=$engine --size=16 \
		--rate=1000 --count=100
	all "$engine: as fast as it goes" 10.9.8.2 fd09::2 --engine=$engine --rate=max \
		--count=20000
done
all "requests of many packets" 10.9.8.2 fd09::2 --size=60000 --rate=100 --count=30
link_local=$(far ip -6 -brief address show dev far scope link | sed 's/.* \(fe80[^/]*\).*/\1/')
all "a link-local address" "$link_local%near" --rate=1000 --count=100
before=$(far cat /proc/net/snmp | awk '/^Icmp: [0-9]/ { print $10 }')
flood 10.9.8.2 --rate=1000 --count=200
after=$(far cat /proc/net/snmp | awk '/^Icmp: [0-9]/ { print $10 }')
check "the target counts as many echo requests" test $((after - before)) -eq 200

# A macvlan shows only what goes to groups that somebody is in, as network cards do.
if ip link add link near name filters type macvlan mode private 2>"$scratch/macvlan"; then
	ip address add fd09::9/64 dev filters nodad
	ip link set filters up
	flood fd09::2 --interface=filters --spec=mld --rate=1000 --for=1s --engine=packet
	check "an interface that filters groups" test "$(value reports)" -gt 100
	ip link delete filters
else
	skip "an interface that filters groups" "$(cat "$scratch/macvlan")"
fi

check "replies are steady" steady 10.9.8.2 fd09::2 --rate=2000
check "auto finds a rate and holds it" steady 10.9.8.2 fd09::2

# A target that goes away in the middle and comes back, as over a reboot.
flood 10.9.8.2 --rate=1000 --for=4s &
flood_pid=$!
sleep 1
far ip link set far down
sleep 1.5
far ip link set far up
wait $flood_pid
check "outlives a link that goes down" test "$(value state)" = hold
check "knows the first reply after it" test "$(value last_reply)" -gt "$(value first_reply)"
check "that reply came after the link was back" test \
	$(($(value at) - $(value first_reply))) -lt 2500000000
check "the rate was kept" test $(($(value sent) + $(value drops))) -gt 3000

refused "refuses an address behind a gateway" \
	"not flooding 10.66.0.1: it is not on a link of this host (gateway 10.9.8.3)" 10.66.0.1
refused "refuses an IPv6 address behind a gateway" \
	"not flooding fd66::1: it is not on a link of this host (gateway fd09::3)" fd66::1
refused "refuses an address without a route" "not flooding 10.77.0.1: it " 10.77.0.1
refused "refuses a subnet's broadcast address" \
	"not flooding 10.9.8.255: it is a broadcast address" 10.9.8.255
refused "refuses a multicast address" \
	"not flooding 224.0.0.1: it is a multicast address" 224.0.0.1
refused "refuses all of IPv6's nodes, with consent too" \
	"not flooding ff02::1: it is a multicast address" ff02::1 --allow-routed
refused "refuses a link-local address without interface" \
	"not flooding fe80::1: it is a link-local address" fe80::1
# The far end forwards nothing, so this cannot get anywhere.
flood 10.66.0.1 --allow-routed --rate=100 --count=5
check "floods behind a gateway with consent" test "$(value sent)" = 5
if setpriv --bounding-set -net_raw --inh-caps -net_raw true 2>/dev/null; then
	setpriv --bounding-set -net_raw --inh-caps -net_raw \
		"$program" flood 10.9.8.2 --count=1 >"$scratch/out" 2>"$scratch/err" </dev/null
	check "says what sending needs" grep -q 'cannot send: no CAP_NET_RAW' \
		"$scratch/err"
else
	skip "says what sending needs" "setpriv(1) cannot drop capabilities here"
fi
tap_end
