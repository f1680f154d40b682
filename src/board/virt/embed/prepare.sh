#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the kernel and the initramfs of a virtual board from Debian's packages of its
# architecture, as an ordinary user and without touching the system's package state.
#
#   prepare.sh DIR ARCH SUITE KEY INIT SHRC debian [update]
#   prepare.sh DIR ARCH SUITE KEY INIT SHRC plain
#   prepare.sh DIR ARCH SUITE KEY INIT SHRC modules NAME VERSION MODULES
#   prepare.sh DIR ARCH SUITE KEY INIT SHRC worker NAME INITRD WORKER DEVICE
#   prepare.sh DIR ARCH SUITE KEY INIT SHRC kexec NAME KERNEL INITRD
#
# debian: DIR/debian becomes a link to a directory with `kernel` and `initrd`, named
# after the kernel's version and KEY. plain: DIR/images/plain_KEY/initrd, without any
# module. modules: DIR/images/NAME_KEY/initrd, with modules of the kernel VERSION from
# the directory MODULES. worker: DIR/images/NAME_KEY/initrd, which is INITRD with the program
# WORKER, and with the address of the device to unplug ("-": none) in etc/worker. kexec: DIR/images/NAME_KEY/initrd, which is INITRD with
# kexec-tools, KERNEL and INITRD inside.
#
# Standard output is for the user: progress, and in the end perhaps "error: WHY". What the
# programs say goes to standard error. Everything is made elsewhere and renamed into its
# place, so that an interruption at any point leaves nothing half made.
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

dir=$1 arch=$2 suite=$3 key=$4 init=$5 shrc=$6 what=$7
shift 7
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Drivers of the network devices that QEMU has, of its IOMMUs, for passing devices on, of its
# device with virtual functions, and for files of this machine. One that a kernel does not
# have, or has built in, is left out.
drivers='virtio_pci virtio_net virtio_iommu
	e1000 e1000e igb igbvf e100 8139cp vmxnet3 pcnet32 ne2k-pci tulip
	vfio-pci vfio_iommu_type1 iommufd
	nvme 9p 9pnet_virtio'

# Busybox calls itself by these names.
applets='[ awk basename cat chmod chown chroot clear cmp cp cpio cttyhack cut date dd df dirname
	dmesg du echo env expr false find free grep gunzip gzip head hexdump hostname id
	insmod ip kill killall ln ls lsmod md5sum mkdir mknod mktemp modinfo modprobe more
	mount mv nc nproc od ping ping6 poweroff printf ps pwd readlink realpath reboot rm
	rmdir rmmod sed seq setsid sh sha256sum sleep sort stat stty sync sysctl tail tar
	taskset tee test time timeout top touch tr true tty umount uname uniq uptime usleep
	vi watch wc which xargs xxd yes zcat'

say()
{
	printf '%s\n' "$*"
}

die()
{
	say "error: $*"
	trap - EXIT
	[ -z "${work-}" ] || rm -rf "$work"
	exit 1
}

# Megabytes that are free where the cache is.
space()
{
	df -Pm "$dir" | awk 'NR == 2 { print $4 }'
}

# failed WORDS [REASON]: the reason is what a program said last, or that the disk is full,
# where programs fail in many ways and the log is cut off.
failed()
{
	[ "$(space)" -ge 8 ] || die "$1: no space left in $dir"
	die "$1: ${2:-$(tail -n 1 "$dir/prepare.log")} (all of it: $dir/prepare.log)"
}

# Whatever stops a program below stops this script (set -e).
finish()
{
	[ "$?" -eq 0 ] || failed "cannot make the board's files"
	[ -z "${work-}" ] || rm -rf "$work"
}

# need PROGRAM PACKAGE
need()
{
	command -v "$1" >/dev/null || die "$1 is missing: apt install $2"
}

# Ends with this script, whatever ends it.
run()
{
	setpriv --pdeathsig KILL "$@"
}

# -- packages ------------------------------------------------------------------------------

# Prints the URI of a Debian archive, from this machine's own sources: `main` or
# `security`. Label and origin are known only where `apt-get update` was run.
mirror()
{
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets 'Created-By: Packages' \
		--format '$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)' |
	awk -F'|' -v want="$1" '
		$3 != "main" || $4 == "" { next }
		{ kind = $2 ~ /-security$/ ? "security" : $2 ~ /-/ ? "" : "main" }
		kind != want { next }
		{ rank = 1 + ($4 ~ /\/debian(-security)?\/?$/) + 2 * ($1 == "Debian") }
		rank > best { best = rank; uri = $4 }
		END { if (best > 1) print uri }'
}

write_sources()
{
	main=$(mirror main)
	[ -n "$main" ] || die "apt of this machine knows no Debian archive to take the" \
		"board's kernel from: pass --kernel and --initrd"
	[ -e "$keyring" ] ||
		die "$keyring is missing: apt install debian-archive-keyring"
	echo "deb [signed-by=$keyring] $main $suite main"
	case $suite in
	sid | unstable | experimental) return ;;
	esac
	echo "deb [signed-by=$keyring] $main $suite-updates main"
	security=$(mirror security)
	[ -z "$security" ] || echo "deb [signed-by=$keyring] $security $suite-security main"
}

# An apt of its own: other architecture, other sources, other state; only how archives are
# reached (proxies, logins) is this machine's.
make_apt()
{
	mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
	: >"$work/apt/status"
	write_sources >"$work/apt/sources.list.new" || exit 1
	mv "$work/apt/sources.list.new" "$work/apt/sources.list"
	cat >"$work/apt/apt.conf" <<-EOF
		#clear APT::Architectures;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear APT::Update::Pre-Invoke;
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Default-Release "";
		APT::Sandbox::User "$(id -un)";
		Dir::State "$work/apt";
		Dir::State::status "$work/apt/status";
		Dir::Cache "$work/apt";
		Dir::Etc::sourcelist "$work/apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
		Acquire::https::Timeout "30";
	EOF
	# A list that cannot be had is only a warning to apt, and old lists there are none.
	run apt-get -c "$work/apt/apt.conf" -q -o APT::Update::Error-Mode=any update >&2 ||
		failed "cannot reach the Debian archive" \
			"$(grep -E '^[EW]: ' "$dir/prepare.log" | head -n 1 | cut -c 4-)"
}

# The packages that hold the kernel which linux-image-ARCH stands for: since 7.0 several.
kernel_packages()
{
	apt-cache -c "$work/apt/apt.conf" depends --recurse --important \
		"linux-image-$arch" | grep -E "^linux-[a-z]+-[0-9].*-$arch\$"
}

# have LIST: were all packages named in packages/LIST downloaded?
have()
{
	[ -s "$dir/packages/$1" ] || return 1
	while read -r file; do
		[ -e "$dir/packages/$file" ] || return 1
	done <"$dir/packages/$1"
}

# fetch LIST PACKAGE...: downloads them and writes their file names to packages/LIST.
fetch()
{
	list=$1
	shift
	mkdir -p "$work/fetch"
	(cd "$work/fetch" && run apt-get -c "$work/apt/apt.conf" -q download "$@" >&2)
	(cd "$work/fetch" && ls ./*.deb) >"$work/$list"
	mkdir -p "$dir/packages"
	mv "$work"/fetch/*.deb "$dir/packages/"
	mv "$work/$list" "$dir/packages/$list"
}

# Removes packages that no list names any more.
forget_packages()
{
	(cd "$dir/packages" && for file in ./*.deb; do
		cat busybox kernel kexec 2>/dev/null | grep -qxF "$file" || rm "$file"
	done)
}

# kexec-tools and libraries that it may need. Nothing of them is configured.
kexec_packages()
{
	apt-cache -c "$work/apt/apt.conf" depends --recurse --important kexec-tools |
		grep -E '^(kexec-tools|libc6|zlib1g|liblzma[0-9]|libzstd[0-9]|libxen[a-z0-9.]*)$'
}

get_packages()
{
	want=
	[ "$what" = kexec ] || have busybox || want=yes
	[ "$what" != debian ] || have kernel || want=yes
	[ "$what" != kexec ] || have kexec || want=yes
	[ -n "$want" ] || [ -n "$update" ] || return 0
	say "looking for Debian $suite's packages for $arch"
	make_apt
	if [ "$what" = kexec ]; then
		names=$(kexec_packages) || die "Debian $suite has no kexec-tools for $arch"
		# shellcheck disable=SC2086 # one word a package
		fetch kexec $names
	elif [ -n "$update" ] || ! have busybox; then
		fetch busybox busybox-static
	fi
	if [ "$what" = debian ]; then
		names=$(kernel_packages) ||
			die "Debian $suite has no package linux-image-$arch"
		say "downloading $(echo "$names" | grep '^linux-image' | head -n 1)"
		# shellcheck disable=SC2086 # one word a package
		fetch kernel $names
	fi
	forget_packages
	rm -rf "$work/apt"
}

# unpack LIST: into $work/root.
unpack()
{
	mkdir -p "$work/root"
	while read -r file; do
		run dpkg-deb -x "$dir/packages/$file" "$work/root"
	done <"$dir/packages/$1"
}

# -- initramfs -----------------------------------------------------------------------------

# add_modules ROOT VERSION: drivers and what they need, from ROOT/lib/modules/VERSION.
add_modules()
{
	to=$work/image/lib/modules/$2
	mkdir -p "$to"
	for driver in $drivers; do
		modprobe -d "$1" -S "$2" --show-depends "$driver" || :
	done | sed -n 's/^insmod \(.*[^ ]\) *$/\1/p' | sort -u >"$work/modules"
	# Busybox knows no compressed modules.
	while read -r path; do
		module=${path##*/}
		case $module in
		*.ko.xz) xz -dc "$path" >"$to/${module%.xz}" ;;
		*.ko.zst) zstd -q -dc "$path" >"$to/${module%.zst}" ;;
		*.ko.gz) gzip -dc "$path" >"$to/${module%.gz}" ;;
		*) cp "$path" "$to/$module" ;;
		esac
	done <"$work/modules"
	: >"$to/modules.order"
	: >"$to/modules.builtin"
	depmod -b "$work/image" "$2"
	rm -f "$to"/modules.*.bin "$to"/modules.devname "$to"/modules.softdep
}

make_tree()
{
	image=$work/image
	(mkdir -p "$image" && cd "$image" && mkdir bin dev etc host proc run sys tmp)
	busybox=$work/root/bin/busybox
	[ -e "$busybox" ] || busybox=$work/root/usr/bin/busybox
	cp "$busybox" "$image/bin/busybox"
	for applet in $applets; do
		ln -s busybox "$image/bin/$applet"
	done
	cat "$init" >"$image/init"
	cat "$shrc" >"$image/etc/shrc"
	chmod 755 "$image/init"
}

archive()
{
	sort | cpio -o -H newc -R 0:0 --reproducible --quiet
}

# Not compressed: an emulated CPU would take longer to unpack than QEMU to read it.
pack()
{
	mkdir -p "$work/new"
	(cd "$work/image" && find . | archive) >"$work/new/initrd"
}

# publish NAME: the new directory becomes DIR/images/NAME.
publish()
{
	mkdir -p "$dir/images"
	rm -rf "$dir/images/$1"
	mv "$work/new" "$dir/images/$1"
	# Older ones may be in use by a run: keep some.
	(cd "$dir/images" && ls -dt ./*) | tail -n +9 | while read -r old; do
		[ "${old#./}" = "$(basename "$(readlink "$dir/debian")")" ] ||
			rm -rf "$dir/images/$old"
	done
}

make_debian()
{
	get_packages
	image_package=$(sed -n 's,^\./linux-image-\(.*\)_\([^_]*\)_[^_]*\.deb$,\1 \2,p' \
		"$dir/packages/kernel" | head -n 1)
	version=${image_package% *}
	name=$version-${image_package#* }_$key
	if [ ! -e "$dir/images/$name/initrd" ]; then
		say "making the initramfs for Linux $version"
		unpack busybox
		unpack kernel
		# Where the packages put modules has changed over the releases.
		if [ ! -e "$work/root/lib/modules" ]; then
			mkdir -p "$work/root/lib"
			mv "$work/root/usr/lib/modules" "$work/root/lib/modules"
		fi
		depmod -b "$work/root" "$version"
		make_tree
		add_modules "$work/root" "$version"
		pack
		kernel=$work/root/boot/vmlinuz-$version
		[ -e "$kernel" ] || kernel=$work/root/lib/modules/$version/vmlinuz
		mv "$kernel" "$work/new/kernel"
		publish "$name"
	fi
	ln -s "images/$name" "$work/link"
	mv -T "$work/link" "$dir/debian"
}

make_plain()
{
	[ ! -e "$dir/images/plain_$key/initrd" ] || return 0
	get_packages
	unpack busybox
	make_tree
	pack
	publish "plain_$key"
}

# make_modules NAME VERSION MODULES
make_modules()
{
	[ ! -e "$dir/images/${1}_$key/initrd" ] || return 0
	get_packages
	unpack busybox
	make_tree
	mkdir -p "$work/tree/lib/modules"
	ln -s "$3" "$work/tree/lib/modules/$2"
	add_modules "$work/tree" "$2"
	[ -s "$work/modules" ] || say "no driver of a network device in $3:" \
		"taken as built into the kernel"
	pack
	publish "${1}_$key"
}

# sonames FILE: libraries that are named in a program, needed or not.
sonames()
{
	grep -aoE '(lib[a-z0-9+_-]+|ld-linux-[a-z0-9_-]+|ld64)\.so(\.[0-9]+)+' "$1" | sort -u
}

# add_program FILE: to sbin of the image, with its libraries as far as packages have them.
add_program()
{
	mkdir -p "$image/sbin" "$image/lib"
	cp "$1" "$image/sbin/"
	todo=$1
	while [ -n "$todo" ]; do
		more=
		for file in $todo; do
			for name in $(sonames "$file"); do
				[ ! -e "$image/lib/$name" ] || continue
				library=$(find "$work/root" -name "$name" | head -n 1)
				[ -n "$library" ] || continue
				cp -L "$library" "$image/lib/$name"
				more="$more $library"
			done
		done
		todo=$more
	done
	# Where amd64's dynamic linker is expected.
	ln -s lib "$image/lib64"
}

# make_worker NAME INITRD WORKER DEVICE
make_worker()
{
	[ ! -e "$dir/images/${1}_$key/initrd" ] || return 0
	mkdir -p "$work/image/bin" "$work/image/etc" "$work/new"
	cp "$3" "$work/image/bin/iommu-stress-worker"
	chmod 755 "$work/image/bin/iommu-stress-worker"
	echo "$4" >"$work/image/etc/worker"
	# An archive that is not compressed begins at a multiple of 4 bytes.
	size=$(wc -c <"$2")
	(cat "$2" && head -c "$(((4 - size % 4) % 4))" /dev/zero) >"$work/new/initrd"
	(cd "$work/image" && find . | archive) >>"$work/new/initrd"
	publish "${1}_$key"
}

# make_kexec NAME KERNEL INITRD: archives one behind the other are one initramfs.
make_kexec()
{
	[ ! -e "$dir/images/${1}_$key/initrd" ] || return 0
	get_packages
	say "making an initramfs for kexec"
	unpack kexec
	image=$work/image
	mkdir -p "$image" "$work/own/boot" "$work/new"
	add_program "$(find "$work/root" -path '*sbin/kexec')"
	cp "$2" "$work/own/boot/kernel"
	cat "$3" >"$work/own/boot/initrd"
	(cd "$image" && find . | archive) >>"$work/own/boot/initrd"
	cat "$work/own/boot/initrd" >"$work/new/initrd"
	(cd "$work/own" && find boot | archive) >>"$work/new/initrd"
	publish "${1}_$key"
}

# -- main ----------------------------------------------------------------------------------

trap finish EXIT
trap 'exit 1' INT TERM
need flock util-linux
need apt-get apt
need dpkg-deb dpkg
need cpio cpio
need depmod kmod
need xz xz-utils

exec 9>"$dir/lock"
if ! flock -n 9; then
	say "waiting for another iommu-stress that prepares this board"
	flock -w 600 9 || die "another iommu-stress holds $dir/lock for 10 minutes"
fi
# It holds one preparation, the one that has the lock.
: >"$dir/prepare.log"
rm -rf "$dir"/work.*
# apt does not end on a full disk, and unpacked kernels are large.
[ "$(space)" -ge 100 ] || die "making the board's files needs 100 MB of free space in $dir"
work=$(mktemp -d "$dir/work.XXXXXX")
update=
case $what in
debian)
	update=${1-}
	make_debian
	;;
plain) make_plain ;;
modules) make_modules "$@" ;;
worker) make_worker "$@" ;;
kexec) make_kexec "$@" ;;
esac
