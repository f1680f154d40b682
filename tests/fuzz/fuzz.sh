#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# Each libFuzzer harness of this folder for a short time (FUZZ_SECONDS, 10), from a few seeds
# or from FUZZ_CORPUS/<harness>. A longer run by hand: FUZZ_SECONDS=3600 tests/fuzz/fuzz.sh
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
unset MAKEFLAGS MAKELEVEL MFLAGS CFLAGS LDFLAGS
out=${O:-build}/fuzz
sanitizers=address,undefined

echo 'int LLVMFuzzerTestOneInput(const void *p, unsigned long n);
int LLVMFuzzerTestOneInput(const void *p, unsigned long n) { return !p && n; }' \
	>"$scratch/probe.c"
if ! clang -fsanitize=fuzzer,$sanitizers "$scratch/probe.c" -o "$scratch/probe" 2>/dev/null; then
	skip "harnesses find nothing" "clang with its fuzzer runtime (libclang-rt-14-dev) is missing"
	tap_end
	exit
fi
check "the archive builds for fuzzing" make -s CC=clang O="$out" \
	SAN="fuzzer-no-link,$sanitizers" "$out/iommu-stress.a"
# What a console, a rule file and the flood's words look like, for a start.
mkdir "$scratch/seeds"
sed -n 's/^[^"]*"\(.*\)\\n".*/\1/p' tests/unit/test_classifier.c >"$scratch/seeds/console"
cat >"$scratch/seeds/facts" <<'EOF'
fact=system kernel=6.1 cpus=4 vfio=yes iommufd=module iommu=yes cmdline_iommu="a b" hint=""
fact=device bdf=0000:00:05.0 id=8086:10d3 class=0x060400 driver=x group=7 slot=3 slot_power=1 bridge=1 parent=- sriov_total=8 sriov_num=3 physfn=- net=eth0,eth1 vfio_open=5,6
fact=device bdf=0000:00:06.0 class=1 driver=- group=7 bridge=0 parent=0000:00:05.0 sriov_total=0 sriov_num=0 physfn=0000:00:05.0 vfio_open=-
fact=use bdf=0000:00:05.0 why=mount what=sda1 at=/ via=dm-0
fact=unknown bdf=- rule=swap what=/proc/swaps why=EACCES
fact=end lines=5
EOF
echo 'flood state=hold at=5 errors=ENOBUFS:3,other:1' >"$scratch/seeds/sample"
echo 'timeline at=5 sent=4x250,3 replies=0,1' >"$scratch/seeds/timeline"
printf 'icmp,udp=7,v4,size=64..99,rate=5Mbit,sources=4,vlan=5,surge=1s' >"$scratch/seeds/spec"
cp src/classify/embed/known.yaml tests/golden/cases/*.txt "$scratch/seeds/"
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	corpus=${FUZZ_CORPUS:-$scratch}/$name
	mkdir -p "$corpus"
	# shellcheck disable=SC2046 # a list
	check "$name builds" clang -g -O1 -std=gnu17 -Wall -Wextra -Werror -D_GNU_SOURCE \
		-Iinclude -Isrc -Itests -fsanitize="fuzzer,$sanitizers" -o "$out/$name" "$source" \
		"$out/iommu-stress.a" $(pkg-config --libs libnl-3.0 \
		libnl-route-3.0 libpcre2-8 jansson libcyaml)
	check "$name finds nothing" "$out/$name" -verbosity=0 -max_len=8192 -timeout=10 \
		-artifact_prefix="$out/$name-" -max_total_time="${FUZZ_SECONDS:-10}" "$corpus" \
		"$scratch/seeds"
done
tap_end
