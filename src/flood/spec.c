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
static bool parse_number(const char *value, uint32_t low, uint32_t high, uint32_t *ret)
{
	uint32_t number;

	if (num_parse_u32(value, &number) < 0 || number < low || number > high)
		return false;
	*ret = number;
	return true;
}

/* A time of whole microseconds. */
static bool parse_time(const char *value, uint64_t low, uint64_t high, uint64_t *ret)
{
	uint64_t time;

	if (num_parse_duration(value, &time) < 0 || time < low || time > high)
		return false;
	*ret = time / NS_PER_USEC * NS_PER_USEC;
	return true;
}

static bool parse_rate(const char *value, struct flood_spec *spec)
{
	struct text whole = text_of(value), unit = TEXT("Mbit");
	uint32_t rate = FLOOD_RATE_AUTO, mbits = 0;
	bool good = true;

	if (text_ends(whole, unit)) {
		_cleanup_free_ char *number = xstrndup(value, whole.n - unit.n);

		good = parse_number(number, 1, FLOOD_MBITS_LIMIT, &mbits);
	} else if (!strcmp(value, "max")) {
		rate = FLOOD_RATE_MAX;
	} else if (strcmp(value, "auto") != 0) {
		good = parse_number(value, 1, FLOOD_RATE_LIMIT, &rate);
	}
	spec->rate = rate;
	spec->mbits = mbits;
	return good;
}

static bool parse_size(const char *value, struct flood_spec *spec)
{
	const char *dots = strstr(value, "..");
	_cleanup_free_ char *low =
		xstrndup(value, dots ? (size_t)(dots - value) : strlen(value));
	uint32_t to;

	if (!parse_number(low, FLOOD_SIZE_MIN, FLOOD_SIZE_LIMIT, &spec->size))
		return false;
	to = spec->size;
	if (dots && !parse_number(dots + 2, to, FLOOD_SIZE_LIMIT, &to))
		return false;
	spec->size_to = to == spec->size ? 0 : to;
	return true;
}

static bool parse_burst(const char *value, struct flood_spec *spec)
{
	const char *slash = strchrnul(value, '/');
	_cleanup_free_ char *count = xstrndup(value, (size_t)(slash - value));

	return *slash && parse_number(count, 1, FLOOD_BURST_MAX, &spec->burst) &&
	       parse_time(slash + 1, FLOOD_BURST_NS_MIN, FLOOD_BURST_NS_MAX,
			  &spec->burst_ns);
}

static bool parse_surge(const char *value, struct flood_spec *spec)
{
	return parse_time(value, FLOOD_SURGE_NS_MIN, FLOOD_SURGE_NS_MAX, &spec->surge_ns);
}

/* -- words ---------------------------------------------------------------------------- */

#define NUMBER(member, high) NULL, offsetof(struct flood_spec, member), high

/* What the FLOOD_*_LIMIT, _MIN and _MAX of flood.h allow is wanted. */
static const struct value {
	const char *name, *wants;
	/* False: *spec is changed in part. NULL: a uint32_t at offset, from 1 to high. */
	bool (*parse)(const char *value, struct flood_spec *spec);
	size_t offset;
	uint32_t high;
} values[] = {
	{ "rate=", "auto, max, a number from 1 to 10000000, or 1Mbit to 400000Mbit",
	  parse_rate, 0, 0 },
	{ "size=", "a number from 16 to 65487, or two as in 64..1472", parse_size, 0, 0 },
	{ "sources=", "a number from 1 to 64", NUMBER(sources, FLOOD_SOURCES_MAX) },
	{ "vlan=", "a number from 1 to 4094", NUMBER(vlan, FLOOD_VLAN_MAX) },
	{ "burst=", "a number from 1 to 100000 and a time from 1ms to 1s, as in 64/10ms",
	  parse_burst, 0, 0 },
	{ "surge=", "a time from 1ms to 10s", parse_surge, 0, 0 },
	{ "udp=", "a port from 1 to 65535", NUMBER(udp_port, UINT16_MAX) },
	{ "tcp=", "a port from 1 to 65535", NUMBER(tcp_port, UINT16_MAX) },
};

static bool parse_value(const struct value *v, const char *value, struct flood_spec *spec)
{
	uint32_t *number = (uint32_t *)(void *)((char *)spec + v->offset);

	return v->parse ? v->parse(value, spec) : parse_number(value, 1, v->high, number);
}

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

		known = !strncmp(word, values[i].name, n);
		if (!known || parse_value(&values[i], word + n, spec))
			continue;
		*ret_error = xasprintf("%.*s '%s' is not %s", (int)n - 1, word, word + n,
				       values[i].wants);
		return -EINVAL;
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
