#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: exit status 2 and one exact line (argp adds where to read on).
cd "$(dirname "$0")/../.." || exit 2
. tests/tap.sh
program=${IOMMU_STRESS:-build/iommu-stress}

# refuse NAME PATTERN ARGS...: status 2, and a line of standard error like PATTERN.
refuse() {
	refuse_name=$1
	refuse_pattern=$2
	shift 2
	"$program" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	refuse_status=$?
	if [ "$refuse_status" -eq 2 ] && grep -qE "$refuse_pattern" "$scratch/err" &&
		[ "$(grep -vcE '^(Try|information\.)' "$scratch/err")" -eq 1 ]; then
		ok "$refuse_name"
	else
		not_ok "$refuse_name" "status $refuse_status" "$(cat "$scratch/err")"
	fi
}

refuse "no command" "a command is missing"
refuse "unknown command" "unknown command 'rebot'" rebot
refuse "unknown option" "unrecognized option '--flod'" reboot --flod
refuse "unknown target" "unknown target 'virt:mips'" reboot -t virt:mips
refuse "unknown method" "there is no 'halt'" reboot --method halt
refuse "bad phase" "'bot=1s' is not PHASE=TIME" reboot --limit bot=1s
refuse "bad limit" "'soon' is not a time" reboot --limit boot=soon
refuse "bad count" "'-1' is not a number above 0" reboot -n -1
refuse "zero cycles" "'0' is not a number above 0" reboot -n 0
refuse "bad duration" "'5 parsecs' is not a time" reboot --for "5 parsecs"
refuse "bad flood word" "flood" reboot --flood=v5
refuse "one word too many" "one word too many" reboot now
refuse "missing kernel file" "/nonexistent" reboot --kernel /nonexistent \
	--run-dir "$scratch/a"
echo "not a kernel" >"$scratch/text"
refuse "no kernel at all" "kernel" reboot --kernel "$scratch/text" --run-dir "$scratch/b"
refuse "unreadable log" "/nonexistent" classify /nonexistent
refuse "no run" "/nonexistent" report /nonexistent
refuse "unknown board" "mips" board prepare mips


# Runs that cannot be resumed: what is wrong, and what to do.
mkdir "$scratch/empty" "$scratch/torn" "$scratch/old" "$scratch/ended" "$scratch/gone" \
	"$scratch/changed"
begin='{"type":"run","at":1,"tool":"0.9","scenario":"reboot","target":"virt:arm64","wall":"","seed":1'
printf '{"type":"run","at"' >"$scratch/torn/journal.jsonl"
echo "$begin}" >"$scratch/old/journal.jsonl"
printf '%s}\n{"type":"end","at":2,"reason":"hit","status":1}\n' "$begin" \
	>"$scratch/ended/journal.jsonl"
echo "$begin"',"plan":{"words":[],"directory":"/nonexistent"}}' >"$scratch/gone/journal.jsonl"
echo "$begin"',"plan":{"words":["-n","3"],"directory":"/","cycles":4}}' \
	>"$scratch/changed/journal.jsonl"
resume="[^ ]*/"
refuse "no run to resume" "^iommu-stress: /nonexistent holds no run: there is no journal.jsonl in it; name the directory of a run$" \
	reboot --resume /nonexistent
refuse "an empty directory" "${resume}empty holds no run: there is no journal.jsonl in it; name" \
	reboot --resume "$scratch/empty"
refuse "a run cut short in its first line" "${resume}torn was cut short in its first line, so nothing is known of it: begin a new run$" \
	reboot --resume "$scratch/torn"
refuse "a run without its command line" "the journal of ${resume}old \(iommu-stress 0.9\) does not tell its command line: begin a new run$" \
	reboot --resume "$scratch/old"
refuse "a run that has ended" "${resume}ended has ended \(hit, 0 cycles\), there is nothing to go on with: .iommu-stress report ${resume}ended. tells" \
	reboot --resume "$scratch/ended"
refuse "a run of another command" "${resume}old is a run of another command: .iommu-stress reboot --resume" \
	unplug --resume "$scratch/old"
refuse "a directory that is gone" "${resume}gone was begun in /nonexistent, which cannot be entered: No such file" \
	reboot --resume "$scratch/gone"
refuse "a plan that reads otherwise now" "${resume}changed cannot be gone on with: its options mean another '[a-z_]+' now than when it began; begin a new run$" \
	reboot --resume "$scratch/changed"
for words in "-n 5" "--cycles=5" "-t virt:arm64" "--seed 2" "-r own.yaml" "-qn5"; do
	# shellcheck disable=SC2086 # words
	refuse "$words and --resume" "'${words%% *}' cannot be given with --resume: the run goes on as it was begun; leave it out, or begin a new run$" \
		reboot --resume "$scratch/old" $words
done
refuse "a device and --resume" "'0000:00:05.0' cannot be given with --resume" \
	unplug 0000:00:05.0 --resume="$scratch/old"
check "what is refused is not changed" test "$(cat "$scratch/torn/journal.jsonl")" = \
	'{"type":"run","at"'

check "--dry-run shows the plan" "$program" reboot --flood --dry-run
"$program" reboot --flood --dry-run --limit shutdown=77s >"$scratch/plan"
check "... with its limits" grep -q 'shutdown.*1 min 17 s' "$scratch/plan"
check "--usage" "$program" reboot --usage
check "--version" "$program" --version

# What other users can write in.
mkdir "$scratch/foreign" "$scratch/linked" "$scratch/cache"
echo "$begin}" >"$scratch/foreign/journal.jsonl"
chmod 777 "$scratch/foreign" "$scratch/cache"
ln -s "$scratch/old/journal.jsonl" "$scratch/linked/journal.jsonl"
for foreign in foreign linked; do
	for command in "reboot --resume" restore; do
		# shellcheck disable=SC2086 # words
		refuse "$command of a $foreign run" "$foreign: nothing is written there, as another" \
			$command "$scratch/$foreign"
	done
done
refuse "a report through a link" "linked: Too many levels of symbolic links" \
	report "$scratch/linked"
contrib/regression/build --cache "$scratch/cache" seed1 >"$scratch/out" 2>"$scratch/err"
status "a cache of all users" 2 $? "$scratch/err"
says "... and says why" "$scratch/err" "cache belongs to another user, or others can write in it"

# Names and journals must not steer the terminal.
escape=$(printf '\033')
mkdir "$scratch/run${escape}[31m"
printf '%s}\n{"type":"verd\x1bict"}\n{"type":"cycle","at":2,"cycle":"\\u001b[31m","\x1b":1}\n' \
	"$begin" >"$scratch/run${escape}[31m/journal.jsonl"
printf 'a\nBUG: KASAN: use-after-free in foo\n' >"$scratch/log${escape}[31m"
{
	"$program" report "$scratch/run${escape}[31m"
	"$program" report "$scratch/no${escape}[31m"
	"$program" restore "$scratch/run${escape}[31m"
	"$program" classify "$scratch/log${escape}[31m" "$scratch/no${escape}[31m"
	"$program" known "no${escape}[31m"
} >"$scratch/out" 2>&1
check "messages quote names and lines" test "$(wc -l <"$scratch/out")" -ge 8
empty "... without what steers a terminal" "$(grep -c "$escape" "$scratch/out" | grep -v '^0$')"
tap_end
