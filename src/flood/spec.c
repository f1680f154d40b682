// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of a spec: one table for reading them and for saying what is allowed. */
#include "base/num.h"
#include "flood/flood.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name, *title;
	enum flood_family families;
	bool answers;
} kinds[FLOOD_KINDS] = {
	[FLOOD_ICMP] = { "icmp", "ICMP echo", FLOOD_BOTH, true },
	[FLOOD_UDP] = { "udp", "UDP", FLOOD_BOTH, false },
	[FLOOD_TCP] = { "tcp", "TCP SYN", FLOOD_BOTH, true },
	[FLOOD_ARP] = { "arp", "ARP", FLOOD_V4, true },
	[FLOOD_ND] = { "nd", "neighbour solicitation", FLOOD_V6, true },
	[FLOOD_IGMP] = { "igmp", "IGMP query", FLOOD_V4, false },
	[FLOOD_MLD] = { "mld", "MLD query", FLOOD_V6, false },
};

enum flood_family flood_kind_families(enum flood_kind kind)
{
	return kinds[kind].families;
}

bool flood_kind_answers(enum flood_kind kind)
{
	return kinds[kind].answers;
}

/* -- values --------------------------------------------------------------------------- */

/* "N" in low..high. */
static int parse_number(const char *value, uint32_t low, uint32_t high, uint32_t *ret)
{
	uint32_t number;

	if (num_parse_u32(value, &number) < 0 || number < low || number > high)
		return -EINVAL;
	*ret = number;
	return 0;
}

/* Cuts unit off the number before it; NULL: it does not end so. Caller frees. */
static char *cut_unit(const char *value, const char *unit)
{
	struct text whole = text_of(value), end = text_of(unit);

	return text_ends(whole, end) ? xstrndup(value, whole.n - end.n) : NULL;
}

static int parse_rate(const char *value, struct flood_spec *spec, char **ret_error)
{
	_cleanup_free_ char *mbits = cut_unit(value, "Mbit");
	uint32_t rate = FLOOD_RATE_AUTO, wire = 0;
	int r = 0;

	if (mbits)
		r = parse_number(mbits, 1, FLOOD_MBITS_LIMIT, &wire);
	else if (!strcmp(value, "max"))
		rate = FLOOD_RATE_MAX;
	else if (strcmp(value, "auto") != 0)
		r = parse_number(value, 1, FLOOD_RATE_LIMIT, &rate);
	if (r < 0) {
		*ret_error = xasprintf(
			"rate '%s' is not auto, max, a number from 1 to %u, or 1Mbit to "
			"%uMbit",
			value, FLOOD_RATE_LIMIT, FLOOD_MBITS_LIMIT);
		return -EINVAL;
	}
	spec->rate = rate;
	spec->mbits = wire;
	return 0;
}

static int parse_size(const char *value, struct flood_spec *spec, char **ret_error)
{
	const char *dots = strstr(value, "..");
	_cleanup_free_ char *low =
		xstrndup(value, dots ? (size_t)(dots - value) : strlen(value));
	uint32_t from, to = 0;

	if (parse_number(low, FLOOD_SIZE_MIN, FLOOD_SIZE_LIMIT, &from) < 0 ||
	    (dots && (parse_number(dots + 2, FLOOD_SIZE_MIN, FLOOD_SIZE_LIMIT, &to) < 0 ||
		      to < from))) {
		*ret_error =
			xasprintf("size '%s' is not a number from %u to %u, or two as "
				  "in 64..1472",
				  value, FLOOD_SIZE_MIN, FLOOD_SIZE_LIMIT);
		return -EINVAL;
	}
	spec->size = from;
	spec->size_to = to == from ? 0 : to;
	return 0;
}

static int parse_port(const char *name, const char *value, uint16_t *ret,
		      char **ret_error)
{
	uint32_t port;

	if (parse_number(value, 1, UINT16_MAX, &port) < 0) {
		*ret_error =
			xasprintf("%s '%s' is not a port from 1 to 65535", name, value);
		return -EINVAL;
	}
	*ret = (uint16_t)port;
	return 0;
}

static int parse_sources(const char *value, struct flood_spec *spec, char **ret_error)
{
	if (parse_number(value, 1, FLOOD_SOURCES_MAX, &spec->sources) == 0)
		return 0;
	*ret_error = xasprintf("sources '%s' is not a number from 1 to %u", value,
			       FLOOD_SOURCES_MAX);
	return -EINVAL;
}

static int parse_vlan(const char *value, struct flood_spec *spec, char **ret_error)
{
	uint32_t id;

	if (parse_number(value, 1, FLOOD_VLAN_MAX, &id) < 0) {
		*ret_error = xasprintf("vlan '%s' is not a number from 1 to %u", value,
				       FLOOD_VLAN_MAX);
		return -EINVAL;
	}
	spec->vlan = (uint16_t)id;
	return 0;
}

static int parse_burst(const char *value, struct flood_spec *spec, char **ret_error)
{
	const char *slash = strchrnul(value, '/');
	_cleanup_free_ char *count = xstrndup(value, (size_t)(slash - value));
	uint64_t interval;
	uint32_t burst;

	if (!*slash || parse_number(count, 1, FLOOD_BURST_MAX, &burst) < 0 ||
	    num_parse_duration(slash + 1, &interval) < 0 ||
	    interval < FLOOD_BURST_NS_MIN || interval > FLOOD_BURST_NS_MAX) {
		*ret_error =
			xasprintf("burst '%s' is not a number from 1 to %u and a time "
				  "from 1ms to 1s, as in 64/10ms",
				  value, FLOOD_BURST_MAX);
		return -EINVAL;
	}
	spec->burst = burst;
	spec->burst_ns = interval / NS_PER_USEC * NS_PER_USEC;
	return 0;
}

static int parse_surge(const char *value, struct flood_spec *spec, char **ret_error)
{
	uint64_t surge;

	if (num_parse_duration(value, &surge) < 0 || surge < FLOOD_SURGE_NS_MIN ||
	    surge > FLOOD_SURGE_NS_MAX) {
		*ret_error = xasprintf("surge '%s' is not a time from 1ms to 10s", value);
		return -EINVAL;
	}
	spec->surge_ns = surge / NS_PER_USEC * NS_PER_USEC;
	return 0;
}

/* -- words ---------------------------------------------------------------------------- */

static int parse_udp(const char *value, struct flood_spec *spec, char **ret_error)
{
	return parse_port("udp", value, &spec->udp_port, ret_error);
}

static int parse_tcp(const char *value, struct flood_spec *spec, char **ret_error)
{
	return parse_port("tcp", value, &spec->tcp_port, ret_error);
}

static const struct {
	const char *name;
	int (*parse)(const char *value, struct flood_spec *spec, char **ret_error);
} values[] = {
	{ "rate=", parse_rate }, { "size=", parse_size },   { "sources=", parse_sources },
	{ "vlan=", parse_vlan }, { "burst=", parse_burst }, { "surge=", parse_surge },
	{ "udp=", parse_udp },   { "tcp=", parse_tcp },
};

static const struct {
	const char *name;
	enum flood_family family;
} families[] = { { "v4", FLOOD_V4 }, { "v6", FLOOD_V6 }, { "both", FLOOD_BOTH } };

/* FLOOD_KINDS: none of them. */
static enum flood_kind kind_of(const char *word)
{
	size_t n = strcspn(word, "=");
	enum flood_kind kind = FLOOD_ICMP;

	while (kind < FLOOD_KINDS &&
	       (strlen(kinds[kind].name) != n || memcmp(kinds[kind].name, word, n) != 0))
		kind++;
	return kind;
}

/* *kinds_seen: what the words before this one have named. */
static int parse_word(const char *word, struct flood_spec *spec, unsigned int *kinds_seen,
		      char **ret_error)
{
	enum flood_kind kind = kind_of(word);
	bool known = kind != FLOOD_KINDS && !strchr(word, '=');

	for (size_t i = 0; !known && i < ARRAY_SIZE(families); i++)
		if (!strcmp(word, families[i].name)) {
			spec->family = families[i].family;
			return 0;
		}
	for (size_t i = 0; !known && i < ARRAY_SIZE(values); i++) {
		size_t n = strlen(values[i].name);
		int r;

		if (strncmp(word, values[i].name, n) != 0)
			continue;
		r = values[i].parse(word + n, spec, ret_error);
		if (r < 0)
			return r;
		known = true;
	}
	if (!known) {
		*ret_error = xasprintf(
			"flood word '%s' is not one of icmp, udp, udp=PORT, tcp, tcp=PORT, "
			"arp, nd, igmp, mld, v4, v6, both, rate=N|NMbit|max|auto, "
			"size=BYTES|FROM..TO, sources=N, vlan=ID, burst=N/TIME, surge=TIME",
			word);
		return -EINVAL;
	}
	if (kind == FLOOD_KINDS)
		return 0;
	if (kind == FLOOD_UDP && !strchr(word, '='))
		spec->udp_port = 0;
	if (kind == FLOOD_TCP && !strchr(word, '='))
		spec->tcp_port = 0;
	*kinds_seen |= FLOOD_KIND(kind);
	return 0;
}

/* What only all words together show. */
static int check(const struct flood_spec *spec, char **ret_error)
{
	for (enum flood_kind kind = FLOOD_ICMP; kind < FLOOD_KINDS; kind++)
		if (spec->kinds & FLOOD_KIND(kind) &&
		    !(kinds[kind].families & spec->family)) {
			*ret_error = xasprintf("flood word '%s' is IPv%d, which '%s' "
					       "leaves out",
					       kinds[kind].name,
					       kinds[kind].families == FLOOD_V4 ? 4 : 6,
					       spec->family == FLOOD_V4 ? "v4" : "v6");
			return -EINVAL;
		}
	if (spec->burst && (spec->rate != FLOOD_RATE_AUTO || spec->mbits)) {
		*ret_error = xstrdup("burst=N/TIME is a rate by itself: it and a rate "
				     "other than auto exclude each other");
		return -EINVAL;
	}
	return 0;
}

int flood_spec_parse(const char *words, struct flood_spec *spec, char **ret_error)
{
	_cleanup_free_ char *copy = xstrdup(words);
	struct flood_spec parsed = *spec;
	char *rest = copy, *word;
	unsigned int seen = 0;
	int r = 0;

	while (r == 0 && (word = strsep(&rest, ",")))
		r = parse_word(word, &parsed, &seen, ret_error);
	if (r == 0 && seen)
		parsed.kinds = seen;
	if (!(parsed.kinds & FLOOD_KIND(FLOOD_UDP)))
		parsed.udp_port = 0;
	if (!(parsed.kinds & FLOOD_KIND(FLOOD_TCP)))
		parsed.tcp_port = 0;
	if (r == 0)
		r = check(&parsed, ret_error);
	if (r == 0)
		*spec = parsed;
	return r;
}

/* -- and back ------------------------------------------------------------------------- */

static void add_time(struct strbuf *out, const char *word, uint64_t ns)
{
	if (ns % NS_PER_MSEC)
		strbuf_addf(out, "%s%" PRIu64 "us", word, ns / NS_PER_USEC);
	else
		strbuf_addf(out, "%s%" PRIu64 "ms", word, ns / NS_PER_MSEC);
}

static void add_kinds(const struct flood_spec *spec, struct strbuf *out)
{
	for (enum flood_kind kind = FLOOD_ICMP; kind < FLOOD_KINDS; kind++) {
		unsigned int port = kind == FLOOD_UDP ? spec->udp_port :
				    kind == FLOOD_TCP ? spec->tcp_port :
							0;

		if (!(spec->kinds & FLOOD_KIND(kind)))
			continue;
		strbuf_addf(out, "%s", kinds[kind].name);
		if (port)
			strbuf_addf(out, "=%u", port);
		strbuf_add(out, TEXT(","));
	}
}

void flood_spec_format(const struct flood_spec *spec, struct strbuf *out)
{
	add_kinds(spec, out);
	strbuf_addf(out, "%s,size=%u", families[spec->family - 1].name, spec->size);
	if (spec->size_to)
		strbuf_addf(out, "..%u", spec->size_to);
	if (spec->mbits)
		strbuf_addf(out, ",rate=%uMbit", spec->mbits);
	else if (spec->rate == FLOOD_RATE_AUTO || spec->rate == FLOOD_RATE_MAX)
		strbuf_addf(out, ",rate=%s", spec->rate ? "max" : "auto");
	else
		strbuf_addf(out, ",rate=%u", spec->rate);
	if (spec->sources > 1)
		strbuf_addf(out, ",sources=%u", spec->sources);
	if (spec->vlan)
		strbuf_addf(out, ",vlan=%u", spec->vlan);
	if (spec->burst) {
		strbuf_addf(out, ",burst=%u", spec->burst);
		add_time(out, "/", spec->burst_ns);
	}
	if (spec->surge_ns)
		add_time(out, ",surge=", spec->surge_ns);
}

static void describe_rate(const struct flood_spec *spec, struct strbuf *out)
{
	char text[NUM_DURATION_MAX];

	if (spec->burst)
		strbuf_addf(out, ", %u requests at once every %s", spec->burst,
			    num_format_duration(text, spec->burst_ns));
	else if (spec->mbits)
		strbuf_addf(out, ", %u Mbit/s", spec->mbits);
	else if (spec->rate == FLOOD_RATE_AUTO)
		strbuf_addf(out, ", as fast as the target keeps up");
	else if (spec->rate == FLOOD_RATE_MAX)
		strbuf_addf(out, ", as fast as this machine can");
	else
		strbuf_addf(out, ", %" PRIu32 " requests/s", spec->rate);
	if (spec->surge_ns)
		strbuf_addf(out,
			    ", as fast as this machine can from %s before the trigger "
			    "until the target is silent",
			    num_format_duration(text, spec->surge_ns));
}

void flood_spec_describe(const struct flood_spec *spec, struct strbuf *out)
{
	static const char *const names[] = {
		[FLOOD_V4] = "IPv4", [FLOOD_V6] = "IPv6", [FLOOD_BOTH] = "IPv4 and IPv6"
	};
	unsigned int left = flood_spec_kinds(spec), told = 0;

	for (enum flood_kind kind = FLOOD_ICMP; kind < FLOOD_KINDS; kind++) {
		if (!(left & FLOOD_KIND(kind)))
			continue;
		left &= ~FLOOD_KIND(kind);
		strbuf_addf(out, "%s%s",
			    !told ? "" :
			    left  ? ", " :
				    " and ",
			    kinds[kind].title);
		told++;
	}
	strbuf_addf(out, " flood, %s, %u", names[spec->family], spec->size);
	if (spec->size_to)
		strbuf_addf(out, " to %u", spec->size_to);
	strbuf_addf(out, " bytes");
	if (spec->sources > 1)
		strbuf_addf(out, " from %u sources", spec->sources);
	if (spec->vlan)
		strbuf_addf(out, " in VLAN %u", spec->vlan);
	describe_rate(spec, out);
}

/* -- what it means -------------------------------------------------------------------- */

/* A prime above any number of sizes: its multiples come by each of them. */
#define SWEEP_STRIDE 1000003u

uint32_t flood_spec_size(const struct flood_spec *spec, uint32_t seq)
{
	uint32_t n;

	if (!spec->size_to)
		return spec->size;
	n = spec->size_to - spec->size + 1;
	return spec->size + (uint32_t)((uint64_t)seq * SWEEP_STRIDE % n);
}

uint32_t flood_spec_size_max(const struct flood_spec *spec)
{
	return spec->size_to ? spec->size_to : spec->size;
}

unsigned int flood_spec_kinds(const struct flood_spec *spec)
{
	unsigned int left = 0;

	for (enum flood_kind kind = FLOOD_ICMP; kind < FLOOD_KINDS; kind++)
		if (spec->kinds & FLOOD_KIND(kind) && kinds[kind].families & spec->family)
			left |= FLOOD_KIND(kind);
	return left;
}
