#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# Each libFuzzer harness of this folder for a short time (FUZZ_SECONDS, 5), from a few seeds
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
# What a console and a rule file look like, for a start.
mkdir "$scratch/seeds"
sed -n 's/^[^"]*"\(.*\)\\n".*/\1/p' tests/unit/test_classifier.c >"$scratch/seeds/console"
cp src/classify/embed/known.yaml tests/golden/cases/*.txt "$scratch/seeds/"
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	corpus=${FUZZ_CORPUS:-$scratch}/$name
	mkdir -p "$corpus"
	# shellcheck disable=SC2046 # a list
	check "$name builds" clang -g -O1 -std=gnu17 -Wall -Wextra -Werror -D_GNU_SOURCE \
		-Iinclude -Itests -fsanitize="fuzzer,$sanitizers" -o "$out/$name" "$source" \
		"$out/iommu-stress.a" $(pkg-config --libs libnl-3.0 \
		libnl-route-3.0 libpcre2-8 jansson libcyaml)
	check "$name finds nothing" "$out/$name" -verbosity=0 -max_len=8192 -timeout=10 \
		-artifact_prefix="$out/$name-" -max_total_time="${FUZZ_SECONDS:-5}" "$corpus" \
		"$scratch/seeds"
done
tap_end
