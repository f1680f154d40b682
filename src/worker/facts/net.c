// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses, and the network interfaces below bonds, bridges and VLANs. */
#include "facts.h"

#include <arpa/inet.h>

/* -- interfaces --------------------------------------------------------------------------- */

/* What the interface at `real` is made of. Returns how many. */
static int use_lower(const struct facts_use *use, const char *real, const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	_cleanup_names_ struct names entries = names_read(real);
	const char *entry;
	int n = 0;

	while ((entry = names_next(&entries))) {
		if (strncmp(entry, "lower_", 6) != 0)
			continue;
		facts_follow(&below, FACTS_INTERFACE, entry + 6);
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

/* Returns how many interfaces lead there. */
static size_t use_routes(const struct facts_use *use, const struct facts_to *to)
{
	return sysroot_is_set() ? facts_route_files(use, to) :
				  facts_route_kernel(use, to);
}

/* Both families as IPv6 addresses: "192.0.2.1" is ::ffff:192.0.2.1. False: it is none. */
static bool address_parse(const char *text, struct in6_addr *ret)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) != 1)
		return inet_pton(AF_INET6, text, ret) == 1;
	memset(ret, 0, sizeof(*ret));
	memset(ret->s6_addr + 10, 0xff, 2);
	memcpy(ret->s6_addr + 12, &v4, sizeof(v4));
	return true;
}

bool facts_is_loopback(const char *address)
{
	struct in6_addr a;

	return address_parse(address, &a) &&
	       (IN6_IS_ADDR_LOOPBACK(&a) ||
		(IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127));
}

/* from: this machine's own address, or NULL. */
static void use_address(const struct facts_use *use, const char *address,
			const char *from)
{
	char host[INET6_ADDRSTRLEN], *scope;
	struct in6_addr there, here;
	struct facts_to to = { .family = AF_INET6, .address = &there };

	snprintf(host, sizeof(host), "%s", address + (*address == '['));
	host[strcspn(host, "]")] = '\0';
	scope = strchr(host, '%');
	if (scope)
		*scope++ = '\0';
	if (!address_parse(host, &there)) {
		facts_use_unknown(use, address, "no address");
		return;
	}
	if (facts_is_loopback(host))
		return;
	if (from && address_parse(from, &here) &&
	    IN6_IS_ADDR_V4MAPPED(&here) == IN6_IS_ADDR_V4MAPPED(&there))
		to.source = &here;
	if (IN6_IS_ADDR_V4MAPPED(&there)) {
		to.family = AF_INET;
		to.address = there.s6_addr + 12;
		if (to.source)
			to.source = here.s6_addr + 12;
	}
	if (scope)
		facts_follow(use, FACTS_INTERFACE, scope);
	else if (IN6_IS_ADDR_LINKLOCAL(&there))
		facts_use_unknown(use, address,
				  "an address of a link, which is not named");
	else if (!use_routes(use, &to))
		facts_use_unknown(use, address, "no route leads there");
}

void facts_down_address(const struct facts_use *use, const char *address)
{
	use_address(use, address, NULL);
}

void facts_routes(const struct facts_peer *peer)
{
	struct facts_use use = { .why = "route", .rule = "route" };
	struct facts_to v4 = { .family = AF_INET }, v6 = { .family = AF_INET6 };

	if (*peer->address) {
		snprintf(use.at, sizeof(use.at), "%.200s", peer->address);
		use_address(&use, peer->address, peer->own);
		return;
	}
	/* Nobody knows where the controller is: not where the world is, or anywhere. */
	strcpy(use.at, "by the default route");
	if (use_routes(&use, &v4) + use_routes(&use, &v6))
		return;
	strcpy(use.at, "as far as is known");
	v4.all = v6.all = true;
	use_routes(&use, &v4);
	use_routes(&use, &v6);
}
