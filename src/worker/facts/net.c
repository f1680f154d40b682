// SPDX-License-Identifier: GPL-2.0-or-later
/* Routes, and the network interfaces below bonds, bridges and VLANs. */
#include "facts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* include/uapi/linux/route.h: the route says that there is no way. */
#define ROUTE_REJECT 0x200

/* -- interfaces --------------------------------------------------------------------------- */

/* What the interface at `real` is made of. Returns how many. */
static int use_lower(const struct facts_use *use, const char *real, const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	_cleanup_dir_ DIR *dir = opendir(real);
	const struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "lower_", 6) != 0)
			continue;
		facts_follow(&below, FACTS_INTERFACE, entry->d_name + 6);
		n++;
	}
	return n;
}

void facts_down_interface(const struct facts_use *use, const char *name)
{
	struct path path = path_make("/sys/class/net/%s", name);
	char real[PATH_MAX];
	struct bdf bdf;

	if (facts_pci_of(path.s, &bdf, real))
		facts_tell_use(&bdf, use, name);
	else if (!realpath(path.s, real))
		facts_use_unknown(use, name, "not in /sys/class/net");
	else if (!use_lower(use, real, name) && strcmp(name, "lo") != 0 &&
		 strstr(real, "/devices/virtual/"))
		facts_use_unknown(use, name,
				  "what this interface is made of is not known");
}

/* -- routes ------------------------------------------------------------------------------- */

/* The best routes to an address; with several, any of them may be taken. */
struct best {
	char names[64][32];
	size_t n;
	bool any; /* all routes are as good */
	int prefix;
	unsigned int metric;
};

static void best_take(struct best *best, const char *name, int prefix,
		      unsigned int metric)
{
	if (best->n &&
	    (prefix < best->prefix || (prefix == best->prefix && metric > best->metric)))
		return;
	if (!best->n || prefix > best->prefix || metric < best->metric)
		best->n = 0;
	best->prefix = prefix;
	best->metric = metric;
	for (size_t i = 0; i < best->n; i++)
		if (!strcmp(best->names[i], name))
			return;
	if (best->n < ARRAY_SIZE(best->names)) {
		snprintf(best->names[best->n], sizeof(best->names[0]), "%s", name);
		best->n++;
	}
}

/* A route of either family that leads to `to`, a default route for NULL. */
typedef bool route_fn(const char *line, const void *to, struct best *best);

/* /proc/net/route has addresses as the numbers that this machine sees in them. */
static bool take_v4(const char *line, const void *to, struct best *best)
{
	unsigned int dest, gateway, flags, metric, mask;
	const struct in_addr *address = to;
	char name[32];

	if (sscanf(line, "%31s %x %x %x %*s %*s %u %x", name, &dest, &gateway, &flags,
		   &metric, &mask) != 6)
		return false;
	if (flags & ROUTE_REJECT)
		return true;
	if (best->any)
		best_take(best, name, 0, 0);
	else if (address ? (address->s_addr & mask) == dest : !dest && !mask)
		best_take(best, name, __builtin_popcount(mask), metric);
	return true;
}

static bool prefix_equal(const unsigned char *a, const unsigned char *b,
			 unsigned int bits)
{
	for (unsigned int i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> (i % 8)))
			return false;
	return true;
}

static bool take_v6(const char *line, const void *to, struct best *best)
{
	unsigned int prefix, metric, flags, byte;
	unsigned char dest[16];
	char hex[33], name[32];

	if (sscanf(line, "%32s %x %*s %*s %*s %x %*s %*s %x %31s", hex, &prefix, &metric,
		   &flags, name) != 5 ||
	    strlen(hex) != 32 || prefix > 128)
		return false;
	for (size_t i = 0; i < sizeof(dest); i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		dest[i] = (unsigned char)byte;
	}
	/* Multicast, and what is refused at lo. */
	if ((flags & ROUTE_REJECT) || dest[0] == 0xff || !strcmp(name, "lo"))
		return true;
	if (best->any)
		best_take(best, name, 0, 0);
	else if (to ? prefix_equal(to, dest, prefix) : !prefix)
		best_take(best, name, (int)prefix, metric);
	return true;
}

/* Returns 0 or -errno. */
static int read_routes(const char *path, route_fn *take, const void *to,
		       struct best *best)
{
	_cleanup_stream_ FILE *stream = fopen(path_make("%s", path).s, "re");
	_cleanup_text_ char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!stream)
		return -errno;
	while (getline(&line, &room, stream) > 0)
		if (strncmp(line, "Iface", 5) != 0 && !take(line, to, best))
			err = -EBADMSG;
	return err;
}

static void use_best(const struct facts_use *use, const struct best *best)
{
	for (size_t i = 0; i < best->n; i++)
		facts_follow(use, FACTS_INTERFACE, best->names[i]);
}

static const struct family {
	const char *path;
	route_fn *take;
} v4_family = { "/proc/net/route", take_v4 },
  v6_family = { "/proc/net/ipv6_route", take_v6 };

/* Of one family; to NULL: default routes, or with `any` all. Returns how many there are. */
static size_t use_routes(const struct facts_use *use, const struct family *family,
			 const void *to, bool any)
{
	struct best best = { .any = any };
	int err = read_routes(family->path, family->take, to, &best);

	/* A kernel may have no IPv6. */
	if (err && (err != -ENOENT || family == &v4_family))
		facts_use_unknown(use, family->path, errno_name(err));
	use_best(use, &best);
	return best.n;
}

void facts_down_address(const struct facts_use *use, const char *address)
{
	char host[INET6_ADDRSTRLEN], *scope;
	struct in6_addr v6;
	struct in_addr v4;
	size_t n;

	snprintf(host, sizeof(host), "%s", address + (*address == '['));
	host[strcspn(host, "]")] = '\0';
	scope = strchr(host, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_V4MAPPED(&v6)) {
		memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
	} else if (inet_pton(AF_INET6, host, &v6) == 1) {
		if (IN6_IS_ADDR_LOOPBACK(&v6))
			return;
		if (scope)
			facts_follow(use, FACTS_INTERFACE, scope);
		else if (!use_routes(use, &v6_family, &v6, false))
			facts_use_unknown(use, address, "no route leads there");
		return;
	} else if (inet_pton(AF_INET, host, &v4) != 1) {
		facts_use_unknown(use, address, "no address");
		return;
	}
	if ((ntohl(v4.s_addr) >> 24) == 127)
		return;
	n = use_routes(use, &v4_family, &v4, false);
	if (!n)
		facts_use_unknown(use, address, "no route leads there");
}

void facts_routes(const char *address)
{
	struct facts_use use = { .why = "route", .rule = "route" };
	size_t n;

	if (address && *address) {
		snprintf(use.at, sizeof(use.at), "%s", address);
		facts_follow(&use, FACTS_ADDRESS, address);
		return;
	}
	/* Nobody knows where the controller is: not where the world is, or anywhere. */
	strcpy(use.at, "by the default route");
	n = use_routes(&use, &v4_family, NULL, false);
	n += use_routes(&use, &v6_family, NULL, false);
	if (n)
		return;
	strcpy(use.at, "as far as is known");
	use_routes(&use, &v4_family, NULL, true);
	use_routes(&use, &v6_family, NULL, true);
}

/* -- who is there ------------------------------------------------------------------------- */

/* SSH_CONNECTION of a process: the client's address is its first word. */
static bool connection_of(int64_t pid, char *address, size_t size)
{
	static const char name[] = "SSH_CONNECTION=";
	_cleanup_stream_ FILE *stream =
		fopen(path_make("/proc/%lld/environ", (long long)pid).s, "re");
	_cleanup_text_ char *word = NULL;
	bool found = false;
	size_t room = 0;

	while (stream && !found && getdelim(&word, &room, '\0', stream) > 0) {
		if (strncmp(word, name, sizeof(name) - 1) != 0)
			continue;
		snprintf(address, size, "%.*s",
			 (int)strcspn(word + sizeof(name) - 1, " "),
			 word + sizeof(name) - 1);
		found = *address != '\0';
	}
	return found;
}

/* The near end of a tunnel: it does not tell where the other one is. */
static bool is_loopback(const char *address)
{
	struct in6_addr v6;

	return !strncmp(address, "127.", 4) ||
	       (inet_pton(AF_INET6, address, &v6) == 1 &&
		(IN6_IS_ADDR_LOOPBACK(&v6) ||
		 (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127)));
}

static int64_t parent_of(int64_t pid)
{
	char text[512], *at;
	long long parent;

	file_read(path_make("/proc/%lld/stat", (long long)pid).s, text, sizeof(text));
	at = strrchr(text, ')');
	return at && sscanf(at + 1, " %*c %lld", &parent) == 1 ? parent : 0;
}

const char *facts_find_peer(void)
{
	static char address[64];
	char text[64];
	long long pid = 0;

	/* sudo takes the variable out of the environment, but not out of its parents'. */
	if (file_read(path_make("/proc/self/stat").s, text, sizeof(text)) > 0)
		pid = strtoll(text, NULL, 10);
	for (unsigned int depth = 0; pid > 0 && depth < 64; depth++) {
		if (connection_of(pid, address, sizeof(address)) && !is_loopback(address))
			return address;
		pid = parent_of(pid);
	}
	return NULL;
}
