#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# iommu-stress classify and known from outside: files, packed files, streams, run
# directories, options, rules, exit status, and what is said when something is wrong.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}
HOME=$scratch/home
export HOME
unset XDG_CONFIG_HOME

log=$scratch/console.log
cat >"$log" <<'END'
[    0.000000] Linux version 6.1.192-test (me@here) (gcc) #1 SMP
[    1.000000] clk: Disabling unused clocks
[    2.000000] iommu-stress: cycle=2 phase=shutdown
[    2.100000] 8139cp 0000:01:00.0: Removing from iommu group 0
[    2.200000] Unable to handle kernel NULL pointer dereference at virtual address 98
[    2.210000] CPU: 0 PID: 23 Comm: kworker/0:1 Not tainted 6.1.192-test #1
[    2.220000] pc : iommu_get_dma_domain+0x14/0x20
[    2.230000] Call trace:
[    2.240000]  iommu_get_dma_domain+0x14/0x20
[    2.250000]  dma_map_page_attrs+0x1ec/0x250
[    2.260000] ---[ end trace 0000000000000000 ]---
[    3.000000] INFO: task sh:1 blocked for more than 120 seconds.
END
printf '[    1.0] clk: Disabling unused clocks\n' >"$scratch/clean.log"

# runs STATUS COMMAND...: output in $scratch/out, messages in $scratch/err
runs() {
	want=$1
	shift
	"$@" >"$scratch/out" 2>"$scratch/err"
	got=$?
	[ "$got" -eq "$want" ] || echo "status $got, not $want: $(cat "$scratch/err")"
}
says() { grep -qF -- "$1" "$scratch/${2-out}" || echo "no '$1' in: $(cat "$scratch/out" "$scratch/err")"; }

empty "nothing found: 0" "$(runs 0 "$program" classify "$scratch/clean.log")"
empty "findings: 1" "$(runs 1 "$program" classify "$log")"
"$program" classify "$log" >"$scratch/out" 2>"$scratch/err"
empty "the oops has title and known issue" "$(says 'NULL pointer dereference in iommu_get_dma_domain'
	says 'known issue smmu-shutdown-unregister')"
empty "a release with the fix is told" "$(says '6.1.192 has the fix; a local change (-test) may have taken it out')"
empty "cycle and phase come from the markers" "$(says '(cycle 2, shutdown)')"
empty "an unreadable file: 2, and the others are read" \
	"$(runs 2 "$program" classify "$scratch/none" "$log"
	says "cannot open $scratch/none: No such file" err
	says 'precursor')"

cat >"$scratch/facts.log" <<'END'
[    0.000000] Linux version 6.1.192-test (me@here) (gcc) #1 SMP
[    2.000000] iommu-stress: fact=device bdf=0000:01:00.0 id=10ec:8139 group=3 domain_type=DMA
[    3.000000] arm-smmu-v3 9050000.smmuv3: event 0x10 received:
[    3.000000] arm-smmu-v3 9050000.smmuv3: 	0x0000010000000010
[    3.000000] arm-smmu-v3 9050000.smmuv3: 	0x0000020000000000
[    3.000000] arm-smmu-v3 9050000.smmuv3: 	0x00000000fffff000
[    3.000000] arm-smmu-v3 9050000.smmuv3: 	0x0000000000000000
END
"$program" classify "$scratch/facts.log" >"$scratch/out" 2>"$scratch/err"
empty "a worker's facts turn streams into devices" "$(says '0000:01:00.0 of group 3')"
"$program" classify --format=json "$log" >"$scratch/json"
for way in "cat $log" "sed s/\$/\\r/ $log"; do
	$way | "$program" classify --format=json - |
		sed 's/"file":"[^"]*"//; s/"\(offset\|length\)":[0-9]*//g' >"$scratch/out"
	sed 's/"file":"[^"]*"//; s/"\(offset\|length\)":[0-9]*//g' "$scratch/json" >"$scratch/want"
	check "the same by a pipe: ${way%% *}" cmp "$scratch/want" "$scratch/out"
done
for packer in gzip bzip2 xz zstd; do
	if ! command -v $packer >/dev/null; then
		skip "packed by $packer" "$packer is not installed"
		continue
	fi
	$packer -c "$log" >"$scratch/packed"
	"$program" classify --format=json "$scratch/packed" |
		sed 's/"file":"[^"]*"//' >"$scratch/out"
	sed 's/"file":"[^"]*"//' "$scratch/json" >"$scratch/want"
	check "packed by $packer" cmp "$scratch/want" "$scratch/out"
	$packer -c "$log" | "$program" classify --format=json - |
		sed 's/"file":"[^"]*"//' >"$scratch/out"
	check "... and from a pipe" cmp "$scratch/want" "$scratch/out"
	printf '[    5.0] Kernel panic - not syncing: foo' | $packer -c >"$scratch/packed"
	empty "... with a last line that has no end" \
		"$(runs 1 "$program" classify "$scratch/packed")"
done
# Bytes that nobody can take for text, nor for packed text.
binary=$scratch/binary
printf '\001\002\003\004\200\377\005\006 text\n' >"$binary"
empty "what is no text: 2" "$(runs 2 "$program" classify "$binary"
	says "$binary is not text" err)"
empty "... from a pipe, too" "$(runs 2 "$program" classify - <"$binary"
	says "standard input is not text" err)"
empty "an empty pipe: 0" "$(: | runs 0 "$program" classify -)"
if command -v gzip >/dev/null; then
	gzip -c "$log" | head -c 60 >"$scratch/torn"
	empty "a torn packed file: 2" "$(runs 2 "$program" classify "$scratch/torn"
		says "cannot unpack $scratch/torn: gzip ended with" err)"
fi

empty "a vmlinux that is not there: 2" \
	"$(runs 2 "$program" classify --vmlinux="$scratch/none" "$log"
	says "cannot open $scratch/none" err)"

mkdir "$scratch/run"
grep -v 'iommu-stress:' "$log" >"$scratch/run/console.raw"
printf '%s\n' '{"type":"phase","at":1,"cycle":7,"phase":"shutdown","offset":109}' \
	>"$scratch/run/journal.jsonl"
"$program" classify "$scratch/run" >"$scratch/out" 2>"$scratch/err"
empty "a run directory: phases come from the journal" "$(says '(cycle 7, shutdown)')"

"$program" classify --only-iommu "$log" >"$scratch/out"
empty "--only-iommu leaves out the hung task" "$(grep 'hung task' "$scratch/out")"
"$program" classify --min-severity=error "$log" >"$scratch/out"
empty "--min-severity leaves out the precursor" "$(grep precursor "$scratch/out")"
"$program" classify --summary "$log" "$log" >"$scratch/out"
empty "--summary counts by bug" "$(says '     2  oops:iommu_get_dma_domain')"
"$program" classify --context=1 "$log" >"$scratch/out"
empty "--context shows the console" "$(says '  | [    2.100000] 8139cp'
	says '  > [    2.200000] Unable to handle')"

cat >"$scratch/lab.yaml" <<'END'
known:
  - { id: lab-1, title: seen in this lab }
rules:
  - { known: lab-1, kind: [hung-task], severity: info, advice: ask me }
  - { kind: [iommu-group-removal], ignore: true }
END
"$program" classify --rules="$scratch/lab.yaml" "$log" >"$scratch/out"
empty "--rules names, advises and ignores" "$(says 'known issue lab-1: seen in this lab'
	says 'advice: ask me'
	grep precursor "$scratch/out")"
mkdir -p "$HOME/.config/iommu-stress/rules.d"
cp "$scratch/lab.yaml" "$HOME/.config/iommu-stress/rules.d/10-lab.yaml"
"$program" known >"$scratch/out" 2>"$scratch/err"
empty "rules.d is read" "$(says 'lab-1')"
rm -r "$HOME/.config"
printf 'rules:\n  - known: nobody\n' >"$scratch/wrong.yaml"
empty "a rule without its issue: file, line, column" \
	"$(runs 2 "$program" classify --rules="$scratch/wrong.yaml" "$log"
	says "$scratch/wrong.yaml:2:12: the known issue 'nobody' is nowhere explained" err)"
printf 'rules:\n  - { kind: [warn], colour: red }\n' >"$scratch/wrong.yaml"
empty "an unknown key: file, line, column" \
	"$(runs 2 "$program" classify --rules="$scratch/wrong.yaml" "$log"
	says "$scratch/wrong.yaml:2:" err)"
empty "known explains one issue" "$(runs 0 "$program" known --kernel=6.1.192 smmu-shutdown-unregister
	says 'fixed by:'
	says '6.1.192 has the fix: this may be something else')"
empty "known refuses what it does not know" "$(runs 2 "$program" known nothing
	says "there is no known issue 'nothing'" err)"
tap_end
