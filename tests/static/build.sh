#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# The other compiler is content too, a second make has nothing to do, and what is installed
# is complete.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
unset MAKEFLAGS MAKELEVEL MFLAGS CFLAGS LDFLAGS

if command -v clang >/dev/null; then
	check "clang builds without a warning" make -s CC=clang O="$scratch/clang" all
else
	skip "clang builds without a warning" "clang is not installed"
fi
make -s all
empty "a second make does nothing" "$(make all | grep -v 'Nothing to be done')"

check "make install works with DESTDIR and PREFIX" \
	make -s install DESTDIR="$scratch/root" PREFIX=/usr
check "the installed program runs" "$scratch/root/usr/sbin/iommu-stress" --version
for file in share/man/man8/iommu-stress.8 share/man/man8/iommu-stress-reboot.8 \
	share/man/man5/iommu-stress-journal.5 \
	share/bash-completion/completions/iommu-stress; do
	check "$file is installed" test -s "$scratch/root/usr/$file"
done
tap_end
