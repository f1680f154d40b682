#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The flood over real sockets, in network namespaces of its own: nothing leaves them.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

if [ "${1-}" != inside ]; then
	if ! command -v ip >/dev/null; then
		skip "floods real sockets" "iproute2 is not installed"
	elif ! unshare -rnm true 2>/dev/null; then
		skip "floods real sockets" "unshare(1) may not make namespaces here"
	else
		unshare -rnm "$0" inside
		exit
	fi
	tap_end
	exit
fi

# Two ends of a cable: here 10.9.8.1 and fd09::1, in the other namespace .2 and ::2.
make_network() {
	ip link set lo up || return
	unshare -n sleep 120 &
	other=$!
	reap $other
	while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do
		sleep 0.01
	done
	ip link add near type veth peer name far netns $other || return
	ip address add 10.9.8.1/24 dev near
	ip address add fd09::1/64 dev near nodad
	ip link set near up
	far ip address add 10.9.8.2/24 dev far
	far ip address add fd09::2/64 dev far nodad
	far ip link set far up
	far ip link set lo up
	# A gateway that leads nowhere, for what must be refused.
	ip route add 10.66.0.0/16 via 10.9.8.2
	ip route add fd66::/64 via fd09::2
}

far() {
	nsenter -t "$other" -n "$@"
}

# The last sample's value of a key.
value() {
	tail -n 1 "$scratch/out" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

flood() {
	timeout 30 "$program" flood "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
}

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

if ! make_network >"$scratch/made" 2>&1; then
	skip "floods real sockets" "$(tr '\n' ' ' <"$scratch/made")"
	tap_end
	exit
fi

all "IPv4 loopback" 127.0.0.1 --rate=1000 --count=300
all "IPv6 loopback" ::1 --rate=1000 --count=300
all "IPv4 over a link" 10.9.8.2 --rate=1000 --count=300
all "IPv6 over a link" fd09::2 --rate=1000 --count=300
all "both families" 10.9.8.2 fd09::2 --rate=1000 --count=300
all "smallest requests" 10.9.8.2 fd09::2 --size=16 --rate=1000 --count=100
all "requests of many packets" 10.9.8.2 fd09::2 --size=60000 --rate=100 --count=30
link_local=$(far ip -6 -brief address show dev far scope link | sed 's/.* \(fe80[^/]*\).*/\1/')
all "a link-local address" "$link_local%near" --rate=1000 --count=100
before=$(far cat /proc/net/snmp | awk '/^Icmp: [0-9]/ { print $10 }')
flood 10.9.8.2 --rate=1000 --count=200
after=$(far cat /proc/net/snmp | awk '/^Icmp: [0-9]/ { print $10 }')
check "the target counts as many echo requests" test $((after - before)) -eq 200

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
	"not flooding 10.66.0.1: it is not on a link of this host (gateway 10.9.8.2)" 10.66.0.1
refused "refuses an IPv6 address behind a gateway" \
	"not flooding fd66::1: it is not on a link of this host (gateway fd09::2)" fd66::1
refused "refuses an address without a route" "not flooding 10.77.0.1: it " 10.77.0.1
refused "refuses a subnet's broadcast address" \
	"not flooding 10.9.8.255: it is a broadcast address" 10.9.8.255
refused "refuses a multicast address" \
	"not flooding 224.0.0.1: it is a multicast address" 224.0.0.1
refused "refuses all of IPv6's nodes, with consent too" \
	"not flooding ff02::1: it is a multicast address" ff02::1 --allow-off-link
refused "refuses a link-local address without interface" \
	"not flooding fe80::1: it is a link-local address" fe80::1
# The far end forwards nothing, so this cannot get anywhere.
flood 10.66.0.1 --allow-off-link --rate=100 --count=5
check "floods behind a gateway with consent" test "$(value sent)" = 5
if setpriv --bounding-set -net_raw --inh-caps -net_raw true 2>/dev/null; then
	setpriv --bounding-set -net_raw --inh-caps -net_raw \
		"$program" flood 127.0.0.1 --count=1 >"$scratch/out" 2>"$scratch/err" </dev/null
	check "says what raw sockets need" grep -q 'raw ICMP sockets need CAP_NET_RAW' \
		"$scratch/err"
else
	skip "says what raw sockets need" "setpriv(1) cannot drop capabilities here"
fi
tap_end
