# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Two ends of a cable in two network namespaces: here near, 10.9.8.1 and fd09::1; in the
# other one far, .2 and ::2. `. tests/lab.sh`, lab_enter "$0" "$1", then lab_make. As
# root without a user namespace, for BPF is worth nothing in one; else in one. Nothing
# leaves the namespaces, which end with the processes that are in them.
program=${IOMMU_STRESS:-build/iommu-stress}

# lab_enter SCRIPT ARGUMENT: comes back inside; or says that all is skipped, and ends.
lab_enter() {
	[ "$2" = inside ] && return
	if ! command -v ip >/dev/null; then
		skip "${1##*/}" "iproute2 is not installed"
	elif [ "$(id -u)" -eq 0 ] && unshare -nm true 2>/dev/null; then
		unshare -nmpf --mount-proc --kill-child "$1" inside
		exit
	elif unshare -rnm true 2>/dev/null; then
		unshare -rnmpf --mount-proc --kill-child "$1" inside
		exit
	else
		skip "${1##*/}" "unshare(1) may not make namespaces here"
	fi
	tap_end
	exit
}

# Whether programs can be loaded: not in a user namespace.
lab_has_bpf() {
	! "$program" flood --engine=help | sed -n '/^turbo/,/^frames/p' | grep -q 'not possible'
}

lab_cable() {
	ip link add near address 02:09:08:00:00:01 type veth peer name far \
		address 02:09:08:00:00:02 netns "$other" || return
	ip address add 10.9.8.1/24 dev near
	ip address add fd09::1/64 dev near nodad
	ip link set near up
	far ip address add 10.9.8.2/24 dev far
	far ip address add fd09::2/64 dev far nodad
	far ip link set far up
}

# shellcheck disable=SC2154 # scratch is of tests/tap.sh
lab_make() {
	# State files of floods, and nobody else's.
	XDG_RUNTIME_DIR=$scratch/runtime
	export XDG_RUNTIME_DIR
	mkdir "$XDG_RUNTIME_DIR"
	ip link set lo up || return
	unshare -n sleep 300 &
	other=$!
	reap $other
	while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do
		sleep 0.01
	done
	far ip link set lo up
	lab_cable
}

# lab_begin: makes it, or says why all is skipped, and ends.
lab_begin() {
	lab_make >"$scratch/made" 2>&1 && return
	skip "floods between namespaces" "$(tr '\n' ' ' <"$scratch/made")"
	tap_end
	exit
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

# await SECONDS COMMAND...: until it succeeds.
await() {
	await_left=$(($1 * 50))
	shift
	until "$@" >/dev/null 2>&1; do
		await_left=$((await_left - 1))
		[ $await_left -gt 0 ] || return
		sleep 0.02
	done
}
