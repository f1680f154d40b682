// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the target itself has counted of the load: its shell is asked once a cycle, while
 * the load runs and early enough that the request to go down does not wait for it. A shell
 * that cannot tell leaves it out.
 */
#include "internal.h"

#include "base/num.h"

#include <inttypes.h>

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

	if (!run->load || run->facts.counters_asked || !run->facts.shell)
		return;
	run->facts.counters_asked = true;
	add_interfaces(run->target->wire.mac, &line);
	strbuf_addf(&line, "[ \"$l\" ] && mark cycle=%u counters=1 $(", run->cycle.cycle);
	strbuf_add(&line, text_of(totals));
	strbuf_add(&line, TEXT(")"));
	shell_type(run, line.s);
}

static bool take(struct text marker, const char *key, uint64_t *ret)
{
	char number[24];
	struct text value;

	return text_value(marker, key, &value) && value.n < sizeof(number) &&
	       num_parse_u64(text_copy(number, sizeof(number), value), ret) == 0;
}

bool counters_take(struct run *run, struct text marker)
{
	struct record record = { .type = RECORD_COUNTERS, .cycle = run->cycle.cycle };
	struct target_counters *c = &record.counters;

	if (!text_has(marker, TEXT("counters=1")))
		return false;
	if (!take(marker, "rx_packets", &c->rx_packets))
		return true;
	(void)take(marker, "rx_errors", &c->rx_errors);
	(void)take(marker, "rx_dropped", &c->rx_dropped);
	(void)take(marker, "rx_missed_errors", &c->rx_missed_errors);
	(void)take(marker, "in_echos", &c->in_echos);
	(void)take(marker, "out_echo_replies", &c->out_echo_replies);
	run_record(run, &record);
	return true;
}
