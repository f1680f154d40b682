// SPDX-License-Identifier: GPL-2.0-or-later
#include "counters.h"

#include <stdio.h>

/*
 * The totals of the files of each name, in one process: a slow target has few. While the load
 * goes on, what is read later counts more: the echo requests come first, the packets that
 * they are some of after them.
 */
static const char totals[] = "s=/proc/net/snmp; [ -e ${s}6 ] && s=\"$s ${s}6\"; "
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

void counters_ask(struct run *run)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	if (!run->rig.load || run->traffic.counters_asked || !run->sight.shell)
		return;
	run->traffic.counters_asked = true;
	add_interfaces(run->rig.target->wire.mac, &line);
	strbuf_addf(&line, "[ \"$l\" ] && mark cycle=%u counters=1 $(", run->cycle.cycle);
	strbuf_add(&line, text_of(totals));
	strbuf_add(&line, TEXT(")"));
	shell_type(run, line.s);
}

bool counters_on_marker(struct run *run, const struct console_line *line)
{
	struct record record = { .type = RECORD_COUNTERS, .cycle = run->cycle.cycle };
	struct text cycle = TEXT_NONE;
	char number[16];

	if (!text_has(line->marker, TEXT("counters=1")))
		return false;
	snprintf(number, sizeof(number), "%u", run->cycle.cycle);
	text_value(line->marker, "cycle", &cycle);
	if (text_equal(cycle, text_of(number)) &&
	    table_parse(line->marker, target_counters_members, &record.counters))
		run_record(run, &record);
	return true;
}
