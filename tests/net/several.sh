#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 120
# A flood through several interfaces: what each sends, what is told of all, and its guards.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
. tests/lab.sh
lab_enter tests/net/several.sh "${1-}"
lab_begin

# A second cable, with routes to the same addresses behind those of the first.
ip link add near2 address 02:09:09:00:00:01 type veth peer name far2 \
	address 02:09:09:00:00:02 netns "$other"
ip address add 10.9.9.1/24 dev near2
ip address add fd19::1/64 dev near2 nodad
ip link set near2 up
far ip address add 10.9.9.2/24 dev far2
far ip address add fd09::2/128 dev far2 nodad
far ip address add fd19::2/64 dev far2 nodad
far ip link set far2 up
ip route add 10.9.8.2 dev near2 src 10.9.9.1 metric 50
ip -6 route add fd09::2 dev near2 src fd19::1 metric 5000

# of INTERFACE KEY: in its last line.
of() {
	grep "^interface name=$1 " "$scratch/out" | tail -n 1 | tr ' ' '\n' | sed -n "s/^$2=//p"
}

received() {
	far sed -n "s/^ *$1: *//p" /proc/net/dev | awk '{ print $2 }'
}

echos() {
	far cat /proc/net/snmp | awk '/^Icmp: [0-9]/ { print $10 }'
}

# start ARG...: in the background, once there are replies.
start() {
	: >"$scratch/out"
	# shellcheck disable=SC2086
	"$program" flood "$@" $both --for=60s >"$scratch/out" 2>"$scratch/err" </dev/null &
	flood_pid=$!
	reap $flood_pid
	await 10 grep -q '^flood state=hold .*replies=[1-9]' "$scratch/out"
}

both="--interface=near --interface=near2"
engines="packet raw"
lab_has_bpf && engines="$engines turbo"
for engine in $engines; do
	for address in 10.9.8.2 fd09::2 "10.9.8.2 fd09::2"; do
		before=$(received far) before2=$(received far2)
		# shellcheck disable=SC2086 # words
		flood $address $both --engine=$engine --rate=1000 --size=64 --count=200
		status "$engine, $address: ends well" 0 $? "$scratch/err"
		told="$(of near sent) $(of near replies) $(of near2 sent) $(of near2 replies)"
		check "... each sends its count" test "$(of near sent) $(of near2 sent)" = "200 200"
		# A busy machine's target may lose some.
		check "... and is answered ($told)" test \
			$(($(of near replies) > 150 && $(of near2 replies) > 150)) = 1
		check "... and their sum is told last" test "$(value sent) $(value replies)" = \
			"400 $(($(of near replies) + $(of near2 replies)))"
		check "... through the one cable" test $(($(received far) - before)) -ge 200
		check "... and the other" test $(($(received far2) - before2)) -ge 200
	done
done
# shellcheck disable=SC2086
flood 10.9.8.2 $both --rate=500 --for=2s
check "they run at the same time, and the rate is each one's" test \
	"$(grep -c '^flood .* rate=1000 ' "$scratch/out")" -ge 5
# shellcheck disable=SC2086
flood 10.9.8.2 $both --rate=500 --for=2500ms --format=figures
says "people read all of them" "$scratch/out" '^ +[12] s .*/s answered .*  hold  all$'
says "... and each of them" "$scratch/out" '^ +[12] s .*/s answered .*  hold  near2$'
says "... also at the end" "$scratch/out" '^near2: [0-9]+ sent in [0-9.]+ s '

# shellcheck disable=SC2086
flood 10.9.8.2 $both --measure=none --rate=1000 --count=100
check "what becomes of replies is the same of each" test \
	"$(of near sent) $(of near replies) $(of near2 sent) $(of near2 replies)" = "100 0 100 0"

# One link goes, and the other is flooded on.
start 10.9.8.2 --rate=1000
far ip link set far2 down
check "a link that goes is told by name" await 10 grep -q \
	'^interface name=near2 .* errors=.*ENETDOWN:' "$scratch/out"
replies=$(of near replies)
more_replies() {
	[ "$(of near replies)" -gt $((replies + 500)) ]
}
check "... and stops no other" await 10 more_replies
kill -TERM $flood_pid
wait $flood_pid
check "... and nothing was sent through it for long" test \
	"$(of near2 sent)" -lt $(($(of near sent) - 300))
says "... and is told in the sum, too" "$scratch/out" '^flood .* errors=.*ENETDOWN:'
far ip link set far2 up
far ip address add fd19::2/64 dev far2 nodad

# Around a mark, both together.
: >"$scratch/out"
# shellcheck disable=SC2086,SC2094 # words; it waits for what is written
{
	await 5 grep -q '^flood .*replies=[1-9]' "$scratch/out"
	sleep 0.7
	echo mark
	sleep 0.3
	echo timeline
	await 5 grep -q '^timeline end' "$scratch/out"
} | timeout 20 "$program" flood 10.9.8.2 $both --rate=1000 >"$scratch/out"
status "ends with its input" 0 $? "$scratch/out"
check "the timeline ends once" test "$(grep -c '^timeline end$' "$scratch/out")" = 1
check "... and is of both" test "$(sed -n 's/^timeline .*sent=\([^ ]*\) .*/\1/p' "$scratch/out" |
	tr ',' '\n' | awk -Fx '{ n += $2 ? $2 : 1; s += $1 * ($2 ? $2 : 1) }
	END { print (n > 400 && s / n > 1.6 && s / n < 2.4) }')" = 1

# -- guards --------------------------------------------------------------------------------

# refused NAME WORDS ARG...: status 2, no sample, these words, and nothing was sent.
refused() {
	name=$1 words=$2
	shift 2
	before=$(echos)
	flood "$@" --rate=1000 --count=100
	status=$?
	if [ $status -eq 2 ] && [ ! -s "$scratch/out" ] && grep -qF -- "$words" "$scratch/err" &&
		[ "$(echos)" = "$before" ]; then
		ok "refuses $name"
	else
		not_ok "refuses $name" "status $status" "$(cat "$scratch/out" "$scratch/err")"
	fi
}

refused "all when one is not there" "no such interface" 10.9.8.2 --interface=near \
	--interface=nowhere
ip route add 10.66.0.0/16 dev near metric 50
ip route add 10.66.0.0/16 via 10.9.9.2 dev near2 metric 51
refused "all when one leads to a gateway" "--interface=near2 is refused" 10.66.0.1 \
	--interface=near --interface=near2
far ip address add 10.9.8.4/24 dev far
ip route add default via 10.9.8.4
ip route add 10.9.8.4 dev near2 src 10.9.9.1
refused "a gateway through each" "is the default gateway" 10.9.8.4 --interface=near2 \
	--interface=near
ip route delete default
refused "one that is given twice" "--interface=near is given twice" 10.9.8.2 \
	--interface=near --interface near
refused "a link-local address" "is behind one interface" fe80::1%near --interface=near \
	--interface near2

# -- ends ----------------------------------------------------------------------------------

held() {
	ip neigh show to 10.9.8.2 | grep -c PERMANENT
}

no_hold() {
	[ "$(held)" = 0 ]
}

start 10.9.8.2 --rate=1000
check "the entries are held on both" test "$(held)" = 2
kill -TERM $flood_pid
wait $flood_pid
status "SIGTERM ends all" 0 $? "$scratch/err"
check "... and puts back the entries" test "$(held)" = 0
check "... with a last sum" test "$(value sent)" = $(($(of near sent) + $(of near2 sent)))

start 10.9.8.2 --rate=1000
# shellcheck disable=SC2046 # a list
set -- $(cat /proc/$flood_pid/task/$flood_pid/children)
kill -KILL "$1"
wait $flood_pid
status "one that is killed ends all" 2 $? "$scratch/err"
says "... and which one it was is told" "$scratch/err" \
	'the flood through near ended: signal 9 \(Killed\)'
check "... and the entries are put back" await 3 no_hold

start 10.9.8.2 --rate=1000
kill -KILL $flood_pid
wait $flood_pid 2>/dev/null
check "none outlives what has started them" await 3 no_hold
before=$(echos)
sleep 0.5
check "... and nothing is sent any more" test "$(echos)" = "$before"
tap_end
