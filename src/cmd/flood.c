// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "base/num.h"
#include "cmd.h"
#include "load/engine.h"
#include "load/link.h"
#include "target/board.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
	KEY_UNTIL_EOF,
	KEY_ALLOW_OFF_LINK,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Where to:", 1 },
	{ "frames", KEY_FRAMES, "FD", 0,
	  "Whole Ethernet frames over the inherited AF_UNIX datagram socket FD", 0 },
	{ "target-mac", KEY_TARGET_MAC, "MAC", 0,
	  "With --frames: the Ethernet address of the target's network device", 0 },
	{ "allow-off-link", KEY_ALLOW_OFF_LINK, NULL, 0,
	  "Flood also an address behind a gateway", 0 },
	{ NULL, 0, NULL, 0, "What:", 2 },
	{ "spec", KEY_SPEC, "WORDS", 0,
	  "v4, v6, both, rate=N|max|auto, size=BYTES, joined by commas "
	  "(both,rate=auto,size=1400)",
	  0 },
	{ "rate", KEY_RATE, "N|max|auto", 0, "Requests a second", 0 },
	{ "size", KEY_SIZE, "BYTES", 0, "Payload of a request", 0 },
	{ NULL, 0, NULL, 0, "How long:", 3 },
	{ "for", KEY_FOR, "TIME", 0, "End after this time", 0 },
	{ "count", KEY_COUNT, "N", 0, "End after this many requests", 0 },
	{ "until-eof", KEY_UNTIL_EOF, NULL, 0,
	  "End with standard input (always so when that is a pipe)", 0 },
	{ 0 },
};

struct flood_options {
	struct engine_spec engine;
	int frames_fd; /* -1: raw sockets */
	bool have_mac, allow_off_link;
	struct frame_ends ends;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	bool have_v4, have_v6;
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
	if (found->ai_family == AF_INET)
		memcpy(&o->v4, found->ai_addr, sizeof(o->v4));
	else
		memcpy(&o->v6, found->ai_addr, sizeof(o->v6));
	freeaddrinfo(found);
}

/* What must be right about the whole command line. */
static void check_options(struct flood_options *o, struct argp_state *state)
{
	bool raw = o->have_v4 || o->have_v6;
	unsigned int have = (o->have_v4 ? FLOOD_V4 : 0) | (o->have_v6 ? FLOOD_V6 : 0);

	if (raw && o->frames_fd >= 0)
		argp_error(state, "--frames and an address exclude each other");
	if (!raw && o->frames_fd < 0)
		argp_error(state, "an address or --frames is missing");
	if ((o->frames_fd >= 0) != o->have_mac)
		argp_error(state, "--frames and --target-mac go together");
	if (raw && !(o->engine.flood.family & have))
		argp_error(state, "the flood is to be %s only, the address is not",
			   have == FLOOD_V4 ? "IPv6" : "IPv4");
	if (raw)
		o->engine.flood.family &= have;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct flood_options *o = state->input;
	uint32_t fd;

	switch (key) {
	case KEY_FRAMES:
		if (num_parse_u32(arg, &fd) < 0 || fd > INT32_MAX)
			argp_error(state, "--frames=%s is not a file descriptor", arg);
		o->frames_fd = (int)fd;
		return 0;
	case KEY_TARGET_MAC:
		if (frame_parse_mac(arg, o->ends.target_mac) < 0)
			argp_error(state, "'%s' is not the Ethernet address of a machine",
				   arg);
		o->have_mac = true;
		return 0;
	case KEY_SPEC:
		parse_words(o, arg, state);
		return 0;
	case KEY_RATE:
		parse_word(o, "rate", arg, state);
		return 0;
	case KEY_SIZE:
		parse_word(o, "size", arg, state);
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
	case KEY_UNTIL_EOF:
		o->engine.until_eof = true;
		return 0;
	case KEY_ALLOW_OFF_LINK:
		o->allow_off_link = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_address(o, arg, state);
		return 0;
	case ARGP_KEY_END:
		check_options(o, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "ADDRESS [ADDRESS]\n--frames=FD --target-mac=MAC",
	.doc = "Sends echo requests to one target in an open loop and writes what comes of "
	       "it to standard output, one line each 100 ms.",
};

static int check_address(const struct sockaddr *address, bool allow_off_link)
{
	char name[INET6_ADDRSTRLEN + 1] = "?";
	_cleanup_free_ char *reason = NULL;
	int r = link_check(address, allow_off_link, &reason);

	if (r == 0)
		return 0;
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, name,
			  sizeof(name));
	else
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr,
			  name, sizeof(name));
	log_error("not flooding %s: it %s", name, reason);
	return r;
}

static int open_raw(const struct flood_options *o, const struct path_spec *spec,
		    struct path **ret)
{
	bool v4 = spec->family & FLOOD_V4, v6 = spec->family & FLOOD_V6;
	struct path_peers peers = { .v4 = v4 ? &o->v4 : NULL,
				    .v6 = v6 ? &o->v6 : NULL,
				    .off_link = o->allow_off_link };
	int r = 0;

	if (v4)
		r = check_address((const struct sockaddr *)&o->v4, o->allow_off_link);
	if (r == 0 && v6)
		r = check_address((const struct sockaddr *)&o->v6, o->allow_off_link);
	if (r < 0)
		return r;
	r = path_open_raw(&peers, spec, ret);
	if (r == -EPERM || r == -EACCES)
		log_error(
			"raw ICMP sockets need CAP_NET_RAW: run this as root, or setcap "
			"cap_net_raw+ep on the program");
	else if (r < 0)
		log_errno(r, "cannot open raw ICMP sockets");
	return r;
}

static int open_frames(const struct flood_options *o, const struct path_spec *spec,
		       struct path **ret)
{
	struct frame_ends ends = o->ends;
	int r;

	if (frame_parse_mac(BOARD_NET_PEER_MAC, ends.our_mac) < 0 ||
	    inet_pton(AF_INET, BOARD_NET_PEER_V4, &ends.our_v4) != 1 ||
	    inet_pton(AF_INET, BOARD_NET_TARGET_V4, &ends.target_v4) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_PEER_V6, &ends.our_v6) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_TARGET_V6, &ends.target_v6) != 1)
		abort();
	r = path_open_frames(o->frames_fd, &ends, spec, ret);
	if (r == -ENOTSOCK)
		log_error("--frames=%d is not an AF_UNIX datagram socket", o->frames_fd);
	else if (r == -EMSGSIZE)
		log_error("size %u does not fit one frame: at most %u bytes, %u with v4",
			  spec->size, frame_payload_max(FLOOD_V6),
			  frame_payload_max(FLOOD_V4));
	else if (r < 0)
		log_errno(r, "cannot use --frames=%d", o->frames_fd);
	else
		(void)fcntl(o->frames_fd, F_SETFD, FD_CLOEXEC);
	return r;
}

static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int run(int argc, char **argv)
{
	struct flood_options o = { .engine.flood = FLOOD_SPEC_DEFAULT, .frames_fd = -1 };
	struct path_spec spec;
	struct path *path = NULL;
	int r;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (is_pipe(STDIN_FILENO))
		o.engine.until_eof = true;
	if (!o.engine.until_eof && !o.engine.limit_ns && !o.engine.count)
		o.engine.limit_ns = DEFAULT_LIMIT;
	if (getrandom(&o.engine.mark.cookie, sizeof(o.engine.mark.cookie), 0) < 0 ||
	    getrandom(&o.engine.mark.ident, sizeof(o.engine.mark.ident), 0) < 0) {
		log_errno(-errno, "no random numbers");
		return EXIT_USAGE;
	}
	spec = (struct path_spec){ .family = o.engine.flood.family,
				   .size = o.engine.flood.size,
				   .mark = o.engine.mark };
	r = o.frames_fd >= 0 ? open_frames(&o, &spec, &path) : open_raw(&o, &spec, &path);
	if (r == 0)
		r = engine_run(path, &o.engine);
	path_free(path);
	return r < 0 ? EXIT_USAGE : EXIT_PASS;
}

const struct command cmd_flood = {
	.name = "flood",
	.help = "send a ping flood and count what comes back",
	.run = run,
	.hidden = 1,
};
