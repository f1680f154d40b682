// SPDX-License-Identifier: GPL-2.0-or-later
/* Routes of a machine whose files were copied: those of its main table. */
#include "facts.h"

#include <netinet/in.h>

/* include/uapi/linux/route.h: the route says that there is no way. */
#define ROUTE_REJECT 0x200

struct route {
	char name[32];
	unsigned char dest[16];
	unsigned int prefix, metric, flags;
};

/* /proc/net/route has addresses as the numbers that this machine sees in them. */
static bool parse_v4(const char *line, struct route *route)
{
	unsigned int dest, mask;

	if (sscanf(line, "%31s %x %*x %x %*s %*s %u %x", route->name, &dest,
		   &route->flags, &route->metric, &mask) != 5)
		return false;
	memcpy(route->dest, &dest, sizeof(dest));
	route->prefix = (unsigned int)__builtin_popcount(mask);
	return true;
}

static bool parse_v6(const char *line, struct route *route)
{
	char hex[33];

	if (sscanf(line, "%32s %x %*s %*s %*s %x %*s %*s %x %31s", hex, &route->prefix,
		   &route->metric, &route->flags, route->name) != 5 ||
	    strlen(hex) != 32 || route->prefix > 128)
		return false;
	for (size_t i = 0; i < sizeof(route->dest); i++)
		if (sscanf(hex + 2 * i, "%2hhx", &route->dest[i]) != 1)
			return false;
	/* Multicast, and what is refused at lo. */
	if (route->dest[0] == 0xff || !strcmp(route->name, "lo"))
		route->flags |= ROUTE_REJECT;
	return true;
}

static bool leads_to(const struct route *route, const struct facts_to *to)
{
	const unsigned char *address = to->address;

	if (!address)
		return to->all || !route->prefix;
	for (unsigned int i = 0; i < route->prefix; i++)
		if ((address[i / 8] ^ route->dest[i / 8]) & (0x80 >> (i % 8)))
			return false;
	return true;
}

static bool is_better(const struct route *route, const struct route *than)
{
	return route->prefix > than->prefix ||
	       (route->prefix == than->prefix && route->metric < than->metric);
}

/*
 * First, without use, the best one is found; then all that are as good are followed, and with
 * to->all all. Returns 0 or -errno.
 */
static int read_routes(const char *path, const struct facts_to *to, struct route *best,
		       const struct facts_use *use, size_t *n)
{
	_cleanup_stream_ FILE *stream = fopen(path_make("%s", path).s, "re");
	_cleanup_text_ char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!stream)
		return -errno;
	while (getline(&line, &room, stream) > 0) {
		struct route route = { 0 };

		if (!strncmp(line, "Iface", 5))
			continue;
		if (!(to->family == AF_INET ? parse_v4 : parse_v6)(line, &route)) {
			err = -EBADMSG;
			continue;
		}
		if ((route.flags & ROUTE_REJECT) || !leads_to(&route, to))
			continue;
		if (use && (to->all || !is_better(best, &route)))
			facts_follow(use, FACTS_INTERFACE, route.name);
		if (!use && (!*n || is_better(&route, best)))
			*best = route;
		++*n;
	}
	return err;
}

size_t facts_route_files(const struct facts_use *use, const struct facts_to *to)
{
	bool v4 = to->family == AF_INET;
	const char *path = v4 ? "/proc/net/route" : "/proc/net/ipv6_route";
	struct route best = { 0 };
	size_t n = 0;
	int err = read_routes(path, to, &best, NULL, &n);

	/* A kernel may have no IPv6. */
	if (err && (err != -ENOENT || v4))
		facts_use_unknown(use, path, errno_name(err));
	if (n)
		read_routes(path, to, &best, use, &n);
	return n;
}
