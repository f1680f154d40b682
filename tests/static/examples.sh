#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Examples build against the public headers and do what they say.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
archive=${IOMMU_STRESS:-build/iommu-stress}.a

# shellcheck disable=SC2046 # a list
check "contrib/examples/classify.c builds" "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -Wall \
	-Wextra -Werror -Iinclude contrib/examples/classify.c "$archive" \
	$(pkg-config --libs libcyaml libpcre2-8) -o "$scratch/classify"
echo 'arm-smmu 5000000.iommu: TLB sync timed out -- SMMU may be deadlocked' |
	"$scratch/classify" >"$scratch/out"
check "it names a fault" grep -q '^1 fault arm-smmu 5000000.iommu: ' "$scratch/out"
tap_end
