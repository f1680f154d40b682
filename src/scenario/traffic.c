// SPDX-License-Identifier: GPL-2.0-or-later
/* The load: what it reports, and the steps that any scenario can put into its table. */
#include "traffic.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

/* The last sample before the trigger must not be older. */
#define SAMPLE_FRESH_NS (NS_PER_MSEC * 5 * FLOOD_SAMPLE_MS)

/* It waits in the flood already: only a machine that is very busy takes longer. */
#define TIMELINE_LIMIT_NS (2 * NS_PER_SEC)

/* A decision rests on the newest sample, or a second has passed. */
static void record_sample(struct run *run)
{
	struct record record = { .type = RECORD_LOAD, .cycle = run->cycle.cycle };

	run->traffic.recorded_ns = run->traffic.sample.at_ns;
	record.load = run->traffic.sample;
	run_record(run, &record);
}

static void on_sample(void *arg, const struct flood_sample *sample)
{
	struct run *run = arg;
	const struct sight *s = &run->sight;
	struct traffic *t = &run->traffic;
	bool decides = false;

	t->sample = *sample;
	if (s->trigger_ns && s->banner_ns < s->trigger_ns) {
		t->last_reply_down_ns = sample->last_reply_ns;
	} else if (s->trigger_ns && !t->first_reply_up_ns &&
		   sample->last_reply_ns > s->banner_ns) {
		t->first_reply_up_ns = sample->first_reply_ns > s->banner_ns ?
					       sample->first_reply_ns :
					       sample->last_reply_ns;
		decides = true;
	}
	status_update();
	if (decides || sample->at_ns >= t->recorded_ns + NS_PER_SEC)
		record_sample(run);
}

static void on_load_end(void *arg, const char *reason)
{
	struct run *run = arg;

	snprintf(run->traffic.ended, sizeof(run->traffic.ended), "%s", reason);
}

static uint64_t count_of(struct text runs)
{
	uint32_t value, count;
	uint64_t all = 0;

	while (timeline_next(&runs, &value, &count))
		all += count;
	return all;
}

static void on_timeline(void *arg, const struct timeline_part *part)
{
	struct run *run = arg;
	struct traffic *t = &run->traffic;

	if (!part->at_ns) {
		t->whole = true;
		return;
	}
	/* Lines are in order and whole; what is not, comes from another flood. */
	if (t->whole || (t->to_ns && part->at_ns != t->to_ns))
		return;
	if (!t->to_ns)
		t->from_ns = part->at_ns;
	t->to_ns = part->at_ns + count_of(part->sent) * NS_PER_MSEC;
	if (t->sent.n) {
		strbuf_add(&t->sent, TEXT(","));
		strbuf_add(&t->replies, TEXT(","));
	}
	strbuf_add(&t->sent, part->sent);
	strbuf_add(&t->replies, part->replies);
}

void traffic_up(struct run *run)
{
	if (run->rig.load)
		run->rig.ops->load_tell(run->rig.load, LOAD_UP);
}

void traffic_on(struct run *run)
{
	const struct load_events events = { .on_sample = on_sample,
					    .on_end = on_load_end,
					    .on_timeline = on_timeline,
					    .arg = run };
	int r;

	if (!run->plan->flood)
		return;
	shell_mark(run, "flood");
	if (run->rig.load)
		return;
	r = run->rig.ops->load_start(run->loop, run->plan, run->rig.target, &events,
				     &run->rig.load);
	if (r < 0)
		snprintf(run->traffic.ended, sizeof(run->traffic.ended),
			 "the flood could not be started");
	traffic_up(run);
}

bool traffic_steady(const struct run *run)
{
	const struct flood_sample *s = &run->traffic.sample;

	return !run->plan->flood ||
	       (s->steady && loop_now_ns() - s->at_ns < SAMPLE_FRESH_NS);
}

bool traffic_holds(const struct run *run)
{
	return !run->plan->flood || run->traffic.sample.state == FLOOD_HOLD;
}

/* -- what the target itself has counted -------------------------------------------------- */

/*
 * The totals of the files of each name, in one process: a slow target has few. While the load
 * goes on, what is read later counts more: the echo requests come first, the packets that
 * they are some of after them.
 */
static const char counter_totals[] =
	"s=/proc/net/snmp; [ -e ${s}6 ] && s=\"$s ${s}6\"; "
	"awk '{n=split(FILENAME,f,\"/\");k=f[n]}k~/^rx_/{x[k]+=$1}"
	"/^Icmp: /{if(!m)m=split($0,h);else for(i=2;i<=m;i++){"
	"if(h[i]==\"InEchos\")e+=$i;if(h[i]==\"OutEchoReps\")r+=$i}}"
	"/^Icmp6InEchos /{e+=$2}/^Icmp6OutEchoReplies /{r+=$2}"
	"END{for(k in x)printf \"%s=%.0f \",k,x[k];"
	"printf \"in_echos=%.0f out_echo_replies=%.0f\",e,r}' $s $l";

/* Of the interface with this address; without one, of all but the loopback. */
static void add_interfaces(const uint8_t mac[6], struct strbuf *line)
{
	static const uint8_t unknown[6];
	bool known = memcmp(mac, unknown, sizeof(unknown)) != 0;

	strbuf_addf(line,
		    "l=; for p in /sys/class/net/*; do read -r a <$p/address && [ $a %s "
		    "%02x:%02x:%02x:%02x:%02x:%02x ] && "
		    "for k in packets errors dropped missed_errors; do "
		    "l=\"$l $p/statistics/rx_$k\"; done; done; ",
		    known ? "=" : "!=", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void traffic_ask_counters(struct run *run)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	if (!run->rig.load || run->traffic.counters_asked || !run->sight.shell)
		return;
	run->traffic.counters_asked = true;
	add_interfaces(run->rig.target->wire.mac, &line);
	strbuf_addf(&line, "[ \"$l\" ] && mark cycle=%" PRIu64 " counters=1 $(",
		    run_ticket(run, run->cycle.cycle));
	strbuf_add(&line, text_of(counter_totals));
	strbuf_add(&line, TEXT(")"));
	shell_type(run, line.s);
}

bool traffic_on_marker(struct run *run, const struct console_line *line)
{
	struct record record = { .type = RECORD_COUNTERS, .cycle = run->cycle.cycle };

	if (!text_has(line->marker, TEXT("counters=1")))
		return false;
	if (observe_is_of_cycle(run, line) &&
	    table_parse(line->marker, target_counters_members, &record.counters))
		run_record(run, &record);
	return true;
}

/* -- steps ------------------------------------------------------------------------------ */

/* The first cycle's load. What is confirmed already is not kept waiting. */
void traffic_confirm(struct run *run)
{
	if (!traffic_steady(run))
		traffic_ask_counters(run);
}

void traffic_surge(struct run *run)
{
	run->traffic.surge_until_ns = 0;
	if (!run->rig.load || !run->plan->load.surge_ns)
		return;
	run->rig.ops->load_tell(run->rig.load, LOAD_SURGE);
	run->traffic.surge_until_ns = loop_now_ns() + run->plan->load.surge_ns;
	run->clock.wake_ns = run->traffic.surge_until_ns;
}

bool traffic_surged(const struct run *run)
{
	return loop_now_ns() >= run->traffic.surge_until_ns;
}

void traffic_mark(struct run *run)
{
	if (run->rig.load)
		run->rig.ops->load_tell(run->rig.load, LOAD_MARK);
	if (run->plan->flood)
		record_sample(run);
}

void traffic_press(struct run *run)
{
	if (run->rig.load)
		run->rig.ops->load_tell(run->rig.load, LOAD_PRESS);
}

bool traffic_back(const struct run *run)
{
	return !run->plan->flood || run->traffic.first_reply_up_ns;
}

/* -- around the trigger ------------------------------------------------------------------- */

static bool is_whole(void *arg)
{
	const struct run *run = arg;

	return run->traffic.whole || run->traffic.ended[0];
}

static uint64_t after_trigger(const struct sight *f, uint64_t at)
{
	return at > f->trigger_ns ? at - f->trigger_ns : 0;
}

static void record_timeline(struct run *run)
{
	const struct sight *f = &run->sight;
	const struct traffic *t = &run->traffic;
	struct record record = { .type = RECORD_TIMELINE, .cycle = run->cycle.cycle };

	record.timeline.from_ns = (int64_t)(t->from_ns - f->trigger_ns);
	record.timeline.step_ns = NS_PER_MSEC;
	record.timeline.sent = t->sent.s;
	record.timeline.replies = t->replies.s;
	record.timeline.marks = (struct timeline_marks){
		.marker = after_trigger(f, f->trigger_seen_ns),
		.restart = after_trigger(f, f->restart_ns),
		.banner = after_trigger(f, f->banner_ns),
		.shell = after_trigger(f, f->shell_ns),
		.last_reply = after_trigger(f, t->last_reply_down_ns),
		.first_reply = after_trigger(f, t->first_reply_up_ns),
	};
	run_record(run, &record);
}

void traffic_record_timeline(struct run *run)
{
	struct traffic *t = &run->traffic;

	if (!run->rig.load || !run->sight.trigger_ns || run->traffic.ended[0])
		return;
	t->whole = false;
	run->rig.ops->load_tell(run->rig.load, LOAD_TIMELINE);
	(void)!loop_until(run->loop, is_whole, run, loop_now_ns() + TIMELINE_LIMIT_NS);
	if (t->whole && t->sent.n)
		record_timeline(run);
	t->from_ns = t->to_ns = 0;
	strbuf_done(&t->sent);
	strbuf_done(&t->replies);
}
