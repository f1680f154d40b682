#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# Each fuzz target runs for a moment: FUZZ_SECONDS, 10 unless it says otherwise.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
unset MAKEFLAGS MAKELEVEL MFLAGS CFLAGS LDFLAGS
seconds=${FUZZ_SECONDS:-10}
sanitizers=address,undefined

echo 'int LLVMFuzzerTestOneInput(const void *p, unsigned long n);
int LLVMFuzzerTestOneInput(const void *p, unsigned long n) { return !p && n; }' \
	>"$scratch/probe.c"
if ! clang -fsanitize=fuzzer,$sanitizers "$scratch/probe.c" -o "$scratch/probe" 2>/dev/null; then
	skip "fuzz targets" "clang with its fuzzer runtime (libclang-rt-dev) is not installed"
	tap_end
	exit
fi
build=$scratch/build
if ! make -s CC=clang O="$build" SAN=fuzzer-no-link,$sanitizers "$build/iommu-stress.a" \
	>"$scratch/log" 2>&1; then
	not_ok "sources build for fuzzing" "$(tail -n 20 "$scratch/log")"
	tap_end
	exit
fi
# What a console looks like, for a start.
mkdir "$scratch/seeds"
sed -n 's/^[^"]*"\(.*\)\\n".*/\1/p' tests/unit/test_classifier.c >"$scratch/seeds/unit"
cp src/classify/embed/known.yaml "$scratch/seeds/"
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	# shellcheck disable=SC2046 # a list
	if ! clang -std=gnu17 -D_GNU_SOURCE -Iinclude -g -O1 -fsanitize=fuzzer,$sanitizers \
		"$source" "$build/iommu-stress.a" \
		$(pkg-config --libs libcyaml libpcre2-8) -o "$scratch/$name" >"$scratch/log" 2>&1; then
		not_ok "$name builds" "$(tail -n 20 "$scratch/log")"
		continue
	fi
	mkdir -p "$scratch/corpus-$name"
	if (cd "$scratch" && "./$name" -max_total_time="$seconds" -timeout=10 -max_len=8192 \
		"corpus-$name" seeds) >"$scratch/log" 2>&1; then
		ok "$name finds nothing in $seconds s"
	else
		not_ok "$name finds nothing in $seconds s" "$(tail -n 40 "$scratch/log")"
	fi
done
tap_end
