// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood.h"
#include "base/log.h"
#include "base/num.h"
#include "board/board.h"
#include "cmd.h"
#include "flood/engine.h"
#include "flood/engines.h"
#include "opts.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* By hand, when neither a limit nor the end of a pipe would end it. */
#define DEFAULT_LIMIT (60 * NS_PER_SEC)

enum {
	KEY_FRAMES = 0x100,
	KEY_TARGET_MAC,
	KEY_SPEC,
	KEY_RATE,
	KEY_SIZE,
	KEY_FOR,
	KEY_COUNT,
	KEY_ENGINE,
	KEY_INTERFACE,
	KEY_FORMAT,
	KEY_MEASURE,
};

struct flood_options {
	struct engine_spec engine;
	struct engines_wish wish;
	uint8_t target_mac[FRAME_MAC];
	bool have_mac;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct flood_several several; /* interfaces and addresses as they were given */
	bool self_test;
	bool have_v4, have_v6;
};

#define KEY(member) OPTS_KEY(struct flood_options, member)

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Where to:", 1 },
	{ "frames", KEY_FRAMES, "FD", 0,
	  "Whole Ethernet frames over the inherited AF_UNIX datagram socket FD", 0 },
	{ "target-mac", KEY_TARGET_MAC, "MAC", 0,
	  "The Ethernet address of the target's network device, when it does not tell",
	  0 },
	{ "interface", KEY_INTERFACE, "NAME", 0,
	  "Only through this interface (the one of the route); given again: through each "
	  "of them",
	  0 },
	{ "engine", KEY_ENGINE, "NAME|auto|help", 0,
	  "How it is sent; help lists what there is", 0 },
	{ "allow-routed", KEY(wish.link.allow_routed), NULL, 0,
	  "Flood also an address behind a gateway", 0 },
	{ NULL, 0, NULL, 0, "What:", 2 },
	{ "spec", KEY_SPEC, "WORDS", 0,
	  "icmp, udp[=PORT], tcp[=PORT], arp, nd, igmp, mld, v4, v6, both, "
	  "rate=N|NMbit|max|auto, size=BYTES|FROM..TO, sources=N, vlan=ID, burst=N/TIME, "
	  "surge=TIME, joined by commas (icmp,both,rate=auto,size=1400)",
	  0 },
	{ "rate", KEY_RATE, "N|NMbit|max|auto", 0, "Requests or bits a second", 0 },
	{ "size", KEY_SIZE, "BYTES|FROM..TO", 0, "Payload of a request", 0 },
	{ NULL, 0, NULL, 0, "How long:", 3 },
	{ "for", KEY_FOR, "TIME", 0, "End after this time", 0 },
	{ "count", KEY_COUNT, "N", 0, "End after this many requests", 0 },
	{ "until-eof", KEY(engine.until_eof), NULL, 0,
	  "End with standard input (always so when that is a pipe)", 0 },
	{ NULL, 0, NULL, 0, "Output:", 4 },
	{ "measure", KEY_MEASURE, "none|count|all", 0,
	  "What becomes of replies: nothing, they are counted only, or a sample is read as "
	  "well (all)",
	  0 },
	{ "format", KEY_FORMAT, "lines|figures", 0,
	  "Samples for programs, ten a second, or figures for people, once a second (the "
	  "default on a terminal)",
	  0 },
	{ "self-test", KEY(self_test), NULL, 0,
	  "Measure what each engine does here, between two network namespaces of its own",
	  0 },
	{ 0 },
};

static void parse_words(struct flood_options *o, const char *words,
			struct argp_state *state)
{
	_cleanup_free_ char *error = NULL;

	if (flood_spec_parse(words, &o->engine.flood, &error) < 0)
		argp_error(state, "%s", error);
}

static void parse_word(struct flood_options *o, const char *key, const char *value,
		       struct argp_state *state)
{
	_cleanup_free_ char *word = xasprintf("%s=%s", key, value);

	/* A comma would begin another word. */
	if (strchr(value, ','))
		argp_error(state, "--%s=%s is not one value", key, value);
	parse_words(o, word, state);
}

/* Numbers only: a name could stand for any machine by the time it is looked up. */
static void parse_address(struct flood_options *o, const char *arg,
			  struct argp_state *state)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST,
					.ai_socktype = SOCK_RAW };
	struct addrinfo *found = NULL;
	bool *have;

	if (getaddrinfo(arg, NULL, &hints, &found) != 0)
		argp_error(state, "'%s' is not an IPv4 or IPv6 address", arg);
	have = found->ai_family == AF_INET ? &o->have_v4 : &o->have_v6;
	if (*have)
		argp_error(state,
			   "'%s' is one address too many: one target, at most one "
			   "IPv4 and one IPv6 address",
			   arg);
	*have = true;
	o->several.addresses[o->several.addresses[0] != NULL] = arg;
	if (found->ai_family == AF_INET)
		memcpy(&o->v4, found->ai_addr, sizeof(o->v4));
	else
		memcpy(&o->v6, found->ai_addr, sizeof(o->v6));
	freeaddrinfo(found);
}

static void parse_interface(struct flood_options *o, const char *name,
			    struct argp_state *state)
{
	struct flood_several *s = &o->several;

	for (unsigned int i = 0; i < s->n; i++)
		if (!strcmp(s->names[i], name))
			argp_error(state, "--interface=%s is given twice", name);
	if (s->n == FLOOD_INTERFACES)
		argp_error(state, "--interface=%s is one too many: at most %u", name,
			   FLOOD_INTERFACES);
	s->names[s->n++] = name;
	o->wish.link.interface = s->names[0];
}

static void check_measure(const struct flood_options *o, struct argp_state *state)
{
	const struct flood_spec *flood = &o->engine.flood;
	enum path_measure measure = o->engine.measure;
	bool fixed = flood->rate != FLOOD_RATE_AUTO || flood->mbits || flood->burst;

	if (measure != PATH_MEASURE_ALL && o->wish.frames_fd >= 0)
		argp_error(state, "--frames reads each reply: --measure is all there");
	if (measure == PATH_MEASURE_NONE && (!fixed || flood->surge_ns))
		argp_error(state, "--measure=none leaves no replies for %s to go by",
			   fixed ? "surge" : "rate auto");
	if (measure == PATH_MEASURE_COUNT &&
	    flood_spec_kinds(flood) != FLOOD_KIND(FLOOD_ICMP))
		argp_error(state, "--measure=count goes with icmp only: answers to other "
				  "kinds are told apart by reading them");
}

/* What must be right about the whole command line. */
static void check_options(struct flood_options *o, struct argp_state *state)
{
	bool raw = o->have_v4 || o->have_v6;
	unsigned int have = (o->have_v4 ? FLOOD_V4 : 0) | (o->have_v6 ? FLOOD_V6 : 0);

	if (o->self_test)
		return;
	if (raw && o->wish.frames_fd >= 0)
		argp_error(state, "--frames and an address exclude each other");
	if (!raw && o->wish.frames_fd < 0)
		argp_error(state, "an address or --frames is missing");
	if (o->wish.frames_fd >= 0 && !o->have_mac)
		argp_error(state, "--frames and --target-mac go together");
	if (o->wish.frames_fd >= 0 && (o->wish.kind || o->wish.link.interface))
		argp_error(state, "--frames is an engine and an interface by itself");
	if (raw && o->wish.kind == engines_find("frames"))
		argp_error(state, "the engine frames goes with --frames, not an address");
	if (raw && !(o->engine.flood.family & have))
		argp_error(state, "the flood is to be %s only, the address is not",
			   have == FLOOD_V4 ? "IPv6" : "IPv4");
	if (raw)
		o->engine.flood.family &= have;
	check_measure(o, state);
	if (o->several.n > 1 && o->have_v6 && o->v6.sin6_scope_id)
		argp_error(state,
			   "a link-local address is behind one interface, not behind "
			   "%u",
			   o->several.n);
}

static void parse_measure(struct flood_options *o, const char *name,
			  struct argp_state *state)
{
	static const char *const names[] = { [PATH_MEASURE_ALL] = "all",
					     [PATH_MEASURE_COUNT] = "count",
					     [PATH_MEASURE_NONE] = "none" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name)) {
			o->engine.measure = (enum path_measure)i;
			o->several.measure = name;
			return;
		}
	argp_error(state, "measure '%s' is not one of none, count, all", name);
}

static void parse_engine(struct flood_options *o, const char *name,
			 struct argp_state *state)
{
	_cleanup_free_ char *names = NULL;

	if (!strcmp(name, "help")) {
		engines_list(stdout);
		exit(EXIT_PASS);
	}
	o->wish.kind = engines_find(name);
	if (o->wish.kind || !strcmp(name, "auto"))
		return;
	names = engines_names();
	argp_error(state, "engine '%s' is not one of auto, %s", name, names);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct flood_options *o = state->input;
	uint32_t fd;

	switch (key) {
	case KEY_FRAMES:
		if (num_parse_u32(arg, &fd) < 0 || fd > INT32_MAX)
			argp_error(state, "--frames=%s is not a file descriptor", arg);
		o->wish.frames_fd = (int)fd;
		return 0;
	case KEY_TARGET_MAC:
		if (frame_parse_mac(arg, o->target_mac) < 0)
			argp_error(state, "'%s' is not the Ethernet address of a machine",
				   arg);
		o->have_mac = true;
		return 0;
	case KEY_SPEC:
		parse_words(o, arg, state);
		return 0;
	case KEY_RATE:
	case KEY_SIZE:
		parse_word(o, key == KEY_RATE ? "rate" : "size", arg, state);
		return 0;
	case KEY_FOR:
		if (num_parse_duration(arg, &o->engine.limit_ns) < 0 ||
		    !o->engine.limit_ns)
			argp_error(state, "'%s' is not a time, as in 10s or 500ms", arg);
		return 0;
	case KEY_COUNT:
		if (num_parse_u64(arg, &o->engine.count) < 0 || !o->engine.count)
			argp_error(state, "'%s' is not a number of requests", arg);
		return 0;
	case KEY_INTERFACE:
		parse_interface(o, arg, state);
		return 0;
	case KEY_FORMAT:
		o->engine.figures = !strcmp(arg, "figures");
		if (!o->engine.figures && strcmp(arg, "lines") != 0)
			argp_error(state, "format '%s' is not one of lines, figures",
				   arg);
		return 0;
	case KEY_MEASURE:
		parse_measure(o, arg, state);
		return 0;
	case KEY_ENGINE:
		parse_engine(o, arg, state);
		return 0;
	case ARGP_KEY_ARG:
		parse_address(o, arg, state);
		return 0;
	case ARGP_KEY_END:
		check_options(o, state);
		return 0;
	default:
		return opts_set(key, arg, o);
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "ADDRESS [ADDRESS]\n--frames=FD --target-mac=MAC",
	.doc = "Sends echo requests to one target in an open loop and writes what comes of "
	       "it to standard output, one line each 100 ms.",
};

/* The addresses of a virtual board's wire. */
static void set_board(struct frame_ends *ends, const uint8_t target_mac[FRAME_MAC])
{
	memcpy(ends->target_mac, target_mac, FRAME_MAC);
	if (frame_parse_mac(BOARD_NET_PEER_MAC, ends->our_mac) < 0 ||
	    inet_pton(AF_INET, BOARD_NET_PEER_V4, &ends->our_v4) != 1 ||
	    inet_pton(AF_INET, BOARD_NET_TARGET_V4, &ends->target_v4) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_PEER_V6, &ends->our_v6) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_TARGET_V6, &ends->target_v6) != 1)
		abort();
}

static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int run(int argc, char **argv)
{
	struct flood_options o = { .engine.flood = FLOOD_SPEC_DEFAULT,
				   .wish.frames_fd = -1 };
	struct engines_open opened;
	struct path_spec spec;
	int r;

	o.engine.figures = isatty(STDOUT_FILENO);
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (o.self_test)
		return flood_self_test();
	if (is_pipe(STDIN_FILENO))
		o.engine.until_eof = true;
	if (!o.engine.until_eof && !o.engine.limit_ns && !o.engine.count)
		o.engine.limit_ns = DEFAULT_LIMIT;
	if (getrandom(&o.engine.mark.cookie, sizeof(o.engine.mark.cookie), 0) < 0 ||
	    getrandom(&o.engine.mark.ident, sizeof(o.engine.mark.ident), 0) < 0) {
		log_errno(-errno, "no random numbers");
		return EXIT_USAGE;
	}
	spec = (struct path_spec){ .flood = o.engine.flood,
				   .mark = o.engine.mark,
				   .measure = o.engine.measure };
	o.wish.v4 = &o.v4;
	o.wish.v6 = &o.v6;
	o.wish.target_mac = o.have_mac ? o.target_mac : NULL;
	set_board(&o.wish.ends, o.target_mac);
	if (o.several.n > 1) {
		o.several.wish = &o.wish;
		o.several.engine = &o.engine;
		r = flood_several(&o.several);
		return r < 0 ? EXIT_USAGE : EXIT_PASS;
	}
	r = engines_open(&o.wish, &spec, &opened);
	if (r == 0)
		r = engine_run(opened.path, &o.engine);
	engines_close(&opened);
	return r < 0 ? EXIT_USAGE : EXIT_PASS;
}

const struct command cmd_flood = {
	.name = "flood",
	.help = "send a ping flood and count what comes back",
	.run = run,
	.hidden = 1,
};
