#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where a flood must not go: a table of addresses, and of the routes that lead there.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
lab_enter tests/net/guards.sh "${1-}"
lab_begin

# The far end has more addresses than it should: .3 is a gateway to nowhere, .4 the default
# one, .5 a machine of its own, and 10.55.0.0/16 is answered for by the default gateway.
ip link add name second type veth peer name nobody
ip link set second up
ip link set nobody up
ip address add 10.9.7.1/24 dev second
for address in 3 4 5; do
	far ip address add 10.9.8.$address/24 dev far
	far ip address add fd09::$address/64 dev far nodad
done
far ip address add 10.55.0.1/16 dev far
ip route add 10.66.0.0/16 via 10.9.8.3
ip route add fd66::/64 via fd09::3
ip route add blackhole 10.67.0.0/16
ip route add unreachable 10.68.0.0/16
ip route add prohibit 10.69.0.0/16
ip route add 10.70.0.0/16 nexthop via 10.9.8.3 nexthop via 10.9.8.5
ip route add 10.71.0.0/16 dev near
ip tunnel add tunnel mode ipip remote 10.9.8.2 local 10.9.8.1 2>"$scratch/tunnel" &&
	ip link set tunnel up && ip route add 10.72.0.0/16 dev tunnel
ours=$(ip -6 -brief address show dev near scope link | sed 's/.* \(fe80[^/]*\).*/\1/')

# Status 2, one line that says why, and no packet.
refused() {
	name=$1 words=$2
	shift 2
	flood "$@" --count=3
	status=$?
	if [ $status -eq 2 ] && [ ! -s "$scratch/out" ] &&
		[ "$(wc -l <"$scratch/err")" -eq 1 ] && grep -qF "$words" "$scratch/err"; then
		ok "refuses $name"
	else
		not_ok "refuses $name" "status $status" "$(cat "$scratch/out" "$scratch/err")"
	fi
}

before=$(far cat /proc/net/snmp | awk '/^Icmp: [0-9]/ { print $10 }')
# consent: with it as well.
for consent in '' --allow-routed; do
	while IFS='|' read -r address words; do
		refused "$address $consent" "not flooding ${address%%%*}: it $words" "$address" \
			${consent:+$consent}
	done <<-END
		127.0.0.1|is this host itself
		127.8.8.8|is this host itself
		::1|is this host itself
		10.9.8.1|is this host itself
		fd09::1|is this host itself
		$ours%near|is this host itself
		10.9.7.1|is this host itself
		0.0.0.0|is no address of a machine
		0.1.2.3|is no address of a machine
		::|is no address of a machine
		10.9.8.255|is a broadcast address
		10.9.8.0|is a broadcast address
		255.255.255.255|is a broadcast or reserved address
		240.0.0.1|is a broadcast or reserved address
		224.0.0.1|is a multicast address
		239.255.255.250|is a multicast address
		ff02::1|is a multicast address
		ff02::1%near|is a multicast address
		ff05::2|is a multicast address
		::ffff:10.9.8.2|is an IPv4 address: write it as one
		fe80::1|is a link-local address: add its interface, as in fe80::1%eth0
		10.67.0.1|has no route
		10.68.0.1|has no route
		10.69.0.1|has no route
		10.77.0.1|has no route
		fd77::1|has no route
	END
done
while IFS='|' read -r address words; do
	refused "$address" "not flooding $address: it $words" "$address"
done <<-END
	10.66.0.1|is not on a link of this host (gateway 10.9.8.3)
	10.70.0.1|is not on a link of this host (gateway 10.9.8.
	fd66::1|is not on a link of this host (gateway fd09::3)
END
if [ -s "$scratch/tunnel" ]; then
	skip "refuses what is behind a tunnel" "$(cat "$scratch/tunnel")"
else
	refused "what is behind a tunnel" "it is behind a point-to-point link" 10.72.0.1
fi

# Default gateways, by address and by what answers for others.
ip route add default via 10.9.8.4
ip -6 route add default via fd09::4
refused "the default gateway" "not flooding 10.9.8.4: it is the default gateway" 10.9.8.4
refused "the IPv6 default gateway" "not flooding fd09::4: it is the default gateway" fd09::4
refused "the default gateway, with consent too" "is the default gateway" 10.9.8.4 \
	--allow-routed
ip neigh replace 10.9.8.4 lladdr 02:09:08:00:00:02 nud reachable dev near
ip route add 10.55.0.0/16 dev near
refused "what the default gateway answers for" \
	"not flooding 10.55.0.1: it is answered for by the default gateway" 10.55.0.1
ip neigh flush dev near
refused "... also when nobody knows the gateway yet" \
	"not flooding 10.55.0.1: it is answered for by the default gateway" 10.55.0.1
ip neigh flush dev near
refused "... and when the Ethernet address is told" \
	"not flooding 10.55.0.1: it is answered for by the default gateway" 10.55.0.1 \
	--target-mac=02:09:08:00:00:02
ip route delete default
ip -6 route delete default

refused "an interface that is not there" "no such interface" 10.9.8.2 --interface=nowhere
refused "another interface than the route's" "not flooding 10.9.8.2: it " 10.9.8.2 \
	--interface=lo
refused "an interface without a route there" "not flooding 10.9.8.2: it has no route" \
	10.9.8.2 --interface=second
refused "an address without a route through the interface" \
	"not flooding 10.77.0.1: it has no route" 10.77.0.1 --interface=near
refused "another interface than the address names" \
	"not flooding fe80::2: it is behind another interface than --interface" \
	fe80::2%second --interface=near
ip neigh replace fd09::5 lladdr 02:09:08:00:00:05 nud permanent dev near
refused "two machines as one target" \
	"not flooding fd09::5: it belongs to another machine than the other address" \
	10.9.8.2 fd09::5
after=$(far cat /proc/net/snmp | awk '/^Icmp: [0-9]/ { print $10 }')
check "nothing of all that was sent" test "$after" = "$before"

# Nobody there tells an Ethernet address, and raw sockets can do less.
for spec in udp vlan=7; do
	flood 10.9.8.77 --spec=$spec,v4 --count=3
	status "$spec to nobody cannot be sent" 2 $? "$scratch/err"
	says "... with the reason of each way" "$scratch/err" \
		'cannot send: the target does not tell its Ethernet address: --target-mac=MAC; with raw sockets: it sends icmp only, and no VLAN tags$'
	flood 10.9.8.2 --engine=raw --spec=$spec,v4 --count=3
	says "raw says that it cannot send $spec" "$scratch/err" \
		'engine raw is not possible: it sends icmp only, and no VLAN tags$'
done

flood 10.66.0.1 --allow-routed --rate=100 --count=5
check "floods behind a gateway with consent" test "$(value sent)" = 5
flood 10.9.8.2 --rate=max --count=1000
check "stops after its count" test "$(value sent)" = 1000
begin=$(date +%s%N)
flood 10.9.8.2 --rate=100 --for=400ms
took=$((($(date +%s%N) - begin) / 1000000))
check "stops after its time ($took ms)" test $took -lt 3000
tap_end
