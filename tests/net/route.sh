#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The way to the controller, as this kernel takes it: rules, tables, VRFs, several next hops.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
lab_enter tests/net/route.sh "${1-}"
worker=$program-worker

# Three cables whose near ends hang on PCI devices in a /sys of this test's own.
cables() {
	number=0
	for name in east south west; do
		number=$((number + 1))
		ip link add $name type veth peer name $name-far || return
		ip link set $name up && ip link set $name-far up || return
		ip address add 10.$number.0.1/24 dev $name || return
		ip address add fd0$number::1/64 dev $name nodad || return
		path=devices/pci0000:00/0000:00:0$number.0
		mkdir -p "$scratch/sys/$path/net/$name"
		ln -s "../../../$path" "$scratch/sys/bus/pci/devices/"
		ln -s "../../$path/net/$name" "$scratch/sys/class/net/"
	done
	ip link set lo up
	ip route add default via 10.1.0.2
	ip -6 route add default via fd01::2
	mount --bind "$scratch/sys" /sys
}
mkdir -p "$scratch/sys/bus/pci/devices" "$scratch/sys/class/net" "$scratch/sys/class/block"
if ! cables >"$scratch/made" 2>&1; then
	skip "the way to the controller" "$(tr '\n' ' ' <"$scratch/made")"
	tap_end
	exit
fi

# ways NAME EXPECTED ARG...: the interfaces that facts names, sorted.
ways() {
	ways_name=$1 expected=$2
	shift 2
	env -u SSH_CONNECTION ${session:+SSH_CONNECTION="$session"} "$worker" facts "$@" \
		>"$scratch/facts"
	found=$(sed -n 's/^fact=use .* why=route what=\([^ ]*\) .*/\1/p' "$scratch/facts" | sort)
	if [ "$(echo "$found" | tr '\n' ' ')" = "$expected " ]; then
		ok "$ways_name"
	else
		not_ok "$ways_name" "not $expected:" "$(grep -v fact=device "$scratch/facts")"
	fi
}

# as_kernel NAME EXPECTED ADDRESS: and ip-route(8) says so, too.
as_kernel() {
	check "$1: the kernel takes $2" sh -c "ip route get $3 | grep -q ' dev $2 '"
	ways "$1: so do the facts" "$2" "peer=$3"
}

# unknown NAME WORDS ARG...: no way is named, and each network device may be it.
unknown() {
	unknown_name=$1 words=$2
	shift 2
	ways "$unknown_name: no way" "" "$@"
	check "$unknown_name: all may be it" test \
		"$(grep -c "^fact=unknown .* rule=route .*$words" "$scratch/facts")" -eq 3
}

# -- one table ---------------------------------------------------------------------------------

session=
as_kernel "on a link" south 10.2.0.9
as_kernel "on a link, IPv6" south fd02::9
as_kernel "by default" east 192.0.2.9
as_kernel "by default, IPv6" east 2001:db8::9
ways "an IPv4 address as an IPv6 one" south peer=::ffff:10.2.0.9
ip route add default via 10.3.0.2 metric 900
ip -6 route add default via fd03::2 metric 9000
ways "no controller: default routes, the best" east
ip route add unreachable 10.60.0.0/16
ip route add prohibit 10.61.0.0/16
ip -6 route add blackhole fd60::/64
unknown "unreachable" "no route leads there" peer=10.60.0.1
unknown "prohibited" EACCES peer=10.61.0.1
unknown "a black hole" EINVAL peer=fd60::1
unknown "a link that is not named" "which is not named" peer=fe80::9

# -- rules and tables --------------------------------------------------------------------------

ip rule add to 10.50.0.0/16 table 100
ip route add default via 10.3.0.2 table 100
ip -6 rule add to fd50::/16 table 100
ip -6 route add default via fd03::2 table 100
as_kernel "a rule for the destination" west 10.50.0.1
as_kernel "a rule for the destination, IPv6" west fd50::1
as_kernel "other destinations" east 10.51.0.1
ways "no controller: default routes of all tables" "east west"

ip rule add from 10.2.0.1 table 101
ip route add default via 10.2.0.2 table 101
ip -6 rule add from fd02::1 table 101
ip -6 route add default via fd02::2 table 101
session="192.0.2.9 4000 10.2.0.1 22"
ways "a rule for the source, in a session of ssh" south
session="::ffff:192.0.2.9 4000 ::ffff:10.2.0.1 22"
ways "... of a server with IPv6 sockets" south
session="2001:db8::9 4000 fd02::1 22"
ways "a rule for the source, IPv6" south
session="192.0.2.9 4000 10.1.0.1 22"
ways "a session with another source" east
session="192.0.2.9 4000 198.51.100.1 22"
ways "a session with an address of another machine" east
session=

# -- several next hops -------------------------------------------------------------------------

ip route add 10.70.0.0/16 nexthop via 10.2.0.2 nexthop via 10.3.0.2 weight 9
ip -6 route add fd70::/64 nexthop via fd02::2 nexthop via fd03::2
ways "all next hops" "south west" peer=10.70.0.1
ways "all next hops, IPv6" "south west" peer=fd70::1
ip rule add to 10.72.0.0/16 table 102
ip route add default table 102 nexthop via 10.1.0.2 nexthop via 10.3.0.2
ways "all next hops of another table" "east west" peer=10.72.0.1

if ip nexthop add id 1 via 10.2.0.2 dev south 2>"$scratch/nexthop" &&
	ip nexthop add id 2 via 10.3.0.2 dev west && ip nexthop add id 3 group 1/2; then
	ip route add 10.71.0.0/16 nhid 3
	ways "a group of next hops" "south west" peer=10.71.0.1
	if echo 0 2>/dev/null >/proc/sys/net/ipv4/nexthop_compat_mode; then
		unknown "a group that is not shown" ENODATA peer=10.71.0.1
		echo 1 >/proc/sys/net/ipv4/nexthop_compat_mode
	else
		skip "a group that is not shown" "net.ipv4.nexthop_compat_mode is read-only"
	fi
else
	skip "a group of next hops" "$(cat "$scratch/nexthop")"
fi

# -- without an answer -------------------------------------------------------------------------

if strace -e trace=none true 2>/dev/null; then
	strace -f -o "$scratch/trace" -e inject=socket:error=EPERM "$worker" facts \
		peer=10.2.0.9 >"$scratch/facts"
	says "no answer of the kernel: nothing is known" "$scratch/facts" \
		'^fact=unknown .* rule=route what="IPv4 routes" why=EPERM$'
else
	skip "no answer of the kernel: nothing is known" "strace may not be used"
fi

# -- VRFs --------------------------------------------------------------------------------------

if ip link add red type vrf table 200 2>"$scratch/vrf"; then
	ip link set red up
	ip link set south master red
	ip link set west master red
	ip address add fd02::1/64 dev south nodad
	ip address add fd03::1/64 dev west nodad
	ip route add 10.80.0.0/16 via 10.3.0.2 vrf red
	ip -6 route add fd80::/64 via fd03::2 vrf red
	mkdir -p "$scratch/sys/devices/virtual/net/red"
	ln -s ../../devices/virtual/net/red "$scratch/sys/class/net/red"
	echo DEVTYPE=vrf >"$scratch/sys/class/net/red/uevent"
	ip route delete default via 10.1.0.2
	ip -6 route delete default via fd01::2
	for address in 10.80.0.1 fd80::1; do
		check "in a VRF the kernel takes west to $address" sh -c \
			"ip route get $address vrf red | grep -q ' dev west '"
		ways "so do the facts" west peer=$address
	done
	ip route add default via 10.1.0.2
	ways "which VRF it is may not be known: all ways" "east west" peer=10.80.0.1
else
	skip "VRFs" "$(tr '\n' ' ' <"$scratch/vrf")"
fi
tap_end
