#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# Targets that are no virtual boards: `local` and `ssh:HOST`. Both are one virtual board,
# which runs this machine's programs: whatever happens there does not happen here.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=$(realpath "${IOMMU_STRESS:-build/iommu-stress}")
worker=$(dirname "$program")/iommu-stress-worker
PATH=$PATH:/usr/sbin

without() {
	skip "unplug here and over ssh" "$1"
	tap_end
	exit
}

[ "$(uname -m)" = x86_64 ] || without "the board that runs this machine's programs is an amd64"
server=$(command -v sshd || command -v dropbear) || without "no sshd or dropbear (dropbear-bin)"
programs="sh basename cat chmod cut grep head ls mkdir mktemp pgrep readlink rm sed seq setpriv
	sleep ssh ssh-keygen tail tr uname $server"
case $server in
*/dropbear) programs="$programs dropbearconvert" ;;
esac
for needed in $programs; do
	command -v "$needed" >/dev/null || without "no $needed"
done
"$program" board prepare amd64 >"$scratch/prepared" 2>&1 ||
	without "no board: $(tail -n 1 "$scratch/prepared")"

# The board has its own /tmp.
shared=$(mktemp -d /var/tmp/iommu-stress-test.XXXXXX) || exit 2
trap 'rm -rf "$shared"; tap_cleanup' EXIT
chmod 755 "$shared"

# take FILE...: programs with what they are linked to, for a root directory of their own in
# the board's memory. From this machine they would come by 9p, page by page, and QEMU 7.2 may
# lose an access to a device, or die, when another CPU changes the map of memory meanwhile, as
# each unplug does: see BUGS in iommu-stress-board(8).
root=$shared/root
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/tmp" \
	"$root/run/sshd" "$root/proc" "$root/sys" "$root/dev" "$root/test/arm64"
for name in bin lib lib64; do
	ln -s "usr/$name" "$root/$name"
done
take() {
	for file; do
		cp -L "$file" "$root/bin/"
		ldd "$file" | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p'
	done | sort -u | while read -r library; do
		mkdir -p "$root/usr/${library%/*}"
		cp -L "$library" "$root/usr$library"
	done
}
for needed in $programs; do
	command -v "$needed"
done >"$scratch/programs"
# shellcheck disable=SC2046 # a word a file
take $(cat "$scratch/programs") "$program"
cp "$worker" "$root/bin/"
cp tests/tap.sh "$root/test"
cp "$worker" "$root/test/arm64/"
# e_machine: EM_AARCH64
printf '\267' | dd of="$root/test/arm64/iommu-stress-worker" bs=1 seek=18 conv=notrunc 2>/dev/null

cat >"$root/test/guest" <<'END'
cd /tmp && . /test/tap.sh
program=/bin/iommu-stress device=0000:00:10.0 host=ssh:root@127.0.0.1
sysfs=/sys/bus/pci/devices/$device
# ssh looks for root's files where passwd says that they are.
home=/tmp/home
mkdir -p "$home/.ssh" && chmod 700 "$home/.ssh"
for user in root:x:0:0::$home:/bin/sh sshd:x:100:65534::/run/sshd:/bin/false \
	nobody:x:65534:65534::/:/bin/sh; do
	echo "$user" >>/etc/passwd
	echo "${user%%:*}:*:19000:0:99999:7:::" >>/etc/shadow
done
for key in host id far; do
	ssh-keygen -q -t ed25519 -N '' -f "$home/.ssh/$key"
done
# With the second key, sessions come from an address behind the board's network device.
cat >"$home/far" <<'FAR'
#!/bin/sh
export SSH_CONNECTION='192.0.2.1 9 192.0.2.2 22'
exec sh -c "$SSH_ORIGINAL_COMMAND"
FAR
chmod 700 "$home/far"
{
	cat "$home/.ssh/id.pub"
	echo "command=\"$home/far\" $(cat "$home/.ssh/far.pub")"
} >"$home/.ssh/authorized_keys"
echo "[127.0.0.1]:2222 $(cut -d' ' -f1,2 "$home/.ssh/host.pub")" >"$home/.ssh/known_hosts"
cat >"$home/.ssh/config" <<CONFIG
Host far
	IdentityFile $home/.ssh/far
	User root
Host *
	HostName 127.0.0.1
	HostKeyAlias [127.0.0.1]:2222
	Port 2222
	IdentitiesOnly yes
	KexAlgorithms curve25519-sha256
	IdentityFile $home/.ssh/id
CONFIG
cat >"$home/.ssh/sshd_config" <<CONFIG
Port 2222
ListenAddress 127.0.0.1
HostKey $home/.ssh/host
PermitRootLogin yes
UsePAM no
StrictModes no
PidFile /tmp/sshd.pid
CONFIG
if command -v sshd; then
	"$(command -v sshd)" -f "$home/.ssh/sshd_config"
else
	dropbearconvert openssh dropbear "$home/.ssh/host" /tmp/host.key &&
		dropbear -r /tmp/host.key -p 127.0.0.1:2222 -P /tmp/sshd.pid
fi >/tmp/server 2>&1

state() {
	echo "driver=$(basename "$(readlink "$sysfs/driver")") $(cat "$sysfs/driver_override" 2>/dev/null)" \
		"$(cat /sys/bus/pci/drivers_autoprobe /sys/kernel/rcu_expedited)" \
		"workers=$(pgrep -c iommu-stress-wo) $(ls -d /tmp/iommu-stress.* 2>/dev/null)"
}

# unplug STATUS NAME ARGS...: run is its directory, out what it says.
run=/tmp/run.0
unplug() {
	unplug_status=$1 unplug_name=$2
	shift 2
	run=/tmp/run.$tap_count out=/tmp/out
	"$program" unplug --vfio --run-dir "$run" "$@" >"$out" 2>&1
	status "$unplug_name" "$unplug_status" $? "$out"
}

# begin ARGS...: one in the background, until it has made an attempt. Its pid is $begun.
begin() {
	run=/tmp/run.b$tap_count out=/tmp/out
	"$program" unplug --vfio --run-dir "$run" -n 6000 "$@" >"$out" 2>&1 &
	begun=$!
	for _ in $(seq 300); do
		grep -qs '"type":"attempt"' "$run/journal.jsonl" && return
		kill -0 "$begun" 2>/dev/null || return
		sleep 0.1
	done
}

restore() {
	"$program" restore "$run" >/tmp/out 2>&1
	status "$1" 0 $? /tmp/out
	says "$2" /tmp/out "$3"
}

# untouched NAME: within a few seconds, all is as it was before the first test.
untouched() {
	for _ in $(seq 100); do
		now=$(state)
		[ "$now" = "$before" ] && break
		sleep 0.1
	done
	check "$1" test "$now" = "$before"
	[ "$now" = "$before" ] || echo "# $now, not $before"
}

# As no machine is by itself, to see that it is put back and not just set.
echo somebody >"$sysfs/driver_override"
echo 1 >/sys/kernel/rcu_expedited
before=$(state)

# -- local ---------------------------------------------------------------------------------

unplug 0 "local: the device is unplugged and comes back" -t local "$device" -n 8
untouched "... all is as it was"
restore "... there is nothing to restore" "... it says so" "^$run left nothing to put back"

begin -t local "$device"
kill -9 "$begun" $(pgrep iommu-stress-wo)
check "killed with its worker, a run leaves traces" test "$(state)" != "$before"
restore "... restore removes them" "... and names the device" "^$device is as it was"
untouched "... all is as it was"
restore "... twice does no harm" "... it says so" "^$run left nothing to put back"

chmod 1777 /tmp
setpriv --reuid 65534 --regid 65534 --clear-groups "$program" unplug --vfio -t local "$device" \
	--run-dir /tmp/run.user >/tmp/out 2>&1
status "without root it cannot be measured" 3 $? /tmp/out
check "... in one line" test "$(cat /tmp/out)" = \
	"iommu-stress: the kernel log of local: cannot read /dev/kmsg: EPERM: run as root"
unplug 2 "a device that is not there is refused" -t local 0000:77:00.0
says "... with its address" "$out" "there is no PCI device 0000:77:00.0"
mkdir /tmp/virtual
cat >/tmp/virtual/journal.jsonl <<'JOURNAL'
{"type":"run","at":1,"tool":"test","scenario":"unplug","target":"virt:amd64","wall":"2026-01-01T00:00:00Z","seed":1,"cycles":1,"plan":{}}
{"type":"undo","at":2,"words":"device=0000:00:10.0 driver=- override=- method=remove"}
JOURNAL
run=/tmp/virtual
restore "of a virtual board there is nothing to restore" "... it says so" "ended with it: nothing to put back"

# -- ssh -----------------------------------------------------------------------------------

"$program" list -t "$host" "$device" >/tmp/out 2>&1
status "ssh: the devices are listed" 0 $? /tmp/out
says "... the one that was named" /tmp/out "^$device "
unplug 0 "ssh: the device is unplugged and comes back" -t "$host" "$device" -n 8
untouched "... all is as it was"

begin -t "$host" "$device"
kill -9 $(pgrep -P "$(cat /tmp/sshd.pid)")
wait "$begun"
status "a connection that drops is no finding" 3 $? "$out"
# Which of the two ssh says depends on whether it was writing.
says "... it is named" "$out" \
	"the connection to root@127.0.0.1 ended: (Connection to 127.0.0.1 closed|.*Broken pipe)"
says "... and what to do" "$out" "^iommu-stress: .iommu-stress restore $run. puts back"
untouched "... the worker puts everything back"
restore "... restore agrees" "... and says so" "^$device is as it was"

begin -t "$host" "$device"
kill -9 "$begun"
untouched "after a controller that was killed, the worker puts everything back"

export IOMMU_STRESS_WORKER=/test/arm64/iommu-stress-worker
unplug 2 "a worker of another architecture is refused" -t "$host" "$device"
check "... in one line" test "$(cat "$out")" = \
	"iommu-stress: IOMMU_STRESS_WORKER=$IOMMU_STRESS_WORKER is no program for amd64"
unset IOMMU_STRESS_WORKER
unplug 3 "a host that lets nobody in" -t ssh:nobody@127.0.0.1 "$device"
check "... is named in one line" test "$(grep -c . "$out")" -eq 1
says "... with ssh's reason" "$out" "^iommu-stress: ssh:nobody@127.0.0.1 cannot be reached: .*Permission denied"
unplug 2 "the way to the controller is refused" -t ssh:far 0000:01:00.0
says "... with its reason" "$out" "0000:01:00.0 is the way to the controller .*192.0.2.1.*--allow-route"

# -- several devices -----------------------------------------------------------------------

# What two devices were, and one that is not there. $1: the target.
leave_several() {
	run=/tmp/run.s$tap_count
	mkdir "$run"
	echo '{"type":"run","at":1,"tool":"test","scenario":"unplug","target":"'"$1"'","wall":"2026-01-01T00:00:00Z","seed":1,"cycles":1,"plan":{}}' >"$run/journal.jsonl"
	for words in "device=$device driver=- override=somebody expedited=1" \
		"device=0000:77:00.0 driver=e1000e override=- limit_ms=200" \
		"device=$nic driver=virtio-pci override=-"; do
		echo '{"type":"undo","at":2,"words":"'"$words"' method=remove"}' >>"$run/journal.jsonl"
	done
	for one in "$device" "$nic"; do
		iommu-stress-worker bind device="$one" driver=vfio-pci >/dev/null
	done
	echo 0 >/sys/kernel/rcu_expedited
}

# One call for all that is left; the one that is lost keeps none of the others from it.
restore_several() {
	nic=0000:01:00.0
	leave_several "$1"
	check "$1: two devices are taken away" test "$(state) $(nic)" != "$before driver=virtio-pci"
	"$program" restore -v "$run" >/tmp/out 2>&1
	status "... restore tells that one of three is lost" 3 $? /tmp/out
	says "... which it is" /tmp/out "^iommu-stress: $1: 0000:77:00.0 does not come back"
	check "... and puts the others back" test \
		"$(grep -c " is as it was" /tmp/out) $(state) $(nic)" = "2 $before driver=virtio-pci"
	check "... in one call of the worker" test "$(grep -c "restore device=" /tmp/out)" -eq 1
	"$program" restore "$run" >/tmp/out 2>&1
	status "... again only the lost one is left" 3 $? /tmp/out
	check "... in one line" test "$(cat /tmp/out)" = \
		"iommu-stress: $1: 0000:77:00.0 does not come back: reboot"
}

nic() {
	echo "driver=$(basename "$(readlink /sys/bus/pci/devices/0000:01:00.0/driver)")"
}

# Last: the network device comes back without its addresses.
restore_several local
restore_several "$host"
untouched "nothing is left"
tap_end
END

# What the kernel says meanwhile would stand in the midst of lines.
"$program" board shell amd64 --worker --host-root >"$scratch/out" 2>"$scratch/err" <<END
mkdir /memory
[ ! -d /host/proc/1 ] || cp -a /host$root/. /memory/
[ -e /memory/test/guest ] || echo "guest: no files"
for name in dev proc sys; do mount -o bind /\$name /memory/\$name; done
chroot /memory /bin/sh /test/guest 2>/tmp/err | tee /tmp/tap
dmesg -n 1
echo "guest: begin"
cat /tmp/tap
sed 's/^/# /' /tmp/err
echo "guest: end"
dmesg -n 7
END
if grep -q '^guest: no files' "$scratch/out"; then
	without "no 9p: QEMU or the board's kernel lacks it"
elif grep -q '^guest: end' "$scratch/out"; then
	sed -n '/^guest: begin/,/^guest: end/p' "$scratch/out" | grep -v '^guest: '
	! sed -n '/^guest: begin/,/^guest: end/p' "$scratch/out" | grep -q '^not ok'
else
	not_ok "the board ran the tests" "$(cat "$scratch/err")" "$(tail -n 40 "$scratch/out")"
	tap_end
fi
