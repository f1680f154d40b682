/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flood: requests in an open loop, ICMP echo or a mix. It runs as a process of its own
 * (`iommu-stress flood`), which writes one line of samples to standard output each
 * FLOOD_SAMPLE_MS and ends when its standard input ends, with a last sample. A line that
 * its reader leaves no room for is left out: the flood never waits. A line "press" on its
 * standard input makes a rate of auto a multiple of itself, until a line "release"; a line
 * "surge" makes any rate FLOOD_RATE_MAX until the target is silent. "mark" and "timeline"
 * are told in flood/timeline.h.
 */
#pragma once

#include "base/table.h"

#include <stdbool.h>
#include <stdint.h>

#define FLOOD_SAMPLE_MS 100

enum flood_family {
	FLOOD_V4 = 1,
	FLOOD_V6 = 2,
	FLOOD_BOTH = 3, /* alternating */
};

/* What a request is. */
enum flood_kind {
	FLOOD_ICMP, /* echo request */
	FLOOD_UDP, /* datagram to a port that nobody listens on, or to one that is given */
	FLOOD_TCP,  /* SYN, likewise */
	FLOOD_ARP,  /* request for the target's address */
	FLOOD_ND,   /* neighbour solicitation for it */
	FLOOD_IGMP, /* general query, of versions 2 and 3 in turn */
	FLOOD_MLD,  /* general query, of versions 1 and 2 in turn */
	FLOOD_KINDS
};
#define FLOOD_KIND(kind) (1u << (kind))

enum flood_family flood_kind_families(enum flood_kind kind);
/*
 * Each request is answered by a target that keeps up. Linux limits the rate of port
 * unreachables, and delays and joins reports of multicast groups.
 */
bool flood_kind_answers(enum flood_kind kind);

#define FLOOD_RATE_AUTO 0 /* find what the target keeps up with, hold just below */
#define FLOOD_RATE_MAX  UINT32_MAX /* as fast as the path takes */

/* What the words of a spec may say; one path's limit of the size may be lower. */
#define FLOOD_RATE_LIMIT   10000000u
#define FLOOD_MBITS_LIMIT  400000u
#define FLOOD_SIZE_MIN     16u
#define FLOOD_SIZE_LIMIT   65487u /* of an IPv6 echo request */
#define FLOOD_SOURCES_MAX  64u
#define FLOOD_VLAN_MAX     4094u
#define FLOOD_BURST_MAX    100000u
#define FLOOD_BURST_NS_MIN UINT64_C(1000000)
#define FLOOD_BURST_NS_MAX UINT64_C(1000000000)
#define FLOOD_SURGE_NS_MIN UINT64_C(1000000)
#define FLOOD_SURGE_NS_MAX UINT64_C(10000000000)

struct flood_spec {
	enum flood_family family;
	uint32_t rate;      /* requests a second, or FLOOD_RATE_* */
	uint32_t mbits;     /* 10^6 bits a second of the wire, in place of rate; 0 = no */
	uint32_t size;      /* payload bytes of a request that has one */
	uint32_t size_to;   /* all sizes from size to this in turn; 0 = only size */
	unsigned int kinds; /* FLOOD_KIND of each, in turn */
	uint32_t udp_port, tcp_port; /* 0: of those that nobody listens on */
	uint32_t vlan;               /* ID of the tag, 0 = none */
	uint32_t sources;  /* addresses and ports that requests come from, 0 = 1 */
	uint32_t burst;    /* requests at once, in place of rate; 0 = no bursts */
	uint64_t burst_ns; /* from burst to burst */
	uint64_t surge_ns; /* so long before the trigger the rate goes to max; 0 = never */
};

#define FLOOD_SPEC_DEFAULT                                     \
	((struct flood_spec){ .family = FLOOD_BOTH,            \
			      .rate = FLOOD_RATE_AUTO,         \
			      .size = 1400,                    \
			      .kinds = FLOOD_KIND(FLOOD_ICMP), \
			      .sources = 1 })

/*
 * Words joined by commas, on top of what *spec holds: iommu-stress-flood(8) tells them.
 * The first kind takes the place of those that *spec holds, further ones are added.
 * -EINVAL: *ret_error (caller frees) says which word is wrong, and what is allowed.
 */
int flood_spec_parse(const char *words, struct flood_spec *spec,
		     char **ret_error) _must_check_;
/* Adds words of which flood_spec_parse makes the same spec, on top of the default. */
void flood_spec_format(const struct flood_spec *spec, struct strbuf *out);
/* The same for people: "ICMP echo and UDP flood, IPv4, 64 to 1472 bytes, ...". */
void flood_spec_describe(const struct flood_spec *spec, struct strbuf *out);

/* Payload of request number seq. A sweep comes by each size once, in mixed order. */
uint32_t flood_spec_size(const struct flood_spec *spec, uint32_t seq);
uint32_t flood_spec_size_max(const struct flood_spec *spec);
/* Kinds that the family leaves: FLOOD_KIND of each. */
unsigned int flood_spec_kinds(const struct flood_spec *spec);

/*
 * How often sending failed, by the name of the error: what the kernel said to a try, or
 * reported of the socket later, as of an ICMP message that came back.
 */
#define FLOOD_ERRORS 20u

struct flood_errors {
	uint64_t n[FLOOD_ERRORS];
};

/* "ENOBUFS"; the last one is "other". index below FLOOD_ERRORS. */
const char *flood_error_name(unsigned int index);
/* The words of strerror(3), or "other errors". */
const char *flood_error_words(unsigned int index);

/* error: an errno value. */
void flood_errors_count(struct flood_errors *errors, int error);
void flood_errors_add(struct flood_errors *errors, const struct flood_errors *more);
/* Of all kinds. */
uint64_t flood_errors_all(const struct flood_errors *errors);

/* For people: "ENOBUFS 12, ENETDOWN 3", with words "ENOBUFS 12 (No buffer ...), ...". */
void flood_errors_describe(const struct flood_errors *errors, bool words,
			   struct strbuf *out);

/*
 * One sample. Counters run from the start of the process; times are CLOCK_BOOTTIME ns.
 * As text: `flood state=hold sent=.. replies=.. drops=.. bad=.. rate=.. reply_rate=..
 * rtt_us=.. steady=0|1 first_reply=NS last_reply=NS lost=.. duplicates=.. reports=..
 * rtt_p50_us=.. rtt_p90_us=.. rtt_p99_us=.. rtt_max_us=.. at=NS`, and after errors
 * ` errors=ENOBUFS:12,ENETDOWN:3`.
 */
enum flood_state {
	FLOOD_WAIT, /* no reply yet: probing slowly */
	FLOOD_RAMP, /* looking for the rate */
	FLOOD_HOLD, /* at the rate, whether replies come or not */
};

struct flood_sample {
	enum flood_state state;
	uint64_t at_ns;
	uint64_t sent, replies;
	uint64_t drops; /* requests that the path did not take in time, not in sent */
	uint64_t bad;   /* replies to our requests with damaged content */
	uint32_t rate;  /* requests a second wanted now */
	uint32_t reply_rate; /* replies a second over the last 500 ms */
	uint32_t rtt_us;     /* median of the replies since the last sample, 0 = none */
	/* Answered one by one, but not within a second; a late reply takes it back. */
	uint64_t lost;
	uint64_t duplicates; /* replies to requests that had theirs */
	uint64_t reports; /* answers that belong to no single request, not in replies */
	/* Of all replies since the start, exact to a sixteenth; 0 = none. */
	uint32_t rtt_p50_us, rtt_p90_us, rtt_p99_us, rtt_max_us;
	/*
	 * Replies have been steady for the confirmation window of 500 ms (longer at rates
	 * below 20 a second): the rules are in flood/pace/steady.h.
	 */
	bool steady;
	uint64_t last_reply_ns; /* 0 = none yet */
	/*
	 * First reply after the last silence of >= 500 ms (three requests' time at rates
	 * below 6 a second).
	 */
	uint64_t first_reply_ns;
	struct flood_errors errors;
};

extern const struct table_member flood_sample_members[];

/* False for a line that is no sample. */
bool flood_sample_parse(struct text line, struct flood_sample *ret);
/* Adds the line, without a newline. */
void flood_sample_format(const struct flood_sample *sample, struct strbuf *out);
/* state: enum flood_state. */
const char *flood_state_name(unsigned int state);

/*
 * Floods of one target through several interfaces, told as one: the sum of the newest
 * sample of each; at_ns 0: it has told none yet. Counters and rates are added up; what
 * cannot be, the round trips, is the longest of them. The state is that of the least
 * advanced, steady are they when all are, and at_ns is of the newest. The first reply is
 * that after the last time in which all were silent.
 */
struct flood_sample several_sum(const struct flood_sample *samples, unsigned int n);
/* Adds the line "interface name=NAME state=...", without a newline. */
void several_format(const char *name, const struct flood_sample *sample,
		    struct strbuf *out);
