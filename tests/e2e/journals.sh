#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# Journals that earlier versions recorded: `report` and `classify` print what they printed
# then, and a run that was interrupted is resumed, on a real virtual board.
#
# tests/journals/RUN is a run directory as it was left, without the files that no command
# reads: splats/, target.log and, where the run is complete, console.timing. Versions 3bfd4a6
# and 16a301f recorded them:
#   reboot-pass, unplug-pass                  on virtual boards
#   reboot-findings                           on one with rtl8139, under flood
#   reboot-crashes, unplug-findings           against the scripted boards of tests/scenario
#   reboot-interrupted                        SIGINT in cycle 2 of 3
#   unplug-interrupted                        SIGKILL in the third batch, 16 of 40 cycles done
# RUN.golden is what these versions printed for it. After an intended change of words or of
# known issues, `tests/e2e/journals.sh record` writes the golden files again. The runs
# themselves are never recorded again: the test needs them as old as they are.
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=$(realpath "${IOMMU_STRESS:-build/iommu-stress}")
cp -r tests/journals "$scratch/journals"

# -- report and classify -------------------------------------------------------------------

# transcript RUN: prints the commands, their output and exit statuses. None of it depends on
# time zone, terminal or version ("tool" is that of the journal), so nothing is normalised. The
# user's own rules are hidden, and the run is named relative to its parent, as it is printed.
transcript() {
	for words in report 'report --format=json' classify 'classify --format=json'; do
		printf '$ iommu-stress %s %s\n' "$words" "$1"
		# shellcheck disable=SC2086 # words
		(cd "$scratch/journals" &&
			XDG_CONFIG_HOME=$scratch "$program" $words "$1" 2>&1 </dev/null)
		printf 'exit status %s\n' $?
	done
}

for golden in tests/journals/*.golden; do
	run=$(basename "$golden" .golden)
	transcript "$run" >"$scratch/transcript"
	[ "${1-}" != record ] || cp "$scratch/transcript" "$golden"
	check "$run is reported and classified as before" diff -u "$golden" "$scratch/transcript"
done
check "each run has a golden file" test "$(printf '%s\n' tests/journals/*/ | wc -l)" -eq \
	"$(printf '%s\n' tests/journals/*.golden | wc -l)"
check "... and nothing was written to the runs" diff -r -x "*.golden" \
	tests/journals "$scratch/journals"

# -- what is refused -----------------------------------------------------------------------

# prepare RUN: copies it to $scratch, which becomes the directory in which it was begun. The
# copy names the kernel that the board has today: with another one a resume is refused.
prepare() {
	rm -rf "${scratch:?}/$1"
	cp -r "tests/journals/$1" "$scratch/$1"
	sed -i "s|\"directory\":\"[^\"]*\"|\"directory\":\"$scratch\"|
		s|\"kernel\":\"[^\"]*\"|\"kernel\":\"${release:-unknown}\"|" \
		"$scratch/$1/journal.jsonl"
	cp "$scratch/$1/journal.jsonl" "$scratch/before.jsonl"
}

# resume RUN COMMAND [OPTION]: sets $status; its output is $scratch/out.
resume() {
	"$program" "$2" ${3+"$3"} --resume "$scratch/$1" >"$scratch/out" 2>&1 </dev/null
	status=$?
}

unchanged() {
	check "... and its journal is unchanged" cmp "$scratch/before.jsonl" \
		"$scratch/$1/journal.jsonl"
}

for scenarios in "reboot unplug" "unplug reboot"; do
	own=${scenarios% *} other=${scenarios#* }
	prepare "$own-interrupted"
	resume "$own-interrupted" "$other"
	status "$other does not resume a run of $own" 2 "$status" "$scratch/out"
	says "... and names the command that does" "$scratch/out" \
		"iommu-stress $own --resume $scratch/$own-interrupted"
	unchanged "$own-interrupted"
	resume "$own-interrupted" "$own" --dry-run
	status "$own --dry-run accepts the plan" 0 "$status" "$scratch/out"
	says "... of that run" "$scratch/out" 'virt:amd64'
	unchanged "$own-interrupted"
	for run in "$own-pass" "$own-findings"; do
		prepare "$run"
		resume "$run" "$own"
		status "$run is complete and not resumed" 2 "$status" "$scratch/out"
		says "... but reported" "$scratch/out" "iommu-stress report $scratch/$run"
		unchanged "$run"
	done
done

# -- what is resumed -----------------------------------------------------------------------

"$program" board prepare amd64 >"$scratch/prepared" 2>&1 || {
	not_ok "the board is prepared" "$(cat "$scratch/prepared")"
	tap_end
	exit
}
# Where the release is: kernel_version in Documentation/arch/x86/boot.rst.
release=$(python3 -c '
import sys
image = open(sys.argv[1], "rb").read()
at = int.from_bytes(image[0x20e:0x210], "little") + 0x200
print(image[at:image.index(0, at)].split()[0].decode())
' "$(sed -n 's/^kernel //p' "$scratch/prepared")")

# facts SCRIPT: Python on old and new, the records before and those that the resumption added,
# on rows, all of them, and on told, the JSON of report; of() and cycles() select by type.
facts() {
	"$program" report --format=json "$scratch/$run" >"$scratch/report.json"
	python3 -c '
import json, sys
read = lambda path: [json.loads(line) for line in open(path)]
old, rows, [told] = [read(path) for path in sys.argv[1:]]
new = rows[len(old):]
of = lambda rows, kind: [r for r in rows if r["type"] == kind]
cycles = lambda rows, kind: [r["cycle"] for r in of(rows, kind)]
'"$1" "$scratch/before.jsonl" "$scratch/$run/journal.jsonl" "$scratch/report.json"
}

# resumed SCENARIO DONE ALL: SCENARIO-interrupted is resumed after DONE of ALL cycles.
resumed() {
	run=$1-interrupted
	prepare "$run"
	resume "$run" "$1"
	status "$run is resumed to its end" 0 "$status" "$scratch/out"
	check "... all records from before are kept" facts "
assert rows[:len(old)] == old
assert cycles(old, 'verdict') == list(range(1, $2 + 1)), cycles(old, 'verdict')"
	check "... it is still the same run" facts '
[first], [again] = of(old, "run"), of(new, "run")
assert new[0] == again, new[0]
for key in "scenario", "target", "seed", "cycles":
    assert first[key] == again[key], again
for key in "words", "directory":
    assert first["plan"][key] == again["plan"][key], again'
	check "... it continues with cycle $(($2 + 1))" facts "
assert cycles(new, 'cycle') == list(range($2 + 1, $3 + 1)), cycles(new, 'cycle')
assert cycles(new, 'verdict') == list(range($2 + 1, $3 + 1)), cycles(new, 'verdict')"
	check "... and ends complete" facts '
assert rows[-1]["type"] == "end" and rows[-1]["reason"] == "done", rows[-1]
assert not of(new[:-1], "end")'
	check "... report counts all cycles" facts "
assert (told['planned'], told['finished']) == ($3, $3), told
assert told['ended'] and told['end'] == 'done', told
outcomes = [r['outcome'] for r in of(rows, 'verdict')]
assert sum(told['outcomes'].values()) == $3, told
for outcome, n in told['outcomes'].items():
    assert outcomes.count(outcome) == n, told"
	"$program" report "$scratch/$run" >"$scratch/report"
	says "... as text, too" "$scratch/report" "^$1 of virt:amd64, .*: $3 of $3 cycles"
	check "... what the console printed before is kept" cmp \
		-n "$(stat -c %s "tests/journals/$run/console.raw")" \
		"tests/journals/$run/console.raw" "$scratch/$run/console.raw"
	check "... and it plays back" scriptreplay -B "$scratch/$run/console.raw" \
		-t "$scratch/$run/console.timing" -m 0.001
}

resumed reboot 1 3
# Seed 7 draws 92374487, 194955804 and 15609346 ns of jitter. Settling takes that long, behind
# --settle 300ms; how much longer is a matter of the machine.
check "... jitter continues where it stopped" facts '
settled = [r["settle_ns"] for r in of(rows, "verdict")]
for got, least in zip(settled, [392374487, 494955804, 315609346]):
    assert got >= least, settled'

resumed unplug 16 40
check "... the window is not measured again" facts '
assert len(of(old, "window")) == 1 and not of(new, "window")'
check "... all offsets lie in it" facts '
[window] = of(rows, "window")
for r in of(new, "attempt"):
    assert window["from_ns"] <= r["want_ns"] <= window["to_ns"], r'
check "... the search continues where it stopped: an interrupted batch has the same offsets" facts '
wanted = lambda rows: {r["cycle"]: r["want_ns"] for r in of(rows, "attempt") if r["cycle"] > 16}
before, now = wanted(old), wanted(new)
assert list(before) == [17, 18, 19], before
assert list(now) == list(range(17, 41)), now
for cycle in before:
    assert before[cycle] == now[cycle], (cycle, before[cycle], now[cycle])'
check "... report counts the attempts" facts '
assert told["offsets"]["attempts"] == 40, told["offsets"]'
tap_end
