#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 200
# What each engine sends, as it comes in at the other end of the cable.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
lab_enter tests/net/engines.sh "${1-}"
lab_begin

if ! command -v python3 >/dev/null; then
	skip "what engines send" "python3 is not installed"
	tap_end
	exit
fi

# How long is captured at most; what has 400 whole requests ends at once.
seconds=20

captured() {
	tr ' ' '\n' <"$scratch/seen" | sed -n "s/^$1=//p"
}

# capture NAME WANTED ARG...: floods, and each WANTED word is in what was captured.
capture() {
	name=$1 wanted=$2
	shift 2
	rm -f "$scratch/seen"
	far python3 tests/net/capture.py far "$seconds" 400 >"$scratch/seen" &
	capture_pid=$!
	reap $capture_pid
	await 5 grep -q ready "$scratch/seen"
	flood "$@"
	wait $capture_pid
	for word in $wanted; do
		if ! tail -n 1 "$scratch/seen" | tr ' ' '\n' | grep -qx "$word"; then
			not_ok "$name" "no $word in: $(tail -n 1 "$scratch/seen")" \
				"$(tail -n 1 "$scratch/out")" "$(cat "$scratch/err")"
			return
		fi
	done
	ok "$name"
}

engines="packet raw"
if lab_has_bpf; then
	engines="$engines turbo"
else
	skip "turbo" "$("$program" flood --engine=help | sed -n '/^turbo/,/^frames/s/.*not possible here: //p')"
fi
for engine in $engines; do
	extra=twice=0
	# The requests that it was tried out with have numbers of their own.
	[ "$engine" = turbo ] && extra=
	capture "$engine: IPv4, whole and right" \
		"v4=400 wrong=0 hops=1 lengths=64 ${extra:+idents=1}" \
		10.9.8.2 --engine="$engine" --size=64 --rate=2000 --count=420
	capture "$engine: IPv6" "v6=400 wrong=0 hops=1 lengths=1000 ${extra:+idents=1}" \
		fd09::2 --engine="$engine" --size=1000 --rate=2000 --count=420
	capture "$engine: both in turn" "wrong=0 lengths=333" \
		10.9.8.2 fd09::2 --engine="$engine" --size=333 --rate=2000 --count=420
	# Of the first 400; turbo sends many of one kind at a time.
	check "$engine: as many of each" test "$(captured v4)" -gt 100
	check "$engine: of both" test "$(captured v6)" -gt 100
	check "$engine: no number twice" test -z "$(captured twice)"
	capture "$engine: odd sizes" "wrong=0" 10.9.8.2 fd09::2 --engine="$engine" --size=17 \
		--rate=max --count=500
done
seconds=2
capture "packet: requests of three fragments" "wrong=0 fragments=60" 10.9.8.2 \
	--engine=packet --size=4000 --rate=100 --count=20
check "packet: they are answered" test "$(value replies)" = 20
seconds=20
capture "packet: in a VLAN" "vlan77=400 v4=400 wrong=0" 10.9.8.2 --engine=packet \
	--spec=vlan=77,v4,size=64 --rate=2000 --count=420 --target-mac=02:09:08:00:00:02

# XDP redirects into a veth only when its other end polls; a tun would not be Ethernet.
if [ "${engines##*turbo}" = "" ]; then
	check "turbo: the interface counts what was made" flood 10.9.8.2 --engine=turbo \
		--rate=max --size=64 --count=10000
	check "turbo: as many as were wanted" test "$(value sent)" = 10000
	check "turbo: nothing stays on the interface" sh -c \
		'! tc filter show dev near egress 2>/dev/null | grep -q bpf'
	if command -v setpriv >/dev/null; then
		empty "turbo: the rights that the manual names will do" "$(setpriv \
			--bounding-set=-all,+net_raw,+net_admin,+bpf,+perfmon --inh-caps=-all \
			timeout 30 "$program" flood 10.9.8.2 --engine=turbo --size=64 \
			--count=100 2>&1 >/dev/null </dev/null)"
	else
		skip "turbo: the rights that the manual names will do" \
			"setpriv is not installed"
	fi
	flood 10.9.8.2 --engine=turbo --spec=size=64..128 --rate=100 --count=10
	says "turbo: gives way where it cannot, and says so" "$scratch/err" \
		'^iommu-stress: engine turbo is not possible: .*; using packet$'
	check "turbo: what it gave way to sends" test "$(value replies)" = 10
fi

# What becomes of replies: with none not even what is lost is known.
for engine in $engines; do
	for address in 10.9.8.2 fd09::2 "10.9.8.2 fd09::2"; do
		# shellcheck disable=SC2086 # words
		flood $address --engine=$engine --measure=none --rate=2000 --size=64 --count=1000
		check "$engine, $address: --measure=none sends all, knows of no reply" test \
			"$(value sent) $(value replies) $(value lost) $(value rtt_p50_us)" = "1000 0 0 0"
		check "... at the rate, without looking for the target" grep -q \
			'^flood state=hold .* rate=2000 ' "$scratch/out"
		# shellcheck disable=SC2086 # words
		flood $address --engine=$engine --measure=count --rate=2000 --size=64 --count=1000
		check "$engine, $address: --measure=count counts, and reads none" test \
			"$(value sent) $(value replies) $(value rtt_p50_us)" = "1000 1000 0"
	done
done
flood 10.9.8.2 --engine=packet --measure=count --rate=1000 --size=4000 --count=500
check "packet: --measure=count counts replies in fragments" test "$(value replies)" = 500
flood 10.9.8.2 --measure=count --for=3s
check "--measure=count is enough for rate=auto to rise" grep -q ' reply_rate=[0-9]\{4,\} ' \
	"$scratch/out"

# refuses WORDS ARG...
refuses() {
	wanted=$1
	shift
	flood 10.9.8.2 "$@"
	status "$*: refused" 2 $?
	says "... in words" "$scratch/err" "$wanted"
}
refuses "leaves no replies for rate auto to go by" --measure=none
refuses "leaves no replies for surge to go by" --measure=none --spec=rate=9,surge=1s
refuses "goes with icmp only" --measure=count --spec=icmp,udp --rate=9
refuses "'some' is not one of none, count, all" --measure=some

# Replies that this machine's own stack has seen.
stack_replies() {
	awk '$1 == "Icmp:" && !names { names = split($0, name) ; next }
	     $1 == "Icmp:" { for (i = 2; i <= names; i++) if (name[i] == "InEchoReps") print $i }' \
		/proc/net/snmp
}

# counts NAME ARGS...: all of 5,000 requests are answered; $taken of them the stack has not seen.
counts() {
	counts_name=$1
	shift
	before=$(stack_replies)
	"$@" timeout 30 "$program" flood 10.9.8.2 --engine=packet --rate=5000 --size=64 \
		--count=5000 >"$scratch/out" 2>"$scratch/err" </dev/null
	if [ "$(value replies)" = 5000 ]; then
		ok "$counts_name"
	else
		not_ok "$counts_name" "$(tail -n 2 "$scratch/out")" "$(cat "$scratch/err")"
	fi
	taken=$((5000 - ($(stack_replies) - before)))
}

if ! lab_has_bpf || [ "$(uname -r | awk -F. '{ print $1 * 100 + $2 }')" -lt 606 ]; then
	skip "packet: replies are counted where they come in" "no BPF, or a kernel before 6.6"
else
	counts "packet: replies are counted where they come in" env
	check "packet: most of them end there" test "$taken" -gt 2000
	before=$(stack_replies)
	timeout 30 "$program" flood 10.9.8.2 --engine=packet --rate=2000 --size=64 --for=2s \
		>"$scratch/out" 2>"$scratch/err" </dev/null &
	flood_pid=$!
	reap $flood_pid
	check "packet: other people's replies do not" ping -c 5 -i 0.2 -W 1 10.9.8.2
	wait $flood_pid
	if command -v setpriv >/dev/null; then
		counts "packet: the rights that the manual names will do" \
			setpriv --bounding-set=-all,+net_raw,+net_admin,+bpf --inh-caps=-all
		check "packet: most of them end there" test "$taken" -gt 2000
	else
		skip "packet: the rights that the manual names will do" \
			"setpriv is not installed"
	fi
fi
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
	counts "packet: without CAP_BPF they are counted at the socket" \
		setpriv --bounding-set=-bpf,-sys_admin --inh-caps=-bpf,-sys_admin
	check "packet: none of them ends before" test "$taken" -le 0
else
	skip "packet: without CAP_BPF they are counted at the socket" "setpriv is not installed"
fi

timeout 120 "$program" flood --self-test >"$scratch/out" 2>"$scratch/err" </dev/null
status "the self-test ends well" 0 $? "$scratch/err"
for engine in packet raw; do
	says "it measures $engine, answering and silent" "$scratch/out" \
		"^$engine +64( +[0-9.]+){6}\$"
done
tap_end
